"""Whose week is there to be read, for whoever asked to be told of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from reflections.composition import Kind
from reflections.models import Reflection
from reflections.rules import is_first_partial


def list_ready_weeks(*, user_ids: Collection[int], since: datetime, now: datetime) -> dict[int, str]:
    """The label of the latest week that each of these people was first told of between *since* and now.

    Not a quiet week, and not one that somebody joined in the middle of. For the schedule.
    """
    rows = (
        Reflection.objects.filter(
            member__user_id__in=user_ids,
            member__left_at__isnull=True,
            told_at__gt=since,
            told_at__lte=now,
            week__ends_at__lte=now,
        )
        .exclude(content__kind=Kind.QUIET)
        .order_by("week__starts_at", "pk")
    )
    found = rows.values_list("member__user_id", "member__joined_at", "week__starts_at", "week__label")
    return {
        user_id: label
        for user_id, joined_at, starts_at, label in found
        if not is_first_partial(joined_at=joined_at, starts_at=starts_at)
    }
