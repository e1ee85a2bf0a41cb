"""What the weekly compile reads, in sets. It has no actor: it applies authorship and visibility itself."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from datetime import datetime

from django.db.models import Max, Min, QuerySet

from observations.models import FocusDimension, Observation, Rating
from observations.rules import Kind
from observations.selectors.visible import MENDS


def list_for_compile(
    *, household_ids: Collection[int], starts_at: datetime, ends_at: datetime
) -> Iterator[Observation]:
    """Every live observation of these households in the span, with ratings, ticks and repairs, in a few queries."""
    rows = (
        Observation.objects.filter(
            household_id__in=household_ids,
            occurred_at__gte=starts_at,
            occurred_at__lt=ends_at,
            deleted_at__isnull=True,
        )
        .select_related("repairs", "child")
        .prefetch_related("ratings", "ticks")
        .order_by("household_id", "occurred_at", "id")
    )
    return iter(rows)


def list_focuses_for_compile(*, household_ids: Collection[int]) -> QuerySet[FocusDimension]:
    """Every focus choice in these households, oldest first, so that the last one seen per member counts."""
    return FocusDimension.objects.filter(household_id__in=household_ids).order_by("chosen_at", "id")


def list_mends_for_compile(
    *, household_ids: Collection[int], starts_at: datetime, ends_at: datetime
) -> Iterator[tuple[int, uuid.UUID, int, str]]:
    """Live came-backs that mend a missed moment of the span, whenever they happened, earliest first.

    Each is (the missed moment's key, the came-back's public id, its author, its visibility); whom it may be told to is
    for the compile to decide.
    """
    rows = Observation.objects.filter(
        MENDS,
        household_id__in=household_ids,
        repairs__occurred_at__gte=starts_at,
        repairs__occurred_at__lt=ends_at,
        deleted_at__isnull=True,
    ).order_by("occurred_at", "id")
    return iter(rows.values_list("repairs_id", "public_id", "author_id", "visibility"))


def list_answers_for_compile(
    *, household_ids: Collection[int], dimensions: Collection[str], starts_at: datetime, ends_at: datetime
) -> Iterator[tuple[int, int, str, int | None, str, uuid.UUID, datetime]]:
    """Answers of these dimensions in live moments of the span, earliest first.

    Each is (household, author, dimension, value, absence, the moment's public id, when it happened).
    """
    rows = Rating.objects.filter(
        household_id__in=household_ids,
        dimension__in=dimensions,
        observation__kind=Kind.MOMENT,
        observation__occurred_at__gte=starts_at,
        observation__occurred_at__lt=ends_at,
        observation__deleted_at__isnull=True,
    ).order_by("observation__occurred_at", "observation_id", "id")
    return iter(
        rows.values_list(
            "household_id",
            "observation__author_id",
            "dimension",
            "value",
            "absence",
            "observation__public_id",
            "observation__occurred_at",
        )
    )


def list_late_for_compile(
    *, household_ids: Collection[int], starts_at: datetime, ends_at: datetime, received_after: datetime
) -> Iterator[tuple[int, int, uuid.UUID, datetime, datetime]]:
    """Live moments of the span that arrived after an instant, earliest first.

    Each is (household, author, public id, when it happened, when it arrived).
    """
    rows = Observation.objects.filter(
        household_id__in=household_ids,
        kind=Kind.MOMENT,
        occurred_at__gte=starts_at,
        occurred_at__lt=ends_at,
        received_at__gt=received_after,
        deleted_at__isnull=True,
    ).order_by("occurred_at", "id")
    return iter(rows.values_list("household_id", "author_id", "public_id", "occurred_at", "received_at"))


def list_changed_for_compile(
    *, household_ids: Collection[int], since: datetime
) -> Iterator[tuple[int, datetime, datetime]]:
    """What was noted, edited, deleted or restored in these households after an instant.

    Each is (household, when it happened, when it last changed).
    """
    rows = Observation.objects.filter(household_id__in=household_ids, changed_at__gt=since)
    return iter(
        rows.order_by("household_id", "changed_at", "id").values_list(
            "household_id", "occurred_at", "changed_at"
        )
    )


def latest_own_for_compile(
    *, household_ids: Collection[int], before: datetime
) -> dict[tuple[int, int], datetime]:
    """When each author last noted anything in each of these households, as far as it happened before an instant."""
    rows = (
        Observation.objects.filter(
            household_id__in=household_ids, occurred_at__lt=before, deleted_at__isnull=True
        )
        .values_list("household_id", "author_id")
        .annotate(latest=Max("occurred_at"))
        .order_by()
    )
    return {(household, author): latest for household, author, latest in rows}


def latest_received(*, author_ids: Collection[int], since: datetime) -> dict[int, datetime]:
    """When the last thing that each of these authors noted arrived, if not before an instant. For the schedule."""
    rows = (
        Observation.objects.filter(author_id__in=author_ids, received_at__gte=since, deleted_at__isnull=True)
        .values_list("author_id")
        .annotate(latest=Max("received_at"))
        .order_by()
    )
    return dict(rows)


def earliest_for_compile(*, household_ids: Collection[int]) -> dict[int, datetime]:
    """When the first live observation of each of these households happened; a household without any is absent."""
    rows = (
        Observation.objects.filter(household_id__in=household_ids, deleted_at__isnull=True)
        .values_list("household_id")
        .annotate(earliest=Min("occurred_at"))
        .order_by()
    )
    return dict(rows)
