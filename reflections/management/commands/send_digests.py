"""`manage.py send_digests`: plan and deliver what is due, with the same code that the schedule runs."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from reflections.selectors import list_chunks, list_due_digest_ids
from reflections.services import deliver_digest, plan_digests


class Command(BaseCommand):
    help = "Plan the weekly mails of weeks that closed, and deliver those that are due. As often as you like."

    def handle(self, *args: Any, **options: Any) -> None:
        planned = sum(
            plan_digests(household_ids=household_ids, now=timezone.now()) for household_ids in list_chunks()
        )
        states: Counter[str] = Counter()
        while due := list_due_digest_ids(now=timezone.now()):
            for digest_id in due:
                states[deliver_digest(digest_id=digest_id, now=timezone.now())] += 1
                self.stdout.write(f"\r  {states.total()} looked at", ending="")
                self.stdout.flush()
        told = ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "nothing was due"
        self.stdout.write(f"\n  {planned} planned; {told}.")
