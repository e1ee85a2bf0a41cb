"""The counter: exact at its edges, silent about whom it counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import override_settings

from attune_project.limits import ANY_CHANGE, API, DOORS, WRONG_TOKENS
from common.limits import KEPT, Limit, count_try, forget_old_counts, is_used_up
from common.models import RateCount

THREE = Limit("three", 3, timedelta(minutes=10))


def tries(number: int, *, now: datetime, who: str = "somebody", limit: Limit = THREE) -> list[int]:
    return [count_try(limit, who=who, now=now) for _ in range(number)]


@pytest.mark.django_db
class TestCountTry:
    def test_as_many_as_are_allowed_pass_and_the_next_one_waits(self, now: datetime) -> None:
        assert tries(5, now=now) == [0, 0, 0, 600, 600]

    def test_the_wait_is_exact_to_the_second(self, now: datetime) -> None:
        tries(3, now=now)
        assert count_try(THREE, who="somebody", now=now + timedelta(seconds=599)) == 1
        assert count_try(THREE, who="somebody", now=now + timedelta(seconds=599, milliseconds=900)) == 1

    def test_with_the_next_window_it_opens_again(self, now: datetime) -> None:
        wait = tries(4, now=now)[-1]
        assert tries(4, now=now + timedelta(seconds=wait)) == [0, 0, 0, 600]

    def test_others_and_other_limits_are_counted_apart(self, now: datetime) -> None:
        tries(4, now=now)
        assert count_try(THREE, who="somebody else", now=now) == 0
        assert count_try(Limit("other", 3, timedelta(minutes=10)), who="somebody", now=now) == 0

    def test_who_it_was_stands_nowhere(self, now: datetime) -> None:
        count_try(THREE, who="192.0.2.44 mira@example.org", now=now)
        (row,) = RateCount.objects.values_list("key", "count")
        assert len(row[0]) == 64
        with override_settings(SECRET_KEY="another one, of the same length as the first"):
            assert count_try(THREE, who="192.0.2.44 mira@example.org", now=now) == 0
        assert RateCount.objects.count() == 2

    def test_a_wider_factor_widens_every_limit(self, now: datetime, settings: Any) -> None:
        settings.RATE_LIMIT_FACTOR = 2
        assert tries(7, now=now) == [0] * 6 + [600]


@pytest.mark.django_db
class TestIsUsedUp:
    def test_looks_without_counting(self, now: datetime) -> None:
        for _ in range(5):
            assert is_used_up(THREE, who="somebody", now=now) == 0
        tries(3, now=now)
        assert is_used_up(THREE, who="somebody", now=now) == 600


@pytest.mark.django_db
class TestForgetOldCounts:
    def test_takes_what_is_over_and_leaves_what_counts(self, now: datetime) -> None:
        tries(2, now=now - KEPT - timedelta(minutes=10))
        tries(3, now=now)
        assert forget_old_counts(now=now) == 1
        assert count_try(THREE, who="somebody", now=now) == 600

    def test_no_window_is_longer_than_what_is_kept(self) -> None:
        rules = [rule for rules in (*DOORS.values(), ANY_CHANGE, API, WRONG_TOKENS) for rule in rules]
        assert max(rule.limit.per for rule in rules) < KEPT
