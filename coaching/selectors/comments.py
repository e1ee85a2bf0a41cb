"""Who reads which words between an author and a coach.

The author reads what was written to them for as long as they live where it is about, whether or not the coach may look
any more. The coach reads their own words for ever, and what these were about, and what was answered, only where a live
grant shows it: those reads take a moment or a week that was just seen through one.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Prefetch, QuerySet, prefetch_related_objects

from coaching.models import Ask, Comment, Mute, Reply
from coaching.rules import HINT_OVER, PAGE_SIZE
from common.errors import NotVisible
from common.pages import Page, page_of
from households.scope import Capability, let_in, visible_to

if TYPE_CHECKING:
    from observations.models import Observation


# --- The author's ------------------------------------------------------------------------------------------------
def list_comments(
    *, actor_id: int, household_id: int, observation_id: int | None = None, week: str = "", now: datetime
) -> Sequence[Comment]:
    """What coaches wrote to the actor on one of their own moments or weeks, earliest first, with replies.

    Each knows whether its coach still reads along (`reads_along`): only then is there anybody to reply to.
    """
    on = {"week": week} if week else {"observation_id": observation_id}
    rows = _to(actor_id, now).filter(household_id=household_id, **on)
    return _opened(rows.order_by("written_at", "id"))


def page_comments(
    *,
    actor_id: int,
    household_id: uuid.UUID | None = None,
    cursor: str = "",
    limit: int = PAGE_SIZE,
    now: datetime,
) -> Page[Comment]:
    """Everything that coaches wrote to the actor, latest first.

    Raises:
        ValidationError: on `cursor`, when it is not one of this reader's.
    """
    rows = _to(actor_id, now)
    if household_id is not None:
        rows = rows.filter(household__public_id=household_id)
    page = page_of(
        rows, by="written_at", cursor=cursor, limit=limit, reader_id=actor_id, list_name="comments"
    )
    _open(page.items)
    return page


def get_comment(*, actor_id: int, comment_id: uuid.UUID, now: datetime) -> Comment:
    """One comment that was written to the actor, with replies.

    Raises:
        NotVisible: there is none.
    """
    found = _opened(_to(actor_id, now).filter(public_id=comment_id))
    if not found:
        raise NotVisible("comment")
    return found[0]


def count_unread(*, actor_id: int, household_id: int) -> int:
    """How many comments the actor did not mark as read; what a muted coach writes asks for no attention."""
    muted = Mute.objects.filter(
        household_id=OuterRef("household_id"), author_id=actor_id, coach_id=OuterRef("coach_id")
    )
    rows = Comment.objects.filter(
        visible_to(actor_id, Capability.RECORD), household_id=household_id, read_at__isnull=True
    )
    return rows.exclude(Exists(muted)).count()


def list_asked(*, actor_id: int, observation_id: int) -> set[tuple[int, str]]:
    """Whom the actor asked to look at this moment, and for what, and who has not answered yet: (coach, wish)."""
    rows = Ask.objects.filter(
        visible_to(actor_id, Capability.RECORD), observation_id=observation_id, answered_at__isnull=True
    )
    return set(rows.values_list("coach_id", "wish"))


def list_muted(*, actor_id: int, household_id: int) -> set[int]:
    """The coaches whom the actor muted there."""
    rows = Mute.objects.filter(visible_to(actor_id, Capability.RECORD), household_id=household_id)
    return set(rows.values_list("coach_id", flat=True))


def is_muted(*, author_id: int, coach_id: int, household_id: int) -> bool:
    return Mute.objects.filter(author_id=author_id, coach_id=coach_id, household_id=household_id).exists()


def _to(actor_id: int, now: datetime) -> QuerySet[Comment]:
    return (
        Comment.objects.filter(visible_to(actor_id, Capability.RECORD))
        .select_related("observation", "household")
        .annotate(reads_along=let_in(now=now))
    )


# --- The coach's -------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Hint:
    """In how many of a coach's latest comments all three slots were filled. For that coach alone."""

    complete: int
    of: int


def list_said_on_moment(*, coach_id: int, seen: Observation) -> Sequence[Comment]:
    """What this coach wrote on a moment that they were just shown, earliest first, with replies."""
    rows = Comment.objects.filter(household_id=seen.household_id, observation_id=seen.pk, coach_id=coach_id)
    return _opened(rows.order_by("written_at", "id"))


def list_said_on_week(*, coach_id: int, household_id: int, author_id: int, week: str) -> Sequence[Comment]:
    """What this coach wrote on a week of an author's that they were just shown, earliest first, with replies."""
    rows = Comment.objects.filter(
        household_id=household_id, author_id=author_id, week=week, coach_id=coach_id
    )
    return _opened(rows.order_by("written_at", "id"))


def list_own_words(*, coach_id: int, cursor: str = "") -> Page[Comment]:
    """Everything this coach ever wrote, latest first, whether or not they may still look. No replies are among it.

    Raises:
        ValidationError: on `cursor`, when it is not one of this reader's.
    """
    page = page_of(
        Comment.objects.filter(coach_id=coach_id),
        by="written_at",
        cursor=cursor,
        limit=PAGE_SIZE,
        reader_id=coach_id,
        list_name="own words",
    )
    Comment.saw.fetch_keys(page.items)
    return page


def get_hint(*, coach_id: int) -> Hint:
    """How often this coach filled all three slots of late."""
    latest = Comment.objects.filter(coach_id=coach_id).order_by("-written_at", "-id")
    complete = list(latest.values_list("has_all_three", flat=True)[:HINT_OVER])
    return Hint(sum(complete), len(complete))


# --- Opening -----------------------------------------------------------------------------------------------------
def _opened(rows: QuerySet[Comment]) -> Sequence[Comment]:
    found = list(rows)
    _open(found)
    return found


def _open(found: Sequence[Comment]) -> None:
    """Fetch their replies, and the keys for all of their words in one query each."""
    replies = Reply.objects.order_by("written_at", "id")
    prefetch_related_objects(found, Prefetch("replies", replies, to_attr="shown_replies"))
    Comment.saw.fetch_keys(found)
    Reply.text.fetch_keys([reply for comment in found for reply in getattr(comment, "shown_replies", ())])
