"""`manage.py rotate_field_keys`: moves everything sealed to the newest key, while the app runs."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.sealed import SealedColumn, count_on_old_keys, list_sealed_columns, reseal
from common.sealing import current_key_id


class Command(BaseCommand):
    help = (
        "Seal every text again that is not on the first key of FIELD_KEYS. Put the new key in front, restart, run "
        "this, and take the old key away when it says that nothing is left. It can be stopped and started again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--chunk", type=int, default=500, help="rows in one transaction (default 500)")

    def handle(self, *args: Any, chunk: int, **options: Any) -> None:
        left = 0
        for column in list_sealed_columns():
            resealed, broken = self._walk(column, max(1, chunk))
            still = count_on_old_keys(column)
            left += still
            self.stdout.write(f"  {column}: {resealed} resealed, {still} left, {broken} of them do not open")
        if left:
            raise CommandError(
                f"{left} texts are not on the key {current_key_id()!r}. Keep every key, and look into it."
            )
        self.stdout.write(
            f"Everything is on the key {current_key_id()!r}. Older keys may go, once no backup needs them."
        )

    def _walk(self, column: SealedColumn, chunk: int) -> tuple[int, int]:
        """Step through *column* once; how many rows were sealed again, and how many did not open."""
        resealed = broken = 0
        step = reseal(column, limit=chunk)
        while step.last_key is not None:
            resealed, broken = resealed + step.count, broken + step.broken
            step = reseal(column, limit=chunk, after=step.last_key)
        return resealed, broken
