"""What a coach's list is told from: all that several authors share with one coach, in one query each.

The only reads of observations that cross households. Each is bounded by the households of the reader's grants.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from households.rules import GrantScope
from households.scope import Sight, granted_to
from households.selectors import opened_by
from observations.models import Observation
from observations.rules import Kind

# A local day begins within so much of the same day in UTC, wherever it is.
_ZONES_REACH = timedelta(days=1)


def list_shared_days(
    *, sight: Sight, household_ids: Collection[int], since: date
) -> Iterator[tuple[int, int, date, str]]:
    """On which days moments of which tone were shared with this reader: (household, author, local day, tone)."""
    rows = _moments(sight, GrantScope.SUMMARY, household_ids=household_ids, since=since)
    found = rows.values_list("household_id", "author_id", "occurred_on", "tone").distinct()
    return iter(found.order_by("household_id", "author_id", "occurred_on", "tone"))


def count_unopened(
    *, sight: Sight, reader_id: int, household_ids: Collection[int], since: date
) -> Iterator[tuple[int, int, int]]:
    """How many single moments shared with this reader they never opened: (household, author, moments)."""
    rows = _moments(sight, GrantScope.RATINGS, household_ids=household_ids, since=since).exclude(
        opened_by(reader_id)
    )
    counted = rows.values_list("household_id", "author_id").annotate(times=Count("pk"))
    return iter(counted.order_by("household_id", "author_id"))


def granted_keys(sight: Sight) -> QuerySet[Observation, int]:
    """The keys of every single moment in this sight, as a condition for another query."""
    rows = Observation.objects.filter(sight(GrantScope.RATINGS), deleted_at__isnull=True)
    return rows.values_list("pk", flat=True)


def shown_along(*, coach: str, moment: str, now: datetime) -> Exists:
    """Rows that name a coach and a moment at these paths, while a live grant shows that coach that single moment."""
    sight = granted_to(OuterRef(OuterRef(coach)), now=now)
    rows = Observation.objects.filter(sight(GrantScope.RATINGS), deleted_at__isnull=True)
    return Exists(rows.filter(pk=OuterRef(moment)))


def _moments(
    sight: Sight, scope: GrantScope, *, household_ids: Collection[int], since: date
) -> QuerySet[Observation]:
    # The instant beside the day lets an index find them.
    days = Q(occurred_on__gte=since, occurred_at__gte=datetime.combine(since, time.min, UTC) - _ZONES_REACH)
    return Observation.objects.filter(
        days, sight(scope), household_id__in=household_ids, kind=Kind.MOMENT, deleted_at__isnull=True
    )
