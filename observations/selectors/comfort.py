"""What a comfort card is drafted from: one author's own moments in which a child was comforted."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Prefetch, Q

from checklists.rules import COMFORT_GATES, Dimension, Tone
from households.scope import Capability
from observations.models import Rating, Tick
from observations.rules import COMFORTED_READ_MAX, TickKind
from observations.selectors.visible import visible


@dataclass(frozen=True, slots=True)
class Comforted:
    """One such moment. `comfort` is what its author answered, 1 to 5, to whether comfort arrived; None: nothing."""

    id: uuid.UUID
    on: date
    tone: str
    ticks: tuple[tuple[str, str], ...]  # kind, key
    comfort: int | None


def list_comforted(*, actor_id: int, household_id: int, child_id: int, since: date) -> list[Comforted]:
    """The actor's own moments with this child, since that day, in which comfort was given, latest first.

    Those are all of coming back, and those in tune in which the child was hurt, ill or scared, or the question about
    comfort was answered, or something was ticked that comforts. A missed moment is never among them.
    """
    ticked = Tick.objects.filter(observation=OuterRef("pk"))
    answered = Rating.objects.filter(
        observation=OuterRef("pk"), dimension=Dimension.COMFORT, value__isnull=False
    )
    comforting = Q(key__in=COMFORT_GATES) | Q(kind=TickKind.CUE, dimension=Dimension.COMFORT)
    rows = (
        visible(actor_id, capability=Capability.RECORD)
        .filter(
            Q(tone=Tone.CAME_BACK) | Exists(ticked.filter(comforting)) | Exists(answered),
            household_id=household_id,
            child_id=child_id,
            occurred_on__gte=since,
            tone__in=(Tone.IN_TUNE, Tone.CAME_BACK),
        )
        .prefetch_related(
            Prefetch("ticks", Tick.objects.order_by("kind", "key")),
            Prefetch(
                "ratings", Rating.objects.filter(dimension=Dimension.COMFORT), to_attr="comfort_answers"
            ),
        )
        .order_by("-occurred_at", "-id")[:COMFORTED_READ_MAX]
    )
    return [
        Comforted(
            row.public_id,
            row.occurred_on,
            row.tone,
            tuple((tick.kind, tick.key) for tick in row.ticks.all()),
            next((answer.value for answer in row.comfort_answers if answer.value is not None), None),
        )
        for row in rows
    ]
