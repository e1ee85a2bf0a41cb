"""What the log sheet and Today want to know of the moments before."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import date, datetime

from django.db.models import Exists, OuterRef, QuerySet

from checklists.rules import Dimension, Tone
from observations.models import FocusDimension, Observation, Rating, Tick
from observations.rules import (
    EMPTY_TANK_MOMENTS,
    EMPTY_TANK_VALUE,
    EMPTY_TANK_WINDOW,
    REPAIRABLE_SHOWN,
    Kind,
    TickKind,
)
from observations.selectors.visible import MENDS, visible


def list_repairable(*, actor_id: int, child_id: int, before: datetime) -> QuerySet[Observation]:
    """The latest missed moments with a child that nobody has come back to yet, as far as the actor may know."""
    mended = visible(actor_id).filter(MENDS, repairs=OuterRef("pk"))
    return (
        visible(actor_id)
        .filter(~Exists(mended), child_id=child_id, tone=Tone.MISSED, occurred_at__lte=before)
        .order_by("-occurred_at", "-id")[:REPAIRABLE_SHOWN]
    )


def list_recent_cues(*, actor_id: int, household_id: int, keys: Collection[str], limit: int = 6) -> list[str]:
    """Which of *keys* the actor ticked last, latest first."""
    latest = (
        Tick.objects.filter(
            household_id=household_id,
            kind=TickKind.CUE,
            key__in=keys,
            observation__author_id=actor_id,
            observation__deleted_at__isnull=True,
        )
        .order_by("-id")
        .values_list("key", flat=True)[:60]
    )
    return list(dict.fromkeys(latest))[:limit]


def list_latest_child_ids(*, actor_id: int, household_id: int) -> set[int]:
    """Whom the actor logged with last in this household, with one tap: they are chosen when the sheet opens."""
    own = Observation.objects.filter(
        household_id=household_id, author_id=actor_id, deleted_at__isnull=True
    ).order_by("-received_at", "-id")
    return set(own.filter(received_at=own.values("received_at")[:1]).values_list("child_id", flat=True))


def list_tones_by_day(
    *, actor_id: int, household_id: int, since: date, until: date
) -> dict[date, list[Tone]]:
    """The tones of the actor's own moments of each local day, in no order; days without any are absent."""
    rows = Observation.objects.filter(
        household_id=household_id,
        author_id=actor_id,
        kind=Kind.MOMENT,
        deleted_at__isnull=True,
        occurred_on__range=(since, until),
    ).values_list("occurred_on", "tone")
    days: dict[date, list[Tone]] = {}
    for day, tone in rows:
        days.setdefault(day, []).append(Tone(tone))
    return days


def needs_soft_card(
    *, actor_id: int, moment_id: uuid.UUID, opening_cues: Collection[str], now: datetime
) -> bool:
    """Whether help should be offered now: after a tick that asks for it, or several moments on an empty tank.

    Decided from ticks and own state only; free text is never read for it.
    """
    own = Observation.objects.filter(author_id=actor_id, deleted_at__isnull=True)
    ticked = Tick.objects.filter(
        observation__in=own.filter(public_id=moment_id), kind=TickKind.CUE, key__in=opening_cues
    )
    if ticked.exists():
        return True
    empty = Rating.objects.filter(
        observation__in=own.filter(kind=Kind.MOMENT, occurred_at__gt=now - EMPTY_TANK_WINDOW),
        dimension=Dimension.SELF,
        value=EMPTY_TANK_VALUE,
    )
    return empty.count() >= EMPTY_TANK_MOMENTS


def get_focus(*, actor_id: int, household_id: int) -> FocusDimension | None:
    """The dimension the actor chose to be asked about by default; None without one."""
    latest = (
        FocusDimension.objects.filter(household_id=household_id, member_id=actor_id)
        .order_by("-chosen_at", "-id")
        .first()
    )
    return latest if latest and latest.dimension else None
