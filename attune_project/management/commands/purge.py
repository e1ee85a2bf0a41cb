"""`manage.py purge`: the whole night's work at once, for installations that have cron and no beat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.core.management.base import BaseCommand

import accounts.tasks
import attune_project.tasks
import coaching.tasks
import common.tasks
import households.tasks
import observations.tasks
import reflections.tasks
import reminders.tasks

NIGHTLY: Final[dict[str, Callable[[], None]]] = {
    "moments deleted more than seven days ago": observations.tasks.purge,
    "where each record ends, kept once a day": observations.tasks.keep_heads,
    "a new key for phones, where the newest is about to end": observations.tasks.turn_sealing_key,
    "what phones sent and waited five days for what came before it": observations.tasks.take_held,
    "operations and changes of more than 400 days ago, drafts whose time is over": observations.tasks.forget_sync,
    "bytes of weekly mails that ended more than 30 days ago": reflections.tasks.forget,
    "notes of erasures that have long been in the ledger": common.tasks.forget,
    "people who asked for it seven days ago": accounts.tasks.erase,
    "prompts of more than a month ago, and devices that nothing reaches": reminders.tasks.forget,
    "expired API tokens": accounts.tasks.forget,
    "invitations and grants that ended more than 30 days ago, households that everybody left": households.tasks.forget,
    "what coaches asked families, over for 30 days": coaching.tasks.forget,
    "expired sessions": attune_project.tasks.forget_sessions,
    "counts of tries of more than two days ago": attune_project.tasks.forget_counts,
}


class Command(BaseCommand):
    help = "Destroy what is not kept any longer, and the rest of the night's work. As often as you like."

    def handle(self, *args: Any, **options: Any) -> None:
        for what, do in NIGHTLY.items():
            do()
            self.stdout.write(f"  done   {what}")
