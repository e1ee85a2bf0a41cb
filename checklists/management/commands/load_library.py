"""`python manage.py load_library`: bring the built-in content into the database."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from checklists.packs import PackError
from checklists.services import Outcome, load_library


class Command(BaseCommand):
    help = "Bring the built-in checklists into the database. Running it again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            loaded = load_library(now=timezone.now())
        except PackError as error:
            raise CommandError(str(error)) from error
        for one in loaded:
            name = f"{one.checklist_key} {one.language}, version {one.number}"
            if one.outcome is Outcome.PUBLISHED:
                self.stdout.write(self.style.SUCCESS(f"{name}: published, {one.rows} entries."))
            else:
                self.stdout.write(f"{name}: already here, nothing changed.")
        if any(one.outcome is Outcome.PUBLISHED for one in loaded):
            self.stdout.write("Processes that are running show it after their next start.")
