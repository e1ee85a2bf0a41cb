"""Honest numbers from few, self-chosen, ordinal answers. Pure functions, each with its source.

All of them look at one author's answers to one question on one scale. Two people rate with different rulers, so
nothing here adds their answers up; `Answers` carries its author and refuses to be joined with another's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from math import atan, exp, log1p, pi, sin, sqrt
from typing import Final

VALUES: Final = (1, 2, 3, 4, 5)
Counts = tuple[int, int, int, int, int]  # how often each of them was answered
Weights = tuple[float, float, float, float, float]  # the same, where some count for less than one
NORMAL_97_5: Final = 1.959963984540054
PRIOR_PER_VALUE: Final = 0.2

# Below the first gate moments are listed, below the second an interval is shown as resting on few moments.
FEW_FROM: Final = 5
ENOUGH_FROM: Final = 12


# What a sentence about a change needs of each of its two blocks of four weeks, and how rarely chance may bring it.
BLOCK_ANSWERS: Final = 24
BLOCK_DAYS: Final = 8
ALPHA: Final = 0.01
# How alike answers of one day are taken to be, as a correlation: a hard day is one thing, however often it was noted.
ALIKE: Final = 0.3


class Detail(StrEnum):
    """How much may be said about n answers."""

    LIST = "list"  # show each one, no average
    FEW = "few"  # mean and interval, labelled "few moments"
    ENOUGH = "enough"  # mean and interval


def detail_for(n: int) -> Detail:
    """What n answers allow to be said: no average below 5, a caveat below 12 (simulated coverage decides)."""
    if n < FEW_FROM:
        return Detail.LIST
    return Detail.FEW if n < ENOUGH_FROM else Detail.ENOUGH


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`, both on the scale of what was estimated."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Answers:
    """One author's answers to one question: values from 1 to 5, and how often there was none, and why."""

    author_id: int
    values: tuple[int, ...]
    not_seen: int = 0
    skipped: int = 0

    def __add__(self, other: Answers) -> Answers:
        if other.author_id != self.author_id:
            raise ValueError("answers of two people are never added up")
        return Answers(
            self.author_id,
            self.values + other.values,
            self.not_seen + other.not_seen,
            self.skipped + other.skipped,
        )


@dataclass(frozen=True, slots=True)
class Summary:
    """What may be shown of one author's answers; `mean` and `interval` are None while there are too few."""

    n: int
    detail: Detail
    spread: Counts
    median: float | None
    mean: float | None
    interval: Interval | None
    not_seen: int
    skipped: int


def summarise(answers: Answers, *, averaged: bool = True) -> Summary:
    """The honest summary of one author's answers, by the n gates of `detail_for`; not *averaged*: ever only listed."""
    counts = spread(answers.values)
    n = sum(counts)
    detail = detail_for(n) if averaged else Detail.LIST
    shown = detail is not Detail.LIST
    return Summary(
        n=n,
        detail=detail,
        spread=counts,
        median=median(answers.values) if shown else None,
        mean=sum(answers.values) / n if shown else None,
        interval=mean_interval(counts) if shown else None,
        not_seen=answers.not_seen,
        skipped=answers.skipped,
    )


def spread(values: Sequence[int]) -> Counts:
    """How often each of 1, 2, 3, 4, 5 was answered.

    Raises:
        ValueError: a value is off the scale.
    """
    counts = Counter(values)
    if not counts.keys() <= set(VALUES):
        raise ValueError("an answer is 1, 2, 3, 4 or 5")
    one, two, three, four, five = (counts[value] for value in VALUES)
    return one, two, three, four, five


def median(values: Sequence[int]) -> float:
    """The middle answer; half-way between the two middle ones of an even number.

    Raises:
        ValueError: there are no answers.
    """
    if not values:
        raise ValueError("no answers have no middle")
    ordered = sorted(values)
    middle = len(ordered) // 2
    return float(ordered[middle]) if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def proportion_interval(hits: int, n: int) -> Interval:
    """The 95 % score interval of a proportion.

    Source: E. B. Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22;
    recommended for small n by Brown, Cai and DasGupta (2001), "Interval estimation for a binomial proportion".

    Raises:
        ValueError: not 0 <= hits <= n, or n is 0.
    """
    if not 0 <= hits <= n or n == 0:
        raise ValueError("a proportion needs 0 <= hits <= n and n > 0")
    z2 = NORMAL_97_5**2
    share = hits / n
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = NORMAL_97_5 * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


@lru_cache(maxsize=16_384)
def mean_interval(counts: Counts) -> Interval:
    """The 95 % equal-tailed credible interval of the mean of ordinal 1-5 answers, given how often each was chosen.

    The shares of the five values have the posterior Dirichlet(counts + 0.2): a prior worth one answer in all, which
    our simulation found to keep its promise (0.91-0.95 at n = 5) where the t and bootstrap intervals do not, and which
    does not collapse when all answers agree. The interval is exact, not sampled, so mail and page always agree: see
    `_chance_mean_is_below`.

    Source of the model: A. Gelman et al., "Bayesian Data Analysis", 3rd ed., section 3.4 (multinomial model).

    Raises:
        ValueError: there are no answers.
    """
    if sum(counts) == 0 or min(counts) < 0:
        raise ValueError("an interval needs answers")
    weights = tuple(count + PRIOR_PER_VALUE for count in counts)
    return Interval(_quantile(weights, 0.025), _quantile(weights, 0.975))


# --- A change ----------------------------------------------------------------------------------------------------
class Verdict(StrEnum):
    """What two blocks of answers say. There is no third: that nothing changed cannot be seen in so few answers."""

    APART = "apart"  # further apart than chance alone brings in one of a hundred comparisons
    UNCLEAR = "unclear"


def carries_change(values: Sequence[int], days: Collection[date]) -> bool:
    """Whether anything may be said about a change: many answers, and not all of one hard weekend."""
    return len(values) >= BLOCK_ANSWERS and len(set(days)) >= BLOCK_DAYS


def weigh(values: Sequence[int], days: Sequence[date]) -> Weights:
    """How much each of 1 to 5 was answered, where the answers of one day count for less than those of several.

    Each of m answers of a day counts as 1 / (1 + (m - 1) * ALIKE): the *design effect* of clusters, L. Kish (1965),
    "Survey Sampling", section 5.4. Taken for independent, they would tell of changes that are not there.
    """
    crowd = Counter(days)
    weights = dict.fromkeys(VALUES, 0.0)
    for value, day in zip(values, days, strict=True):
        weights[value] += 1 / (1 + (crowd[day] - 1) * ALIKE)
    one, two, three, four, five = weights.values()
    return one, two, three, four, five


def compare(earlier: Weights, later: Weights) -> Verdict:
    """Whether two blocks of one author's answers to one question differ by more than chance, at *ALPHA*.

    Docs: docs/honest-numbers.md has how often this says so when nothing changed, and when something did.
    """
    if _distance(earlier, later) < _NEAR:
        return Verdict.UNCLEAR
    higher = chance_higher(earlier, later)
    return Verdict.APART if min(higher, 1 - higher) < ALPHA / 2 else Verdict.UNCLEAR


@lru_cache(maxsize=4_096)
def chance_higher(earlier: Weights, later: Weights) -> float:
    """The chance that the mean behind *later* is above the one behind *earlier*, each by its own posterior.

    It is the integral of P(earlier <= x) over the distribution of later, summed over the part of the scale where later
    can be; with this many steps it is exact to 0.001, and to 0.0001 where the verdict is decided.

    Raises:
        ValueError: there are no answers in one of them.
    """
    if min(sum(earlier), sum(later)) == 0:
        raise ValueError("a comparison needs answers on both sides")
    before = tuple(count + PRIOR_PER_VALUE for count in earlier)
    after = tuple(count + PRIOR_PER_VALUE for count in later)
    low, high = _quantile(after, _NEVER), _quantile(after, 1 - _NEVER)
    points = [low + (high - low) * step / _SLICES for step in range(_SLICES + 1)]
    below_after = [_chance_mean_is_below(point, after) for point in points]
    below_before = [_chance_mean_is_below(point, before) for point in points]
    total = below_after[0] * below_before[0]
    for step in range(_SLICES):
        share = below_after[step + 1] - below_after[step]
        total += share * (below_before[step] + below_before[step + 1]) / 2
    return min(1.0, total + (1 - below_after[-1]) * below_before[-1])


_NEVER: Final = 0.0002
_SLICES: Final = 48
# Nearer than so many standard deviations nothing is ever apart (2.6 where both are normal): most comparisons end here.
_NEAR: Final = 1.8


def _distance(earlier: Weights, later: Weights) -> float:
    """How far the two posterior means are from each other, in standard deviations of their difference."""
    (mean, variance), (other, others) = _moments(earlier), _moments(later)
    return abs(mean - other) / sqrt(variance + others)


def _moments(counts: Weights) -> tuple[float, float]:
    """Mean and variance of the posterior of `mean_interval`."""
    weights = [count + PRIOR_PER_VALUE for count in counts]
    total = sum(weights)
    mean = sum(value * weight for value, weight in zip(VALUES, weights, strict=True)) / total
    square = sum(value * value * weight for value, weight in zip(VALUES, weights, strict=True)) / total
    return mean, (square - mean * mean) / (total + 1)


# --- The posterior -----------------------------------------------------------------------------------------------
def _quantile(weights: tuple[float, ...], chance: float) -> float:
    """Where the posterior of the mean reaches *chance*, to 0.0005 of a scale step."""
    low, high = 1.0, 5.0
    while high - low > 0.0005:
        middle = (low + high) / 2
        if _chance_mean_is_below(middle, weights) < chance:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _chance_mean_is_below(mean: float, weights: tuple[float, ...]) -> float:
    """P(sum of value * share <= mean) when the shares are Dirichlet(weights).

    Dirichlet shares are gamma variables divided by their sum, so the event is `sum (value - mean) * gamma <= 0`, and
    J. P. Imhof (1961), "Computing the distribution of quadratic forms in normal variables", Biometrika 48, gives its
    chance as 1/2 - 1/pi * integral of sin(theta(u)) / (u * rho(u)) du with theta = sum w * atan(d * u) and
    rho = product (1 + (d * u)^2)^(w/2). With u = e^x the integrand is analytic and vanishes at both ends, where the
    plain trapezoid sum converges geometrically.
    """
    distances = [(value - mean, weight) for value, weight in zip(VALUES, weights, strict=True)]
    total = 0.0
    for step in range(_STEPS):
        u = exp(_FIRST_X + step * _STEP_X)
        theta = damping = 0.0
        for distance, weight in distances:
            at = distance * u
            theta += weight * atan(at)
            damping += weight * log1p(at * at)
        if damping > _NOTHING_LEFT:  # it only ever grows with u
            break
        total += sin(theta) * exp(-damping / 2)
    return 0.5 - total * _STEP_X / pi


_STEP_X: Final = 0.1
_FIRST_X: Final = -16.0
_NOTHING_LEFT: Final = 60.0  # what is damped by e^-30 adds nothing that could be seen
_STEPS: Final = 300  # to e^14, where even answers that all agree have damped the integrand to nothing
