"""When two people's agreement may be said, and that its interval keeps its promise. Simulated with a fixed seed."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from coaching.statistics import PAIRS_NEEDED, WEEKS_NEEDED, Pair, agreement_of

QUESTIONS = 5


def lived(chance: random.Random, weeks: int, *, middle: float, noise: float) -> list[list[Pair]]:
    """Weeks that two people saw through *noise* of their own; what they saw of one week hangs together."""

    def said(truth: float) -> int:
        return max(1, min(5, round(truth + chance.gauss(0, noise))))

    found = []
    for _ in range(weeks):
        mood = chance.gauss(0, 0.5)
        truths = [middle + mood + chance.gauss(0, 1) for _ in range(QUESTIONS)]
        found.append([(said(truth), said(truth)) for truth in truths])
    return found


def plain_kappa(weeks: Sequence[Sequence[Pair]]) -> float:
    """Cohen's weighted kappa as its definition says it, pair by pair."""
    pairs = [pair for week in weeks for pair in week]
    apart = sum(abs(one - other) for one, other in pairs) / len(pairs)
    ones, others = zip(*pairs, strict=True)
    by_chance = sum(abs(one - other) for one in ones for other in others) / len(pairs) ** 2
    return 1 - apart / by_chance


class TestAgreement:
    def test_is_the_kappa_of_its_definition(self) -> None:
        weeks = lived(random.Random(3), 9, middle=3, noise=1)
        found = agreement_of(weeks)
        assert found.kappa == pytest.approx(plain_kappa(weeks))
        assert (found.pairs, found.weeks) == (45, 9)

    def test_the_same_answers_agree_wholly_and_opposite_ones_less_than_chance(self) -> None:
        same = [[(value, value) for value in range(1, 6)]] * WEEKS_NEEDED
        opposite = [[(value, 6 - value) for value in range(1, 6)]] * WEEKS_NEEDED
        assert agreement_of(same).kappa == 1
        assert (agreement_of(opposite).kappa or 0) < 0

    @pytest.mark.parametrize(("weeks", "questions"), [(WEEKS_NEEDED - 1, 5), (WEEKS_NEEDED, 2)])
    def test_below_the_number_needed_there_is_no_figure(self, weeks: int, questions: int) -> None:
        found = agreement_of([[(1, 2), (3, 3), (5, 4), (2, 2), (4, 4)][:questions]] * weeks)
        assert (found.kappa, found.interval) == (None, None)
        assert (found.pairs, found.weeks) == (weeks * questions, weeks)
        assert PAIRS_NEEDED > WEEKS_NEEDED * 2

    def test_where_all_answers_are_one_chance_would_agree_as_well(self) -> None:
        assert agreement_of([[(4, 4)] * 5] * 12).kappa is None

    def test_a_week_that_only_one_of_them_answered_counts_for_nothing(self) -> None:
        assert agreement_of([[]] * 20).weeks == 0

    def test_an_answer_off_the_scale_is_refused(self) -> None:
        with pytest.raises(ValueError):
            agreement_of([[(0, 3)] * 5] * 8)


class TestTheRule:
    @pytest.mark.parametrize(("middle", "noise"), [(3, 0.4), (4.2, 1.0), (1.8, 1.0), (3, 3.0)])
    def test_at_the_number_needed_the_interval_holds_what_is_true(self, middle: float, noise: float) -> None:
        chance = random.Random(f"{middle} {noise}")
        true = plain_kappa(lived(chance, 400, middle=middle, noise=noise))
        found = [
            agreement_of(lived(chance, WEEKS_NEEDED, middle=middle, noise=noise)).interval for _ in range(200)
        ]
        intervals = [interval for interval in found if interval is not None]
        assert len(intervals) == 200
        covered = sum(interval.low <= true <= interval.high for interval in intervals) / 200
        assert covered >= 0.9
        assert sum(interval.high - interval.low for interval in intervals) / 200 <= 0.6
