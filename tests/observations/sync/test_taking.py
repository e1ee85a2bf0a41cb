"""Each operation has one effect, and one result that says what became of it; nothing that was said is ever lost."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine

from accounts.services import ask_to_be_erased
from common.models import LedgerEntry
from households.models import Household
from households.services import add_child, leave_household, separate_household
from observations.models import Draft, Observation, Revision, SealingKey, SyncOp
from observations.rules import HELD_MAX, OPS_KEPT, Noted
from observations.services import (
    delete_moment,
    edit_moment,
    record_moments,
    restore_moment,
    undo_capture,
)
from observations.sync import choose_version, drafts, forget_ops, operation, purge_drafts, take_held
from tests.observations.sync.conftest import moment_of

pytestmark = pytest.mark.django_db


def statuses(results: list[dict]) -> list[str]:
    return [result["status"] for result in results]


def words(draft: Draft) -> dict:
    return json.loads(draft.content)["fields"]


class TestCreating:
    def test_a_moment_is_what_the_form_said(self, phone, tap, now) -> None:
        op = tap(
            note="a walk",
            ratings={"needs": 4, "self": "skipped"},
            cues=["phone_away"],
            contexts=["bedtime"],
            feelings=["calm"],
            visibility="household",
        )
        (result,) = phone.flush()
        assert (result["status"], result["rev"], result["code"]) == ("applied", 1, "")
        moment = moment_of(op)
        assert (moment.note, moment.visibility, moment.occurred_at) == ("a walk", "household", now)
        assert (moment.occurred_src, moment.clock_skew, moment.precision) == ("auto", None, "about")
        assert set(moment.ratings.values_list("dimension", flat=True)) == {"needs", "self"}
        assert phone.queue == []

    def test_results_come_in_the_order_of_the_request(self, phone, tap) -> None:
        ops = [tap(tone=tone) for tone in ("missed", "perfect", "in_tune")]
        results = phone.flush()
        assert [result["op_id"] for result in results] == [op["op_id"] for op in ops]
        assert statuses(results) == ["applied", "rescued", "applied"]

    def test_sent_again_it_has_no_second_effect(self, phone, tap) -> None:
        op = tap()
        first, second = phone.send([op]), phone.send([op])
        assert (statuses(first), statuses(second)) == (["applied"], ["duplicate"])
        assert first[0]["rev"] == second[0]["rev"] == 1
        assert Observation.objects.count() == SyncOp.objects.count() == 1

    def test_twice_in_one_batch_it_has_one_effect(self, phone, tap) -> None:
        op = tap()
        assert statuses(phone.send([op, op])) == ["applied", "duplicate"]

    def test_one_tap_for_several_children_is_a_moment_with_each(
        self, phone, child, second_child, now
    ) -> None:
        both = [str(child.public_id), str(second_child.public_id)]
        op = phone.write("create", children=both, tone="in_tune", note="both", at=now)
        assert statuses(phone.flush()) == ["applied"]
        assert Observation.objects.count() == 2
        assert {moment.note for moment in Observation.objects.all()} == {"both"}
        phone.write("delete", moment_id=op["moment_id"], base={"op": op["op_id"]}, whole=True)
        assert statuses(phone.flush()) == ["applied"]
        assert Observation.objects.filter(deleted_at__isnull=True).count() == 0

    def test_what_another_door_was_faster_with_is_not_doubled(self, phone, tap, record, now) -> None:
        moment = record()
        tap(moment_id=moment.public_id, note="and words")
        assert statuses(phone.flush()) == ["applied"]
        assert Observation.objects.get().note == "and words"

    def test_an_id_that_somebody_else_has_is_free(self, phone, tap, record, co_parent) -> None:
        other = record(co_parent)
        tap(moment_id=other.public_id)
        assert statuses(phone.flush()) == ["applied"]
        assert Observation.objects.filter(public_id=other.public_id).count() == 2


class TestOtherBytes:
    def test_the_same_id_with_other_bytes_is_refused(self, phone, tap) -> None:
        op, other = tap(note="one"), tap(note="two")
        phone.send([op])
        answer = phone.send([{**other, "op_id": op["op_id"]}])
        assert statuses(answer) == ["op_id_reused"]
        assert Observation.objects.get().note == "one"

    def test_and_its_words_can_still_be_rescued(self, phone, tap) -> None:
        op = tap(note="one")
        again = phone.write("create", op_id=op["op_id"], note="two")
        phone.send([op])
        assert statuses(phone.send([again])) == ["op_id_reused"]
        phone.rescue([again], reason="op_id_reused")
        phone.rescue([again], reason="op_id_reused")
        draft = Draft.objects.get()
        assert (draft.kind, words(draft)["note"]) == ("rescued", "two")

    @pytest.mark.parametrize(
        "changed",
        [
            {"kid": "2020-01a"},
            {"sealed": "AAAA"},
            {"sealed": "not base64!"},
            {"sealed": "é"},
            {"moment_id": str(uuid.uuid4())},
            {"op_id": str(uuid.uuid4())},
        ],
    )
    def test_what_does_not_open_has_no_effect_and_leaves_no_trace(self, phone, tap, changed) -> None:
        op = {**tap(), **changed}
        assert statuses(phone.send([op])) == ["undecryptable"]
        assert SyncOp.objects.count() == Observation.objects.count() == 0

    def test_another_accounts_operation_does_not_open(self, phone, phone_of, tap, co_parent) -> None:
        op = tap()
        assert statuses(phone_of(co_parent).send([op])) == ["undecryptable"]
        assert statuses(phone.send([op])) == ["applied"]


class TestRescued:
    @pytest.mark.parametrize(
        ("said", "code", "field"),
        [
            ({"note": "x" * 5_001}, "too_long", "note"),
            ({"note": "nul \x00"}, "note", "note"),
            ({"tone": "perfect"}, "tone", "tone"),
            ({"child": "11111111-2222-4333-8444-555555555555"}, "child", "child"),
            ({"cues": ["unheard_of"]}, "cues", "cues"),
            ({"ratings": {"needs": 9}}, "ratings", "ratings"),
            ({"repairs": "11111111-2222-4333-8444-555555555555"}, "repairs", "repairs"),
            ({"score": 9}, "score", "score"),
        ],
    )
    def test_what_is_not_as_it_has_to_be_is_kept_to_be_mended(self, phone, tap, said, code, field) -> None:
        tap(**said)
        tap(note="beside it")
        first, second = phone.flush()
        assert (first["status"], first["code"], second["status"]) == ("rescued", code, "applied")
        draft = Draft.objects.get()
        assert (draft.kind, draft.field, draft.expires_at) == ("rescued", field, None)
        assert all(words(draft)[name] == value for name, value in said.items())

    @pytest.mark.parametrize(
        "content",
        [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b'{"type": "create", "type": "x"}'],
    )
    def test_what_is_no_operation_at_all_is_kept_too(self, phone, content) -> None:
        op = phone.seal_op(content, moment_id=uuid.uuid4())
        assert statuses(phone.send([op])) == ["rescued"]
        assert Draft.objects.count() == 1

    def test_it_is_told_again_as_what_it_was(self, phone, tap) -> None:
        op = tap(tone="perfect")
        assert phone.send([op]) == phone.send([op])
        assert Draft.objects.count() == 1

    def test_a_later_operation_of_the_chain_goes_on_in_the_words_that_are_kept(self, phone, tap) -> None:
        op = tap(tone="perfect", note="one")
        phone.write("update", moment_id=op["moment_id"], base={"op": op["op_id"]}, note="two")
        assert statuses(phone.flush()) == ["rescued", "rescued"]
        draft = Draft.objects.get()
        assert words(draft) | {"child": ""} == {"child": "", "tone": "perfect", "note": "two"}

    def test_nothing_is_written_over_kept_words_that_do_not_open_right_now(self, phone, tap) -> None:
        op = tap(tone="perfect", note="one")
        phone.flush()
        Draft.objects.update(content_sealed=b"shut for now")
        phone.write("update", moment_id=op["moment_id"], base={"op": op["op_id"]}, note="two")
        assert statuses(phone.flush()) == ["rescued"]
        first, second = Draft.objects.order_by("pk")
        assert bytes(first.content_sealed) == b"shut for now"
        assert words(second) == {"note": "two"}

    def test_deleting_it_in_the_same_chain_lets_it_go_in_a_week(self, phone, tap, now) -> None:
        op = tap(tone="perfect")
        phone.write("delete", moment_id=op["moment_id"], base={"op": op["op_id"]})
        assert statuses(phone.flush()) == ["rescued", "applied"]
        assert Draft.objects.get().kind == "gone"
        assert purge_drafts(now=now + timedelta(days=7, seconds=1)) == 1


class TestChains:
    def test_a_chain_made_offline_does_not_conflict_with_itself(self, phone, tap) -> None:
        op = tap(note="one")
        moment_id, base = op["moment_id"], op
        for note in ("two", "three", "four"):
            base = phone.write("update", moment_id=moment_id, base={"op": base["op_id"]}, note=note)
        assert statuses(phone.flush()) == ["applied"] * 4
        assert moment_of(op).note == "four"

    def test_what_comes_too_early_waits_for_what_it_builds_on(self, phone, tap) -> None:
        op = tap(note="one")
        second = phone.write("update", moment_id=op["moment_id"], base={"op": op["op_id"]}, note="two")
        third = phone.write("update", moment_id=op["moment_id"], base={"op": second["op_id"]}, note="3")
        assert statuses(phone.send([third, second])) == ["deferred", "deferred"]
        assert not Observation.objects.exists()
        assert statuses(phone.send([op])) == ["applied"]
        assert moment_of(op).note == "3"
        assert statuses(phone.send([third, second])) == ["duplicate", "duplicate"]
        assert not any(bytes(row.held_sealed) for row in SyncOp.objects.all())

    def test_a_long_chain_may_come_backwards(self, phone, tap) -> None:
        chain = [tap(note="0")]
        for number in range(1, 60):
            base = {"op": chain[-1]["op_id"]}
            chain.append(phone.write("update", moment_id=chain[0]["moment_id"], base=base, note=str(number)))
        told = statuses(phone.send(chain[::-1]))
        assert (told[:-1], told[-1]) == (["deferred"] * 59, "applied")
        assert moment_of(chain[0]).note == "59"
        assert {row.status for row in SyncOp.objects.all()} == {"applied"}

    def test_after_five_days_it_waits_no_longer_and_its_words_are_kept(self, phone, now) -> None:
        op = phone.write("update", moment_id=uuid.uuid4(), base={"op": str(uuid.uuid4())}, note="alone")
        assert statuses(phone.flush()) == ["deferred"]
        assert take_held(now=now + HELD_MAX) == 0
        assert take_held(now=now + HELD_MAX + timedelta(seconds=1)) == 1
        draft = Draft.objects.get()
        assert (draft.kind, draft.field, words(draft)) == ("rescued", "base", {"note": "alone"})
        assert statuses(phone.send([op])) == ["rescued"]

    def test_after_five_days_it_is_merged_where_its_moment_is_there(self, phone, record, now) -> None:
        moment = record(details={"note": "here"})
        phone.write(
            "update",
            moment_id=moment.public_id,
            base={"op": str(uuid.uuid4())},
            feelings=["calm"],
        )
        phone.flush()
        take_held(now=now + HELD_MAX + timedelta(seconds=1))
        assert moment.ticks.filter(key="calm").exists()


class TestHeld:
    """What waited too long is tried by the hour: what cannot be done stands in nobody's way."""

    @pytest.fixture
    def alone(self, phone) -> Callable[..., SyncOp]:
        """An operation that is held, for what it builds on does not come."""

        def put(sender=phone, **said) -> SyncOp:
            op = sender.write("update", moment_id=uuid.uuid4(), base={"op": str(uuid.uuid4())}, **said)
            assert statuses(sender.send([op])) == ["deferred"]
            return SyncOp.objects.get(op_id=op["op_id"])

        return put

    def test_an_account_that_is_closing_is_left_alone(self, alone, phone_of, co_parent, parent, now) -> None:
        alone(note="closing")
        alone(phone_of(co_parent), note="open")
        ask_to_be_erased(actor_id=parent.pk, confirmation="erase", now=now)
        assert take_held(now=now + HELD_MAX + timedelta(seconds=1), chunk=1) == 1
        assert [draft.author_id for draft in Draft.objects.all()] == [co_parent.pk]

    def test_what_does_not_open_any_more_is_kept_shut(self, alone, now) -> None:
        row = alone(note="sealed")
        SealingKey.objects.all().delete()
        assert take_held(now=now + HELD_MAX + timedelta(seconds=1)) == 1
        row.refresh_from_db()
        draft = Draft.objects.get()
        assert (row.status, draft.kind, draft.op_id) == ("rescued", "shut", row.op_id)
        assert take_held(now=now + HELD_MAX + timedelta(seconds=1)) == 0

    def test_one_that_fails_stands_in_nobodys_way(self, alone, now, monkeypatch) -> None:
        broken, _other = alone(note="broken"), alone(note="good")

        def fail(row, *_rest, **_named):
            if row.pk == broken.pk:
                raise RuntimeError
            return do(row, *_rest, **_named)

        do = operation._do
        monkeypatch.setattr(operation, "_do", fail)
        assert take_held(now=now + HELD_MAX + timedelta(seconds=1), chunk=1) == 1

    @pytest.mark.parametrize("bound", ["HELD_OPS_MAX", "HELD_BYTES_MAX"])
    def test_there_is_an_end_to_it(self, bound, alone, phone, monkeypatch) -> None:
        alone(note="first")
        monkeypatch.setattr(operation, bound, 1)
        op = phone.write("update", moment_id=uuid.uuid4(), base={"op": str(uuid.uuid4())}, note="second")
        (result,) = phone.send([op])
        assert (result["status"], result["code"]) == ("deferred", "slow_down")
        assert SyncOp.objects.count() == 1

    @pytest.mark.parametrize("bound", ["DRAFTS_MAX", "DRAFT_BYTES_MAX"])
    def test_there_is_an_end_to_drafts(self, bound, phone, tap, monkeypatch) -> None:
        tap(tone="perfect", note="first")
        phone.flush()
        monkeypatch.setattr(drafts, bound, 1)
        first, second = tap(tone="perfect", note="second"), tap(note="a moment")
        results = phone.send([first, second])
        assert [(r["status"], r["code"]) for r in results] == [("deferred", "slow_down"), ("applied", "")]
        assert Draft.objects.count() == 1


class TestTwoPlaces:
    def test_other_fields_are_merged(self, phone, tap, parent, now) -> None:
        op = tap(note="one")
        phone.flush()
        moment = moment_of(op)
        edit_moment(actor_id=parent.pk, moment_id=moment.public_id, details={"note": "elsewhere"}, now=now)
        phone.write("update", moment_id=moment.public_id, base={"rev": 1}, feelings=["calm"])
        (result,) = phone.flush()
        assert (result["status"], result["rev"]) == ("merged", 3)
        assert moment_of(op).note == "elsewhere"

    def test_each_answer_is_a_field_of_its_own(self, phone, tap, parent, now) -> None:
        op = tap(ratings={"needs": 2})
        phone.flush()
        edit_moment(
            actor_id=parent.pk,
            moment_id=moment_of(op).public_id,
            details={"ratings": {"safety": 4}},
            now=now,
        )
        phone.write("update", moment_id=op["moment_id"], base={"rev": 1}, ratings={"needs": 5})
        phone.write("update", moment_id=op["moment_id"], base={"rev": 1}, ratings={"safety": 1})
        assert statuses(phone.flush()) == ["merged", "conflict"]

    def test_the_same_field_keeps_both_versions(self, phone, tap, parent, now) -> None:
        op = tap(note="one")
        phone.flush()
        edit_moment(actor_id=parent.pk, moment_id=moment_of(op).public_id, details={"note": "there"}, now=now)
        phone.write("update", moment_id=op["moment_id"], base={"rev": 1}, note="here", feelings=["calm"])
        assert statuses(phone.flush()) == ["conflict"]
        assert moment_of(op).note == "there"
        assert not moment_of(op).ticks.exists()
        draft = Draft.objects.get()
        assert (draft.kind, words(draft)) == ("two", {"note": "here", "feelings": ["calm"]})

    def test_the_version_of_a_chain_can_be_chosen_and_is_what_was_said_last(
        self, phone, tap, parent, now
    ) -> None:
        op = tap(note="one")
        phone.flush()
        edit_moment(actor_id=parent.pk, moment_id=moment_of(op).public_id, details={"note": "there"}, now=now)
        here = phone.write("update", moment_id=op["moment_id"], base={"rev": 1}, note="here")
        phone.write("update", moment_id=op["moment_id"], base={"op": here["op_id"]}, note="here again")
        assert statuses(phone.flush()) == ["conflict", "conflict"]
        draft = Draft.objects.get()
        assert json.loads(draft.content)["earlier"] == [{"note": "here"}]
        choose_version(actor_id=parent.pk, draft_id=draft.public_id, this_one=True, now=now)
        assert moment_of(op).note == "here again"

    def test_the_same_words_in_both_places_are_no_conflict(self, phone, tap, parent, now) -> None:
        op = tap(note="one")
        phone.flush()
        edit_moment(actor_id=parent.pk, moment_id=moment_of(op).public_id, details={"note": "same"}, now=now)
        phone.write("update", moment_id=op["moment_id"], base={"rev": 1}, note="same")
        assert statuses(phone.flush()) == ["merged"]
        assert not Draft.objects.exists()

    def test_a_chain_that_began_before_the_other_change_still_conflicts_with_it(
        self, phone, tap, parent, now
    ) -> None:
        op = tap(note="one")
        phone.flush()
        edit_moment(actor_id=parent.pk, moment_id=moment_of(op).public_id, details={"note": "there"}, now=now)
        first = phone.write("update", moment_id=op["moment_id"], base={"rev": 1}, feelings=["calm"])
        phone.write("update", moment_id=op["moment_id"], base={"op": first["op_id"]}, note="here")
        assert statuses(phone.flush()) == ["merged", "conflict"]
        assert moment_of(op).note == "there"

    def test_a_chain_goes_on_in_its_kept_words_however_long_it_is(self, phone, tap, parent, now) -> None:
        op = tap(note="one")
        phone.flush()
        edit_moment(actor_id=parent.pk, moment_id=moment_of(op).public_id, details={"note": "there"}, now=now)
        last, base = op, {"rev": 1}
        for said in ({"feelings": ["calm"]}, {"note": "here"}, {"contexts": ["meals"]}, {"feelings": []}):
            last = phone.write("update", moment_id=op["moment_id"], base=base, **said)
            base = {"op": last["op_id"]}
        assert statuses(phone.flush()) == ["merged", "conflict", "conflict", "conflict"]
        assert words(Draft.objects.get()) == {"note": "here", "contexts": ["meals"], "feelings": []}

    @pytest.mark.parametrize("elsewhere_too", [True, False])
    def test_a_chain_is_what_it_was_after_it_deleted_and_a_page_restored(
        self, phone, tap, parent, now, elsewhere_too
    ) -> None:
        op = tap(note="one")
        phone.flush()
        own = {"actor_id": parent.pk, "moment_id": uuid.UUID(op["moment_id"]), "now": now}
        first = phone.write("update", moment_id=op["moment_id"], base={"op": op["op_id"]}, note="here")
        phone.flush()
        if elsewhere_too:
            edit_moment(details={"feelings": ["sad"]}, **own)
        delete_moment(**own)
        gone = phone.write("delete", moment_id=op["moment_id"], base={"op": first["op_id"]})
        phone.flush()
        restore_moment(**own)
        said = {"note": "here again", "feelings": ["calm"]}
        phone.write("update", moment_id=op["moment_id"], base={"op": gone["op_id"]}, **said)
        assert statuses(phone.flush()) == ["conflict" if elsewhere_too else "applied"]

    def test_nothing_is_shown_to_more_people_by_a_phone_that_has_not_seen_the_words(
        self, phone, tap, parent, now
    ) -> None:
        op = tap(note="one")
        phone.flush()
        edit_moment(
            actor_id=parent.pk, moment_id=moment_of(op).public_id, details={"note": "secret"}, now=now
        )
        phone.write("update", moment_id=op["moment_id"], base={"rev": 1}, visibility="household")
        assert statuses(phone.flush()) == ["conflict"]
        assert moment_of(op).visibility == "private"


class TestNarrowing:
    """Whoever said that fewer people are to see it is not asked first which words they want."""

    @pytest.fixture
    def shared(self, record, parent, now) -> Observation:
        moment = record(details={"note": "one", "visibility": "household"})
        edit_moment(actor_id=parent.pk, moment_id=moment.public_id, details={"note": "there"}, now=now)
        return moment

    @pytest.mark.parametrize(
        "said", [{"visibility": "private"}, {"visibility": "coaches"}, {"about_adult": True}]
    )
    def test_it_counts_at_once_though_the_rest_waits(self, phone, shared, said) -> None:
        phone.write("update", moment_id=shared.public_id, base={"rev": 1}, note="here", **said)
        assert statuses(phone.flush()) == ["conflict"]
        moment = Observation.objects.get()
        assert (moment.note, moment.visibility) == ("there", said.get("visibility", "private"))
        assert (moment.about_adult, moment.cooling_until is not None) == ("about_adult" in said,) * 2
        assert words(Draft.objects.get())["note"] == "here"

    def test_it_counts_later_in_a_chain_whose_words_wait(self, phone, shared) -> None:
        first = phone.write("update", moment_id=shared.public_id, base={"rev": 1}, note="here")
        phone.write("update", moment_id=shared.public_id, base={"op": first["op_id"]}, visibility="private")
        assert statuses(phone.flush()) == ["conflict", "conflict"]
        assert Observation.objects.get().visibility == "private"

    def test_wider_waits(self, phone, shared, parent, now) -> None:
        edit_moment(
            actor_id=parent.pk, moment_id=shared.public_id, details={"visibility": "private"}, now=now
        )
        phone.write(
            "update", moment_id=shared.public_id, base={"rev": 1}, note="here", visibility="household"
        )
        assert statuses(phone.flush()) == ["conflict"]
        assert Observation.objects.get().visibility == "private"


class TestGone:
    def test_deleting_wins_and_the_words_are_kept_thirty_days(self, phone, tap, parent, now) -> None:
        op = tap(note="one")
        phone.flush()
        delete_moment(actor_id=parent.pk, moment_id=moment_of(op).public_id, now=now)
        late = phone.write("update", moment_id=op["moment_id"], base={"rev": 1}, note="late")
        assert statuses(phone.flush()) == ["gone"]
        draft = Draft.objects.get()
        assert (draft.kind, words(draft)) == ("gone", {"note": "late"})
        assert purge_drafts(now=now + timedelta(days=30)) == 0
        assert purge_drafts(now=now + timedelta(days=30, seconds=1)) == 1
        assert statuses(phone.send([late])) == ["gone"]

    def test_deleting_twice_is_once(self, phone, tap) -> None:
        op = tap()
        for _ in range(2):
            phone.write("delete", moment_id=op["moment_id"], base={"rev": 1})
        assert statuses(phone.flush()) == ["applied"] * 3
        assert moment_of(op).revision == 2

    def test_restored_it_takes_changes_again(self, phone, tap, parent, now) -> None:
        op = tap()
        phone.write("delete", moment_id=op["moment_id"], base={"op": op["op_id"]})
        phone.flush()
        restore_moment(actor_id=parent.pk, moment_id=moment_of(op).public_id, now=now)
        phone.write("update", moment_id=op["moment_id"], base={"rev": 1}, note="back")
        assert statuses(phone.flush()) == ["applied"]

    def test_two_versions_of_what_is_deleted_need_no_choice_any_more(self, phone, tap, parent, now) -> None:
        op = tap(note="one")
        phone.flush()
        edit_moment(actor_id=parent.pk, moment_id=moment_of(op).public_id, details={"note": "there"}, now=now)
        phone.write("update", moment_id=op["moment_id"], base={"rev": 1}, note="here")
        phone.write("delete", moment_id=op["moment_id"], base={"rev": 1})
        assert statuses(phone.flush()) == ["conflict", "applied"]
        assert Draft.objects.get().kind == "gone"

    @pytest.mark.parametrize("undo", [delete_moment, undo_capture])
    def test_nor_after_it_was_deleted_on_a_page(self, undo, phone, record, parent, now) -> None:
        moment = record(details={"note": "one"})
        own = {"actor_id": parent.pk, "moment_id": moment.public_id, "now": now}
        edit_moment(details={"note": "there"}, **own)
        phone.write("update", moment_id=moment.public_id, base={"rev": 1}, note="here")
        phone.write("draft.put", moment_id=moment.public_id, note="half")
        phone.flush()
        undo(**own)
        assert {draft.kind for draft in Draft.objects.all()} == {"gone"}
        assert purge_drafts(now=now + timedelta(days=30, seconds=1)) == 2


class TestWhoMayStillWrite:
    def test_after_leaving_the_words_are_the_authors_alone(self, phone, tap, parent, household, now) -> None:
        op = tap(note="before")
        phone.flush()
        leave_household(actor_id=parent.pk, household_id=household.public_id, now=now)
        tap(note="new")
        phone.write("update", moment_id=op["moment_id"], base={"rev": 1}, note="changed")
        phone.write("delete", moment_id=op["moment_id"], base={"rev": 1})
        assert statuses(phone.flush()) == ["private_only"] * 3
        assert {words(draft)["note"] for draft in Draft.objects.all()} == {"new", "changed"}
        assert Observation.objects.get().note == "before"

    def test_after_moving_out_they_arrive_where_their_author_lives(
        self, phone, tap, parent, household, child, now
    ) -> None:
        tap(note="old")
        phone.flush()
        new = separate_household(
            actor_id=parent.pk,
            household_id=household.public_id,
            name="The loft",
            timezone="Europe/Lisbon",
            child_ids=[child.public_id],
            now=now,
        )
        op = tap(note="on the way")
        assert statuses(phone.flush()) == ["applied"]
        assert moment_of(op).household_id == new.pk

    def test_another_familys_child_is_no_child(self, phone, stranger, now, make_user) -> None:
        home = Household.objects.get(name="Elsewhere")
        theirs = add_child(
            actor_id=stranger.pk,
            household_id=home.public_id,
            nickname="Kit",
            birth_month=now.date().replace(day=1, year=2024),
            now=now,
        )
        phone.write("create", child=str(theirs.public_id), tone="in_tune", at=now)
        (result,) = phone.flush()
        assert (result["status"], result["code"]) == ("rescued", "child")

    def test_whoever_asked_to_be_erased_is_signed_out(self, phone, tap, parent, now) -> None:
        tap()
        ask_to_be_erased(actor_id=parent.pk, confirmation="erase", now=now)
        assert phone.post(phone.queue).status_code == 401


class TestDrafts:
    def test_a_later_one_takes_the_place_of_an_earlier(self, phone) -> None:
        moment_id = uuid.uuid4()
        for note in ("h", "hal", "half"):
            phone.write("draft.put", moment_id=moment_id, note=note)
        assert statuses(phone.flush()) == ["applied"] * 3
        assert words(Draft.objects.get()) == {"note": "half"}

    def test_saving_the_moment_takes_it_away(self, phone, tap) -> None:
        op = phone.write("draft.put", note="half")
        tap(moment_id=op["moment_id"], note="half and whole")
        phone.flush()
        assert not Draft.objects.exists()

    def test_two_sheets_of_one_moment_are_two_drafts(self, phone, phone_of, parent) -> None:
        moment_id, other = uuid.uuid4(), phone_of(parent)
        first = phone.write("draft.put", moment_id=moment_id, note="the blue door")
        other.write("draft.put", moment_id=moment_id, note="and the boat")
        phone.write("draft.put", moment_id=moment_id, base={"op": first["op_id"]}, note="the door was red")
        for sender in (phone, other):
            sender.flush()
        assert {words(draft)["note"] for draft in Draft.objects.all()} == {"and the boat", "the door was red"}
        phone.write("draft.put", moment_id=moment_id, base={"op": first["op_id"]})
        phone.flush()
        assert words(Draft.objects.get()) == {"note": "and the boat"}

    @pytest.mark.parametrize(
        ("half", "saved", "stays"),
        [
            ({"note": "a walk al"}, {"note": "a long walk along the river"}, False),
            ({"note": "a walk", "feelings": ["sad"]}, {"note": "a walk", "feelings": ["calm"]}, False),
            ({"ratings": {"needs": 2}}, {"ratings": {"needs": 4, "safety": 3}}, False),
            ({"note": "the blue door"}, {"feelings": ["calm"]}, True),
            ({"note": "the blue door"}, {"note": "the boat"}, True),
            ({"feelings": ["sad"]}, {"note": "the boat"}, True),
        ],
    )
    def test_a_save_takes_away_what_it_goes_on_from_and_nothing_else(
        self, phone, record, half, saved, stays
    ) -> None:
        moment = record()
        phone.write("draft.put", moment_id=moment.public_id, **half)
        phone.write("update", moment_id=moment.public_id, base={"rev": 1}, **saved)
        assert statuses(phone.flush()) == ["applied", "applied"]
        assert [words(draft) for draft in Draft.objects.all()] == ([half] if stays else [])

    def test_one_that_does_not_open_right_now_stays(self, phone, record) -> None:
        moment = record()
        phone.write("draft.put", moment_id=moment.public_id, note="half")
        phone.flush()
        Draft.objects.update(content_sealed=b"shut for now")
        phone.write("update", moment_id=moment.public_id, base={"rev": 1}, note="half")
        assert statuses(phone.flush()) == ["applied"]
        assert bytes(Draft.objects.get().content_sealed) == b"shut for now"

    def test_an_empty_one_takes_it_away(self, phone) -> None:
        op = phone.write("draft.put", note="half")
        phone.write("draft.put", moment_id=op["moment_id"])
        phone.flush()
        assert not Draft.objects.exists()

    def test_an_empty_one_takes_it_away_from_a_saved_moment_too(self, phone, tap) -> None:
        """Its author chose to leave the moment as it is."""
        op = tap(note="whole")
        phone.flush()
        phone.write("draft.put", moment_id=op["moment_id"], note="other words")
        phone.flush()
        assert words(Draft.objects.get()) == {"note": "other words"}
        phone.write("draft.put", moment_id=op["moment_id"])
        assert statuses(phone.flush()) == ["applied"]
        assert not Draft.objects.exists()

    def test_one_that_comes_late_is_kept_only_for_words_that_are_nowhere_else(self, phone, tap) -> None:
        op = tap(note="whole")
        phone.flush()
        phone.write("draft.put", moment_id=op["moment_id"], note="whole")
        phone.flush()
        assert not Draft.objects.exists()
        phone.write("draft.put", moment_id=op["moment_id"], note="other words")
        phone.flush()
        assert words(Draft.objects.get()) == {"note": "other words"}
        assert moment_of(op).revision == 1

    def test_a_sheet_goes_on_in_its_row_after_its_moment_was_deleted(
        self, phone, record, parent, now
    ) -> None:
        moment = record()
        sheet = {"moment_id": moment.public_id}
        first = phone.write("draft.put", note="half", **sheet)
        phone.flush()
        delete_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        gone = Draft.objects.get()
        phone.write("draft.put", base={"op": first["op_id"]}, note="half a word", **sheet)
        assert statuses(phone.flush()) == ["applied"]
        draft = Draft.objects.get()
        assert words(draft) == {"note": "half a word"}
        assert (draft.pk, draft.kind, draft.expires_at) == (gone.pk, "gone", gone.expires_at)
        phone.write("draft.put", base={"op": first["op_id"]}, **sheet)
        assert statuses(phone.flush()) == ["applied"]
        assert not Draft.objects.exists()

    @pytest.mark.parametrize("names_sheet", [True, False])
    def test_a_later_one_keeps_the_id_under_which_it_is_discarded(self, names_sheet, phone) -> None:
        first = phone.write("draft.put", note="half")
        phone.flush()
        before = Draft.objects.get().public_id
        base = {"op": first["op_id"]} if names_sheet else None
        phone.write("draft.put", moment_id=first["moment_id"], base=base, note="half a word")
        phone.flush()
        assert (Draft.objects.get().public_id, words(Draft.objects.get())["note"]) == (before, "half a word")

    def test_to_discard_one_is_to_discard_those_whose_place_it_took(self, phone) -> None:
        """For a backup holds them still."""
        first = phone.write("draft.put", note="a blue")
        other = phone.write("draft.put", moment_id=first["moment_id"], note="a boat")
        phone.flush()
        ids = set(Draft.objects.values_list("public_id", flat=True))
        assert len(ids) == 2
        sheet = {"moment_id": first["moment_id"], "base": {"op": other["op_id"]}}
        phone.write("draft.put", **sheet, note="a blue boat")
        assert statuses(phone.flush()) == ["applied"]
        assert words(Draft.objects.get()) == {"note": "a blue boat"}
        phone.write("draft.put", **sheet, note="a blue boat at sea")
        phone.write("draft.put", **sheet)
        phone.flush()
        assert not Draft.objects.exists()
        noted = LedgerEntry.objects.filter(kind=Noted.DISCARDED).values_list("subject", flat=True)
        assert set(noted) == set(map(str, ids))

    @pytest.mark.parametrize("claims", [{"earlier": 5}, {"covers": ["not an id, but words"], "earlier": [1]}])
    def test_a_phone_cannot_write_what_is_kept_beside_its_words(self, claims, phone) -> None:
        first = phone.write("draft.put", note="half")
        plain = {"type": "draft.put", "base": {"op": first["op_id"]}, "fields": {"note": "half a"}, **claims}
        phone.queue.append(phone.seal_op(plain, moment_id=first["moment_id"]))
        assert statuses(phone.flush()) == ["applied"] * 2
        draft = Draft.objects.get()
        assert (words(draft), draft.covers) == ({"note": "half a"}, [])
        phone.write("draft.put", moment_id=first["moment_id"], base={"op": first["op_id"]})
        assert statuses(phone.flush()) == ["applied"]
        assert list(LedgerEntry.objects.values_list("subject", flat=True)) == [str(draft.public_id)]

    def test_one_that_is_not_right_belongs_to_its_sheet_too(self, phone) -> None:
        first = phone.write("draft.put", note="the blue door")
        long = "x" * 6_000
        phone.write("draft.put", moment_id=first["moment_id"], base={"op": first["op_id"]}, note=long)
        assert statuses(phone.flush()) == ["applied"] * 2
        assert words(Draft.objects.get()) == {"note": long}

    def test_one_that_arrives_after_a_later_one_of_its_sheet_does_not_take_its_place(
        self, phone, now
    ) -> None:
        first = phone.write("draft.put", note="the")
        sheet = {"moment_id": first["moment_id"], "base": {"op": first["op_id"]}}

        def put(seconds: int, **said: str) -> dict:
            with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
                return phone.write("draft.put", **sheet, **said)

        early, other = put(10, note="the blue"), put(20, note="a boat")
        late, left = put(30, note="the blue door"), put(40)
        phone.send([first, late, early])
        assert words(Draft.objects.get()) == {"note": "the blue door"}
        phone.send([other])
        assert sorted(words(draft)["note"] for draft in Draft.objects.all()) == ["a boat", "the blue door"]
        Draft.objects.filter(op_id=other["op_id"]).delete()
        again = put(35, note="the blue door was open")
        phone.send([left, again])
        assert not Draft.objects.exists()

    def test_it_need_not_be_complete_or_right(self, phone) -> None:
        phone.write("draft.put", note="x" * 6_000, tone="")
        assert statuses(phone.flush()) == ["applied"]
        assert len(words(Draft.objects.get())["note"]) == 6_000


class TestForgetting:
    def test_operations_are_known_for_400_days(self, phone, tap, now) -> None:
        op = tap()
        phone.flush()
        assert forget_ops(now=now + OPS_KEPT) == 0
        assert forget_ops(now=now + OPS_KEPT + timedelta(seconds=1)) == 1
        # Later than that the moment itself still is there, and is not doubled.
        assert statuses(phone.send([op])) == ["applied"]
        assert Observation.objects.count() == 1

    def test_what_is_held_is_not_forgotten(self, phone, now) -> None:
        phone.write("update", moment_id=uuid.uuid4(), base={"op": str(uuid.uuid4())}, note="held")
        phone.flush()
        assert forget_ops(now=now + 2 * OPS_KEPT) == 0


class TestBreakingOff:
    def test_one_that_breaks_off_stops_no_other_and_stays_on_the_phone(
        self, phone, tap, monkeypatch, caplog
    ) -> None:
        broken = tap(note="broken")
        good = tap(note="good")

        def fail(**said):
            if uuid.UUID(broken["moment_id"]) in [one.moment_id for one in said["new"]]:
                raise RuntimeError
            return record_moments(**said)

        for door in ("observations.sync.applying", "observations.services.captures"):
            monkeypatch.setattr(f"{door}.record_moments", fail)
        results = phone.flush()
        assert [(r["status"], r["code"]) for r in results] == [("deferred", "failed"), ("applied", "")]
        assert phone.queue == [broken]
        assert Observation.objects.get().public_id == uuid.UUID(good["moment_id"])
        assert "broke off" in caplog.text
        monkeypatch.undo()
        assert statuses(phone.flush()) == ["applied"]
        assert Revision.objects.count() == 0
