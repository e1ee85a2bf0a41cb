import random
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reflections.statistics import (
    VALUES,
    Answers,
    Detail,
    Verdict,
    chance_higher,
    compare,
    detail_for,
    mean_interval,
    median,
    proportion_interval,
    spread,
    summarise,
    weigh,
)

counts = st.tuples(*[st.integers(0, 12)] * 5).filter(any)

# The shares with which a parent might use the five values: even, in the middle, mostly high, nearly always five.
SHAPES = {
    "even": (0.2, 0.2, 0.2, 0.2, 0.2),
    "middling": (0.05, 0.25, 0.4, 0.25, 0.05),
    "mostly high": (0.02, 0.08, 0.2, 0.4, 0.3),
    "nearly all five": (0.01, 0.02, 0.05, 0.12, 0.8),
}


class TestDetailFor:
    @pytest.mark.parametrize(
        ("n", "expected"),
        [
            (0, Detail.LIST),
            (4, Detail.LIST),
            (5, Detail.FEW),
            (11, Detail.FEW),
            (12, Detail.ENOUGH),
            (90, Detail.ENOUGH),
        ],
    )
    def test_the_gates_stand_at_five_and_twelve(self, n, expected):
        assert detail_for(n) is expected


class TestProportionInterval:
    @pytest.mark.parametrize(("n", "half"), [(8, 0.28), (12, 0.25), (20, 0.20), (40, 0.15)])
    def test_half_its_width_at_one_half_is_as_published(self, n, half):
        interval = proportion_interval(n // 2, n)
        assert (interval.high - interval.low) / 2 == pytest.approx(half, abs=0.006)

    def test_it_agrees_with_the_textbook(self):
        # Brown, Cai and DasGupta's worked value for 0 of 10, and 1 - it for 10 of 10.
        assert proportion_interval(0, 10).high == pytest.approx(0.2775, abs=0.0001)
        assert proportion_interval(10, 10).low == pytest.approx(0.7225, abs=0.0001)

    @pytest.mark.parametrize("n", [5, 8, 20])
    @pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
    def test_it_covers_the_truth_about_as_often_as_it_says(self, n, share):
        chance = random.Random(f"{n} {share}")
        hits = 0
        for _ in range(1500):
            interval = proportion_interval(sum(chance.random() < share for _ in range(n)), n)
            hits += interval.low <= share <= interval.high
        assert 0.92 <= hits / 1500 <= 0.985

    @pytest.mark.parametrize(("hits", "n"), [(0, 0), (3, 2), (-1, 4)])
    def test_impossible_counts_are_refused(self, hits, n):
        with pytest.raises(ValueError, match="proportion"):
            proportion_interval(hits, n)


class TestMeanInterval:
    @pytest.mark.parametrize(
        ("seen", "low", "high"),
        [
            # Each agrees with a million draws from the same Dirichlet posterior.
            ((0, 0, 1, 2, 2), 3.154, 4.640),
            ((0, 3, 5, 9, 9), 3.488, 4.250),
            ((1, 1, 1, 1, 1), 1.960, 4.040),
            ((50, 100, 200, 300, 400), 3.785, 3.926),
        ],
    )
    def test_it_has_its_golden_values(self, seen, low, high):
        interval = mean_interval(seen)
        assert interval.low == pytest.approx(low, abs=0.004)
        assert interval.high == pytest.approx(high, abs=0.004)

    @pytest.mark.parametrize("seen", [(0, 0, 0, 0, 5), (2, 0, 1, 0, 3), (0, 4, 8, 2, 1)])
    def test_it_agrees_with_draws_from_the_posterior(self, seen):
        chance, draws = random.Random(1), []
        for _ in range(20_000):
            gammas = [chance.gammavariate(count + 0.2, 1) for count in seen]
            draws.append(
                sum(value * gamma for value, gamma in zip(VALUES, gammas, strict=True)) / sum(gammas)
            )
        draws.sort()
        interval = mean_interval(seen)
        assert interval.low == pytest.approx(draws[500], abs=0.06)
        assert interval.high == pytest.approx(draws[19_500], abs=0.06)

    def test_answers_that_all_agree_still_leave_room(self):
        assert mean_interval((0, 0, 0, 0, 5)).low < 4
        assert mean_interval((0, 0, 0, 0, 12)).low < 4.5

    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize("n", [8, 12, pytest.param(24, marks=pytest.mark.drill)])
    def test_it_covers_the_truth_about_as_often_as_it_says(self, shape, n):
        shares = SHAPES[shape]
        truth = sum(value * share for value, share in zip(VALUES, shares, strict=True))
        chance = random.Random(f"{shape} {n}")
        hits = 0
        for _ in range(500):
            interval = mean_interval(spread(chance.choices(VALUES, shares, k=n)))
            hits += interval.low <= truth <= interval.high
        assert 0.905 <= hits / 500 <= 0.975

    @settings(max_examples=60)
    @given(seen=counts)
    def test_it_lies_on_the_scale_and_mirrors_with_it(self, seen):
        interval, mirrored = mean_interval(seen), mean_interval(seen[::-1])
        assert 1 <= interval.low < interval.high <= 5
        assert interval.low == pytest.approx(6 - mirrored.high, abs=0.002)

    @settings(max_examples=40)
    @given(seen=counts)
    def test_three_times_the_answers_narrow_it(self, seen):
        more = mean_interval(tuple(3 * count for count in seen))
        once = mean_interval(seen)
        assert more.high - more.low < once.high - once.low

    def test_no_answers_have_no_interval(self):
        with pytest.raises(ValueError, match="answers"):
            mean_interval((0, 0, 0, 0, 0))


class TestMedian:
    @pytest.mark.parametrize(
        ("values", "expected"), [([3], 3), ([5, 1, 4], 4), ([1, 2, 4, 5], 3), ([2, 3], 2.5)]
    )
    def test_it_is_the_middle_answer(self, values, expected):
        assert median(values) == expected

    def test_no_answers_have_no_middle(self):
        with pytest.raises(ValueError, match="middle"):
            median([])


class TestSpread:
    def test_it_counts_each_value(self):
        assert spread([5, 5, 3, 1]) == (1, 0, 1, 0, 2)

    @pytest.mark.parametrize("value", [0, 6, 2.5])
    def test_a_value_off_the_scale_is_refused(self, value):
        with pytest.raises(ValueError, match="1, 2, 3, 4 or 5"):
            spread([3, value])


class TestSummarise:
    def test_four_answers_are_listed_and_not_averaged(self):
        summary = summarise(Answers(7, (3, 4, 4, 5), not_seen=2, skipped=1))
        assert (summary.n, summary.detail, summary.mean, summary.interval) == (4, Detail.LIST, None, None)
        assert (summary.spread, summary.not_seen, summary.skipped) == ((0, 0, 1, 2, 1), 2, 1)

    def test_five_answers_have_a_mean_with_a_caveat(self):
        summary = summarise(Answers(7, (3, 4, 4, 5, 5)))
        assert (summary.detail, summary.mean, summary.median) == (Detail.FEW, 4.2, 4)
        assert summary.interval == mean_interval((0, 0, 1, 2, 2))

    def test_not_seen_and_skipped_never_count_as_answers(self):
        summary = summarise(Answers(7, (), not_seen=9, skipped=9))
        assert (summary.n, summary.spread, summary.mean) == (0, (0, 0, 0, 0, 0), None)

    def test_one_author_s_answers_add_up(self):
        assert Answers(7, (1,), 1, 0) + Answers(7, (2,), 1, 3) == Answers(7, (1, 2), 2, 3)

    def test_two_authors_answers_never_do(self):
        with pytest.raises(ValueError, match="two people"):
            Answers(7, (1,)) + Answers(8, (5,))


class TestWeigh:
    DAYS = [date(2026, 11, 9) + timedelta(days=number) for number in range(28)]

    def test_answers_of_different_days_count_whole(self):
        assert weigh((5, 5, 4, 1), self.DAYS[:4]) == (1, 0, 0, 1, 2)

    def test_answers_of_one_day_count_for_less(self):
        assert sum(weigh((4,) * 10, self.DAYS[:1] * 10)) == pytest.approx(10 / (1 + 9 * 0.3))

    def test_a_value_without_its_day_is_refused(self):
        with pytest.raises(ValueError, match="shorter"):
            weigh((4, 4), self.DAYS[:1])


class TestCompare:
    @pytest.mark.parametrize(
        ("earlier", "later", "chance", "verdict"),
        [
            # Each agrees with 40,000 draws from the two posteriors.
            ((1, 3, 8, 9, 5), (2, 5, 9, 8, 3), 0.118, Verdict.UNCLEAR),
            ((0, 0, 2, 5, 20), (0, 4, 6, 8, 8), 0.0005, Verdict.APART),
            ((5, 5, 5, 5, 5), (0, 0, 5, 10, 12), 0.9999, Verdict.APART),
            ((0, 0, 0, 0, 30), (0, 0, 0, 2, 28), 0.226, Verdict.UNCLEAR),
        ],
    )
    def test_it_has_its_golden_values(self, earlier, later, chance, verdict):
        assert chance_higher(earlier, later) == pytest.approx(chance, abs=0.006)
        assert compare(earlier, later) is verdict

    def test_turned_around_it_says_the_same(self):
        one, other = (0, 2, 5, 9, 9), (2, 6, 9, 6, 3)
        assert chance_higher(one, other) + chance_higher(other, one) == pytest.approx(1, abs=0.004)
        assert compare(one, other) is compare(other, one) is Verdict.APART

    def test_what_is_near_is_never_apart_when_it_is_looked_at_closely(self):
        """The short way out of a comparison changes no verdict."""
        chance = random.Random(11)
        for shape in SHAPES.values():
            for _ in range(6):
                one, other = (spread(chance.choices(VALUES, shape, k=26)) for _ in range(2))
                higher = chance_higher(one, other)
                assert (compare(one, other) is Verdict.APART) == (min(higher, 1 - higher) < 0.005)

    def test_nothing_is_compared_with_nothing(self):
        with pytest.raises(ValueError, match="both sides"):
            chance_higher((0, 0, 0, 0, 0), (1, 0, 0, 0, 0))
