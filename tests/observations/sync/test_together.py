"""A few operations in one transaction: as quick as that, and each of them still for itself."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import date

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from households.models import Membership
from households.services import add_child, create_household
from observations import feed
from observations.models import Draft, FeedEntry, Observation, RecordLink, SyncOp
from observations.sync.taking import TOGETHER

pytestmark = pytest.mark.django_db


def statuses(results: list[dict]) -> list[str]:
    return [result["status"] for result in results]


def queries(send: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as seen:
        send()
    return len(seen)


class TestNewMoments:
    def test_ten_more_cost_next_to_nothing(self, phone, tap) -> None:
        tap()
        phone.flush()  # what is asked on the first day only
        few = [tap(note=f"one of few {number}") for number in range(5)]
        many = [tap(note=f"one of many {number}") for number in range(15)]
        few_cost = queries(lambda: phone.send(few))
        assert queries(lambda: phone.send(many)) <= few_cost + 10  # to look who waits for each

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

    @pytest.mark.parametrize("error", [RuntimeError(), OperationalError("database is locked")])
    def test_is_taken_one_by_one(self, phone, tap, fails_for_several, error) -> None:
        fails_for_several(error)
        ops = [tap(note=f"note {number}") for number in range(TOGETHER + 3)]
        assert statuses(phone.send(ops)) == ["applied"] * len(ops)
        assert Observation.objects.count() == RecordLink.objects.count() == SyncOp.objects.count() == len(ops)

    def test_a_defect_is_told_to_operators_without_a_word_of_it(
        self, phone, tap, fails_for_several, caplog
    ) -> None:
        fails_for_several(RuntimeError())
        tap(note="a word of mine")
        tap(note="another word")
        with caplog.at_level(logging.ERROR):
            phone.flush()
        assert "broke off together" in caplog.text
        assert "word" not in caplog.text
