"""The secrets an installation runs on: taken from the environment, or made once for local use.

`python -m attune_project.keys` prints a set of new ones, ready for `.env`; with a name, that one alone. It needs no
settings, because production does not start without secrets.

In local mode missing secrets are generated into `var/keys.env` (mode 0600, ignored by git), so that a fresh
clone runs at once and yet never with a secret somebody else knows. Production refuses to start without them.
"""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

MIN_SECRET_CHARS = 40


class SecretError(RuntimeError):
    """The secrets of a production process are not as they have to be."""


class MissingSecretError(SecretError):
    """One is missing, or weak."""


class MisplacedSecretError(SecretError):
    """One is where it must not be."""


def _new_secret() -> str:
    return secrets.token_urlsafe(48)


def _new_field_key() -> str:
    """Named after the day, and apart from another of that day: its name is how it is found again."""
    name = f"{datetime.now(UTC):%Y-%m-%d}-{secrets.token_hex(2)}"
    return f"{name}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


def _new_push_key() -> str:
    """A private key on P-256 as its 32 bytes, base64url: what the tools for Web Push call a VAPID key."""
    while not is_push_key(key := base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()):
        continue
    return key


def is_push_key(key: str) -> bool:
    """Whether *key* is one for Web Push, and not made of a handful of bytes."""
    try:
        raw = base64.b64decode(key + "=" * (-len(key) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return False
    return len(raw) == 32 and 0 < int.from_bytes(raw) < _P256_ORDER and len(set(raw)) >= 16


# How many points the curve has (SEC 2, 2.4.2): a private key is less.
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

SECRETS: dict[str, Callable[[], str]] = {
    "SECRET_KEY": _new_secret,
    "UNSUBSCRIBE_KEY": _new_secret,
    "FIELD_KEYS": _new_field_key,
    "PUSH_KEY": _new_push_key,
}


def local_secrets(path: Path) -> dict[str, str]:
    """The secrets in *path*, completed with generated ones where any is missing.

    Web and worker start at the same moment on a fresh clone: the lock makes the second read what the first wrote.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        found = dict(line.strip().split("=", 1) for line in file if "=" in line)
        missing = {name: make() for name, make in SECRETS.items() if not found.get(name)}
        file.seek(0, os.SEEK_END)
        file.writelines(f"{name}={value}\n" for name, value in missing.items())
        file.flush()
        os.fsync(file.fileno())
    return found | missing


def secret(name: str, value: str, *, file: Path | None) -> str:
    """*value*, or for local use the generated one in *file*. In production, without a file, it has to be strong.

    Raises:
        MissingSecretError: it is unset, short, or made of a handful of characters.
    """
    if file is not None:
        return value or local_secrets(file)[name]
    if len(value) < MIN_SECRET_CHARS or len(set(value)) < 10:
        raise MissingSecretError(
            f"{name} is missing or weak. Production needs {MIN_SECRET_CHARS} random characters or more: "
            "see .env.example for the command that makes one."
        )
    return value


def push_key(value: str, *, file: Path | None) -> str:
    """*value*, or for local use the generated one in *file*. For an installation that sends reminders.

    Raises:
        MissingSecretError: it is unset, or no key.
    """
    if file is not None and not value:
        value = local_secrets(file)["PUSH_KEY"]
    if not is_push_key(value):
        raise MissingSecretError(
            "PUSH_KEY is missing or no key, but WEB_PUSH is on. Make one: python -m attune_project.keys PUSH_KEY; "
            "or set WEB_PUSH=false."
        )
    return value


def absent(name: str, value: str, *, production: bool) -> None:
    """Passes when this process was not given *name*: what it never had, nobody can take from it.

    Raises:
        MisplacedSecretError: a production process holds it all the same.
    """
    if value and production:
        raise MisplacedSecretError(
            f"{name} is set, but the operator's pages run without it. Start them with an environment of their own: "
            "docs/operations.md."
        )


def main(names: list[str]) -> int:
    """Print new secrets; those of *names*, or one of each."""
    if unknown := set(names) - SECRETS.keys():
        sys.stderr.write(f"There is no {', '.join(sorted(unknown))}; there are {', '.join(SECRETS)}.\n")
        return 2
    sys.stdout.writelines(f"{name}={SECRETS[name]()}\n" for name in names or SECRETS)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
