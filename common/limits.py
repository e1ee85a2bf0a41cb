"""How often something may be tried: counted exactly, however many try at once (ADR 10).

A window is fixed: it begins at a multiple of its length, so that one row and one statement are enough, and so that
everybody can be told to the second when to come back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Max

from common.models import RateCount
from common.pseudonyms import pseudonym

KEPT: Final = timedelta(days=2)
"""How long counts stay: longer than the longest window."""

# The same words for SQLite (3.35) and PostgreSQL. Adding to what is there and reading the sum is one statement: two
# requests at the same moment get two different sums. The ORM can replace on conflict, but not add.
_ADD_ONE: Final = """
INSERT INTO common_ratecount (key, window_starts_at, count) VALUES (%s, %s, 1)
ON CONFLICT (key, window_starts_at) DO UPDATE SET count = common_ratecount.count + 1
RETURNING count
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most *most* tries within each window of *per*, for each *who* it is counted for."""

    name: str
    most: int
    per: timedelta

    @property
    def allowed(self) -> int:
        return self.most * settings.RATE_LIMIT_FACTOR


def count_try(limit: Limit, *, who: str, now: datetime) -> int:
    """Counts one try; 0 when it may go on, else how many seconds are left of the window.

    Call it before what is tried, and never inside a transaction: what a rollback takes back would be free.
    """
    key, opens = _key(limit, who), _window(limit, now)
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A count is not worth waiting for the disk: a crash takes back the tries of its last second at most.
            cursor.execute("SET LOCAL synchronous_commit TO OFF")
        cursor.execute(_ADD_ONE, [key, connection.ops.adapt_datetimefield_value(opens)])
        (count,) = cursor.fetchone()
    return _seconds_left(limit, now) if count > limit.allowed else 0


def is_used_up(limit: Limit, *, who: str, now: datetime) -> int:
    """How many seconds are left when there is no try left in this window, else 0. Counts nothing."""
    window = RateCount.objects.filter(key=_key(limit, who), window_starts_at=_window(limit, now))
    used = window.filter(count__gte=limit.allowed).exists()
    return _seconds_left(limit, now) if used else 0


def count_windows(*, now: datetime) -> tuple[int, int]:
    """How many windows that began in the last ten minutes are counted in, and how many tries the busiest has seen."""
    recent = RateCount.objects.filter(window_starts_at__gt=now - timedelta(minutes=10))
    found = recent.aggregate(windows=Count("pk"), busiest=Max("count"))
    return found["windows"], found["busiest"] or 0


def forget_old_counts(*, now: datetime) -> int:
    """Destroy the counts of windows that are over; how many went. For the schedule."""
    gone, _by_model = RateCount.objects.filter(window_starts_at__lt=now - KEPT).delete()
    return gone


def _key(limit: Limit, who: str) -> str:
    return pseudonym(who, purpose=f"limit.{limit.name}")


def _window(limit: Limit, now: datetime) -> datetime:
    """The beginning of the window that *now* is in."""
    return datetime.fromtimestamp(now.timestamp() // _length(limit) * _length(limit), UTC)


def _seconds_left(limit: Limit, now: datetime) -> int:
    """Whole seconds from *now* until the next window, at least one (RFC 9110, 10.2.3)."""
    return _length(limit) - int(now.timestamp() % _length(limit))


def _length(limit: Limit) -> int:
    return int(limit.per.total_seconds())
