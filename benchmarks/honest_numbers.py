"""`make honest-numbers`: how often what a reflection says of numbers is wrong, found by asking the product's own code.

It invents families whose truth is known, lets `reflections.statistics` and the gates of `reflections.facts` speak about
them, and counts. What it prints is docs/honest-numbers.md of this release. The same seed prints the same page.
"""

from __future__ import annotations

import argparse
import random
import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, pairwise
from pathlib import Path
from typing import Final

from reflections.facts import Block
from reflections.rules import is_compared
from reflections.statistics import (
    ALIKE,
    ALPHA,
    BLOCK_ANSWERS,
    BLOCK_DAYS,
    ENOUGH_FROM,
    FEW_FROM,
    VALUES,
    Answers,
    Verdict,
    compare,
    mean_interval,
    proportion_interval,
    spread,
)

ROOT: Final = Path(__file__).resolve().parent.parent
SEED: Final = 2026
Shape = tuple[float, float, float, float, float]

# The shares with which a parent might use the five answers.
SHAPES: Final[dict[str, Shape]] = {
    "even": (0.2, 0.2, 0.2, 0.2, 0.2),
    "middling": (0.05, 0.25, 0.4, 0.25, 0.05),
    "mostly high": (0.02, 0.08, 0.2, 0.4, 0.3),
    "nearly all five": (0.01, 0.02, 0.05, 0.12, 0.8),
}
COVERED: Final = (0.91, 0.97)  # of 95 in 100, from eight answers on
FALSE_MOST: Final = 0.25  # sentences about a change in a family's year in which nothing changed
WEEKS: Final = 52
CHOSEN: Final = date(2026, 1, 4)  # a Sunday: the first week begins the day after


# --- What is said ------------------------------------------------------------------------------------------------
def coverage(shape: Shape, *, n: int, samples: int, chance: random.Random) -> float:
    """How often the interval of n answers holds the true average."""
    truth = sum(value * share for value, share in zip(VALUES, shape, strict=True))
    hits = 0
    for _ in range(samples):
        interval = mean_interval(spread(chance.choices(VALUES, shape, k=n)))
        hits += interval.low <= truth <= interval.high
    return hits / samples


@dataclass(frozen=True)
class Family:
    """How one family writes: moments with an answer a week, and how much the answers of one day are alike.

    Each answer is the day's own with chance *alike*, else drawn for itself: two answers of a day are then as alike as
    a correlation of its square.
    """

    shape: Shape
    a_week: int
    alike: float = 0.0

    def week(
        self, start: date, chance: random.Random, shape: Shape | None = None
    ) -> Iterator[tuple[date, int]]:
        shares = shape or self.shape
        days = [start + timedelta(days=number) for number in range(7)]
        moods = {day: chance.choices(VALUES, shares)[0] for day in days}
        for _ in range(self.a_week):
            day = chance.choice(days)
            own = chance.choices(VALUES, shares)[0]
            yield day, moods[day] if chance.random() < self.alike else own


def block_of(answers: Sequence[tuple[date, int]]) -> Block:
    values = tuple(value for _day, value in answers)
    return Block(Answers(1, values), tuple(day for day, _value in answers), ())


def is_said(earlier: Block, later: Block) -> bool:
    """Whether the week's page would say that something changed."""
    if not (earlier.is_enough and later.is_enough):
        return False
    return compare(earlier.weights, later.weights) is Verdict.APART


def claims_in_a_year(family: Family, chance: random.Random) -> tuple[int, int]:
    """In a year in which nothing changes: sentences that say something did, and how often it was looked at."""
    weeks: list[list[tuple[date, int]]] = []
    said = looked = 0
    for number in range(WEEKS):
        start = CHOSEN + timedelta(days=1 + 7 * number)
        weeks.append(list(family.week(start, chance)))
        if is_compared(chosen_on=CHOSEN, start_on=start, end_on=start + timedelta(days=7)):
            earlier, later = (block_of(list(chain(*part))) for part in (weeks[-8:-4], weeks[-4:]))
            looked += earlier.is_enough and later.is_enough
            said += is_said(earlier, later)
    return said, looked


def power(before: Shape, after: Shape, *, n: int, samples: int, chance: random.Random) -> float:
    """How often a change that is there is said, with n answers in each block."""
    days = [CHOSEN + timedelta(days=number) for number in range(28)]
    blocks = (
        [
            block_of(list(zip(chance.choices(days, k=n), chance.choices(VALUES, shape, k=n), strict=True)))
            for shape in (before, after)
        ]
        for _ in range(samples)
    )
    return sum(is_said(earlier, later) for earlier, later in blocks) / samples


def arrows_in_a_year(family: Family, chance: random.Random, *, step: float = 0.3, dimensions: int = 6) -> int:
    """What this program never draws: an arrow wherever a week's average moved by *step*, for six questions."""
    drawn = 0
    for _ in range(dimensions):
        means = []
        for _week in range(WEEKS):
            values = chance.choices(VALUES, family.shape, k=family.a_week)
            means.append(sum(values) / len(values))
        drawn += sum(abs(now - then) >= step for then, now in pairwise(means))
    return drawn


# --- The figures -------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Rate:
    """Sentences in so many family-years, and how often it was looked at."""

    said: int
    years: int
    looked: int

    @property
    def a_year(self) -> float:
        return self.said / self.years

    @property
    def at_most(self) -> float:
        """The upper end of what is plausible: that of the share of times it was said, times how often a year."""
        if not self.looked:
            return 0.0
        return proportion_interval(self.said, self.looked).high * self.looked / self.years


def false_claims(family: Family, *, years: int, chance: random.Random) -> Rate:
    found = [claims_in_a_year(family, chance) for _ in range(years)]
    return Rate(sum(said for said, _looked in found), years, sum(looked for _said, looked in found))


FAMILIES: Final[dict[str, Family]] = {
    **{f"{name}, 8 a week": Family(shape, 8) for name, shape in SHAPES.items()},
    "middling, 16 a week": Family(SHAPES["middling"], 16),
    "middling, 8 a week, days alike (0.1)": Family(SHAPES["middling"], 8, alike=0.1**0.5),
    "middling, 8 a week, days alike (0.3)": Family(SHAPES["middling"], 8, alike=0.3**0.5),
    "middling, 16 a week, days alike (0.3)": Family(SHAPES["middling"], 16, alike=0.3**0.5),
    "middling, 16 a week, days alike (0.5)": Family(SHAPES["middling"], 16, alike=0.5**0.5),
}
LOWER: Final[dict[str, Shape]] = {
    "smaller": (0.09, 0.20, 0.27, 0.26, 0.18),
    "larger": (0.19, 0.26, 0.24, 0.19, 0.12),
}


def mean_of(shape: Shape) -> float:
    return sum(value * share for value, share in zip(VALUES, shape, strict=True))


# --- The page ----------------------------------------------------------------------------------------------------
def page(*, samples: int, years: int, seed: int, progress: bool = False) -> Iterator[str]:
    """The lines of docs/honest-numbers.md."""
    release = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    told = INTRODUCTION.format(
        release=release,
        seed=seed,
        samples=samples,
        years=years,
        few=FEW_FROM,
        enough=ENOUGH_FROM,
        answers=BLOCK_ANSWERS,
        days=BLOCK_DAYS,
        alpha=round(100 * ALPHA),
        alike=ALIKE,
    )
    yield from told.splitlines()
    tables = (coverage_table, claims_table, power_table)
    for table, size in zip(tables, (samples, years, samples), strict=True):
        for line in table(size, seed):
            if progress:
                print(line, file=sys.stderr)
            yield line
    yield from arrows(seed)
    yield from END.splitlines()


def coverage_table(samples: int, seed: int) -> Iterator[str]:
    sizes = (5, 8, 12, 24)
    yield from COVERAGE.splitlines()
    yield from head("answers used", sizes)
    for name, shape in SHAPES.items():
        chance = {n: random.Random(f"{seed} {name} {n}") for n in sizes}
        cells = [coverage(shape, n=n, samples=samples, chance=chance[n]) for n in sizes]
        yield row(name, (f"{100 * cell:.1f}" for cell in cells))


def claims_table(years: int, seed: int) -> Iterator[str]:
    yield from CLAIMS.format(most=FALSE_MOST).splitlines()
    yield from ("", row("family", ("in a year", "plausibly at most", "times it was looked")))
    yield "|---|--:|--:|--:|"
    for name, family in FAMILIES.items():
        rate = false_claims(family, years=years, chance=random.Random(f"{seed} {name}"))
        yield row(name, (f"{rate.a_year:.2f}", f"{rate.at_most:.2f}", f"{rate.looked / rate.years:.1f}"))


def power_table(samples: int, seed: int) -> Iterator[str]:
    sizes, before = (24, 40, 80), SHAPES["mostly high"]
    yield from POWER.splitlines()
    yield from head("true change", sizes)
    for name, after in LOWER.items():
        chance = {n: random.Random(f"{seed} {name} {n}") for n in sizes}
        cells = [power(before, after, n=n, samples=samples, chance=chance[n]) for n in sizes]
        yield row(f"{mean_of(before) - mean_of(after):.2f} lower", (f"{100 * cell:.0f}" for cell in cells))


def arrows(seed: int) -> Iterator[str]:
    family, chance, years = Family(SHAPES["middling"], 6), random.Random(f"{seed} arrows"), 50
    drawn = sum(arrows_in_a_year(family, chance) for _ in range(years)) / years
    yield from ARROWS.format(drawn=round(drawn)).splitlines()


def head(first: str, sizes: Sequence[int]) -> Iterator[str]:
    yield from ("", row(first, (f"n = {n}" for n in sizes)))
    yield "|---|" + "--:|" * len(sizes)


def row(first: str, cells: Iterable[str]) -> str:
    return f"| {first} | {' | '.join(cells)} |"


INTRODUCTION: Final = """\
# Honest numbers

Printed by `make honest-numbers` for release {release}: seed {seed}, {samples} samples for each figure, {years} invented
family-years for each family. It asks the code that writes the reflections, not a copy of it.

What a page says of numbers follows these rules:

- Below {few} answers each is listed and there is no average. From {few} on there is one with a range, called few below
  {enough}.
- The range is the 95 % interval of the average under a Dirichlet prior worth one answer in all.
- A change is looked at once in four weeks, for the one question a parent chose beforehand, between two blocks of four
  weeks that both began after the choice, each with {answers} answers or more on {days} days or more. It is told where
  chance alone brings such a difference in {alpha} of 100 comparisons or fewer. Otherwise the page says that it is not
  clear.
- Answers of one day count for less than those of several days, as if they were alike by a correlation of {alike}.
- Two people's answers are never added up, and no number says anything about a person.
- What is written down was chosen by who wrote it. No range can mend that, and the page says so."""

COVERAGE: Final = """
## Does the range hold the truth?

How many of 100 ranges hold the true average. They should be 95; from 8 answers on, 91 to 97 pass.
"""

CLAIMS: Final = """
## How often is a change told that is not there?

Sentences about a change in one family's year in which nothing changes. At most {most} pass.
"""

POWER: Final = """
## How often is a change told that is there?

Of 100 changes that really happened, to somebody whose answers were mostly high. What is not told may be there all the
same: no page ever says that nothing changed.
"""

ARROWS: Final = """
## Why there are no arrows

A page that drew an arrow wherever a week's average moved by 0.3, for six questions with six answers a week each, would
draw {drawn} of them in a year in which nothing changes."""

END: Final = """
## What this does not show

That the questions mean what one hopes they mean: nobody has checked them as a test. That the answers of one parent can
be set beside another's: they cannot. That the answers of one day are as alike as we take them to be: where they are
more so, changes are told that are not there, and the last row of the second table shows how many."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Print docs/honest-numbers.md from the product's own code.")
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--years", type=int, default=400, help="family-years for each family")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    for line in page(**vars(options), progress=sys.stderr.isatty()):
        print(line, flush=True)


if __name__ == "__main__":
    main()
