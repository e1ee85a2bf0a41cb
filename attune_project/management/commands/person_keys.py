"""`manage.py person_keys`: people's keys, backed up apart from what they seal."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.key_dumps import BadDump, dump_keys, restore_keys


class Command(BaseCommand):
    help = (
        "dump: write every person's key, still sealed, to standard output. restore: read such a dump from standard "
        "input and put back the keys that are missing, after the data was restored. docs/operations.md says when."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["dump", "restore"])

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        if action == "dump":
            for line in dump_keys():
                self.stdout.write(line)
            return
        try:
            done = restore_keys(sys.stdin)
        except BadDump as error:
            raise CommandError(f"{error} Nothing was restored.") from error
        self.stdout.write(
            f"{done.count} keys restored. {done.had_one} were there and stayed as they are; "
            f"{done.unknown} are of people who are not in this database."
        )
