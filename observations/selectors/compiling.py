"""What the weekly compile reads, in sets. It has no actor: it applies authorship and visibility itself."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db.models import Case, Max, OuterRef, Q, QuerySet, Subquery, When

from checklists.rules import Tone
from households.selectors import pick_households
from observations.models import FocusDimension, Observation, Rating, Tick
from observations.rules import Kind
from observations.selectors.visible import MENDS, visible


class Missed(NamedTuple):
    """The miss that a came-back mends: when it happened, whose it is, who sees it."""

    occurred_at: datetime
    author_id: int
    visibility: str


class Noted(NamedTuple):
    """One live observation as the compile reads it. A plain value: a week of many households holds very many."""

    pk: int
    household_id: int
    author_id: int
    public_id: uuid.UUID
    kind: str
    tone: str
    occurred_at: datetime
    received_at: datetime
    visibility: str
    has_note: bool
    missed: Missed | None
    ticks: Sequence[tuple[str, str]]  # kind and key
    ratings: Sequence[tuple[str, int | None, str]]  # dimension, value, absence


def list_for_compile(
    *, household_ids: Collection[int], starts_at: datetime, ends_at: datetime
) -> Iterator[Noted]:
    """Every live observation of these households in the span, with ratings, ticks and the miss it mends: three queries.

    Earliest first within each household.
    """
    live = Observation.objects.filter(
        household_id__in=household_ids,
        occurred_at__gte=starts_at,
        occurred_at__lt=ends_at,
        deleted_at__isnull=True,
    )
    mends = Case(
        When(MENDS & Q(tone=Tone.CAME_BACK, repairs__deleted_at__isnull=True), then=True), default=False
    )
    rows = list(
        live.annotate(has_note=~Q(note_sealed=b""), mends=mends)
        .order_by("household_id", "occurred_at", "id")
        .values_list(*_NOTED, "mends", *_MISSED)
    )
    keys = [row[0] for row in rows]
    ticks = _by_observation(Tick.objects.filter(observation_id__in=keys), "kind", "key")
    ratings = _by_observation(Rating.objects.filter(observation_id__in=keys), "dimension", "value", "absence")
    for row in rows:
        missed = Missed(*row[_WIDTH + 1 :]) if row[_WIDTH] else None
        yield Noted._make((*row[:_WIDTH], missed, ticks.get(row[0], ()), ratings.get(row[0], ())))


_NOTED: Final = Noted._fields[: Noted._fields.index("missed")]
_WIDTH: Final = len(_NOTED)
_MISSED: Final = tuple(f"repairs__{name}" for name in Missed._fields)


def _by_observation(rows: QuerySet[Any], *columns: str) -> dict[int, list[Any]]:
    """What belongs to each observation, in the order in which it was stored."""
    found: dict[int, list[Any]] = {}
    for key, *values in rows.order_by("id").values_list("observation_id", *columns):
        found.setdefault(key, []).append(tuple(values))
    return found


def list_focuses_for_compile(*, household_ids: Collection[int]) -> QuerySet[FocusDimension]:
    """Every focus choice in these households, oldest first, so that the last one seen per member counts."""
    return FocusDimension.objects.filter(household_id__in=household_ids).order_by("chosen_at", "id")


def list_mends_for_compile(*, missed: Collection[int]) -> Iterator[tuple[int, uuid.UUID, int, str]]:
    """Live came-backs that mend one of these missed moments, whenever they happened, earliest first.

    Each is (the missed moment's key, the came-back's public id, its author, its visibility); whom it may be told to is
    for the compile to decide.
    """
    # Found by what they mend: a household's came-backs of all years would be read for one week's misses otherwise.
    rows = Observation.objects.filter(MENDS, repairs__in=missed, deleted_at__isnull=True)
    return iter(
        rows.order_by("occurred_at", "id").values_list("repairs_id", "public_id", "author_id", "visibility")
    )


def list_answers_for_compile(
    *, household_ids: Collection[int], dimensions: Collection[str], starts_at: datetime, ends_at: datetime
) -> Iterator[tuple[int, int, str, int | None, str, uuid.UUID, datetime]]:
    """Answers of these dimensions in live moments of the span, earliest first.

    Each is (household, author, dimension, value, absence, the moment's public id, when it happened).
    """
    rows = Rating.objects.filter(
        dimension__in=dimensions,
        observation__household_id__in=household_ids,
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


def list_told_keys(*, actor_id: int, household_id: int, moment_ids: Collection[uuid.UUID]) -> list[int]:
    """The rows that a mail about these moments rests on: themselves, and the misses that they mend.

    Only what its reader may see: nobody's private moment is among them.
    """
    seen = visible(actor_id).filter(household_id=household_id)
    told = seen.filter(public_id__in=moment_ids)
    mended = seen.filter(pk__in=told.filter(MENDS).values("repairs_id"))
    return sorted({*told.values_list("pk", flat=True), *mended.values_list("pk", flat=True)})


def are_still_told(*, actor_id: int, keys: Collection[int]) -> bool:
    """Whether the reader may see all of these rows still: none deleted, made private, or taken along by who left."""
    return visible(actor_id).filter(pk__in=keys).count() == len(keys)


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
    live = Observation.objects.filter(deleted_at__isnull=True)
    first = live.filter(household_id=OuterRef("pk")).order_by("occurred_at", "id")
    # One step into the index for each household, however long its history is.
    homes = pick_households(household_ids=household_ids)
    rows = homes.annotate(earliest=Subquery(first.values("occurred_at")[:1])).filter(earliest__isnull=False)
    return dict(rows.values_list("pk", "earliest"))
