"""What waits here as a phone sent it ends with the key of its author, as their notes do."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from accounts.services import ask_to_be_erased
from common.models import PersonKey
from common.person_keys import FORMAT, destroy_person_key
from observations.models import Draft, Observation, SealingKey, SyncOp
from observations.rules import HELD_MAX
from observations.sync import open_shut, seal_bare, take_held
from observations.sync.as_sent import KeyMissing, held_of, shut_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(phone, tap) -> SyncOp:
    """A change that waits for its moment; what it waits for stays in the outbox."""
    op = tap(note="one")
    phone.queue = []
    later = phone.write("update", moment_id=op["moment_id"], base={"op": op["op_id"]}, note="two")
    assert [result["status"] for result in phone.send([later])] == ["deferred"]
    phone.queue = [op]
    return SyncOp.objects.get(op_id=later["op_id"])


@pytest.fixture
def shut(phone, tap) -> Draft:
    """What no key of the installation opens."""
    op = tap(note="kept")
    SealingKey.objects.all().delete()
    phone.rescue([op], reason="undecryptable")
    phone.queue = [op]
    return Draft.objects.get()


class TestHeld:
    def test_it_is_sealed_to_its_author_over_what_the_phone_sealed(self, held) -> None:
        assert bytes(held.held_sealed).startswith(FORMAT)
        assert len(held_of(held)) > 100
        assert held_of(held).encode() not in bytes(held.held_sealed)

    def test_nobody_reads_it_once_its_authors_key_is_destroyed(self, held, parent, now, caplog) -> None:
        destroy_person_key(owner_id=parent.pk)
        with pytest.raises(KeyMissing):
            held_of(SyncOp.objects.get(pk=held.pk))
        assert take_held(now=now + HELD_MAX + timedelta(seconds=1)) == 0
        assert "its author's key does not open it" in caplog.text
        held.refresh_from_db()
        assert held.status == "deferred"

    def test_a_key_that_is_missing_for_a_while_loses_nothing(self, held, phone, parent, now) -> None:
        key = PersonKey.objects.get(pk=parent.pk)
        wrapped, key.wrapped = bytes(key.wrapped), b"shut for now"
        key.save()
        PersonKey.objects.filter(pk=parent.pk).update(wrapped=b"shut for now")
        assert take_held(now=now + HELD_MAX + timedelta(seconds=1)) == 0
        PersonKey.objects.filter(pk=parent.pk).update(wrapped=wrapped)
        assert [result["status"] for result in phone.flush()] == ["applied"]
        assert Observation.objects.get().note == "two"


class TestShut:
    def test_it_is_sealed_to_its_author_over_what_the_phone_sealed(self, shut, phone) -> None:
        assert bytes(shut.shut_sealed).startswith(FORMAT)
        assert shut_of(shut) == phone.queue[0]["sealed"]

    def test_nobody_reads_it_once_its_authors_key_is_destroyed(self, shut, parent) -> None:
        destroy_person_key(owner_id=parent.pk)
        with pytest.raises(KeyMissing):
            shut_of(Draft.objects.get())


class TestSealBare:
    """What a process of the version before writes during an upgrade."""

    def test_held_ones_are_read_as_they_are_and_sealed_within_the_hour(self, held, phone) -> None:
        bare = held_of(held)
        SyncOp.objects.filter(pk=held.pk).update(held_sealed=bare.encode())
        held.refresh_from_db()
        assert held_of(held) == bare
        assert (seal_bare(), seal_bare()) == (1, 0)
        held.refresh_from_db()
        assert bytes(held.held_sealed).startswith(FORMAT)
        assert [result["status"] for result in phone.flush()] == ["applied"]
        assert Observation.objects.get().note == "two"

    def test_shut_ones_too(self, phone, tap) -> None:
        op = tap(note="kept")
        key = SealingKey.objects.get()
        key.delete()
        phone.rescue([op], reason="undecryptable")
        Draft.objects.update(shut_sealed=op["sealed"].encode())
        assert seal_bare() == 1
        key.pk = None
        key.save()
        assert open_shut() == 1
        assert '"kept"' in Draft.objects.get().content

    def test_one_that_cannot_be_sealed_stands_in_nobodys_way(
        self, held, phone_of, co_parent, parent, now, caplog
    ) -> None:
        other = phone_of(co_parent)
        other.write("update", moment_id=uuid.uuid4(), base={"op": str(uuid.uuid4())}, note="theirs")
        other.flush()
        for row in SyncOp.objects.filter(status="deferred"):
            SyncOp.objects.filter(pk=row.pk).update(held_sealed=held_of(row).encode())
        destroy_person_key(owner_id=parent.pk)
        assert seal_bare(chunk=1) == 1
        assert "could not be sealed to its author" in caplog.text
        assert bytes(SyncOp.objects.get(author=co_parent).held_sealed).startswith(FORMAT)
        # No key of the installation opens the first any more either, and there is nothing to keep it under.
        SealingKey.objects.all().delete()
        assert take_held(now=now + HELD_MAX + timedelta(seconds=1)) == 1
        assert f"operation {held.op_id} is held, and could not be tried" in caplog.text
        assert SyncOp.objects.get(pk=held.pk).status == "deferred"

    def test_one_that_was_discarded_meanwhile_is_no_more(self, phone, tap, monkeypatch) -> None:
        phone.rescue([tap(note="kept")], reason="undecryptable")
        monkeypatch.setattr("observations.sync.as_sent._keys_of", lambda _rows, _chunk: iter([0]))
        assert seal_bare() == 0

    def test_whoever_asked_to_be_erased_is_left_alone(self, held, parent, now) -> None:
        SyncOp.objects.filter(pk=held.pk).update(held_sealed=b"bare")
        ask_to_be_erased(actor_id=parent.pk, confirmation="erase", now=now)
        assert seal_bare() == 0

    def test_what_is_no_base64_is_kept_too(self, phone, parent) -> None:
        op = {"op_id": str(uuid.uuid4()), "moment_id": str(uuid.uuid4()), "kid": "x", "sealed": "é"}
        phone.rescue([op], reason="undecryptable")
        assert shut_of(Draft.objects.get()) == "é"
