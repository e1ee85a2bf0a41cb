"""Months of one author with one child through a sight: what a coach's page of months is told from."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from datetime import date

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from checklists.rules import AUTHOR_ONLY, NEVER_AVERAGED, Occasion, Tone
from households.rules import GrantScope
from households.scope import Sight
from observations.models import Observation, Rating, Tick
from observations.rules import Kind, TickKind
from observations.selectors.patterns import Stretch
from observations.selectors.visible import MENDS


def list_granted_answers(
    *, sight: Sight, stretch: Stretch
) -> Iterator[tuple[str, str, int | None, str, uuid.UUID, date]]:
    """The answers of a stretch in this sight, earliest first, as `list_answered` gives them; never own state."""
    rows = Rating.objects.filter(observation__in=_seen(sight).filter(stretch.by_author))
    return iter(
        rows.exclude(dimension__in=AUTHOR_ONLY)
        .order_by("observation__occurred_at", "observation_id", "id")
        .values_list(
            "observation__kind",
            "dimension",
            "value",
            "absence",
            "observation__public_id",
            "observation__occurred_on",
        )
    )


def count_granted_cues(*, sight: Sight, stretch: Stretch) -> Iterator[tuple[str, str, int]]:
    """How many moments of a stretch in this sight have each cue: (key, tone, moments)."""
    rows = _cues(sight, stretch).values_list("key", "observation__tone")
    return iter(rows.annotate(times=Count("pk")).order_by("key", "observation__tone"))


def count_granted_with_cues(*, sight: Sight, stretch: Stretch) -> dict[str, int]:
    """How many moments of a stretch in this sight have any cue, by tone."""
    rows = _cues(sight, stretch).values_list("observation__tone")
    counted = rows.annotate(times=Count("observation_id", distinct=True))
    return dict(counted.order_by("observation__tone"))


def count_granted_mended(*, sight: Sight, stretch: Stretch) -> tuple[int, int]:
    """How many missed moments of a stretch are in this sight, and to how many of them a way back is too."""
    moments = _seen(sight).filter(kind=Kind.MOMENT)
    came_back = Exists(moments.filter(MENDS, repairs=OuterRef("pk")))
    missed = moments.filter(stretch.by_author, tone=Tone.MISSED).annotate(came_back=came_back)
    found = missed.aggregate(missed=Count("pk"), mended=Count("pk", filter=Q(came_back=True)))
    return found["missed"], found["mended"]


def list_granted_checks(
    *, sight: Sight, household_id: int, author_ids: Collection[int]
) -> Iterator[tuple[int, date, int, str, int]]:
    """Every answer with a value in the self-checks of these authors in this sight.

    Each is (child, first day of the week, author, dimension, value). How a child settled is context, and no view of
    one adult on what an adult did: it is left out, as own state is.
    """
    checks = _seen(sight).filter(kind=Kind.SELF_CHECK, household_id=household_id, author_id__in=author_ids)
    rows = Rating.objects.filter(observation__in=checks, value__isnull=False).exclude(
        dimension__in=AUTHOR_ONLY | NEVER_AVERAGED
    )
    columns = (
        "observation__child_id",
        "observation__occurred_on",
        "observation__author_id",
        "dimension",
        "value",
    )
    return iter(rows.order_by("observation__occurred_on", "observation_id", "id").values_list(*columns))


def list_granted_values(
    *, sight: Sight, household_id: int, author_id: int, dimension: str, since: date, until: date
) -> list[tuple[date, int]]:
    """One author's answers about moments to one question in this sight, on the days `[since, until)`, in order."""
    if dimension in AUTHOR_ONLY:
        return []
    moments = _seen(sight).filter(
        kind=Kind.MOMENT,
        household_id=household_id,
        author_id=author_id,
        occurred_on__gte=since,
        occurred_on__lt=until,
    )
    rows = Rating.objects.filter(observation__in=moments, dimension=dimension, value__isnull=False)
    found = rows.order_by("observation__occurred_at", "observation_id", "id")
    return [(day, value) for day, value in found.values_list("observation__occurred_on", "value") if value]


def occasion_of(kind: str) -> Occasion:
    return Occasion.WEEK if kind == Kind.SELF_CHECK else Occasion.MOMENT


def _seen(sight: Sight) -> QuerySet[Observation]:
    return Observation.objects.filter(sight(GrantScope.RATINGS), deleted_at__isnull=True)


def _cues(sight: Sight, stretch: Stretch) -> QuerySet[Tick]:
    moments = _seen(sight).filter(stretch.by_author, kind=Kind.MOMENT)
    return Tick.objects.filter(observation__in=moments, kind=TickKind.CUE)
