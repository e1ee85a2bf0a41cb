"""`manage.py compile_reflections`: compile a week now, with the same code that the schedule runs."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from common.dates import parse_week_label
from reflections.rules import CHUNK_SIZE
from reflections.selectors import list_chunks
from reflections.services import Compiled, compile_closed, compile_week, ensure_weeks


class Command(BaseCommand):
    help = (
        "Compile the reflections of a week, for every household. Without --week: of every week that closed within "
        "eight days, and of what changed since. Running it again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--week", default="", help="such as 2026-W46; the week may still be open")
        parser.add_argument(
            "--chunk", type=int, default=CHUNK_SIZE, help=f"households at a time ({CHUNK_SIZE})"
        )

    def handle(self, *args: Any, week: str, chunk: int, **options: Any) -> None:
        if week:
            self._check(week)
        chunks = list(list_chunks(size=max(1, chunk)))
        households, done = 0, Compiled()
        for number, household_ids in enumerate(chunks, start=1):
            done += self._compile(week, household_ids)
            households += len(household_ids)
            self.stdout.write(f"\r  {households} households, chunk {number} of {len(chunks)}", ending="")
            self.stdout.flush()
        self.stdout.write(f"\n  {done.written} reflections written, {done.unchanged} unchanged.")

    def _check(self, week: str) -> None:
        try:
            parse_week_label(week)
        except ValueError as error:
            raise CommandError(f"{week!r} is no week: write it like 2026-W46.") from error

    def _compile(self, week: str, household_ids: list[int]) -> Compiled:
        now = timezone.now()
        if week:
            return compile_week(household_ids=household_ids, label=week, now=now)
        ensure_weeks(household_ids=household_ids, now=now)
        return compile_closed(household_ids=household_ids, now=now)
