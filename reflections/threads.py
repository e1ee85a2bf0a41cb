"""A miss and the came-backs that mend it, over minutes or days. Pure.

What lies between them is told in words that people use, never as a number to beat: the same evening, two days later.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from observations.rules import Precision


class Span(StrEnum):
    """What lies between a miss and a came-back, as people say it; `Lapse.count` says how many where it matters."""

    WITHIN_THE_HOUR = "within_the_hour"
    SAME_MORNING = "same_morning"
    SAME_AFTERNOON = "same_afternoon"
    SAME_EVENING = "same_evening"
    SAME_NIGHT = "same_night"
    LATER_THAT_DAY = "later_that_day"
    SAME_DAY = "same_day"  # all that is known where one of the two has no hour
    NEXT_MORNING = "next_morning"
    NEXT_DAY = "next_day"
    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"


@dataclass(frozen=True, slots=True)
class Lapse:
    span: Span
    count: int = 1


@dataclass(frozen=True, slots=True)
class End:
    """One end of a thread, as its author placed it in time."""

    id: uuid.UUID
    author_id: int
    author_name: str
    occurred_on: date
    occurred_at: datetime
    timezone: str
    precision: str

    @property
    def clock(self) -> datetime | None:
        """The wall-clock time at its author's; None where only the day is known."""
        if self.precision == Precision.DAY:
            return None
        return self.occurred_at.astimezone(ZoneInfo(self.timezone))


@dataclass(frozen=True, slots=True)
class Thread:
    """A miss and every came-back to it that the reader may see, earliest first, each with the time since the miss."""

    missed: End
    came_backs: tuple[tuple[End, Lapse], ...]


NIGHT_ENDS: Final = 5
MORNING_ENDS: Final = 12
AFTERNOON_ENDS: Final = 17
_ONE_NIGHT: Final = timedelta(hours=9)  # from an evening past midnight: people call it the same night
_WEEKS_FROM: Final = 7  # days
_MONTHS_FROM: Final = 60  # days

_SAME_PART: Final = (Span.SAME_NIGHT, Span.SAME_MORNING, Span.SAME_AFTERNOON, Span.SAME_EVENING)


def lapse_between(missed: End, came_back: End) -> Lapse:
    """How people would say the time from one to the other."""
    if missed.clock and came_back.clock:
        known = _by_the_clock(missed.clock, came_back.clock, apart=came_back.occurred_at - missed.occurred_at)
        if known:
            return Lapse(known)
    days = max((came_back.occurred_on - missed.occurred_on).days, 0)
    if days >= _MONTHS_FROM:
        return Lapse(Span.MONTHS, days // 30)
    if days >= _WEEKS_FROM:
        return Lapse(Span.WEEKS, days // 7)
    if days > 1:
        return Lapse(Span.DAYS, days)
    return Lapse(Span.NEXT_DAY if days else Span.SAME_DAY)


def _by_the_clock(missed: datetime, came_back: datetime, *, apart: timedelta) -> Span | None:
    """What two known hours allow to be said beyond the days between them."""
    if apart < timedelta(hours=1):
        return Span.WITHIN_THE_HOUR
    days = (came_back.date() - missed.date()).days
    then, later = _part_of_day(missed.hour), _part_of_day(came_back.hour)
    if days <= 0:
        return _SAME_PART[then] if then == later else Span.LATER_THAT_DAY
    if days == 1 and later == 0 and apart <= _ONE_NIGHT:
        return Span.SAME_NIGHT
    return Span.NEXT_MORNING if days == 1 and later == 1 else None


def _part_of_day(hour: int) -> int:
    """0 for the night after midnight, 1 the morning, 2 the afternoon, 3 the evening."""
    return sum(hour >= end for end in (NIGHT_ENDS, MORNING_ENDS, AFTERNOON_ENDS))
