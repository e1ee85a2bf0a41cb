"""Reads the environment: what cannot be read stops the start with the name of its setting, and never with its value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import environ
from django.core.exceptions import ImproperlyConfigured

Read = TypeVar("Read")

ENGINES: Final = ("django.db.backends.postgresql", "django.db.backends.sqlite3")
_IN_MEMORY: Final = ":memory:"
_SMTP: Final = "django.core.mail.backends.smtp.EmailBackend"


class SettingError(RuntimeError):
    """A setting is there, but cannot be read."""


class Environment(environ.Env):
    """`environ.Env` that says which setting is wrong, and what one would look like."""

    def get_value(self, var: str, *arguments: Any, **options: Any) -> Any:
        return _read(
            f"{var} cannot be read", lambda: super(Environment, self).get_value(var, *arguments, **options)
        )

    def database(self, var: str, *, default: str) -> dict[str, Any]:
        """The database of this address. A setting that was left empty is not taken for one that is not there:
        nobody's words go into another database than the operator had in mind, nor into one in memory, which each
        process would have for itself.

        Raises:
            SettingError: it is no address of PostgreSQL or SQLite, or of no file.
        """
        wrong = f"{var} names no database: postgres://user:password@host:5432/name would be one. Without it: SQLite"
        address = self.str(var, default=default)
        found: dict[str, Any] = _read(wrong, lambda: self.db_url_config(address)) if "://" in address else {}
        if found.get("ENGINE") not in ENGINES or not found.get("NAME"):
            raise SettingError(f"{wrong}; see .env.example.")
        if _IN_MEMORY in str(found["NAME"]):
            raise SettingError(
                f"{var} names no file: sqlite:////path/to/attune.sqlite3 would be one; see .env.example."
            )
        return found

    def mail_server(self, var: str) -> dict[str, Any]:
        """The mail server of this address.

        Raises:
            SettingError: it is none.
        """
        wrong = f"{var} names no mail server: smtp+tls://user:password@mail.example:587 would be one"
        found: dict[str, Any] = _read(wrong, lambda: self.email_url(var))
        if found.get("EMAIL_BACKEND") == _SMTP and not found.get("EMAIL_HOST"):
            raise SettingError(f"{wrong}; see .env.example.")
        return found

    def directory(self, var: str, *, default: Path) -> Path:
        """This directory. A setting that was left empty would be the one in which the program happens to run.

        Raises:
            SettingError: it is empty.
        """
        path = self.str(var, default=str(default))
        if not path.strip():
            raise SettingError(
                f"{var} names no directory. Without it: {default.name}/ in VAR_DIR; see .env.example."
            )
        return Path(path)


def _read(wrong: str, read: Callable[[], Read]) -> Read:
    """What *read* gives; what it stumbles over may be a secret, and is not repeated."""
    try:
        return read()
    except (ValueError, ImproperlyConfigured):
        raise SettingError(f"{wrong}; see .env.example.") from None
