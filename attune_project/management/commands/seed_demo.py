"""`manage.py seed_demo`: an invented family with twelve weeks of moments, to look around in."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from attune_project.demo.family import PASSWORD, seed_family


class Command(BaseCommand):
    help = "Write the demonstration family: two adults, two children, a coach, twelve weeks. Local installations only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--seed", type=int, default=7, help="the same seed writes the same stories (default 7)"
        )

    def handle(self, *args: Any, seed: int, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demonstration family has a public password: it is for local use only.")
        try:
            with transaction.atomic():
                family = seed_family(seed=seed, now=timezone.now(), progress=self._show)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write("")
        for person in family.people:
            self.stdout.write(f"  {person.email}  password: {PASSWORD}")

    def _show(self, done: int, of: int) -> None:
        self.stdout.write(f"\r  week {done} of {of} written", ending="")
        self.stdout.flush()
