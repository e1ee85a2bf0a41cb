"""Months at a glance: what one author noted with one child, counted and summed up no further than it carries. Pure.

Every number keeps its n. Answers are summed up by `reflections.statistics`, month by month and one scale at a time;
nothing here compares two months, two people or two children.
"""

from __future__ import annotations

import uuid
from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from checklists.rules import Dimension, Occasion, Tone
from reflections.statistics import (
    FEW_FROM,
    Answers,
    Detail,
    Interval,
    Summary,
    detail_for,
    proportion_interval,
    summarise,
)

PERIODS: Final = (3, 6, 12)  # months, the one that still runs among them
PERIOD_DEFAULT: Final = 3
# The hours at which a part of the day begins; the first of them is the night.
DAY_PARTS: Final = (0, 5, 8, 11, 14, 17, 20)


# --- Months ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month; `is_open` while it still runs."""

    first: date
    last: date
    is_open: bool = False

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last


def months_up_to(today: date, count: int) -> tuple[Month, ...]:
    """The month that holds *today* and those before it, *count* in all, the earliest first."""
    this = today.year * 12 + today.month - 1
    return tuple(_month(number // 12, number % 12 + 1, today) for number in range(this - count + 1, this + 1))


def _month(year: int, month: int, today: date) -> Month:
    last = date(year, month, monthrange(year, month)[1])
    return Month(last.replace(day=1), last, is_open=today <= last)


# --- Answers, month by month -------------------------------------------------------------------------------------
class Answered(NamedTuple):
    """One answer; without a value, `absence` says why there is none."""

    occasion: Occasion
    dimension: Dimension
    value: int | None
    absence: str
    id: uuid.UUID
    on: date


@dataclass(frozen=True, slots=True)
class MonthAnswers:
    """The answers of one month. Where they are too few for anything else, `listed` holds each of them."""

    month: Month
    summary: Summary
    listed: tuple[Answered, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """One author's answers to one question, asked on one kind of occasion: in all, and month by month."""

    dimension: Dimension
    occasion: Occasion
    whole: Summary
    months: tuple[MonthAnswers, ...]


def series_of(
    answered: Iterable[Answered], *, months: Sequence[Month], author_id: int, averaged: Collection[Dimension]
) -> tuple[Series, ...]:
    """Every question that has a value in these months; only those of *averaged* dimensions get a mean, by the gates."""
    found: dict[tuple[Dimension, Occasion], list[Answered]] = {}
    for answer in answered:
        found.setdefault((answer.dimension, answer.occasion), []).append(answer)
    return tuple(
        _series(answers, months=months, author_id=author_id, averaged=dimension in averaged)
        for (dimension, _occasion), answers in sorted(found.items())
        if any(answer.value is not None for answer in answers)
    )


def _series(answers: list[Answered], *, months: Sequence[Month], author_id: int, averaged: bool) -> Series:
    def summary_of(some: Iterable[Answered]) -> Summary:
        return summarise(_added_up(some, author_id), averaged=averaged)

    return Series(
        dimension=answers[0].dimension,
        occasion=answers[0].occasion,
        whole=summary_of(answers),
        months=tuple(
            _month_answers(month, [answer for answer in answers if month.holds(answer.on)], summary_of)
            for month in months
        ),
    )


def _month_answers(
    month: Month, answers: list[Answered], summary_of: Callable[[Iterable[Answered]], Summary]
) -> MonthAnswers:
    given = tuple(answer for answer in answers if answer.value is not None)
    return MonthAnswers(month, summary_of(answers), listed=given if len(given) < FEW_FROM else ())


def _added_up(answers: Iterable[Answered], author_id: int) -> Answers:
    absent = Counter(answer.absence for answer in answers if answer.value is None)
    values = tuple(answer.value for answer in answers if answer.value is not None)
    return Answers(author_id, values, not_seen=absent["not_seen"], skipped=absent["skipped"])


# --- Questions of one's own --------------------------------------------------------------------------------------
class OwnAnswered(NamedTuple):
    """One answer to a question of one's own: which wording, and the key of the answer."""

    question: int
    answer: str


@dataclass(frozen=True, slots=True)
class OwnSeries:
    """One author's answers to one wording of a question of theirs; another wording is another series.

    Five steps have a `summary`, yes and no the `share` of yes. What was not observed is counted apart, and never a no.
    """

    question: int
    n: int
    summary: Summary | None
    share: Share | None
    not_seen: int


def own_series_of(answered: Iterable[OwnAnswered], *, author_id: int) -> tuple[OwnSeries, ...]:
    """Every wording that was answered, in the order it was first answered."""
    found: dict[int, list[str]] = {}
    for one in answered:
        found.setdefault(one.question, []).append(one.answer)
    return tuple(_own_series(question, answers, author_id) for question, answers in found.items())


def _own_series(question: int, answers: list[str], author_id: int) -> OwnSeries:
    not_seen = answers.count("not_seen")
    n = len(answers) - not_seen
    values = tuple(int(answer) for answer in answers if answer.isdecimal())
    summary = summarise(Answers(author_id, values, not_seen=not_seen)) if values else None
    share = share_of("yes", answers.count("yes"), of=n) if n and not values else None
    return OwnSeries(question, n, summary, share, not_seen)


# --- When and where ----------------------------------------------------------------------------------------------
class Noted(NamedTuple):
    """One moment: its tone, its local day, and the local hour where it is known."""

    tone: Tone
    on: date
    hour: int | None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many moments something holds, by tone."""

    key: str
    by_tone: tuple[tuple[Tone, int], ...]

    @property
    def times(self) -> int:
        return sum(times for _tone, times in self.by_tone)


def tally_day_parts(noted: Iterable[Noted]) -> tuple[Tally, ...]:
    """The parts of the day, by the hour at which each begins; moments of which only the day is known are in none."""
    return _tallied(
        ((str(_part_of_day(moment.hour)), moment.tone) for moment in noted if moment.hour is not None),
        keys=[str(hour) for hour in DAY_PARTS],
    )


def _part_of_day(hour: int) -> int:
    return max(begins for begins in DAY_PARTS if begins <= hour)


def tally_weekdays(noted: Iterable[Noted], *, week_starts_on: int) -> tuple[Tally, ...]:
    """The days of the week, 0 for Monday, in the household's order."""
    order = [str((week_starts_on + offset) % 7) for offset in range(7)]
    return _tallied(((str(moment.on.weekday()), moment.tone) for moment in noted), keys=order)


def _tallied(found: Iterable[tuple[str, Tone]], *, keys: Iterable[str]) -> tuple[Tally, ...]:
    counted = Counter(found)
    return tuple(Tally(key, tuple((tone, counted[key, tone]) for tone in Tone)) for key in keys)


# --- What was ticked ---------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Share:
    """In how many of so many moments something was ticked; an interval of the share where they are enough for one."""

    key: str
    times: int
    of: int
    detail: Detail
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Place:
    """A context: how many moments of each tone it was ticked in, and of all that have any context the share."""

    tally: Tally
    share: Share


Ticked = tuple[str, Tone, int]  # key, tone, moments


def places_of(ticked: Iterable[Ticked], *, of: int) -> tuple[Place, ...]:
    """Every context that was ticked, the most frequent first; *of* so many moments with a context."""
    by_tone: dict[str, Counter[Tone]] = {}
    for key, tone, times in ticked:
        by_tone.setdefault(key, Counter())[tone] += times
    tallies = (Tally(key, tuple((t, counted[t]) for t in Tone)) for key, counted in by_tone.items())
    places = (Place(tally, share_of(tally.key, tally.times, of=of)) for tally in tallies)
    return tuple(sorted(places, key=lambda place: (-place.share.times, place.share.key)))


def shares_of(ticked: Iterable[Ticked], *, tone: Tone, of: int) -> tuple[Share, ...]:
    """Every cue of one tone, the most frequent first; *of* so many moments of that tone with a cue."""
    shares = (share_of(key, times, of=of) for key, ticked_as, times in ticked if ticked_as is tone)
    return tuple(sorted(shares, key=lambda share: (-share.times, share.key)))


def share_of(key: str, times: int, *, of: int) -> Share:
    """A share of *of* moments, by the same gates as an average."""
    detail = detail_for(of)
    interval = None if detail is Detail.LIST else proportion_interval(times, of)
    return Share(key, times, of, detail, interval)
