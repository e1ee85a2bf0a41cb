"""`manage.py reapply_ledger`: what was erased, withdrawn or left since the dump goes again after a restore."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from common import ledger
from observations.services import purge_deleted


class Command(BaseCommand):
    help = (
        "Apply the erasure ledger to a restored database, before anybody is let in. It may be stopped and run again: "
        "what holds already stays as it is. See docs/operations.md, 'Restoring a backup'."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", default=settings.ERASURE_LEDGER, type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        now = timezone.now()
        try:
            with file.open(encoding="utf-8", errors="replace") as lines:
                done = ledger.reapply(lines)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        for kind, count in sorted(done.changed.items()):
            self.stdout.write(f"  {count:>6}  {kind}")
        for what, count in ledger.close_doors(now=now).items():
            self.stdout.write(f"  {count:>6}  {what}")
        self.stdout.write(f"  {sum(iter(lambda: purge_deleted(now=now), 0)):>6}  moments destroyed")
        if done.unread:
            numbers = ", ".join(map(str, done.unread[:10]))
            raise CommandError(f"{len(done.unread)} lines say nothing that is known, the first: {numbers}.")
        self.stdout.write("What was erased stays erased. The doors may open.")
