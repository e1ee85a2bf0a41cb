"""The database does not take or give anything just now: it is full, busy or away. Nothing is wrong with the request.

Whoever asked is told to come again (503), the operator in one line. The words of the database's own message stay out of
the log: it may quote the row that it had no room for.
"""

from __future__ import annotations

import logging
import sqlite3
from typing import Final, TypeVar

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest
from django.http.response import HttpResponseBase

logger = logging.getLogger("attune.database")

RETRY_SECONDS: Final = 30
SLOW_DOWN: Final = "slow_down"
"""What a program is told, in the place of a sentence."""

Answer = TypeVar("Answer", bound=HttpResponseBase)


def find_outage(error: BaseException | None) -> Exception | None:
    """The outage that *error* is, or that it came of: a session that cannot be saved is reported as something else."""
    while error is not None and not is_outage(error):
        error = error.__cause__ or error.__context__
    return error if isinstance(error, Exception) else None


def is_outage(error: BaseException) -> bool:
    """Whether *error* says that the database is full, busy or away."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    cause = error.__cause__
    if isinstance(cause, sqlite3.OperationalError):  # SQLite's name for a wrong statement as well
        return getattr(cause, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR
    return not isinstance(cause, sqlite3.Error)


def told(response: Answer, *, request: HttpRequest, outage: BaseException) -> Answer:
    """*response* with when to come back, after the one line about it."""
    cause = outage.__cause__ or outage
    code = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None) or "-"
    logger.error("out of service: %s %s; %s %s", type(cause).__name__, code, request.method, request.path)
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    # Django would write a second line, and the trace of the error below it.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response
