"""`python manage.py sentence_reports`: how often members said that a rule speaks wrongly. Numbers alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from reflections.selectors import count_reports


class Command(BaseCommand):
    help = "How often members said that a sentence is wrong, by rule; nothing of their weeks."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=0, help="only the last so many days; 0 for all")

    def handle(self, *args: Any, **options: Any) -> None:
        since = timezone.now() - timedelta(days=options["days"]) if options["days"] else None
        counts = count_reports(since=since)
        if not counts:
            self.stdout.write("Nobody said that a sentence is wrong.")
        for count in counts:
            self.stdout.write(f"{count.rule}: said wrong in {count.weeks}, hidden in {count.hidden}")
