"""`manage.py briefings`: what parents read before they let a coach in, country by country."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from common.errors import NotVisible
from common.strict import PackError
from households.packs import read_briefings
from households.selectors import list_briefings
from households.services import end_briefing, load_briefings


class Command(BaseCommand):
    help = (
        "Check, load, list or end what parents read before they let a coach in. docs/operations.md explains."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        for name, what in (
            ("check", "read the files and say what is wrong with them; changes nothing"),
            ("load", "bring the files into force; what is the same stays as it is"),
        ):
            action = actions.add_parser(name, help=what)
            action.add_argument(
                "directory", nargs="?", type=Path, default=None, help="not BRIEFINGS_DIR, but this one"
            )
        actions.add_parser("list", help="what is in force")
        actions.add_parser("end", help="let nobody be let in for this country any more").add_argument(
            "country"
        )

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        directory = options.get("directory") or settings.BRIEFINGS_DIR
        try:
            match action:
                case "check":
                    for pack in read_briefings(directory):
                        self.stdout.write(f"  {pack.country}: whole, in {', '.join(sorted(pack.words))}")
                case "load":
                    for one in load_briefings(directory=directory, now=timezone.now()):
                        self.stdout.write(f"  {one.briefing.label}: {one.outcome}")
                case "end":
                    ended = end_briefing(country=options["country"], now=timezone.now())
                    self.stdout.write(f"  {ended.label} is over.")
                case _:
                    self._list()
        except PackError as error:
            raise CommandError(str(error)) from error
        except NotVisible as error:
            raise CommandError(f"Nothing is in force for {options['country']}.") from error

    def _list(self) -> None:
        for one in list_briefings():
            example = "   an example" if one.is_example else ""
            self.stdout.write(f"  {one.label:<10} checked on {one.checked_on}{example}")
