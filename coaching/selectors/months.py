"""What a coach sees of an author's months with one child, and of two authors' views of the same weeks.

One author at a time, never two in one number. Averages and ranges are of what was shared with this coach, by the gates
of `reflections.statistics`; the page says so.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations
from typing import TYPE_CHECKING, Final

from checklists.rules import NEVER_AVERAGED, Dimension, Tone
from coaching.statistics import Agreement, agreement_of
from common.dates import local_day
from households.rules import GrantScope
from households.scope import Sight, granted_to
from households.selectors import list_grants_here
from observations.selectors import (
    Stretch,
    count_granted_cues,
    count_granted_mended,
    count_granted_with_cues,
    list_granted_answers,
    list_granted_checks,
    occasion_of,
)
from reflections.patterns import Answered, Month, Series, Share, months_up_to, series_of, shares_of

if TYPE_CHECKING:
    from households.models import Child, Grant

MONTHS: Final = 3


@dataclass(frozen=True, slots=True)
class GrantedMonths:
    """One author's last months with one child, as their coach may see them."""

    author_id: int
    author: str
    child: str
    months: tuple[Month, ...]
    series: tuple[Series, ...]
    cues: dict[Tone, tuple[Share, ...]]
    missed: int
    mended: int


@dataclass(frozen=True, slots=True)
class TwoViews:
    """Two authors on the same weeks with the same child: each one's answers, apart, and how far they agree."""

    names: tuple[str, str]
    child: str
    weeks: Sequence[tuple[date, Sequence[tuple[Dimension, int | None, int | None]]]]  # latest first
    agreement: Agreement


def list_granted_months(*, coach_id: int, household_id: uuid.UUID, now: datetime) -> list[GrantedMonths]:
    """Of everybody here whose grant shows single moments, each child apart. There may be nobody.

    Raises:
        NotVisible: no such household, or no live grant.
    """
    grants = list_grants_here(coach_id=coach_id, household_id=household_id, now=now)
    months = months_up_to(local_day(now, grants[0].household.timezone), MONTHS)
    return tell_months(grants, sight=granted_to(coach_id, now=now), months=months)


def tell_months(grants: Sequence[Grant], *, sight: Sight, months: tuple[Month, ...]) -> list[GrantedMonths]:
    """Of these grants, all of one household, what *sight* shows of these months."""
    found = []
    for (author_id, author), children in _covered(grants).items():
        for child in children:
            stretch = Stretch(grants[0].household_id, child.pk, author_id, months[0].first, months[-1].last)
            told = _told(sight, stretch, months)
            found.append(GrantedMonths(author_id, author, child.nickname, months, *told))
    return found


def _told(
    sight: Sight, stretch: Stretch, months: tuple[Month, ...]
) -> tuple[tuple[Series, ...], dict[Tone, tuple[Share, ...]], int, int]:
    series = series_of(
        _answered(sight, stretch),
        months=months,
        author_id=stretch.author_id,
        averaged=set(Dimension) - NEVER_AVERAGED,
    )
    ticked = [
        (key, Tone(tone), times) for key, tone, times in count_granted_cues(sight=sight, stretch=stretch)
    ]
    with_any = count_granted_with_cues(sight=sight, stretch=stretch)
    cues = {tone: shares_of(ticked, tone=tone, of=with_any.get(tone, 0)) for tone in Tone}
    return series, cues, *count_granted_mended(sight=sight, stretch=stretch)


def _answered(sight: Sight, stretch: Stretch) -> Iterator[Answered]:
    for kind, dimension, value, absence, public_id, on in list_granted_answers(sight=sight, stretch=stretch):
        yield Answered(occasion_of(kind), Dimension(dimension), value, absence, public_id, on)


def _covered(grants: Sequence[Grant]) -> dict[tuple[int, str], list[Child]]:
    """The authors whose grants show single moments, each with the children they cover, none twice."""
    found: dict[tuple[int, str], dict[int, Child]] = {}
    for grant in grants:
        if grant.scope != GrantScope.SUMMARY:
            children = found.setdefault((grant.author_id, grant.author.called), {})
            children |= {covered.child_id: covered.child for covered in getattr(grant, "covered", ())}
    return {author: list(children.values()) for author, children in found.items()}


# --- Two views ---------------------------------------------------------------------------------------------------
def list_two_views(*, coach_id: int, household_id: uuid.UUID, now: datetime) -> list[TwoViews]:
    """Every two authors here who both let this coach see their self-checks with the same child.

    Only weeks that both answered are among them: of a week that one of them shared, the other's silence is not told.

    Raises:
        NotVisible: no such household, or no live grant.
    """
    grants = list_grants_here(coach_id=coach_id, household_id=household_id, now=now)
    covered = _covered(grants)
    if len(covered) < 2:
        return []
    answers = _answers_by_week(granted_to(coach_id, now=now), grants[0].household_id, covered)
    views = []
    for one, other in combinations(covered, 2):
        for child in covered[one]:
            mine, theirs = (answers.get((author[0], child.pk), {}) for author in (one, other))
            weeks = sorted(mine.keys() & theirs.keys(), reverse=True)
            if weeks:
                told = [(week, _side_by_side(mine[week], theirs[week])) for week in weeks]
                views.append(TwoViews((one[1], other[1]), child.nickname, told, agreement_of(_pairs(told))))
    return views


Answers = dict[Dimension, int]
Told = Sequence[tuple[Dimension, int | None, int | None]]


def _answers_by_week(
    sight: Sight, household_pk: int, covered: dict[tuple[int, str], list[Child]]
) -> dict[tuple[int, int], dict[date, Answers]]:
    """By author and child, then by the first day of the week."""
    found: dict[tuple[int, int], dict[date, Answers]] = {}
    author_ids = [author_id for author_id, _name in covered]
    checks = list_granted_checks(sight=sight, household_id=household_pk, author_ids=author_ids)
    for child_id, week, author_id, dimension, value in checks:
        found.setdefault((author_id, child_id), {}).setdefault(week, {})[Dimension(dimension)] = value
    return found


def _pairs(weeks: Sequence[tuple[date, Told]]) -> list[list[tuple[int, int]]]:
    """What both answered, week by week."""
    return [
        [(one, other) for _asked, one, other in told if one is not None and other is not None]
        for _week, told in weeks
    ]


def _side_by_side(mine: Answers, theirs: Answers) -> Told:
    asked = [dimension for dimension in Dimension if dimension in mine or dimension in theirs]
    return [(dimension, mine.get(dimension), theirs.get(dimension)) for dimension in asked]
