"""What months are told from: one author's observations with one child, as far as the reader may see them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Count, Exists, Max, OuterRef, Prefetch, Q, QuerySet, prefetch_related_objects

from checklists.rules import Tone
from households.scope import Capability, visible_to
from observations.models import Observation, Tick
from observations.rules import THREADS_SHOWN
from observations.selectors.visible import MENDS, ratings_shown_to, visible

# A local day begins and ends within so much of the same day in UTC, wherever it is.
_ZONES_REACH = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Whose observations of which child, on which local days; both ends are included."""

    household_id: int
    child_id: int
    author_id: int
    since: date
    until: date

    @property
    def days(self) -> Q:
        """Every row of these days, whoever wrote it. The instants beside the days let an index find them."""
        first, last = (datetime.combine(day, time.min, UTC) for day in (self.since, self.until))
        return Q(
            household_id=self.household_id,
            child_id=self.child_id,
            occurred_on__range=(self.since, self.until),
            occurred_at__gte=first - _ZONES_REACH,
            occurred_at__lt=last + 2 * _ZONES_REACH,
        )

    @property
    def by_author(self) -> Q:
        return self.days & Q(author_id=self.author_id)


def list_noted(*, actor_id: int, stretch: Stretch) -> Iterator[tuple[str, date, datetime, str, str]]:
    """The moments of a stretch, earliest first: each its tone, local day, instant, zone and precision."""
    rows = visible(actor_id).filter(stretch.by_author).order_by("occurred_at", "id")
    return iter(rows.values_list("tone", "occurred_on", "occurred_at", "timezone", "precision"))


def list_answered(
    *, actor_id: int, stretch: Stretch
) -> Iterator[tuple[str, str, int | None, str, uuid.UUID, date]]:
    """The answers of a stretch, earliest first, in moments and in self-checks; own state for its author alone.

    Each is (kind, dimension, value, absence, the observation's public id, its local day).
    """
    told = Observation.objects.filter(
        visible_to(actor_id, Capability.READ), stretch.by_author, deleted_at__isnull=True
    )
    rows = ratings_shown_to(actor_id).filter(observation__in=told)
    return iter(
        rows.order_by("observation__occurred_at", "observation_id", "id").values_list(
            "observation__kind",
            "dimension",
            "value",
            "absence",
            "observation__public_id",
            "observation__occurred_on",
        )
    )


def count_ticked(*, actor_id: int, stretch: Stretch) -> Iterator[tuple[str, str, str, int]]:
    """How many moments of a stretch have each tick, by tone: (kind of tick, key, tone, moments)."""
    rows = _ticks(actor_id, stretch).values_list("kind", "key", "observation__tone")
    return iter(rows.annotate(times=Count("pk")).order_by("kind", "key", "observation__tone"))


def count_with_ticks(*, actor_id: int, stretch: Stretch) -> Iterator[tuple[str, str, int]]:
    """How many moments of a stretch have any tick of a kind, by tone: (kind of tick, tone, moments)."""
    rows = _ticks(actor_id, stretch).values_list("kind", "observation__tone")
    times = Count("observation_id", distinct=True)
    return iter(rows.annotate(times=times).order_by("kind", "observation__tone"))


def _ticks(actor_id: int, stretch: Stretch) -> QuerySet[Tick]:
    return Tick.objects.filter(observation__in=visible(actor_id).filter(stretch.by_author))


# --- A miss and its came-backs -----------------------------------------------------------------------------------
def count_mended(*, actor_id: int, stretch: Stretch) -> tuple[int, int]:
    """How many missed moments of a stretch there are, and to how many of them somebody came back."""
    missed = visible(actor_id).filter(stretch.by_author, tone=Tone.MISSED)
    came_back = Exists(visible(actor_id).filter(MENDS, repairs=OuterRef("pk")))
    found = missed.annotate(came_back=came_back).aggregate(
        missed=Count("pk"), mended=Count("pk", filter=Q(came_back=True))
    )
    return found["missed"], found["mended"]


def list_mended(*, actor_id: int, stretch: Stretch, limit: int = THREADS_SHOWN) -> list[Observation]:
    """Missed moments that somebody came back to in these days, latest coming back first, each with `mended_by`.

    The author of the stretch wrote the miss, or came back to it in these days; the other end may be anybody's, as long
    as the reader may see it.
    """
    own_end = Q(author_id=stretch.author_id) | Q(repairs__author_id=stretch.author_id)
    came_backs = visible(actor_id).filter(MENDS, stretch.days, own_end, repairs__in=visible(actor_id))
    latest = (
        came_backs.values("repairs_id").annotate(latest=Max("occurred_at")).order_by("-latest", "-repairs_id")
    )
    order = list(latest.values_list("repairs_id", flat=True)[:limit])
    missed = sorted(visible(actor_id).filter(pk__in=order), key=lambda row: order.index(row.pk))
    return _with_came_backs(missed, actor_id)


def find_mended(*, actor_id: int, missed_id: int) -> Observation | None:
    """The missed moment with that key and its `mended_by`; None where the reader may not see a miss and a way back."""
    found = _with_came_backs(list(visible(actor_id).filter(pk=missed_id, tone=Tone.MISSED)), actor_id)
    return next((missed for missed in found if getattr(missed, "mended_by", None)), None)


def _with_came_backs(missed: list[Observation], actor_id: int) -> list[Observation]:
    came_backs = visible(actor_id).filter(MENDS).select_related("author").order_by("occurred_at", "id")
    prefetch_related_objects(missed, "author", Prefetch("repaired_by", came_backs, to_attr="mended_by"))
    return missed
