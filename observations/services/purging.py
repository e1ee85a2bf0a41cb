"""Destroying what its author deleted, once it can no longer be restored."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from accounts.selectors import hold_user
from observations.models import Observation
from observations.record import forget_purged
from observations.rules import RESTORE_WINDOW


def purge_deleted(*, now: datetime, limit: int = 1_000) -> int:
    """Destroy what was deleted more than seven days ago, at most *limit* rows; how many went. For the schedule."""
    before = now - RESTORE_WINDOW
    rows = Observation.objects.filter(deleted_at__lt=before).order_by("deleted_at", "id")
    of_author: dict[tuple[int, int], list[int]] = {}
    for household_id, author_id, key in rows.values_list("household_id", "author_id", "pk")[:limit]:
        of_author.setdefault((household_id, author_id), []).append(key)
    return sum(
        _purge(household_id, author_id, keys, before=before)
        for (household_id, author_id), keys in of_author.items()
    )


@transaction.atomic
def _purge(household_id: int, author_id: int, keys: Collection[int], *, before: datetime) -> int:
    """Destroy those that are still to go now that their author is held, with what their links in the record said."""
    hold_user(user_id=author_id)
    gone = Observation.objects.filter(pk__in=keys, household_id=household_id, deleted_at__lt=before)
    gone_keys = list(gone.values_list("pk", flat=True))
    forget_purged(household_id=household_id, author_id=author_id, observation_ids=gone_keys)
    _total, by_model = Observation.objects.filter(pk__in=gone_keys).delete()
    return by_model.get("observations.Observation", 0)
