"""`manage.py operators`: who may sign in to the operator's pages."""

from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.selectors import list_operators
from accounts.services import end_operator, forget_passkeys, make_operator
from common.errors import NotVisible


class Command(BaseCommand):
    help = (
        "Make an operator, end one, help one who lost the passkey, or list them. docs/operations.md explains."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="everybody who may sign in, by id")
        for name, what in (
            ("add", "a new account for an operator; asks for a password, or reads it from a pipe"),
            ("end", "close this operator's account"),
            ("forget-passkeys", "let this operator set up a new one with the next sign-in"),
        ):
            actions.add_parser(name, help=what).add_argument("email", metavar="ADDRESS")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        try:
            match action:
                case "add":
                    user = make_operator(email=options["email"], password=self._ask_password())
                    self.stdout.write(
                        f"  user {user.pk} is an operator. Sign in at once, and set up a passkey."
                    )
                case "end":
                    self.stdout.write(f"  user {end_operator(email=options['email']).pk} is closed.")
                case "forget-passkeys":
                    self.stdout.write(
                        f"  user {forget_passkeys(email=options['email']).pk} may set up another."
                    )
                case _:
                    self._list()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except NotVisible as error:
            raise CommandError(f"No operator signs in as {options['email']}.") from error

    def _list(self) -> None:
        for operator in list_operators():
            passkey = "" if operator.has_passkey else "   no passkey yet: the password alone sets one up"
            self.stdout.write(f"  user {operator.id:<6} since {operator.since}{passkey}")

    @staticmethod
    def _ask_password() -> str:
        if not sys.stdin.isatty():
            return sys.stdin.readline().rstrip("\n")
        password = getpass.getpass("Password, twelve characters or more: ")
        if getpass.getpass("The same once more: ") != password:
            raise CommandError("These two are not the same.")
        return password
