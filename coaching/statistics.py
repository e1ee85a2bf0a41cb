"""How far two people's answers agree, and what one person's answers did while they tried something. Pure.

Two authors' answers are never added up. What is summed up here is the *pairs*: how often and how far the two answered
differently about the same child in the same week. Disagreement is information, not error: two people see two sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import sqrt
from typing import Final

from reflections.statistics import (
    NORMAL_97_5,
    VALUES,
    Answers,
    Interval,
    Summary,
    carries_change,
    chance_higher,
    summarise,
    weigh,
)
from reflections.statistics import Verdict as Apart
from reflections.statistics import compare as apart

# From eight weeks on, and at five questions a week, the interval keeps its promise and is narrower than 0.3 to either
# side (simulated in tests/coaching/test_statistics.py): below that it would say nothing.
WEEKS_NEEDED: Final = 8
PAIRS_NEEDED: Final = 24

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Cohen's weighted kappa over *pairs* answers in *weeks*: 1 is the same answers, 0 what chance alone would give.

    `kappa` and `interval` are None where the data do not carry a number.
    """

    pairs: int
    weeks: int
    kappa: float | None = None
    interval: Interval | None = None


def agreement_of(weeks: Sequence[Sequence[Pair]]) -> Agreement:
    """The agreement of two people over these weeks, each a list of (one's answer, the other's) from 1 to 5.

    Nothing is said below eight weeks or 24 pairs, nor where one of them always gave the same answer: chance alone
    would agree as well. The 95 % interval comes from leaving out one week at a time, since the answers of one evening
    hang together.

    Source: J. Cohen (1968), "Weighted kappa", Psychological Bulletin 70, with weights by distance; the delete-one-group
    jackknife: B. Efron and C. Stein (1981), "The jackknife estimate of variance", Annals of Statistics 9.

    Raises:
        ValueError: an answer is off the scale.
    """
    answered = [week for week in weeks if week]
    pairs = [pair for week in answered for pair in week]
    counted = Agreement(len(pairs), len(answered))
    if counted.weeks < WEEKS_NEEDED or counted.pairs < PAIRS_NEEDED:
        return counted
    whole = _kappa(pairs)
    left_out = [
        _kappa([pair for other, week in enumerate(answered) if other != number for pair in week])
        for number in range(len(answered))
    ]
    parts = [kappa for kappa in left_out if kappa is not None]
    if whole is None or len(parts) < len(answered):
        return counted
    half = _t_97_5(len(parts) - 1) * _jackknife_error(parts)
    return Agreement(
        counted.pairs, counted.weeks, whole, Interval(max(-1.0, whole - half), min(1.0, whole + half))
    )


def _kappa(pairs: Sequence[Pair]) -> float | None:
    """Weighted kappa by distance; None where chance alone leaves no room to disagree."""
    if not all(answer in VALUES for pair in pairs for answer in pair):
        raise ValueError("an answer is 1, 2, 3, 4 or 5")
    n = len(pairs)
    ones, others = ([sum(pair[side] == value for pair in pairs) for value in VALUES] for side in (0, 1))
    apart = sum(abs(one - other) for one, other in pairs) / n
    by_chance = sum(
        ones[i] * others[j] * abs(i - j) for i in range(len(VALUES)) for j in range(len(VALUES))
    ) / (n * n)
    return 1 - apart / by_chance if by_chance else None


def _jackknife_error(parts: Sequence[float]) -> float:
    count, middle = len(parts), sum(parts) / len(parts)
    return sqrt((count - 1) / count * sum((part - middle) ** 2 for part in parts))


def _t_97_5(freedom: int) -> float:
    """The 97.5 % point of Student's t, to 0.001 from 7 degrees of freedom on.

    Source: the expansion in E. A. Cornish and R. A. Fisher (1937), Revue de l'Institut International de Statistique 5.
    """
    z, n = NORMAL_97_5, freedom
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
    )


# --- Before and during -------------------------------------------------------------------------------------------


class Verdict(StrEnum):
    """What may be said about two blocks of one person's answers."""

    CANNOT_TELL = "cannot_tell"  # too few answers, or on too few days
    NOT_CLEAR = "not_clear"  # enough, and no clear difference: which is not the same as none
    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One author's answers to one question before and while they tried something: both blocks, and what may be said."""

    before: Summary
    during: Summary
    verdict: Verdict


Dated = tuple[date, int]


def compare(before: Sequence[Dated], during: Sequence[Dated], *, author_id: int) -> Comparison:
    """Two blocks of one author's dated answers, asked about a practice they chose beforehand.

    A difference is named where the author's own weekly reflection would name one, by the same rule: 24 answers on 8
    days in both blocks, and apart by `reflections.statistics.compare`. Whatever is found, it was one family, one time,
    and nobody knows what else changed in these weeks.

    Raises:
        ValueError: an answer is off the scale.
    """
    blocks = [
        ([value for _day, value in block], [day for day, _value in block]) for block in (before, during)
    ]
    one, other = (summarise(Answers(author_id, tuple(values))) for values, _days in blocks)
    if not all(carries_change(values, days) for values, days in blocks):
        return Comparison(one, other, Verdict.CANNOT_TELL)
    earlier, later = (weigh(values, days) for values, days in blocks)
    if apart(earlier, later) is not Apart.APART:
        return Comparison(one, other, Verdict.NOT_CLEAR)
    return Comparison(one, other, Verdict.HIGHER if chance_higher(earlier, later) > 0.5 else Verdict.LOWER)
