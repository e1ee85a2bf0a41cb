"""The read of months: what one adult noted with one child, for a reader who may be somebody else."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from checklists.rules import NEVER_AVERAGED, Dimension, Occasion, Tone
from common.dates import local_day
from common.errors import NotVisible
from households.selectors import get_child, list_members
from observations.rules import Kind, Precision, TickKind
from observations.selectors import (
    OwnSeen,
    Stretch,
    count_mended,
    count_ticked,
    count_with_ticks,
    list_answered,
    list_noted,
    list_own_answered,
    open_own_questions,
)
from reflections.patterns import (
    Answered,
    Month,
    Noted,
    OwnAnswered,
    OwnSeries,
    Place,
    Series,
    Share,
    Tally,
    Ticked,
    months_up_to,
    own_series_of,
    places_of,
    series_of,
    shares_of,
    tally_day_parts,
    tally_weekdays,
)
from reflections.selectors.threads import list_threads
from reflections.threads import Thread

if TYPE_CHECKING:
    from accounts.models import User

_OCCASIONS = {Kind.MOMENT: Occasion.MOMENT, Kind.SELF_CHECK: Occasion.WEEK}


@dataclass(frozen=True, slots=True)
class OwnAsked:
    """What was answered to one wording of a question of the author's own."""

    question: OwnSeen
    series: OwnSeries


@dataclass(frozen=True, slots=True)
class OwnCount:
    """What only the author's own page counts: cues by tone, came-backs to their misses, questions of their own."""

    cues: dict[Tone, tuple[Share, ...]]
    missed: int
    mended: int
    asked: tuple[OwnAsked, ...]


@dataclass(frozen=True, slots=True)
class Patterns:
    """One adult's months with one child. `own` is None where somebody else looks at what that adult shares."""

    author: User
    child_name: str
    months: tuple[Month, ...]
    moments: int
    days: int
    series: tuple[Series, ...]
    day_parts: tuple[Tally, ...]
    without_hour: int
    weekdays: tuple[Tally, ...]
    places: tuple[Place, ...]
    with_place: int
    threads: tuple[Thread, ...]
    own: OwnCount | None


def get_patterns(
    *,
    actor_id: int,
    household_id: uuid.UUID,
    child_id: uuid.UUID,
    author_id: uuid.UUID,
    months: int,
    now: datetime,
) -> Patterns:
    """One adult's last *months* calendar months with one child, as the actor may see them now, in thirteen queries.

    Months and days are local to the household. The actor's own moments are summed up by the gates of
    `reflections.statistics`. Another adult's are what they share, and never averaged or counted by what that adult did:
    what somebody chose to write down and to share stands for nothing else, and nobody is told a number about somebody
    else. Two adults' answers are in no read together.

    Raises:
        NotVisible: the actor does not live there, or the child or the other adult does not.
    """
    child = get_child(actor_id=actor_id, child_id=child_id, household_id=household_id)
    members = list_members(actor_id=actor_id, household_id=household_id)
    author = next((member.user for member in members if member.user.public_id == author_id), None)
    if author is None:
        raise NotVisible("member")
    household = child.household
    span = months_up_to(local_day(now, household.timezone), months)
    stretch = Stretch(household.pk, child.pk, author.pk, span[0].first, span[-1].last)
    is_own = author.pk == actor_id
    noted = list(_noted(actor_id, stretch))
    ticked = _Ticked(actor_id, stretch)
    return Patterns(
        author=author,
        child_name=child.nickname,
        months=span,
        moments=len(noted),
        days=len({moment.on for moment in noted}),
        series=series_of(
            _answered(actor_id, stretch),
            months=span,
            author_id=author.pk,
            averaged=set(Dimension) - NEVER_AVERAGED if is_own else (),
        ),
        day_parts=tally_day_parts(noted),
        without_hour=sum(moment.hour is None for moment in noted),
        weekdays=tally_weekdays(noted, week_starts_on=household.week_starts_on),
        places=places_of(ticked.of_kind(TickKind.CONTEXT), of=ticked.count(TickKind.CONTEXT)),
        with_place=ticked.count(TickKind.CONTEXT),
        threads=tuple(list_threads(actor_id=actor_id, stretch=stretch)),
        own=_own_count(actor_id, stretch, ticked) if is_own else None,
    )


def _noted(actor_id: int, stretch: Stretch) -> Iterator[Noted]:
    for tone, on, at, zone, precision in list_noted(actor_id=actor_id, stretch=stretch):
        hour = None if precision == Precision.DAY else at.astimezone(ZoneInfo(zone)).hour
        yield Noted(Tone(tone), on, hour)


def _answered(actor_id: int, stretch: Stretch) -> Iterator[Answered]:
    for kind, dimension, value, absence, public_id, on in list_answered(actor_id=actor_id, stretch=stretch):
        yield Answered(_OCCASIONS[Kind(kind)], Dimension(dimension), value, absence, public_id, on)


class _Ticked:
    """What was ticked in a stretch, read in two queries."""

    def __init__(self, actor_id: int, stretch: Stretch) -> None:
        self._ticked = list(count_ticked(actor_id=actor_id, stretch=stretch))
        self._with_any = {
            (kind, tone): moments
            for kind, tone, moments in count_with_ticks(actor_id=actor_id, stretch=stretch)
        }

    def of_kind(self, kind: TickKind) -> Iterator[Ticked]:
        return ((key, Tone(tone), times) for ticked, key, tone, times in self._ticked if ticked == kind)

    def count(self, kind: TickKind, *tones: Tone) -> int:
        """How many moments, of these tones or of any, have a tick of that kind."""
        return sum(self._with_any.get((kind, tone), 0) for tone in tones or Tone)


def _own_count(actor_id: int, stretch: Stretch, ticked: _Ticked) -> OwnCount:
    missed, mended = count_mended(actor_id=actor_id, stretch=stretch)
    cues = {
        tone: shares_of(ticked.of_kind(TickKind.CUE), tone=tone, of=ticked.count(TickKind.CUE, tone))
        for tone in Tone
    }
    return OwnCount(cues=cues, missed=missed, mended=mended, asked=tuple(_own_asked(actor_id, stretch)))


def _own_asked(author_id: int, stretch: Stretch) -> Iterator[OwnAsked]:
    answered = list_own_answered(author_id=author_id, stretch=stretch)
    series = own_series_of((OwnAnswered(key, answer) for key, answer in answered), author_id=author_id)
    questions = open_own_questions(author_id=author_id, keys=[one.question for one in series])
    return (OwnAsked(questions[one.question], one) for one in series if questions[one.question].is_readable)
