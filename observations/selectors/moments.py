"""Reads of moments: the timeline, one of them, how it was before."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from itertools import chain

from django.db.models import Count, Exists, OuterRef, QuerySet

from common.errors import NotVisible
from common.pages import Page, page_of, take_first
from common.text import clean_text
from households.scope import Capability, visible_to
from households.selectors import list_children
from observations.models import Observation, Revision, Tick
from observations.rules import (
    PAGE_SIZE,
    PAGE_SIZE_MAX,
    RESTORE_WINDOW,
    SEARCH_MAX,
    SEARCH_SCAN_MAX,
    Kind,
    sibling_id,
)
from observations.selectors.visible import own_first, ratings_shown_to, visible, with_details


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
        _narrowed(visible(actor_id), actor_id, filters),
        by="occurred_at",
        cursor=cursor,
        limit=max(1, min(limit, PAGE_SIZE_MAX)),
        reader_id=actor_id,
        list_name="moments",
        take=partial(_search, wanted) if wanted else take_first,
    )
    return replace(page, items=with_details(page.items, actor_id))


def get_moment(
    *, actor_id: int, moment_id: uuid.UUID, capability: Capability = Capability.READ
) -> Observation:
    """One moment with everything the actor may see of it; to RECORD, one of the actor's own.

    Public ids are unique per author only: where two authors' moments share one, the actor's own is meant.

    Raises:
        NotVisible: there is none for this actor.
    """
    rows = visible(actor_id, capability=capability).filter(public_id=moment_id)
    counted = rows.annotate(edits=Count("revisions"))
    found = counted.order_by(own_first(actor_id), "id").first()
    if found is None:
        raise NotVisible("moment")
    found.edit_count = found.edits
    return with_details([found], actor_id)[0]


def find_own_moments(*, actor_id: int, moment_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Observation]:
    """Those of these that are the actor's own, with everything of them, by id; the same queries for one as for many."""
    own = visible(actor_id).filter(author_id=actor_id, public_id__in=list(moment_ids)).order_by("id")
    return {moment.public_id: moment for moment in with_details(list(own), actor_id)}


def list_captured(*, actor_id: int, moment_id: uuid.UUID) -> Sequence[Observation]:
    """The actor's own moments that one tap recorded, with their children; the one that was asked for comes first.

    Raises:
        NotVisible: no such moment of the actor's own.
    """
    own = visible(actor_id, capability=Capability.RECORD).select_related("child", "household")
    first = own.filter(public_id=moment_id).first()
    if first is None:
        raise NotVisible("moment")
    of_household = partial(list_children, actor_id=actor_id, household_id=first.household.public_id)
    children = chain(of_household(), of_household(archived=True))
    ids = [sibling_id(moment_id, child.public_id) for child in children]
    return [first, *own.filter(public_id__in=ids, household_id=first.household_id).order_by("id")]


@dataclass(frozen=True, slots=True)
class MomentName:
    """A moment as a sentence points at it."""

    public_id: uuid.UUID
    tone: str
    occurred_on: date


def name_moments(*, actor_id: int, moment_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, MomentName]:
    """Tone and day of those of these moments that the actor may see, in one query."""
    rows = visible(actor_id).filter(public_id__in=moment_ids).order_by("occurred_at", "id")
    found: dict[uuid.UUID, MomentName] = {}
    for public_id, tone, occurred_on, author_id in rows.values_list(
        "public_id", "tone", "occurred_on", "author_id"
    ):
        # Where two authors' moments share an id, the actor's own is meant.
        if public_id not in found or author_id == actor_id:
            found[public_id] = MomentName(public_id, tone, occurred_on)
    return found


def list_own_ids(*, actor_id: int, moment_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Which of these are moments of the actor's own, wherever they live now."""
    rows = Observation.objects.filter(author_id=actor_id, public_id__in=moment_ids)
    return set(rows.values_list("public_id", flat=True))


def get_deleted_moment(*, actor_id: int, moment_id: uuid.UUID, now: datetime) -> Observation:
    """The actor's own deleted moment while it can still be restored.

    Raises:
        NotVisible: there is none.
    """
    found = _restorable(actor_id, now).filter(public_id=moment_id).first()
    if found is None:
        raise NotVisible("moment")
    return found


def list_deleted_moments(
    *, actor_id: int, household_id: uuid.UUID, cursor: str = "", now: datetime
) -> Page[Observation]:
    """A page of the actor's own deleted moments that can still be restored, the one deleted last first.

    Raises:
        ValidationError: on `cursor`, when it is not one of this reader's.
    """
    return page_of(
        _restorable(actor_id, now).filter(household__public_id=household_id),
        by="deleted_at",
        cursor=cursor,
        limit=PAGE_SIZE,
        reader_id=actor_id,
        list_name="deleted moments",
    )


def _restorable(actor_id: int, now: datetime) -> QuerySet[Observation]:
    """What the actor deleted so short a time ago that it can come back."""
    return Observation.objects.filter(
        visible_to(actor_id, Capability.RECORD), kind=Kind.MOMENT, deleted_at__gte=now - RESTORE_WINDOW
    ).select_related("child", "household")


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
        rated = ratings_shown_to(actor_id).filter(observation=OuterRef("pk"), dimension=filters.dimension)
        ticked = Tick.objects.filter(observation=OuterRef("pk"), dimension=filters.dimension)
        rows = rows.filter(Exists(rated) | Exists(ticked))
    return rows


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
