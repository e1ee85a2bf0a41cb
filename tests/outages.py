"""A database that is full or away, as the project sees it: statements that fail."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from django.db import OperationalError, connection

WRITES = ("INSERT", "UPDATE", "DELETE")
# What PostgreSQL says may quote a row: the second line is nobody's to read.
SAID = "could not extend file\nDETAIL: failing row contains (a note nobody may read)"


def full(table: str = "") -> AbstractContextManager[None]:
    """It answers, and takes nothing; or nothing for one *table*."""
    return _failing(lambda sql: sql.startswith(WRITES) and table in sql)


def away() -> AbstractContextManager[None]:
    """It does not answer."""
    return _failing(lambda sql: True)


def _failing(fails: Callable[[str], bool]) -> AbstractContextManager[None]:
    def execute(run: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if fails(sql.lstrip()):
            raise OperationalError(SAID)
        return run(sql, *rest)

    return connection.execute_wrapper(execute)
