"""Waiting for a lock a little, and telling that it was a lock: whoever sent the operation comes again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import OperationalError, connection

WAIT_MS: Final = 2_000

# lock_not_available, deadlock_detected, serialization_failure (PostgreSQL, Appendix A).
_PASSING: Final = frozenset({"55P03", "40P01", "40001"})


class Busy(Exception):
    """Somebody else holds the row; nothing was done."""


@contextmanager
def impatient() -> Iterator[None]:
    """Run one transaction that waits for no lock longer than two seconds. Begin it inside.

    Raises:
        Busy: it would have had to wait.
    """
    sqlite = connection.vendor == "sqlite"
    before = _sqlite_wait(WAIT_MS) if sqlite else 0
    try:
        yield
    except OperationalError as error:
        if is_passing(error):
            raise Busy from error
        raise
    finally:
        if sqlite:
            _sqlite_wait(before)


def wait_no_longer() -> None:
    """Inside the transaction: the same for PostgreSQL, which forgets it with the transaction."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {WAIT_MS}")


def _sqlite_wait(milliseconds: int) -> int:
    """Set how long SQLite waits for its one lock; how long it did before."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        (before,) = cursor.fetchone()
        cursor.execute(f"PRAGMA busy_timeout = {milliseconds}")
    return int(before)


def is_passing(error: OperationalError) -> bool:
    """Whether it only came at a bad moment: somebody else held the row."""
    cause = error.__cause__
    if getattr(cause, "sqlstate", None) in _PASSING:
        return True
    return connection.vendor == "sqlite" and "locked" in str(error)
