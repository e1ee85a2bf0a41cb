"""Notes at rest: bound to their row, opened by every known key, moved to the newest."""

from __future__ import annotations

import base64
import io
import os
import uuid
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from common.sealed import SUFFIX, count_on_old_keys, list_sealed_columns, reseal
from common.sealing import SealBroken, current_key_id, key_id
from observations.models import Observation, Revision
from observations.selectors import MomentFilters, get_moment, list_moments
from observations.services import answer_self_check, edit_moment

OLD, NEW = (f"{name}:{base64.b64encode(os.urandom(32)).decode()}" for name in ("k-old", "k-new"))


@pytest.fixture
def on_old_key(settings):
    settings.FIELD_KEYS = [OLD]


@pytest.fixture
def notes(on_old_key, record, parent, now):
    """Five moments with notes, one without, one edited twice: seven sealed values on the old key."""
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


def rotate(**options) -> str:
    out = io.StringIO()
    call_command("rotate_field_keys", stdout=out, **options)
    return out.getvalue()


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


class TestRotation:
    def test_old_and_new_are_read_side_by_side(self, notes, record, parent, settings):
        settings.FIELD_KEYS = [NEW, OLD]
        record(details={"note": "newer"})
        read = {row.note for row in list_moments(actor_id=parent.pk).items}
        assert read == {"again 1", "note 1", "note 2", "note 3", "note 4", "", "newer"}

    def test_everything_moves_and_nothing_changes(self, notes, parent, settings):
        settings.FIELD_KEYS = [NEW, OLD]
        columns = {str(column): column for column in list_sealed_columns()}
        assert count_on_old_keys(columns["observations.Observation.note_sealed"]) == 5
        assert count_on_old_keys(columns["observations.Revision.note_sealed"]) == 2
        before = {row.pk: (row.note, row.revision, row.changed_at) for row in Observation.objects.all()}
        rotate(chunk=2)
        assert {column: count_on_old_keys(found) for column, found in columns.items()} == dict.fromkeys(
            columns, 0
        )
        settings.FIELD_KEYS = [NEW]
        after = {row.pk: (row.note, row.revision, row.changed_at) for row in Observation.objects.all()}
        assert after == before
        assert [row.note for row in Revision.objects.order_by("number")] == ["note 0", "again 0"]

    def test_running_it_again_writes_nothing(self, notes, settings):
        settings.FIELD_KEYS = [NEW, OLD]
        rotate()
        before = dict(Observation.objects.values_list("pk", "note_sealed"))
        assert "Observation.note_sealed: 0 resealed, 0 left" in rotate()
        assert {pk: bytes(value) for pk, value in Observation.objects.values_list("pk", "note_sealed")} == {
            pk: bytes(value) for pk, value in before.items()
        }

    def test_it_goes_on_where_it_was_stopped(self, notes, settings):
        settings.FIELD_KEYS = [NEW, OLD]
        column = next(found for found in list_sealed_columns() if found.model is Observation)
        assert reseal(column, limit=2).count == 2
        assert count_on_old_keys(column) == 3
        rotate()
        assert count_on_old_keys(column) == 0

    def test_a_row_that_does_not_open_is_left_named_and_told(self, notes, settings, caplog):
        settings.FIELD_KEYS = [NEW, OLD]
        broken = notes[2]
        Observation.objects.filter(pk=broken.pk).update(note_sealed=notes[3].note_sealed)
        with pytest.raises(CommandError, match="1 texts"):
            rotate(chunk=1)
        assert f"row {broken.pk} stays" in caplog.text
        assert "note 3" not in caplog.text
        others = Observation.objects.exclude(pk=broken.pk).exclude(note_sealed=b"")
        assert {key_id(row.note_sealed) for row in others} == {current_key_id()}

    def test_an_edit_seals_with_the_newest_key(self, notes, parent, now, settings):
        settings.FIELD_KEYS = [NEW, OLD]
        edit_moment(actor_id=parent.pk, moment_id=notes[4].public_id, details={"note": "after"}, now=now)
        assert key_id(Observation.objects.get(pk=notes[4].pk).note_sealed) == "k-new"
        assert get_moment(actor_id=parent.pk, moment_id=notes[4].public_id).note == "after"


class TestTheRegister:
    def test_every_sealed_column_is_declared(self):
        columns = {
            f"{model._meta.label}.{field.name}"
            for model in apps.get_models()
            for field in model._meta.get_fields()
            if field.name.endswith(SUFFIX)
        }
        assert columns == {str(column) for column in list_sealed_columns()}
        assert "observations.Observation.note_sealed" in columns  # it can see
