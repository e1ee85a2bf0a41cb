"""What a request wrote, told from the statements it sent to the database."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

_WRITE = re.compile(
    r'^\s*(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE|DELETE\s+FROM|REPLACE\s+INTO)\s+"?(\w+)', re.I
)

# That something was tried is counted, a request of the API whatever it asks.
COUNTS = frozenset({"common_ratecount"})
# A page may remember in its session what it has shown.
REMEMBERS = frozenset({"django_session", "attune_cache"}) | COUNTS


def tables_written(send: Callable[[], Any], *, besides: Collection[str] = ()) -> tuple[Any, set[str]]:
    """The response, and the tables it wrote to."""
    with CaptureQueriesContext(connection) as captured:
        response = send()
    matches = (_WRITE.match(query["sql"]) for query in captured)
    return response, {match[1] for match in matches if match} - set(besides)
