"""Notes at rest: sealed by their author's key, bound to their row."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.apps import apps

from accounts.models import User
from common.person_keys import destroy_person_key
from common.sealed import SUFFIX, list_sealed_columns
from common.sealing import SealBroken
from observations.models import Observation, Revision
from observations.selectors import MomentFilters, list_moments
from observations.services import answer_self_check, edit_moment


@pytest.fixture
def notes(record, parent, now):
    """Five moments with notes, one without, one edited twice."""
    moments = [record(details={"note": f"note {number}"}) for number in range(5)]
    record()
    for number in range(2):
        edit_moment(
            actor_id=parent.pk,
            moment_id=moments[0].public_id,
            details={"note": f"again {number}"},
            now=now + timedelta(minutes=number),
        )
    return moments


class TestNotesAtRest:
    def test_the_database_holds_no_word_of_it(self, record):
        moment = record(details={"note": "a canary in the coal mine"})
        assert b"canary" not in bytes(Observation.objects.get(pk=moment.pk).note_sealed)

    def test_a_ciphertext_moved_to_another_row_does_not_open(self, record):
        mine, other = record(details={"note": "mine"}), record(details={"note": "other"})
        Observation.objects.filter(pk=other.pk).update(note_sealed=mine.note_sealed)
        with pytest.raises(SealBroken):
            Observation.note.open(Observation.objects.get(pk=other.pk))

    def test_two_authors_with_one_public_id_cannot_be_swapped(self, record, co_parent):
        moment_id = uuid.uuid4()
        mine = record(moment_id=moment_id, details={"note": "mine"})
        theirs = record(co_parent, moment_id=moment_id, details={"note": "theirs"})
        Observation.objects.filter(pk=theirs.pk).update(note_sealed=mine.note_sealed)
        with pytest.raises(SealBroken):
            Observation.note.open(Observation.objects.get(pk=theirs.pk))

    def test_a_revision_is_sealed_for_its_number(self, notes):
        first, second = Revision.objects.order_by("number")
        first.note_sealed = second.note_sealed
        with pytest.raises(SealBroken):
            Revision.note.open(first)

    def test_a_revision_does_not_open_as_the_moment(self, notes):
        moment = Observation.objects.get(pk=notes[0].pk)
        moment.note_sealed = Revision.objects.get(number=1).note_sealed
        with pytest.raises(SealBroken):
            Observation.note.open(moment)


class TestANoteThatDoesNotOpen:
    @pytest.fixture
    def damaged(self, record, parent, now):
        moment = record(details={"note": "gone astray", "visibility": "household"})
        edit_moment(
            actor_id=parent.pk, moment_id=moment.public_id, details={"note": "gone astray again"}, now=now
        )
        sealed = bytes(Observation.objects.get(pk=moment.pk).note_sealed)[:-1] + b"\0\0"
        Observation.objects.filter(pk=moment.pk).update(note_sealed=sealed)
        return Observation.objects.get(pk=moment.pk)

    def kept(self, moment) -> bytes:
        return bytes(Observation.objects.get(pk=moment.pk).note_sealed)

    def test_the_timeline_its_page_and_its_sheet_say_so_and_show_the_rest(
        self, damaged, record, parent, client_of
    ):
        record(details={"note": "still here"})
        client = client_of(parent)
        listed = client.get("/moments/").content.decode()
        assert "This note cannot be opened." in listed
        assert "still here" in listed
        for address in ("", "edit/", "history/"):
            page = client.get(f"/moments/{damaged.public_id}/{address}")
            assert page.status_code == 200
            assert "This note cannot be opened." in page.content.decode()

    def test_the_api_gives_no_note_and_says_why(self, damaged, record, parent, api_of):
        record()
        assert {
            (item["note"], item["note_unreadable"])
            for item in api_of(parent).get("/api/v1/moments/").json()["items"]
        } == {(None, True), ("", False)}

    def test_its_row_is_logged_once_and_by_its_key_alone(self, damaged, caplog):
        assert [damaged.note, damaged.note, damaged.note_unreadable] == ["", "", True]
        assert [record.getMessage() for record in caplog.records] == [
            f"observations.Observation.note_sealed of row {damaged.pk}: observation.note does not open".replace(
                "observation.note", f"{Observation._meta.db_table}.note"
            )
        ]

    def test_a_search_passes_it_by(self, damaged, record, parent):
        found = record(details={"note": "astray too"})
        page = list_moments(actor_id=parent.pk, filters=MomentFilters(text="astray"))
        assert [row.pk for row in page.items] == [found.pk]

    @pytest.mark.parametrize("details", [{"tone": "missed"}, {"tone": "missed", "note": ""}])
    def test_an_edit_that_says_no_words_keeps_the_bytes(self, damaged, parent, now, details):
        before = bytes(damaged.note_sealed)
        edit_moment(actor_id=parent.pk, moment_id=damaged.public_id, details=details, now=now)
        assert self.kept(damaged) == before
        assert bytes(Revision.objects.get(number=2).note_sealed) == before
        assert Revision.objects.get(number=2).note_unreadable

    def test_the_sheet_saved_as_it_was_shown_keeps_the_bytes(self, damaged, parent, client_of):
        client = client_of(parent)
        address = f"/moments/{damaged.public_id}/edit/"
        form = client.get(address).context["form"]
        data = {"revision": form.initial["revision"], "note": form.initial["note"], "tone": "missed"}
        before = bytes(damaged.note_sealed)
        client.post(address, {**data, "when": "keep", "visibility": "private"})
        changed = Observation.objects.get(pk=damaged.pk)
        assert (changed.tone, bytes(changed.note_sealed)) == ("missed", before)

    def test_new_words_take_its_place_and_the_bytes_stay_in_the_history(self, damaged, parent, now):
        before = bytes(damaged.note_sealed)
        edit_moment(actor_id=parent.pk, moment_id=damaged.public_id, details={"note": "anew"}, now=now)
        assert Observation.objects.get(pk=damaged.pk).note == "anew"
        assert bytes(Revision.objects.get(number=2).note_sealed) == before

    def test_answering_a_week_again_without_words_keeps_the_bytes(self, parent, child, now):
        asked = {
            "actor_id": parent.pk,
            "child_id": child.public_id,
            "day": now.date(),
            "ratings": {},
            "now": now,
        }
        check = answer_self_check(**asked, check_id=uuid.uuid4(), note="a week")
        Observation.objects.filter(pk=check.pk).update(note_sealed=b"damaged")
        answer_self_check(**asked, check_id=uuid.uuid4(), note="", visibility="household")
        assert self.kept(check) == b"damaged"


class TestAKeyThatWasDestroyed:
    """Everything that one person wrote is unreadable with the next request; what others wrote is not."""

    @pytest.fixture
    def house(self, record, parent, co_parent, now):
        own = record(details={"note": "hers alone", "visibility": "household"})
        edit_moment(actor_id=parent.pk, moment_id=own.public_id, details={"note": "hers, again"}, now=now)
        record(co_parent, details={"note": "his words", "visibility": "household"})
        return own

    def texts(self, client) -> str:
        return client.get("/moments/").content.decode()

    @pytest.mark.parametrize("reader", ["parent", "co_parent"])
    def test_the_next_request_reads_nothing_of_theirs(self, house, client_of, parent, reader, request):
        client = client_of(request.getfixturevalue(reader))
        before = self.texts(client)
        destroy_person_key(owner_id=parent.pk)
        after = self.texts(client)
        assert ("hers, again" in before, "his words" in before) == (True, True)
        assert ("hers" in after, "his words" in after) == (False, True)

    def test_the_history_goes_too(self, house, client_of, parent):
        address, client = f"/moments/{house.public_id}/history/", client_of(parent)
        assert "hers alone" in client.get(address).content.decode()
        destroy_person_key(owner_id=parent.pk)
        assert "hers" not in client.get(address).content.decode()

    def test_nothing_more_can_be_written_and_both_doors_say_so(self, house, client_of, api_of, parent):
        destroy_person_key(owner_id=parent.pk)
        sheet = {"tone": "in_tune", "revision": "", "note": "more words", "visibility": "private"}
        page = client_of(parent).post(f"/moments/{house.public_id}/edit/", sheet)
        answer = api_of(parent).patch(
            f"/api/v1/moments/{house.public_id}/",
            {"note": "more words"},
            format="json",
            headers={"If-Match": '"2"'},
        )
        assert (page.status_code, answer.status_code) == (409, 412)
        assert Observation.objects.get(pk=house.pk).revision == 2


class TestTheRegister:
    def test_every_sealed_column_is_declared(self):
        columns = {
            f"{model._meta.label}.{field.name}"
            for model in apps.get_models()
            for field in model._meta.get_fields()
            if field.name.endswith(SUFFIX)
        }
        of_the_installation = {"observations.SealingKey.private_sealed"}  # a key, and nobody's words
        assert columns - of_the_installation == {str(column) for column in list_sealed_columns()}
        assert "observations.Observation.note_sealed" in columns  # it can see

    def test_every_one_of_them_belongs_to_a_person(self):
        for column in list_sealed_columns():
            *path, last = column.text.owner.split("__")
            model = column.model
            for relation in path:
                model = model._meta.get_field(relation).related_model
            assert model._meta.get_field(last).related_model is User, column
