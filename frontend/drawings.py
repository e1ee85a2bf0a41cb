"""Where things stand in the drawings of months and threads. Geometry only: numbers in, places in a picture out."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

from reflections.patterns import MonthAnswers, Series, Share
from reflections.statistics import VALUES, Detail

# --- Answers, month by month -------------------------------------------------------------------------------------
MONTHS_WIDTH: Final = 336
_LEFT, _TOP, _STEP = 24, 26, 24
_DOT = 3.0  # the radius of one answer; several on one spot have as much more area
_LARGEST = 9.5
_NARROW = 40


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    r: float
    is_one: bool  # one answer, drawn as a ring


@dataclass(frozen=True, slots=True)
class Span:
    """A mean and what is plausible around it: a line from `high` to `low` with a diamond at `mean`."""

    x: float
    high: float
    low: float
    diamond: str
    is_few: bool


@dataclass(frozen=True, slots=True)
class Column:
    """One month: where it stands, its answers, and its mean where there is one."""

    month: MonthAnswers
    left: float
    middle: float
    dots: tuple[Dot, ...]
    span: Span | None


@dataclass(frozen=True, slots=True)
class MonthsDrawing:
    """Five levels from bottom to top, a column for each month."""

    columns: tuple[Column, ...]
    is_narrow: bool  # no room for more than a letter under a column
    levels: tuple[tuple[int, float], ...] = tuple((value, _TOP + (5 - value) * _STEP) for value in VALUES)


def draw_months(series: Series) -> MonthsDrawing:
    """A dot where answers are, and beside them the mean with its interval where the month carries one."""
    width = (MONTHS_WIDTH - _LEFT) / len(series.months)
    most = max(max(month.summary.spread) for month in series.months)
    unit = min(_DOT, min(_LARGEST, width * 0.24) / sqrt(most))
    columns = (
        _column(month, left=_LEFT + number * width, width=width, unit=unit)
        for number, month in enumerate(series.months)
    )
    return MonthsDrawing(tuple(columns), is_narrow=width < _NARROW)


def _column(month: MonthAnswers, *, left: float, width: float, unit: float) -> Column:
    middle, aside = left + width / 2, min(14.0, width * 0.23)
    summary = month.summary
    span = None
    if summary.mean is not None and summary.interval is not None:
        x, mean = middle + aside, _height(summary.mean)
        span = Span(
            x=round(x, 1),
            high=_height(summary.interval.high),
            low=_height(summary.interval.low),
            diamond=f"M{x:.1f} {mean - 5:.1f}l4 5-4 5-4-5z",
            is_few=summary.detail is Detail.FEW,
        )
    apart = min(7.5, width / 4)
    dots: list[Dot] = []
    for value, times in zip(VALUES, summary.spread, strict=True):
        if month.listed:
            row = _row(middle, times, apart=apart)
            dots += [Dot(x, _height(value), min(_DOT, apart / 2.4), is_one=True) for x in row]
        elif times:
            x = middle - aside if span else middle
            dots.append(Dot(round(x, 1), _height(value), round(unit * sqrt(times), 1), is_one=False))
    return Column(month, round(left, 1), round(middle, 1), tuple(dots), span)


def _row(middle: float, times: int, *, apart: float) -> Sequence[float]:
    """So many places side by side around *middle*."""
    first = middle - apart * (times - 1) / 2
    return [round(first + number * apart, 1) for number in range(times)]


def _height(value: float) -> float:
    return round(_TOP + (5 - value) * _STEP, 1)


# --- How often ---------------------------------------------------------------------------------------------------
_SMALLEST_DISC, _LARGEST_DISC = 8, 19


def disc_radius(times: int, most: int) -> float:
    """The radius of a count's disc: the more, the larger, and even the smallest has room for its number."""
    if times == 0:
        return 0
    grown = sqrt((times - 1) / (most - 1)) if most > 1 else 0
    return round(_SMALLEST_DISC + grown * (_LARGEST_DISC - _SMALLEST_DISC), 1)


@dataclass(frozen=True, slots=True)
class Reach:
    """A share and what is plausible around it, on a line of 100; without an interval the share alone."""

    at: float
    low: float | None = None
    high: float | None = None


def draw_share(share: Share) -> Reach:
    """Where a share stands; too few moments have no interval."""
    at = round(100 * share.times / share.of, 1)
    if share.interval is None:
        return Reach(at)
    return Reach(at, round(100 * share.interval.low, 1), round(100 * share.interval.high, 1))


# --- A thread ----------------------------------------------------------------------------------------------------
THREAD_WIDTH: Final = 320
_MIDDLE, _FIRST, _LAST = 30, 52, 268
KNOTS_MAX: Final = 3


@dataclass(frozen=True, slots=True)
class Ribbon:
    """Two lines that part at a miss and meet at each came-back.

    As long for a minute as for a month: how long it took is said in words, and is nothing to be quick at.
    """

    lines: tuple[str, str]
    knots: tuple[float, ...]  # where the miss and the came-backs stand


def draw_ribbon(came_backs: int) -> Ribbon:
    """The ribbon of a miss with so many came-backs; of many, the first few are drawn."""
    shown = min(max(came_backs, 1), KNOTS_MAX)
    step = (_LAST - _FIRST) / shown
    knots = [round(_FIRST + number * step, 1) for number in range(shown + 1)]
    swells = [(start, end, 26 if start == _FIRST else 12) for start, end in itertools.pairwise(knots)]
    return Ribbon((_line(swells, 1), _line(swells, -1)), tuple(knots))


def _line(swells: Sequence[tuple[float, float, int]], side: int) -> str:
    """One of the two: twined before the miss, apart until the way back, twined again."""
    path = f"M0 {_MIDDLE}q{_FIRST / 4} {-6 * side} {_FIRST / 2} 0t{_FIRST / 2} 0"
    for start, end, swell in swells:
        pull, y = (end - start) * 0.36, _MIDDLE - swell * side
        path += f"C{start + pull:.1f} {y} {end - pull:.1f} {y} {end:.1f} {_MIDDLE}"
    return f"{path}q{_FIRST / 4} {6 * side} {_FIRST / 2} 0t{_FIRST / 2} 0"
