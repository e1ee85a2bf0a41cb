"""`manage.py supervisors`: who is to see counts of a coach's work."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from coaching.selectors import list_supervisions
from coaching.services import propose_supervision, take_back_supervision
from common.errors import NotVisible


class Command(BaseCommand):
    help = "Propose to a coach that somebody sees counts of their work, take that back, or list them by id."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="who sees whose counts, by id")
        for name, what in (
            ("propose", "the coach is asked under /coach/team/; nothing is seen until they agree"),
            ("end", "nothing is seen any more"),
        ):
            action = actions.add_parser(name, help=what)
            action.add_argument("supervisor", metavar="SUPERVISORS_ADDRESS")
            action.add_argument("coach", metavar="COACHS_ADDRESS")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        if action == "list":
            for row in list_supervisions():
                since = f"agreed on {row.agreed_at:%Y-%m-%d}" if row.agreed_at else "not answered yet"
                self.stdout.write(f"  user {row.supervisor_id} of user {row.coach_id}: {since}")
            return
        named = {"supervisor_email": options["supervisor"], "coach_email": options["coach"]}
        try:
            if action == "propose":
                propose_supervision(**named, now=timezone.now())
                self.stdout.write("  Proposed. The coach sees it under /coach/team/ and decides.")
            else:
                take_back_supervision(**named, now=timezone.now())
                self.stdout.write("  It is over.")
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except NotVisible as error:
            raise CommandError(
                "Nobody here has proved to read one of these addresses, or it is over."
            ) from error
