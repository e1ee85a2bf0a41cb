"""A phone whose clock is wrong still puts its moments into the right week, and each of them says so."""

from __future__ import annotations

import random
import uuid
from datetime import datetime, timedelta, timezone

import pytest
import time_machine

from common.dates import week_start
from observations.models import Draft, Observation
from observations.services import edit_moment
from observations.sync import list_waiting
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


def heard_of(at: datetime, off: timedelta) -> dict[str, str]:
    """What a phone seals that heard the time at *at*, with a clock that was *off*."""
    return {"at": at.isoformat(), "clock": (at + off).isoformat()}


class TestAClockThatWasMoved:
    """Between what it heard last and the sending: before the noting, or after it."""

    DAY = timedelta(days=1)

    def test_the_server_says_that_it_understands_what_was_heard(self, phone) -> None:
        assert phone.session["protocol"]["max"] >= 2

    def test_after_the_noting_it_is_put_right_by_what_was_heard(self, phone, tap, now) -> None:
        op = tap(at=now - timedelta(hours=5) + self.DAY, heard=heard_of(now - 3 * self.DAY, self.DAY))
        phone.flush(client_now=now)
        moment = moment_of(op)
        assert (moment.occurred_at, moment.clock_skew) == (now - timedelta(hours=5), -86_400)

    @pytest.mark.parametrize("off", [shift(days=-1), shift(days=730)])
    def test_before_the_noting_it_is_put_right_by_the_sending(self, phone, tap, now, off) -> None:
        op = tap(at=now - timedelta(hours=5) + off, heard=heard_of(now - timedelta(hours=6), timedelta()))
        phone.flush(client_now=now + off)
        moment = moment_of(op)
        assert (moment.occurred_at, moment.clock_skew) == (now - timedelta(hours=5), -off.total_seconds())

    def test_where_both_may_be_it_says_that_it_is_not_sure(self, phone, tap, now) -> None:
        op = tap(at=now - timedelta(hours=5) - self.DAY, heard=heard_of(now - 3 * self.DAY, timedelta()))
        phone.flush(client_now=now - self.DAY)
        assert moment_of(op).clock_skew == 0

    @pytest.mark.parametrize("off", [shift(days=-1), shift(minutes=-170), shift(hours=3), shift(days=730)])
    def test_there_and_back_it_is_kept_to_be_mended(self, phone, tap, now, off) -> None:
        tap(at=now - timedelta(hours=2) + off, heard=heard_of(now - timedelta(hours=4), timedelta()))
        (result,) = phone.flush(client_now=now)
        assert (result["status"], result["code"]) == ("rescued", "bad_time")
        assert not Observation.objects.exists()

    def test_what_a_person_typed_stays(self, phone, tap, now) -> None:
        op = tap(at=now - 9 * self.DAY, source="typed", heard=heard_of(now - self.DAY, timedelta()))
        phone.flush(client_now=now + 2 * self.DAY)
        assert (moment_of(op).occurred_at, moment_of(op).clock_skew) == (now - 9 * self.DAY, None)

    @pytest.mark.parametrize("seconds", [0, 119, -119])
    def test_two_minutes_are_nothing(self, phone, tap, now, seconds) -> None:
        heard = heard_of(now - self.DAY, timedelta(seconds=seconds))
        op = tap(at=now - timedelta(hours=5), heard=heard)
        phone.flush(client_now=now)
        assert (moment_of(op).occurred_at, moment_of(op).clock_skew) == (now - timedelta(hours=5), None)

    def test_what_was_heard_of_a_later_time_than_it_is_says_nothing(self, phone, tap, now) -> None:
        op = tap(at=now - timedelta(hours=5), heard=heard_of(now + self.DAY, timedelta()))
        phone.flush(client_now=now)
        assert (moment_of(op).occurred_at, moment_of(op).clock_skew) == (now - timedelta(hours=5), None)

    @pytest.mark.parametrize("end", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
    def test_the_ends_of_the_calendar_are_no_error(self, phone, tap, now, end) -> None:
        tap(heard={"at": end, "clock": now.isoformat()})
        tap(heard={"at": now.isoformat(), "clock": end})
        tap(at=datetime.fromisoformat(end), heard=heard_of(now, timedelta()))
        assert {result["status"] for result in phone.flush(client_now=now)} <= {"applied", "rescued"}

    def test_two_versions_can_be_chosen_between_though_the_clock_was_moved(
        self, phone, tap, parent, now
    ) -> None:
        op = tap(heard=heard_of(now - self.DAY, timedelta()))
        phone.flush(client_now=now)
        edit_moment(
            actor_id=parent.pk, moment_id=uuid.UUID(op["moment_id"]), details={"note": "page"}, now=now
        )
        phone.write(
            "update",
            moment_id=op["moment_id"],
            base={"rev": 1},
            at=now + 9 * self.DAY,
            heard=heard_of(now - self.DAY, 9 * self.DAY),
            note="phone",
        )
        (result,) = phone.flush(client_now=now + 9 * self.DAY)
        assert result["status"] == "conflict"
        (waiting,) = list_waiting(actor_id=parent.pk)
        assert waiting.note == "phone"


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

    def test_one_that_is_mended_before_sending_puts_none_into_a_wrong_week_and_is_told(
        self, phone, tap, now
    ) -> None:
        """Two hundred moments, each noted by a clock that was wrong since it last heard, and sent by another."""
        rng = random.Random(21)
        offs = [timedelta(seconds=off) for off in (0, 63_072_000, -86_400, 7_200, -200, 604_800)]
        noted = []
        for _ in range(10):
            wrong, mended = rng.sample(offs, 2)
            batch = []
            for _ in range(20):
                at = now - timedelta(minutes=rng.randrange(1, 40_000))
                heard = at - timedelta(minutes=rng.randrange(20_000))
                batch.append(tap(at=at + wrong, heard=heard_of(heard, wrong)))
                noted.append((batch[-1], at))
            assert {result["status"] for result in phone.send(batch, client_now=now + mended)} == {"applied"}
        moments = {str(row.public_id): row for row in Observation.objects.all()}
        found = [(moments[op["moment_id"]], at) for op, at in noted]
        wrong_week = [m for m, at in found if week_start(m.occurred_on, 0) != week_start(at.date(), 0)]
        untold = [m for m, _at in found if m.clock_skew is None]
        off = [m for m, at in found if abs(m.occurred_at - at) > timedelta(seconds=120)]
        print(f"{len(found)} moments: wrong week {len(wrong_week)}, untold {len(untold)}, wrong {len(off)}")
        assert (len(found), wrong_week, untold, off) == (200, [], [], [])

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
