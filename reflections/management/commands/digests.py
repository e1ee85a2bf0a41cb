"""`manage.py digests`: how the weekly mails stand, and the way out of quarantine."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from common.errors import Conflict, NotVisible
from reflections.selectors import count_digests, list_quarantined_digest_ids
from reflections.services import release_digest


class Command(BaseCommand):
    help = "Say how many weekly mails are in which state, or release those in quarantine. Shows no content."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("status", help="how many are in each state, and the ids of those in quarantine")
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
        for status, count in count_digests().items():
            self.stdout.write(f"  {status:<14} {count}")
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
