"""`manage.py rotate_field_keys`: moves every person's key, and the keys for phones, to the newest field key."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.person_keys import count_on_old_keys, rewrap
from common.sealing import current_key_id
from observations.sync import count_keys_on_old_keys, rewrap_keys


class Command(BaseCommand):
    help = (
        "Seal every person's key, and every key for phones, again that is not on the first key of FIELD_KEYS. "
        "docs/operations.md has the steps before and after. It can be stopped and started again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--chunk", type=int, default=500, help="keys in one transaction (default 500)")

    def handle(self, *args: Any, chunk: int, **options: Any) -> None:
        moved, broken = self._walk(max(1, chunk))
        phones_moved, phones_broken = rewrap_keys()
        moved, broken = moved + phones_moved, broken + phones_broken
        left = count_on_old_keys() + count_keys_on_old_keys()
        self.stdout.write(f"  {moved} keys moved, {left} left, {broken} of them do not open")
        if left:
            raise CommandError(
                f"{left} keys are not on the field key {current_key_id()!r}. Keep every field key; "
                + ("see the log." if broken else "restart what still runs without it, then run this again.")
            )
        self.stdout.write(
            f"Everything is on the field key {current_key_id()!r}. Older ones may go, once no backup needs them."
        )

    def _walk(self, chunk: int) -> tuple[int, int]:
        """Step through all keys once; how many were sealed again, and how many did not open."""
        moved = broken = 0
        step = rewrap(limit=chunk)
        while step.last_owner_id is not None:
            moved, broken = moved + step.count, broken + step.broken
            step = rewrap(limit=chunk, after=step.last_owner_id)
        return moved, broken
