"""What a reader may see of observations: the conditions that every read here goes through."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import (
    Case,
    F,
    IntegerField,
    Prefetch,
    Q,
    QuerySet,
    Value,
    When,
    prefetch_related_objects,
)

from checklists.rules import AUTHOR_ONLY, Tone
from households.scope import Capability, visible_to
from observations.models import Observation, OwnAnswer, Rating, Tick
from observations.rules import Kind


def visible(
    actor_id: int, kind: Kind = Kind.MOMENT, *, capability: Capability = Capability.READ
) -> QuerySet[Observation]:
    """The live rows of one kind that the actor may touch so."""
    return Observation.objects.filter(visible_to(actor_id, capability), kind=kind, deleted_at__isnull=True)


def own_first(actor_id: int) -> Case:
    """Public ids are unique per author only: an order that puts the actor's own row before another's of that id."""
    return Case(When(author_id=actor_id, then=Value(0)), default=Value(1), output_field=IntegerField())


def ratings_shown_to(actor_id: int) -> QuerySet[Rating]:
    """Own state is its author's alone, whoever sees the moment."""
    return Rating.objects.exclude(~Q(observation__author_id=actor_id), dimension__in=AUTHOR_ONLY)


def own_answers_shown_to(actor_id: int) -> QuerySet[OwnAnswer]:
    """Answers to an author's own questions are nobody else's in the household: the questions may be about them."""
    return OwnAnswer.objects.filter(observation__author_id=actor_id)


MENDS = Q(repairs__tone=Tone.MISSED, repairs__child=F("child"), repairs__occurred_at__lte=F("occurred_at"))
"""`Observation.comes_back_to`, asked of the row that `repairs` names. A link outlives what its miss is edited to, since
it is another author's to take away; it counts only while this holds."""


def with_details(moments: Sequence[Observation], actor_id: int) -> Sequence[Observation]:
    """The same rows with author, child, ratings, ticks and repair links as the actor may see them, in seven queries."""
    return detailed(
        moments,
        linked=visible(actor_id),
        ratings=ratings_shown_to(actor_id),
        own=own_answers_shown_to(actor_id),
    )


def detailed(
    moments: Sequence[Observation],
    *,
    linked: QuerySet[Observation],
    ratings: QuerySet[Rating],
    own: QuerySet[OwnAnswer],
) -> Sequence[Observation]:
    """The same rows with author, child and ticks; with those of *ratings* and *own*, and links to those of *linked*."""
    linked = linked.select_related("author")
    prefetch_related_objects(
        moments,
        "author",
        "child",
        "household",
        Prefetch("ratings", ratings.order_by("dimension"), to_attr="shown_ratings"),
        Prefetch("own_answers", own.select_related("question").order_by("id"), to_attr="shown_own"),
        Prefetch("ticks", Tick.objects.order_by("kind", "id"), to_attr="shown_ticks"),
        Prefetch("repairs", linked),
        Prefetch("repaired_by", linked.filter(MENDS).order_by("occurred_at", "id"), to_attr="mended_by"),
    )
    Observation.note.fetch_keys(moments)
    for moment in moments:
        if moment.repairs and not moment.comes_back_to(moment.repairs):
            moment.repairs = None
    return moments
