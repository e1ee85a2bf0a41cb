"""Storing weeks, and compiling what they added up to: in chunks of households, and twice is once.

These use cases have no actor: they belong to the schedule and to commands.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Final

from django.db import transaction
from django.db.models import Min, OuterRef, Q, Subquery

from households.selectors import WeekSettings, list_week_settings
from observations.selectors import earliest_for_compile, list_changed_for_compile
from reflections.compose import compose
from reflections.composition import SCHEMA
from reflections.facts import source_digest
from reflections.gather import MemberWeek, gather
from reflections.models import DigestWeek, Reflection
from reflections.rules import (
    PLAN_WINDOW,
    SYNC_GRACE,
    WEEK_MAX,
    Week,
    send_slot,
    week_holding,
    weeks_back_to,
    weeks_until,
)
from reflections.services.storing import BATCH, store_reflections

logger = logging.getLogger(__name__)

TOGETHER: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a compile did: reflections written (new or changed), and found as they were; weeks that broke, by key."""

    written: int = 0
    unchanged: int = 0
    broken: tuple[int, ...] = ()

    def __add__(self, other: Compiled) -> Compiled:
        return Compiled(
            self.written + other.written, self.unchanged + other.unchanged, self.broken + other.broken
        )


# --- Weeks -------------------------------------------------------------------------------------------------------
@transaction.atomic
def ensure_weeks(*, household_ids: Collection[int], now: datetime, back: bool = False) -> int:
    """Store the weeks that these households lack, up to the one that holds *now*; how many were stored.

    A household's weeks begin with the one in which it was made; with *back* they reach back to its first moment. What
    is stored stays: a household that moves its zone or week start changes the weeks to come only.
    """
    earliest = earliest_for_compile(household_ids=household_ids) if back else {}
    known = _known(household_ids, earliest, now)
    lacking = list_week_settings(household_ids=set(household_ids) - known)
    bounds = _stored_bounds([household.household_id for household in lacking])
    rows = [
        DigestWeek(household_id=household.household_id, **_columns(week))
        for household in lacking
        for week in _missing(household, bounds.get(household.household_id), back_to=earliest, now=now)
    ]
    # Another worker may store the same weeks at this moment: they are equal, so whoever comes second adds nothing.
    DigestWeek.objects.bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)
    return len(rows)


def _known(household_ids: Collection[int], earliest: Mapping[int, datetime], now: datetime) -> set[int]:
    """Households with a stored week that holds *now*, and one that holds their *earliest* moment.

    The rows of a few days answer the first, so that it costs the same after ten years as after one week.
    """
    weeks = DigestWeek.objects.filter(household_id__in=household_ids).order_by()
    current = weeks.filter(starts_at__gt=now - WEEK_MAX, ends_at__gt=now)
    known = set(current.values_list("household_id", flat=True))
    if earliest:
        firsts = dict(weeks.values_list("household_id").annotate(first=Min("starts_at")))
        known -= {key for key, at in earliest.items() if key in firsts and at < firsts[key]}
    return known


def _stored_bounds(household_ids: Sequence[int]) -> dict[int, tuple[Week, Week]]:
    """The first and the last stored week of each household that has any."""
    own = DigestWeek.objects.filter(household_id=OuterRef("household_id"))
    stored = DigestWeek.objects.filter(household_id__in=household_ids).order_by("household_id")
    firsts = stored.filter(starts_at=Subquery(own.order_by("starts_at").values("starts_at")[:1]))
    lasts = stored.filter(starts_at=Subquery(own.order_by("-starts_at").values("starts_at")[:1]))
    first_of = {week.household_id: week.as_rule() for week in firsts}
    return {week.household_id: (first_of[week.household_id], week.as_rule()) for week in lasts}


def _missing(
    household: WeekSettings,
    stored: tuple[Week, Week] | None,
    *,
    back_to: Mapping[int, datetime],
    now: datetime,
) -> Iterator[Week]:
    zone, start = household.timezone, household.week_starts_on
    if stored is None:
        first = last = week_holding(household.created_at, timezone=zone, week_starts_on=start)
        yield first
    else:
        first, last = stored
    if household.household_id in back_to:
        yield from weeks_back_to(back_to[household.household_id], first=first)
    yield from weeks_until(now, last=last, timezone=zone, week_starts_on=start)


def _columns(week: Week) -> dict[str, object]:
    return {name: getattr(week, name) for name in Week.__slots__}


# --- Compiling ---------------------------------------------------------------------------------------------------
def compile_week(*, household_ids: Collection[int], label: str, now: datetime) -> Compiled:
    """Compile the week with this label for everybody in these households, open or closed.

    Idempotent: where the facts are the same nothing is written; where they changed the revision grows by one. A
    household that cannot be compiled is logged and leaves the others alone.
    """
    ensure_weeks(household_ids=household_ids, now=now, back=True)
    weeks = DigestWeek.objects.filter(household_id__in=household_ids, label__in=(label, f"{label}b"))
    return _compile_apart(list(weeks.order_by("household_id", "starts_at")), now)


def compile_closed(*, household_ids: Collection[int], now: datetime) -> Compiled:
    """Compile closed weeks that never were, and any week in which something changed since it was: the sweep.

    Changes count for eight days; a page is composed afresh when it is opened, so nothing older misleads anybody. A week
    that broke is tried again by the next sweep.
    """
    changes: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    for household_id, occurred_at, changed_at in list_changed_for_compile(
        household_ids=household_ids, since=now - PLAN_WINDOW
    ):
        changes[household_id].append((occurred_at, changed_at))
    closed = DigestWeek.objects.filter(household_id__in=household_ids, ends_at__lte=now - SYNC_GRACE)
    new_or_changed = Q(compiled_at__isnull=True) | Q(
        household_id__in=changes, ends_at__gt=_earliest(changes, now)
    )
    due = [week for week in closed.filter(new_or_changed) if _is_due(week, changes[week.household_id])]
    done = Compiled()
    for together in _close_together(due):
        done += _compile_apart(together, now)
    compiled = {week.pk for week in due}.difference(done.broken)
    DigestWeek.objects.filter(pk__in=compiled).update(compiled_at=now)
    return done


def _earliest(changes: dict[int, list[tuple[datetime, datetime]]], now: datetime) -> datetime:
    return min(
        (occurred_at for changed in changes.values() for occurred_at, _changed_at in changed), default=now
    )


def _is_due(week: DigestWeek, changes: Sequence[tuple[datetime, datetime]]) -> bool:
    if week.compiled_at is None:
        return True
    return any(
        week.starts_at <= occurred_at < week.ends_at and changed_at > week.compiled_at
        for occurred_at, changed_at in changes
    )


def _close_together(weeks: Iterable[DigestWeek]) -> Iterator[list[DigestWeek]]:
    """The weeks in groups that start within seven days, earliest first.

    A group is read as one span of time: an old week beside a new one would read everything in between.
    """
    group: list[DigestWeek] = []
    for week in sorted(weeks, key=attrgetter("starts_at", "household_id")):
        if group and week.starts_at - group[0].starts_at >= TOGETHER:
            yield group
            group = []
        group.append(week)
    if group:
        yield group


def _compile_apart(weeks: Sequence[DigestWeek], now: datetime) -> Compiled:
    """Compile together; when that fails, halve until the household that broke it stands alone, and go on without it."""
    if not weeks:
        return Compiled()
    try:
        with transaction.atomic():
            return compile_weeks(weeks, now)
    except Exception:
        if len(weeks) == 1:
            logger.exception("week %s of household %s did not compile", weeks[0].label, weeks[0].household_id)
            return Compiled(broken=(weeks[0].pk,))
    half = len(weeks) // 2
    return _compile_apart(weeks[:half], now) + _compile_apart(weeks[half:], now)


def compile_weeks(weeks: Sequence[DigestWeek], now: datetime) -> Compiled:
    """Gather, compose and store these weeks in a fixed number of queries. The caller holds the transaction."""
    changed: list[Reflection] = []
    told: list[Reflection] = []
    sheets = gather(weeks)
    for sheet in sheets:
        digest = source_digest(sheet.facts, schema=SCHEMA)
        told_at = _told_at(sheet, now)
        if sheet.stored is None or sheet.stored.source_digest != digest:
            changed.append(_row(sheet, source_digest=digest, told_at=told_at, now=now))
        elif sheet.stored.told_at != told_at:
            sheet.stored.told_at = told_at
            told.append(sheet.stored)
    store_reflections(changed)
    Reflection.objects.bulk_update(told, ["told_at"], batch_size=BATCH)
    return Compiled(written=len(changed), unchanged=len(sheets) - len(changed))


def _row(sheet: MemberWeek, *, source_digest: str, told_at: datetime | None, now: datetime) -> Reflection:
    return Reflection(
        household_id=sheet.week.household_id,
        member_id=sheet.membership.pk,
        week_id=sheet.week.pk,
        revision=sheet.stored.revision + 1 if sheet.stored else 1,
        compiled_at=now,
        told_at=told_at,
        source_digest=source_digest,
        content=compose(sheet.facts).to_json(),
    )


def _told_at(sheet: MemberWeek, now: datetime) -> datetime | None:
    """When the member is first told of the closed week: their mail's hour, or now if that has passed; then for good."""
    if sheet.stored is not None and sheet.stored.told_at is not None:
        return sheet.stored.told_at
    if now < sheet.week.ends_at:
        return None
    user = sheet.membership.user
    slot = send_slot(
        closes_at=sheet.week.ends_at,
        timezone=user.timezone,
        hour=user.digest_hour,
        weekday=user.digest_weekday,
    )
    return max(slot, now)
