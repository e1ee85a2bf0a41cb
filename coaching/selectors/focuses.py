"""What an author tries at a coach's suggestion, and what can be said about it at its end.

The comparison is the same to both; what was tried is counted for each reader in the moments they may see.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet

from checklists.content import Practice
from checklists.selectors import get_content
from coaching.models import Focus, FocusAnswer
from coaching.rules import FOCUSES_SHOWN, Answer, Tried
from coaching.statistics import Comparison, compare
from common.dates import local_day
from common.errors import NotVisible
from households.scope import Capability, granted_to, let_in, visible_to
from observations.selectors import granted_keys, list_granted_values


@dataclass(frozen=True, slots=True)
class FocusSeen:
    """One focus with its practice in words. `comparison` is there once its weeks are over."""

    focus: Focus
    practice: Practice | None  # None: no practice of that name is in the content any more
    is_current: bool
    is_over: bool
    tried: int
    asked: int
    comparison: Comparison | None


# --- The author's ------------------------------------------------------------------------------------------------
def list_focuses(
    *, actor_id: int, household_id: uuid.UUID | None = None, language: str, now: datetime
) -> list[FocusSeen]:
    """What coaches suggested to the actor, latest first; what waits for an answer only while its coach is let in."""
    rows = _own(actor_id, now)
    if household_id is not None:
        rows = rows.filter(household__public_id=household_id)
    return _seen(rows[:FOCUSES_SHOWN], answers=FocusAnswer.objects.all(), language=language, now=now)


def get_focus_of(*, actor_id: int, focus_id: uuid.UUID, now: datetime) -> Focus:
    """One of them.

    Raises:
        NotVisible: there is none.
    """
    found = _own(actor_id, now).filter(public_id=focus_id).first()
    if found is None:
        raise NotVisible("focus")
    return found


def find_current_focus(*, actor_id: int, household_id: int, on: date, now: datetime) -> Focus | None:
    """What the actor is trying on that local day; the latest accepted where there are several."""
    rows = _own(actor_id, now).filter(
        household_id=household_id, answer=Answer.ACCEPTED, from_on__lte=on, until_on__gt=on
    )
    return rows.first()


def has_suggestion(*, actor_id: int, household_id: int, now: datetime) -> bool:
    """Whether something waits for the actor's answer."""
    return _own(actor_id, now).filter(household_id=household_id, answer=Answer.WAITING).exists()


def has_answered(*, focus_id: int, observation_id: int) -> bool:
    """Whether the one question about this focus was answered for this moment."""
    return FocusAnswer.objects.filter(focus_id=focus_id, observation_id=observation_id).exists()


def _own(actor_id: int, now: datetime) -> QuerySet[Focus]:
    waiting = Q(let_in(now=now), answer=Answer.WAITING)
    rows = Focus.objects.filter(visible_to(actor_id, Capability.RECORD)).filter(
        waiting | Q(answer=Answer.ACCEPTED)
    )
    return rows.select_related("household").order_by("-suggested_at", "-id")


# --- The coach's -------------------------------------------------------------------------------------------------
def list_focuses_suggested(
    *, coach_id: int, household_id: int, author_id: int, language: str, now: datetime
) -> list[FocusSeen]:
    """What this coach suggested to an author who still lets them in, latest first.

    What was tried is counted in the single moments this coach may see now: none of a summary, and a private one never.
    """
    rows = Focus.objects.filter(
        let_in(now=now), coach_id=coach_id, household_id=household_id, author_id=author_id
    ).select_related("household")
    shown = rows.order_by("-suggested_at", "-id")[:FOCUSES_SHOWN]
    counted = FocusAnswer.objects.filter(observation__in=granted_keys(granted_to(coach_id, now=now)))
    return _seen(shown, answers=counted, language=language, now=now)


def list_current_practices(*, coach_id: int, now: datetime) -> dict[tuple[int, int], str]:
    """What each author tries now at this coach's suggestion: the practice, by household and author."""
    rows = Focus.objects.filter(let_in(now=now), coach_id=coach_id, answer=Answer.ACCEPTED)
    rows = rows.filter(until_on__gt=now.date() - timedelta(days=1)).select_related("household")
    return {
        (row.household_id, row.author_id): row.practice
        for row in rows.order_by("suggested_at", "id")
        if _is_current(row, now)
    }


# --- Both --------------------------------------------------------------------------------------------------------
def _seen(
    rows: Iterable[Focus], *, answers: QuerySet[FocusAnswer], language: str, now: datetime
) -> list[FocusSeen]:
    """These foci as somebody reads them who may know of these *answers*."""
    practices = get_content(language).practice_by_slug
    found = list(rows)
    counted = _counted(answers, [row.pk for row in found])
    return [
        FocusSeen(
            focus=row,
            practice=practices.get(row.practice),
            is_current=_is_current(row, now),
            is_over=_is_over(row, now),
            tried=counted.get((row.pk, Tried.YES), 0),
            asked=sum(times for (focus_id, _tried), times in counted.items() if focus_id == row.pk),
            comparison=_compared(row, practices.get(row.practice), now),
        )
        for row in found
    ]


def _counted(answers: QuerySet[FocusAnswer], focus_ids: Collection[int]) -> dict[tuple[int, str], int]:
    counted: dict[tuple[int, str], int] = {}
    rows = answers.filter(focus_id__in=focus_ids, observation__deleted_at__isnull=True)
    for focus_id, tried in rows.values_list("focus_id", "tried"):
        counted[focus_id, tried] = counted.get((focus_id, tried), 0) + 1
    return counted


def _compared(row: Focus, practice: Practice | None, now: datetime) -> Comparison | None:
    """Before and during, of what the coach who suggested it may see now: so both read the same."""
    if practice is None or row.from_on is None or row.until_on is None or not _is_over(row, now):
        return None
    before_on = row.from_on - (row.until_on - row.from_on)

    def answered(since: date, until: date) -> Sequence[tuple[date, int]]:
        return list_granted_values(
            sight=granted_to(row.coach_id, now=now),
            household_id=row.household_id,
            author_id=row.author_id,
            dimension=practice.dimension,
            since=since,
            until=until,
        )

    return compare(
        answered(before_on, row.from_on), answered(row.from_on, row.until_on), author_id=row.author_id
    )


def _is_current(row: Focus, now: datetime) -> bool:
    today = local_day(now, row.household.timezone)
    return row.from_on is not None and row.until_on is not None and row.from_on <= today < row.until_on


def _is_over(row: Focus, now: datetime) -> bool:
    return row.until_on is not None and local_day(now, row.household.timezone) >= row.until_on
