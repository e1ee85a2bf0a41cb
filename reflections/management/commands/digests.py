"""`manage.py digests`: how the weekly mails stand, and the way out of quarantine."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from common.errors import Conflict, NotVisible
from reflections.selectors import get_standing, list_quarantined_digest_ids
from reflections.services import release_digest


class Command(BaseCommand):
    help = "Say how many weekly mails are in which state, or release those in quarantine. Shows no content."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser(
            "status", help="how many are in each state, what waits, and how far the compile is"
        )
        release = actions.add_parser(
            "release", help="try again what is in quarantine, once its cause is mended"
        )
        release.add_argument("ids", nargs="*", type=int, metavar="id", help="without an id: all of them")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        if action == "status":
            self._say_status()
        else:
            self._release(options["ids"] or list_quarantined_digest_ids())

    def _say_status(self) -> None:
        standing = get_standing(now=timezone.now())
        for status, count in standing.mails.items():
            self.stdout.write(f"  {status:<14} {count}")
        self.stdout.write(f"Due now: {standing.due}, the first for {standing.lag_minutes} minutes.")
        if standing.closed_until:
            self.stdout.write(f"The mail server is away; tried again at {standing.closed_until:%H:%M} UTC.")
        self.stdout.write(f"Closed weeks that wait to be compiled: {standing.uncompiled}")
        for run in standing.runs:
            state = "" if run.ended_at else ", still running"
            self.stdout.write(
                f"Pass of {run.asked_at:%Y-%m-%d %H:%M} UTC{f' over {run.label}' if run.label else ''}: {run.done} of "
                f"{run.households} households, {run.written} written, {run.broken} broken{state}"
            )
        if waiting := list_quarantined_digest_ids():
            self.stdout.write(f"In quarantine: {', '.join(map(str, waiting))}")

    def _release(self, digest_ids: list[int]) -> None:
        refused = []
        for digest_id in digest_ids:
            try:
                release_digest(digest_id=digest_id, now=timezone.now())
            except (Conflict, NotVisible):
                refused.append(str(digest_id))
        self.stdout.write(f"  {len(digest_ids) - len(refused)} released; the next tick sends them.")
        if refused:
            raise CommandError(f"Not in quarantine: {', '.join(refused)}.")
