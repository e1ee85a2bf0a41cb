"""A few operations in one transaction: as quick as that, and each of them still for itself."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import date, timedelta

import pytest
import time_machine
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from households.models import Membership
from households.services import add_child, create_household
from observations import feed
from observations.models import Draft, FeedCounter, FeedEntry, Observation, RecordLink, SyncOp
from observations.services import edit_moment
from observations.sync import SentOp, operation, take_ops
from observations.sync.taking import TOGETHER
from tests.observations.sync.conftest import moment_of
from tests.phone import Phone

pytestmark = pytest.mark.django_db


def statuses(results: list[dict]) -> list[str]:
    return [result["status"] for result in results]


def queries(send: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as seen:
        send()
    return len(seen)


def take_ops_of(phone: Phone, ops: list[dict[str, str]]) -> None:
    """As the API does, without its answer to a database that is full."""
    sent = [SentOp(uuid.UUID(op["op_id"]), uuid.UUID(op["moment_id"]), op["kid"], op["sealed"]) for op in ops]
    at = timezone.now()
    take_ops(actor_id=int(phone.client.session["_auth_user_id"]), ops=sent, client_now=at, now=at)


class TestNewMoments:
    def test_ten_more_cost_next_to_nothing(self, phone, tap) -> None:
        for _ in range(2):  # what is asked for the first ones only
            tap(note="a note")
            phone.flush()
        few, many = ([tap(note=f"note {number}") for number in range(count)] for count in (5, 15))
        cost = queries(lambda: phone.send(few))
        assert queries(lambda: phone.send(many)) == cost

    def test_of_two_homes_each_gets_its_own_record_and_feed(self, phone, tap, parent, now) -> None:
        other = create_household(actor_id=parent.pk, name="At granny's", timezone="Europe/Lisbon", now=now)
        theirs = add_child(
            actor_id=parent.pk,
            household_id=other.public_id,
            nickname="Bo",
            birth_month=date(2023, 5, 1),
            now=now,
        )
        for place in range(4):
            tap(**({"child": str(theirs.public_id)} if place % 2 else {}))
        assert statuses(phone.flush()) == ["applied"] * 4
        homes = Membership.objects.filter(user=parent).values_list("household_id", flat=True)
        for model in (Observation, RecordLink, FeedEntry):
            assert [model.objects.filter(household_id=home).count() for home in homes] == [2, 2]

    def test_one_that_is_refused_is_kept_and_all_others_are_there(self, phone, tap) -> None:
        before = [tap(note="before") for _ in range(3)]
        bad = tap(tone="no such tone", note="still my words")
        after = [tap(note="after") for _ in range(3)]
        results = phone.flush()
        assert statuses(results) == ["applied"] * 3 + ["rescued"] + ["applied"] * 3
        assert {str(row.public_id) for row in Observation.objects.all()} == {
            op["moment_id"] for op in before + after
        }
        assert Draft.objects.get().moment_id == uuid.UUID(bad["moment_id"])

    def test_one_that_is_sent_twice_in_a_batch_has_one_effect(self, phone, tap) -> None:
        op, other = tap(note="once"), tap(note="beside")
        assert statuses(phone.send([op, other, op])) == ["applied", "applied", "duplicate"]
        assert Observation.objects.count() == SyncOp.objects.count() == 2

    def test_two_under_one_id_are_told_apart(self, phone, tap, child, now) -> None:
        op = tap(note="first")
        same = phone.write(
            "create", op_id=op["op_id"], child=str(child.public_id), tone="missed", at=now, note="second"
        )
        results = phone.post([op, same]).json()["results"]
        assert statuses(results) == ["applied", "op_id_reused"]
        assert Observation.objects.get().note == "first"

    def test_nor_is_an_edit_told_what_became_of_another_under_its_id(self, phone, tap, record) -> None:
        moment = record(details={"note": "before"})
        edit = phone.write("update", moment_id=moment.public_id, base={"rev": 1}, note="after")
        other = tap(op_id=edit["op_id"], note="another")
        beside = tap(note="beside")
        results = phone.post([edit, other, beside]).json()["results"]
        assert statuses(results) == ["applied", "op_id_reused", "applied"]
        moment.refresh_from_db()
        assert moment.note == "after"

    def test_one_that_is_there_already_is_edited_whatever_it_does_not_say(
        self, phone, tap, child, record, now
    ) -> None:
        moment = record(details={"note": "before"})
        phone.write("create", moment_id=moment.public_id, child=str(child.public_id), at=now, note="after")
        tap(note="beside")
        assert statuses(phone.flush()) == ["applied", "applied"]
        moment.refresh_from_db()
        assert moment.note == "after"

    def test_what_is_said_of_it_later_is_done_after_it(self, phone, tap) -> None:
        ops = []
        for number in range(3):
            op = tap(note=f"one {number}")
            later = phone.write(
                "update", moment_id=op["moment_id"], base={"op": op["op_id"]}, note=f"two {number}"
            )
            ops += [op, later]
        assert statuses(phone.send(ops)) == ["applied"] * 6
        assert {(row.revision, row.note[:3]) for row in Observation.objects.all()} == {(2, "two")}


class TestWhatDoesNotHoldTogether:
    @pytest.fixture
    def fails_for_several(self, monkeypatch) -> Callable[[Exception], None]:
        """The end of a transaction breaks off where more than one moment was written in it."""
        note_changes = feed.note_changes

        def patch(error: Exception) -> None:
            def note(rows, **said) -> None:
                if len(rows) > 1:
                    raise error
                note_changes(rows, **said)

            monkeypatch.setattr(feed, "note_changes", note)

        return patch

    @pytest.mark.parametrize("error", [RuntimeError(), OperationalError("disk is full")])
    def test_is_taken_one_by_one(self, phone, tap, fails_for_several, error) -> None:
        fails_for_several(error)
        ops = [tap(note=f"note {number}") for number in range(TOGETHER + 3)]
        assert statuses(phone.send(ops)) == ["applied"] * len(ops)
        assert Observation.objects.count() == RecordLink.objects.count() == SyncOp.objects.count() == len(ops)

    def test_a_defect_is_told_to_operators(self, phone, tap, fails_for_several, caplog) -> None:
        fails_for_several(RuntimeError())
        tap()
        tap()
        with caplog.at_level(logging.ERROR):
            phone.flush()
        assert "2 operations of user" in caplog.text
        assert "broke off together" in caplog.text

    def test_somebody_who_holds_the_row_is_waited_for_once(self, phone, tap, fails_for_several) -> None:
        error = OperationalError()
        error.__cause__ = LockNotAvailable()
        fails_for_several(error)
        ops = [tap(), tap()]
        assert [(r["status"], r["code"]) for r in phone.send(ops)] == [("deferred", "busy")] * 2
        assert not SyncOp.objects.exists()


class TestWhatIsHeld:
    def test_one_that_fails_takes_nothing_of_what_it_waited_for_along(
        self, phone, tap, record, monkeypatch
    ) -> None:
        first = phone.write("update", moment_id=record().public_id, base={"rev": 1}, note="one")
        later = phone.write("update", moment_id=first["moment_id"], base={"op": first["op_id"]}, note="two")
        assert statuses(phone.send([later])) == ["deferred"]
        do = operation._do

        def fail(row, *rest, **named):
            if str(row.op_id) == later["op_id"]:
                raise OperationalError("disk is full")
            return do(row, *rest, **named)

        monkeypatch.setattr(operation, "_do", fail)
        with pytest.raises(OperationalError):
            take_ops_of(phone, [first])
        assert moment_of(first).note == "one"
        assert {row.status for row in SyncOp.objects.all()} == {"applied", "deferred"}


class TestWhatWasRolledBack:
    def test_is_no_change_in_anybodys_feed(self, phone, record, parent, now) -> None:
        """Nor is an autosave of words that wait beside their moment."""
        moment = record(details={"note": "one"})
        edit_moment(actor_id=parent.pk, moment_id=moment.public_id, details={"note": "there"}, now=now)
        counted = FeedCounter.objects.get().last
        phone.write("update", moment_id=moment.public_id, base={"rev": 1}, note="here")
        phone.write("draft.put", moment_id=moment.public_id, note="half")
        with time_machine.travel(now + timedelta(minutes=1), tick=False):
            assert statuses(phone.flush()) == ["conflict", "applied"]
        assert FeedCounter.objects.get().last == counted
