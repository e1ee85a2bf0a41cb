"""A phone whose clock is wrong still puts its moments into the right week, and each of them says so."""

from __future__ import annotations

import random
from datetime import timedelta, timezone

import pytest
import time_machine

from common.dates import week_start
from observations.models import Draft, Observation
from tests.observations.sync.conftest import moment_of

pytestmark = pytest.mark.django_db


def shift(**by: float) -> timedelta:
    return timedelta(**by)


@pytest.mark.parametrize("off", [shift(days=730), shift(days=-1), shift(minutes=3), shift(hours=-30)])
class TestAWrongClock:
    def test_what_it_told_is_put_right_and_says_so(self, phone, tap, now, off) -> None:
        op = tap(at=now - timedelta(hours=2) + off)
        phone.flush(client_now=now + off)
        moment = moment_of(op)
        assert moment.occurred_at == now - timedelta(hours=2)
        assert (moment.occurred_src, moment.clock_skew) == ("auto", -off.total_seconds())

    def test_what_a_person_typed_stays(self, phone, tap, now, off) -> None:
        op = tap(at=now - timedelta(days=2), source="typed")
        phone.flush(client_now=now + off)
        moment = moment_of(op)
        assert (moment.occurred_at, moment.clock_skew) == (now - timedelta(days=2), None)
        assert (moment.occurred_src, moment.precision) == ("typed", "exact")


class TestALittleOff:
    @pytest.mark.parametrize("seconds", [0, 119, 120, -120])
    def test_two_minutes_are_nothing(self, phone, tap, now, seconds) -> None:
        op = tap(at=now - timedelta(hours=1))
        phone.flush(client_now=now + timedelta(seconds=seconds))
        assert (moment_of(op).occurred_at, moment_of(op).clock_skew) == (now - timedelta(hours=1), None)


class TestTheFuture:
    def test_more_than_a_day_ahead_after_all_is_kept_to_be_mended(self, phone, tap, now) -> None:
        tap(at=now + timedelta(hours=24, seconds=1))
        tap(at=now + timedelta(days=3), source="typed")
        # Written while the clock was wrong, sent after it was put right.
        tap(at=now + timedelta(days=730))
        results = phone.flush()
        assert [(r["status"], r["code"]) for r in results] == [("rescued", "bad_time")] * 3
        assert {draft.field for draft in Draft.objects.all()} == {"occurred_at"}

    @pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
    def test_the_ends_of_the_calendar_are_no_error(self, phone, child, now, at) -> None:
        plain = {
            "type": "create",
            "occurred_at": at,
            "fields": {"child": str(child.public_id), "tone": "missed"},
        }
        op = phone.seal_op(plain, moment_id=child.public_id)
        (result,) = phone.send([op], client_now=now - timedelta(days=3))
        assert (result["status"], result["code"]) == ("rescued", "bad_time")


class TestWeeks:
    def test_no_moment_is_in_a_wrong_week_and_every_wrong_clock_is_told(
        self, phone, tap, now, household
    ) -> None:
        """Two hundred moments of a month, through clocks that are wrong, jump, and travel."""
        rng = random.Random(20)
        true_times, ops = [], []
        for _ in range(10):
            off = timedelta(seconds=rng.choice([0, 60, 63_072_000, -86_400, 7_200, -200]))
            travelled = timedelta(hours=rng.choice([-9, 0, 5]))
            batch = []
            for _ in range(20):
                at = now - timedelta(minutes=rng.randrange(1, 40_000))
                true_times.append((at, off))
                batch.append(tap(at=(at + off).astimezone(timezone(travelled))))
            phone.send(batch, client_now=now + off)
            ops += batch
        moments = {str(row.public_id): row for row in Observation.objects.all()}
        wrong_week = untold = 0
        for op, (at, off) in zip(ops, true_times, strict=True):
            moment = moments[op["moment_id"]]
            wrong_week += week_start(moment.occurred_on, 0) != week_start(at.date(), 0)
            untold += (abs(off) > timedelta(seconds=120)) != (moment.clock_skew is not None)
        assert (wrong_week, untold) == (0, 0)

    def test_what_was_held_keeps_the_clock_it_came_with(self, phone, tap, now) -> None:
        op = tap()
        late = phone.write(
            "update",
            moment_id=op["moment_id"],
            base={"op": op["op_id"]},
            at=now - timedelta(hours=1) + timedelta(days=1),
        )
        phone.send([late], client_now=now + timedelta(days=1))
        with time_machine.travel(now + timedelta(hours=2), tick=False):
            phone.start()
            phone.send([op], client_now=now + timedelta(hours=2))
        assert moment_of(op).occurred_at == now - timedelta(hours=1)
