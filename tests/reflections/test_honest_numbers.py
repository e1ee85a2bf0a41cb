"""The simulation behind docs/honest-numbers.md, in small: it fails when a rule of honest numbers is broken."""

from __future__ import annotations

import random
import re
import tomllib
from pathlib import Path

import pytest

from benchmarks.honest_numbers import (
    COVERED,
    FALSE_MOST,
    FAMILIES,
    LOWER,
    SHAPES,
    Family,
    arrows_in_a_year,
    coverage,
    false_claims,
    head,
    power,
    row,
)
from reflections import facts, statistics

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "honest-numbers.md"
YEARS = 60
APART = "middling, 16 a week"


def rate(name: str) -> float:
    return false_claims(FAMILIES[name], years=YEARS, chance=random.Random(f"suite {name}")).a_year


class TestFalseClaims:
    @pytest.mark.parametrize("name", [APART, "middling, 8 a week, days alike (0.3)"])
    def test_a_change_that_is_not_there_is_hardly_ever_told(self, name: str) -> None:
        assert rate(name) <= FALSE_MOST

    def test_it_would_be_without_the_bound_of_one_in_a_hundred(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(statistics, "ALPHA", 0.2)
        monkeypatch.setattr(statistics, "_NEAR", 0.0)
        found = false_claims(FAMILIES[APART], years=8, chance=random.Random("suite"))
        assert found.a_year > FALSE_MOST

    def test_it_is_looked_at_twelve_times_in_a_year_at_most(self) -> None:
        found = false_claims(FAMILIES[APART], years=3, chance=random.Random("suite"))
        assert found.looked == 3 * 12

    def test_who_writes_little_is_told_nothing(self) -> None:
        few = Family(SHAPES["even"], 5)
        assert false_claims(few, years=10, chance=random.Random("suite")).looked == 0

    def test_without_the_gate_of_days_one_weekend_would_do(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monday = facts.date(2026, 11, 9)
        crowded = facts.Block(statistics.Answers(1, (3,) * 40), (monday,) * 40, ())
        assert not crowded.is_enough
        monkeypatch.setattr(statistics, "BLOCK_DAYS", 1)
        assert crowded.is_enough


class TestPower:
    def test_a_large_change_is_told_more_often_than_a_small_one(self) -> None:
        told = [
            power(SHAPES["mostly high"], LOWER[name], n=40, samples=40, chance=random.Random("suite"))
            for name in ("smaller", "larger")
        ]
        assert told[0] < told[1]
        assert told[1] > 0.5


class TestCoverage:
    @pytest.mark.parametrize("shape", SHAPES)
    def test_a_range_of_eight_answers_holds_the_truth(self, shape: str) -> None:
        found = coverage(SHAPES[shape], n=8, samples=400, chance=random.Random(f"suite {shape}"))
        low, high = COVERED
        assert low - 0.02 <= found <= high + 0.02  # so few samples are that far off themselves


class TestArrows:
    def test_arrows_would_be_drawn_all_year_round(self) -> None:
        drawn = arrows_in_a_year(Family(SHAPES["middling"], 6), random.Random("suite"))
        assert drawn > 100


class TestThePage:
    """What stands in docs/ belongs to this release and to these rules."""

    def text(self) -> str:
        return PAGE.read_text("utf-8")

    def test_it_is_of_this_release(self) -> None:
        version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
        assert f"for release {version}: seed " in self.text()

    def test_it_names_the_rules_as_the_code_has_them(self) -> None:
        text = " ".join(self.text().split())
        assert f"each with {statistics.BLOCK_ANSWERS} answers or more on {statistics.BLOCK_DAYS} days" in text
        assert f"in {round(100 * statistics.ALPHA)} of 100 comparisons or fewer" in text
        assert f"by a correlation of {statistics.ALIKE}." in text

    def test_every_figure_passes(self) -> None:
        claims = re.findall(r"^\| .*a week.* \| ([\d.]+) \| [\d.]+ \| [\d.]+ \|$", self.text(), re.MULTILINE)
        assert len(claims) == len(FAMILIES)
        assert all(float(claim) <= FALSE_MOST for claim in claims)
        covered = [
            re.findall(r"[\d.]+", line)[1:]  # the first is of five answers, for which nothing is promised
            for line in self.text().splitlines()
            if re.match(rf"\| ({'|'.join(SHAPES)}) \|", line)
        ]
        assert len(covered) == len(SHAPES)
        assert all(91 <= float(cell) <= 97 for line in covered for cell in line)

    def test_its_tables_are_tables(self) -> None:
        assert list(head("x", (1, 2))) == ["", "| x | n = 1 | n = 2 |", "|---|--:|--:|"]
        assert row("a", ("1", "2")) == "| a | 1 | 2 |"
