"""Reads of observations. Every one of them asks `households.scope` who is reading."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial

from django.db.models import (
    Case,
    Exists,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Value,
    When,
    prefetch_related_objects,
)

from checklists.rules import AUTHOR_ONLY, Dimension, Tone
from common.errors import NotVisible
from common.pages import Page, page_of, take_first
from common.text import clean_text
from households.scope import Capability, visible_to
from observations.models import FocusDimension, Observation, Rating, Revision, Tick
from observations.rules import (
    EMPTY_TANK_MOMENTS,
    EMPTY_TANK_VALUE,
    EMPTY_TANK_WINDOW,
    PAGE_SIZE,
    PAGE_SIZE_MAX,
    REPAIRABLE_SHOWN,
    RESTORE_WINDOW,
    SEARCH_MAX,
    SEARCH_SCAN_MAX,
    Kind,
    TickKind,
)


@dataclass(frozen=True, slots=True)
class MomentFilters:
    """What a timeline is narrowed to. Days are local days of the household; both ends are included."""

    household_id: uuid.UUID | None = None
    child_id: uuid.UUID | None = None
    author_id: uuid.UUID | None = None
    dimension: str = ""
    tone: str = ""
    since: date | None = None
    until: date | None = None
    text: str = ""


# --- Moments -----------------------------------------------------------------------------------------------------
def list_moments(
    *, actor_id: int, filters: MomentFilters | None = None, cursor: str = "", limit: int = PAGE_SIZE
) -> Page[Observation]:
    """A page of the moments the actor may see, latest first, at most *limit* (1 to 200).

    A search for text opens notes one by one, so a page of it may hold fewer items and still have a next one.

    Raises:
        ValidationError: on `cursor`, when it is not one of this reader's; on `text`.
    """
    filters = filters or MomentFilters()
    wanted = clean_text(filters.text, field="text", max_length=SEARCH_MAX).casefold()
    page = page_of(
        _narrowed(_visible(actor_id), actor_id, filters),
        by="occurred_at",
        cursor=cursor,
        limit=max(1, min(limit, PAGE_SIZE_MAX)),
        reader_id=actor_id,
        list_name="moments",
        take=partial(_search, wanted) if wanted else take_first,
    )
    return replace(page, items=_with_details(page.items, actor_id))


def get_moment(
    *, actor_id: int, moment_id: uuid.UUID, capability: Capability = Capability.READ
) -> Observation:
    """One moment with everything the actor may see of it; to RECORD, one of the actor's own.

    Public ids are unique per author only: where two authors' moments share one, the actor's own is meant.

    Raises:
        NotVisible: there is none for this actor.
    """
    own_first = Case(When(author_id=actor_id, then=Value(0)), default=Value(1), output_field=IntegerField())
    rows = _visible(actor_id, capability=capability).filter(public_id=moment_id)
    found = rows.order_by(own_first, "id").first()
    if found is None:
        raise NotVisible("moment")
    return _with_details([found], actor_id)[0]


@dataclass(frozen=True, slots=True)
class MomentName:
    """A moment as a sentence points at it."""

    public_id: uuid.UUID
    tone: str
    occurred_on: date


def name_moments(*, actor_id: int, moment_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, MomentName]:
    """Tone and day of those of these moments that the actor may see, in one query."""
    rows = _visible(actor_id).filter(public_id__in=moment_ids).order_by("occurred_at", "id")
    found: dict[uuid.UUID, MomentName] = {}
    for public_id, tone, occurred_on, author_id in rows.values_list(
        "public_id", "tone", "occurred_on", "author_id"
    ):
        # Where two authors' moments share an id, the actor's own is meant.
        if public_id not in found or author_id == actor_id:
            found[public_id] = MomentName(public_id, tone, occurred_on)
    return found


def get_deleted_moment(*, actor_id: int, moment_id: uuid.UUID, now: datetime) -> Observation:
    """The actor's own deleted moment while it can still be restored.

    Raises:
        NotVisible: there is none.
    """
    found = (
        Observation.objects.filter(
            visible_to(actor_id, Capability.RECORD), public_id=moment_id, deleted_at__gte=now - RESTORE_WINDOW
        )
        .select_related("child", "household")
        .first()
    )
    if found is None:
        raise NotVisible("moment")
    return found


def list_revisions(*, actor_id: int, moment_id: uuid.UUID) -> QuerySet[Revision]:
    """How the actor's own moment was before each edit, latest first; empty for anybody but the author."""
    return (
        Revision.objects.filter(
            observation__in=Observation.objects.filter(
                visible_to(actor_id, Capability.RECORD), public_id=moment_id, deleted_at__isnull=True
            )
        )
        .select_related("observation")
        .order_by("-number")
    )


def page_revisions(*, actor_id: int, moment_id: uuid.UUID, cursor: str = "") -> Page[Revision]:
    """A page of `list_revisions`.

    Raises:
        NotVisible: no such moment of the actor's own. ValidationError: on `cursor`.
    """
    own = Observation.objects.filter(visible_to(actor_id, Capability.RECORD), deleted_at__isnull=True)
    if not own.filter(public_id=moment_id, kind=Kind.MOMENT).exists():
        raise NotVisible("moment")
    return page_of(
        list_revisions(actor_id=actor_id, moment_id=moment_id),
        by="replaced_at",
        cursor=cursor,
        limit=PAGE_SIZE,
        reader_id=actor_id,
        list_name=f"revisions of {moment_id}",
    )


def list_repairable(*, actor_id: int, child_id: int, before: datetime) -> QuerySet[Observation]:
    """The latest missed moments with a child that nobody has come back to yet, as far as the actor may know."""
    mended = _visible(actor_id).filter(repairs=OuterRef("pk"))
    return (
        _visible(actor_id)
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


def get_latest_child_id(*, actor_id: int, household_id: int) -> int | None:
    """The child the actor logged last in this household: the one chosen when the sheet opens."""
    return (
        Observation.objects.filter(household_id=household_id, author_id=actor_id, deleted_at__isnull=True)
        .order_by("-received_at", "-id")
        .values_list("child_id", flat=True)
        .first()
    )


def count_by_day(*, actor_id: int, household_id: int, since: date, until: date) -> dict[date, dict[str, int]]:
    """How many of the actor's own moments each local day holds, by tone; days without any are absent."""
    rows = Observation.objects.filter(
        household_id=household_id,
        author_id=actor_id,
        kind=Kind.MOMENT,
        deleted_at__isnull=True,
        occurred_on__range=(since, until),
    ).values_list("occurred_on", "tone")
    days: dict[date, dict[str, int]] = {}
    for day, tone in rows:
        tones = days.setdefault(day, {})
        tones[tone] = tones.get(tone, 0) + 1
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


# --- Self-checks -------------------------------------------------------------------------------------------------
def list_self_checks(
    *, actor_id: int, household_id: uuid.UUID | None = None, cursor: str = ""
) -> Page[Observation]:
    """A page of the self-checks the actor may see, latest week first.

    Raises:
        ValidationError: on `cursor`.
    """
    rows = _visible(actor_id, Kind.SELF_CHECK)
    if household_id:
        rows = rows.filter(household__public_id=household_id)
    page = page_of(
        rows, by="occurred_at", cursor=cursor, limit=PAGE_SIZE, reader_id=actor_id, list_name="self_checks"
    )
    return replace(page, items=_with_details(page.items, actor_id))


def get_self_check(*, actor_id: int, check_id: uuid.UUID) -> Observation:
    """One self-check with the answers the actor may see.

    Raises:
        NotVisible: there is none for this actor.
    """
    found = _visible(actor_id, Kind.SELF_CHECK).filter(public_id=check_id).order_by("id").first()
    if found is None:
        raise NotVisible("self-check")
    return _with_details([found], actor_id)[0]


def find_own_self_check(*, actor_id: int, child_id: uuid.UUID, first_day: date) -> Observation | None:
    """The actor's own self-check of a child's week, if it was answered."""
    found = (
        _visible(actor_id, Kind.SELF_CHECK)
        .filter(author_id=actor_id, child__public_id=child_id, occurred_on=first_day)
        .first()
    )
    return _with_details([found], actor_id)[0] if found else None


# --- Focus -------------------------------------------------------------------------------------------------------
def get_focus(*, actor_id: int, household_id: int) -> FocusDimension | None:
    """The dimension the actor chose to be asked about by default; None without one."""
    latest = (
        FocusDimension.objects.filter(household_id=household_id, member_id=actor_id)
        .order_by("-chosen_at", "-id")
        .first()
    )
    return latest if latest and latest.dimension else None


# --- For the weekly compile --------------------------------------------------------------------------------------
def list_for_compile(
    *, household_ids: Collection[int], starts_at: datetime, ends_at: datetime
) -> Iterator[Observation]:
    """Every live observation of these households in the span, with ratings, ticks and repairs: a fixed number of queries.

    This is the one read without an actor; the compile applies authorship and visibility per member itself.
    """
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


def earliest_for_compile(*, household_ids: Collection[int]) -> dict[int, datetime]:
    """When the first live observation of each of these households happened; a household without any is absent."""
    rows = (
        Observation.objects.filter(household_id__in=household_ids, deleted_at__isnull=True)
        .values_list("household_id")
        .annotate(earliest=Min("occurred_at"))
        .order_by()
    )
    return dict(rows)


# --- What the reads share ----------------------------------------------------------------------------------------
def _visible(
    actor_id: int, kind: Kind = Kind.MOMENT, *, capability: Capability = Capability.READ
) -> QuerySet[Observation]:
    return Observation.objects.filter(visible_to(actor_id, capability), kind=kind, deleted_at__isnull=True)


def _narrowed(rows: QuerySet[Observation], actor_id: int, filters: MomentFilters) -> QuerySet[Observation]:
    conditions = {
        "household__public_id": filters.household_id,
        "child__public_id": filters.child_id,
        "author__public_id": filters.author_id,
        "tone": filters.tone or None,
        "occurred_on__gte": filters.since,
        "occurred_on__lte": filters.until,
    }
    rows = rows.filter(**{name: value for name, value in conditions.items() if value is not None})
    if filters.dimension:
        rated = _ratings_shown_to(actor_id).filter(observation=OuterRef("pk"), dimension=filters.dimension)
        ticked = Tick.objects.filter(observation=OuterRef("pk"), dimension=filters.dimension)
        rows = rows.filter(Exists(rated) | Exists(ticked))
    return rows


def _ratings_shown_to(actor_id: int) -> QuerySet[Rating]:
    """Own state is its author's alone, whoever sees the moment."""
    return Rating.objects.exclude(~Q(observation__author_id=actor_id), dimension__in=AUTHOR_ONLY)


def _search(
    wanted: str, rows: QuerySet[Observation], limit: int
) -> tuple[list[Observation], Observation | None]:
    """The first *limit* rows whose note holds *wanted*, and the last row looked at if there may be more."""
    found: list[Observation] = []
    looked_at: Observation | None = None
    for number, row in enumerate(rows[: SEARCH_SCAN_MAX + 1]):
        if len(found) == limit or number == SEARCH_SCAN_MAX:
            return found, looked_at
        looked_at = row
        if wanted in row.note.casefold():
            found.append(row)
    return found, None


def _with_details(moments: Sequence[Observation], actor_id: int) -> Sequence[Observation]:
    """The same rows with author, child, ratings, ticks and repair links as the actor may see them, in five queries."""
    visible = _visible(actor_id).select_related("author")
    prefetch_related_objects(
        moments,
        "author",
        "child",
        "household",
        Prefetch("ratings", _ratings_shown_to(actor_id).order_by("dimension"), to_attr="shown_ratings"),
        Prefetch("ticks", Tick.objects.order_by("kind", "id"), to_attr="shown_ticks"),
        Prefetch("repairs", visible),
        Prefetch("repaired_by", visible.order_by("occurred_at", "id"), to_attr="mended_by"),
    )
    return moments
