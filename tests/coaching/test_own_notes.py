"""What a coach writes for themselves: theirs for as long as they have an account, and nothing of a family beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.services import ask_to_be_erased, erase_due
from coaching.estate import CoachingEstate
from coaching.models import OwnNote
from coaching.rules import OWN_LABEL_MAX, OWN_NOTE_MAX
from coaching.selectors import get_own_note, list_own_notes_beside, page_own_notes
from coaching.services import delete_own_note, rewrite_own_note, write_own_note
from common import ledger
from common.errors import NotVisible
from common.models import LedgerEntry
from common.person_keys import remembering
from households.models import Child, Grant, Household
from households.services import separate_household, withdraw_grant

Give = Callable[..., Grant]
WORDS = "Ask how the mornings are"


@pytest.fixture
def grant(give: Give) -> Grant:
    return give()


@pytest.fixture
def write(coach: User, grant: Grant, now: datetime) -> Callable[..., OwnNote]:
    def put(text: str = WORDS, **asked: Any) -> OwnNote:
        given = {"actor_id": coach.pk, "grant_id": grant.public_id, "now": now, "text": text}
        return write_own_note(**{**given, **asked})

    return put


def beside(grant: Grant, now: datetime) -> list[int]:
    notes, _are_more = list_own_notes_beside(grant, now=now)
    return [note.pk for note in notes]


class TestWriting:
    def test_is_sealed_and_a_second_tap_writes_nothing(self, write: Callable[..., OwnNote]) -> None:
        first, again = write(label="Mornings"), write(label="Mornings")
        assert first.pk == again.pk
        row = OwnNote.objects.get()
        assert (row.text, row.label) == (WORDS, "Mornings")
        assert WORDS.encode() not in bytes(row.text_sealed)
        assert b"Mornings" not in bytes(row.label_sealed)

    @pytest.mark.parametrize(
        ("asked", "field"),
        [
            ({"text": "  "}, "text"),
            ({"text": "x" * (OWN_NOTE_MAX + 1)}, "text"),
            ({"label": "x" * (OWN_LABEL_MAX + 1)}, "label"),
        ],
    )
    def test_says_what_to_mend(
        self, write: Callable[..., OwnNote], asked: dict[str, str], field: str
    ) -> None:
        with pytest.raises(ValidationError) as refused:
            write(**asked)
        assert set(refused.value.error_dict) == {field}
        assert not OwnNote.objects.exists()

    def test_there_is_an_end_to_how_many(
        self, write: Callable[..., OwnNote], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("coaching.services.own_notes.OWN_NOTES_MAX", 1)
        write()
        with pytest.raises(ValidationError, match="no room"):
            write("Another")

    def test_needs_a_live_grant_and_changing_does_not(
        self, write: Callable[..., OwnNote], parent: User, coach: User, grant: Grant, now: datetime
    ) -> None:
        note = write()
        withdraw_grant(actor_id=parent.pk, grant_id=grant.public_id, now=now)
        with pytest.raises(NotVisible):
            write("Another")
        rewrite_own_note(actor_id=coach.pk, note_id=note.public_id, text="Other words", now=now)
        assert OwnNote.objects.get().text == "Other words"
        delete_own_note(actor_id=coach.pk, note_id=note.public_id)
        assert not OwnNote.objects.exists()


class TestReading:
    def test_is_for_its_coach_alone(
        self, write: Callable[..., OwnNote], parent: User, stranger: User, now: datetime
    ) -> None:
        note = write()
        for other in (parent, stranger):
            assert page_own_notes(coach_id=other.pk).items == []
            with pytest.raises(NotVisible):
                get_own_note(coach_id=other.pk, note_id=note.public_id)
            with pytest.raises(NotVisible):
                rewrite_own_note(actor_id=other.pk, note_id=note.public_id, text="x", now=now)
            with pytest.raises(NotVisible):
                delete_own_note(actor_id=other.pk, note_id=note.public_id)

    def test_lies_beside_its_author_until_the_grant_is_over(
        self,
        write: Callable[..., OwnNote],
        give: Give,
        parent: User,
        co_parent: User,
        coach: User,
        grant: Grant,
        now: datetime,
    ) -> None:
        note = write()
        assert beside(grant, now) == [note.pk]
        assert beside(give(co_parent), now) == []
        withdraw_grant(actor_id=parent.pk, grant_id=grant.public_id, now=now)
        assert beside(grant, now) == []
        assert [row.text for row in page_own_notes(coach_id=coach.pk).items] == [WORDS]
        assert beside(give(), now) == [note.pk], "and they meet again"

    def test_says_when_earlier_ones_had_no_room(
        self,
        write: Callable[..., OwnNote],
        grant: Grant,
        client_of: Callable[[User], Any],
        coach: User,
        time_machine: Any,
        now: datetime,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("coaching.selectors.own_notes.PAGE_SIZE", 2)
        time_machine.move_to(now, tick=False)
        browser, page = client_of(coach), f"/coach/grants/{grant.public_id}/notes/"
        write("First")
        write("Second")
        assert "earlier ones" not in browser.get(page).content.decode()
        write("Third")
        told = browser.get(page).content.decode()
        assert ("earlier ones are among" in told, "First" in told, "Second" in told) == (True, False, True)

    def test_costs_no_more_queries_for_many(self, write: Callable[..., OwnNote], coach: User) -> None:
        def asked() -> int:
            with remembering(), CaptureQueriesContext(connection) as queries:
                assert all(row.text for row in page_own_notes(coach_id=coach.pk).items)
            return len(queries)

        write()
        once = asked()
        for number in range(5):
            write(f"Words {number}")
        assert asked() == once


class TestGoing:
    def test_a_restored_backup_does_not_bring_it_back(
        self, write: Callable[..., OwnNote], coach: User, now: datetime
    ) -> None:
        gone, kept = write(), write("Another")
        delete_own_note(actor_id=coach.pk, note_id=gone.public_id)
        noted = LedgerEntry.objects.get(kind="own_note_deleted")
        assert noted.subject == str(gone.public_id)
        gone.pk = None
        gone.save()  # as the backup has it
        line = json.dumps({"kind": noted.kind, "subject": noted.subject, "at": now.isoformat()})
        for changed in (1, 0):
            assert ledger.reapply([line]).changed["own_note_deleted"] == changed
        assert OwnNote.objects.get().pk == kept.pk

    def test_the_coach_takes_it_along_and_the_family_knows_of_none(
        self,
        write: Callable[..., OwnNote],
        parent: User,
        coach: User,
        household: Household,
        child: Child,
        grant: Grant,
        now: datetime,
    ) -> None:
        note = write(label="Mornings")
        withdraw_grant(actor_id=parent.pk, grant_id=grant.public_id, now=now)
        taken = {
            person: {table.name: list(table.rows()) for table in CoachingEstate().export(person.pk, now)}
            for person in (parent, coach)
        }
        assert taken[coach]["own_notes"] == [(note.public_id, "Mornings", WORDS, False, now, now)]
        for named in (household.public_id, household.name, parent.public_id, child.nickname):
            assert str(named) not in repr(taken[coach])
        assert WORDS not in repr(taken[parent])

    def test_an_erased_author_leaves_it_and_is_forgotten_by_it(
        self, write: Callable[..., OwnNote], parent: User, now: datetime
    ) -> None:
        write()
        erase(parent, now)
        assert OwnNote.objects.values_list("author_id", "household_id").get() == (None, None)
        assert OwnNote.objects.get().text == WORDS

    def test_it_goes_with_its_coachs_account(
        self, write: Callable[..., OwnNote], coach: User, now: datetime
    ) -> None:
        write()
        erase(coach, now)
        assert not OwnNote.objects.exists()

    def test_it_goes_along_with_an_author_who_moves_out(
        self,
        write: Callable[..., OwnNote],
        parent: User,
        coach: User,
        household: Household,
        child: Child,
        grant: Grant,
        now: datetime,
    ) -> None:
        note = write()
        new = separate_household(
            actor_id=parent.pk,
            household_id=household.public_id,
            name="The loft",
            timezone="Europe/Lisbon",
            child_ids=[child.public_id],
            now=now,
        )
        note.refresh_from_db()
        assert note.household_id == new.pk
        grant.refresh_from_db()
        assert beside(grant, now) == [note.pk]


def erase(person: User, now: datetime) -> None:
    ask_to_be_erased(actor_id=person.pk, confirmation="erase", now=now)
    erase_due(now=now + timedelta(days=8))
