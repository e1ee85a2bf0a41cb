"""The key of each person: made with the first word, remembered no longer than a request, destroyed for good."""

from __future__ import annotations

import base64
import io
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from celery import shared_task
from django.contrib.auth.decorators import login_not_required
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from accounts.models import User
from common.errors import Conflict
from common.models import PersonKey
from common.person_keys import (
    count_on_old_keys,
    destroy_person_key,
    fetch_keys,
    remembering,
    rewrap,
    seal,
    unseal,
)
from common.sealing import SealBroken, current_key_id, key_id

urlpatterns: list[Any] = []
PLACE = {"table": "notes", "row": "7:a", "field": "note"}
OLD, NEW, OTHER = (
    f"{name}:{base64.b64encode(os.urandom(32)).decode()}" for name in ("k-old", "k-new", "k-other")
)

one_connection = pytest.mark.skipif(
    connection.vendor == "sqlite",
    reason="one connection for all threads: SQLite's test database is in memory",
)


def sealed_by(user: User, text: str = "words") -> bytes:
    return seal(text, owner_id=user.pk, **PLACE)


def opens(sealed: bytes, user: User) -> str | None:
    try:
        return unseal(sealed, owner_id=user.pk, **PLACE)
    except SealBroken:
        return None


def wrapped(user: User) -> bytes:
    return bytes(PersonKey.objects.get(pk=user.pk).wrapped)


@contextmanager
def rolled_back() -> Iterator[None]:
    """A transaction that ends as if nothing had been."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class TestSeal:
    def test_what_a_person_sealed_opens_with_their_key(self, parent: User) -> None:
        assert opens(sealed_by(parent, "a 🦊 in the attic"), parent) == "a 🦊 in the attic"

    def test_nothing_stays_nothing_and_makes_no_key(self, parent: User) -> None:
        assert sealed_by(parent, "") == b""
        assert opens(b"", parent) == ""
        assert not PersonKey.objects.exists()

    def test_each_person_has_one_key_of_their_own(self, parent: User, co_parent: User) -> None:
        mine, theirs = sealed_by(parent), sealed_by(co_parent)
        sealed_by(parent, "more words")
        assert PersonKey.objects.count() == 2
        assert (opens(mine, co_parent), opens(theirs, parent)) == (None, None)

    def test_a_key_moved_to_another_person_does_not_open(self, parent: User, co_parent: User) -> None:
        mine = sealed_by(parent)
        PersonKey.objects.create(pk=co_parent.pk, wrapped=wrapped(parent))
        assert opens(mine, co_parent) is None

    @pytest.mark.parametrize("part", ["table", "row", "field"])
    def test_another_place_does_not_open_it(self, parent: User, part: str) -> None:
        sealed = sealed_by(parent)
        with pytest.raises(SealBroken):
            unseal(sealed, owner_id=parent.pk, **{**PLACE, part: "other"})

    def test_every_flipped_bit_is_noticed(self, parent: User) -> None:
        sealed = sealed_by(parent)
        with remembering():
            for position in range(len(sealed)):
                damaged = bytearray(sealed)
                damaged[position] ^= 1
                assert opens(bytes(damaged), parent) is None

    def test_a_key_that_does_not_open_is_not_replaced(self, parent: User, settings: Any) -> None:
        settings.FIELD_KEYS = [OLD]
        before = sealed_by(parent), wrapped(parent)
        settings.FIELD_KEYS = [NEW]
        with pytest.raises(SealBroken):
            sealed_by(parent)
        settings.FIELD_KEYS = [NEW, OLD]
        assert wrapped(parent) == before[1]
        assert opens(before[0], parent) == "words"


class TestDestroy:
    def test_it_takes_that_persons_words_and_nobody_elses(self, parent: User, co_parent: User) -> None:
        mine, theirs = sealed_by(parent), sealed_by(co_parent)
        destroy_person_key(owner_id=parent.pk)
        destroy_person_key(owner_id=parent.pk)
        assert (opens(mine, parent), opens(theirs, co_parent)) == (None, "words")

    @pytest.mark.parametrize("wrote_before", [True, False])
    def test_no_new_key_is_made_for_whoever_is_being_erased(self, parent: User, wrote_before: bool) -> None:
        if wrote_before:
            sealed_by(parent)
        destroy_person_key(owner_id=parent.pk)
        with pytest.raises(Conflict):
            sealed_by(parent)
        assert wrapped(parent) == b""

    def test_somebody_who_is_gone_already_is_passed_by(self, parent: User) -> None:
        sealed_by(parent)
        User.objects.filter(pk=parent.pk).delete()
        destroy_person_key(owner_id=parent.pk)
        assert not PersonKey.objects.exists()

    def test_one_that_is_rolled_back_destroyed_nothing(self, parent: User) -> None:
        sealed = sealed_by(parent)
        with remembering():
            with rolled_back():
                destroy_person_key(owner_id=parent.pk)
                assert opens(sealed, parent) is None
            assert opens(sealed, parent) == "words"

    @one_connection
    def test_it_takes_a_key_that_somebody_is_just_making(self, transactional_db: None, parent: User) -> None:
        made, asked = threading.Event(), threading.Event()

        def write() -> bytes:
            try:
                with transaction.atomic():
                    sealed = sealed_by(parent)
                    made.set()
                    asked.wait(10)
                    return sealed
            finally:
                connections.close_all()

        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(write)
            assert made.wait(10)
            threading.Timer(0.3, asked.set).start()
            destroy_person_key(owner_id=parent.pk)  # waits for the writer
            assert opens(writing.result(), parent) is None


class TestMakingAKey:
    def test_one_that_is_rolled_back_seals_nothing_that_stays(self, parent: User) -> None:
        with remembering():
            with rolled_back():
                sealed_by(parent)
            assert not PersonKey.objects.exists()
            kept = sealed_by(parent, "kept")
        assert opens(kept, parent) == "kept"

    @one_connection
    def test_two_first_words_at_once_make_one_key(self, transactional_db: None, parent: User) -> None:
        together = threading.Barrier(4)

        def write(number: int) -> bytes:
            try:
                with transaction.atomic():
                    together.wait(10)
                    return sealed_by(parent, f"words {number}")
            finally:
                connections.close_all()

        with ThreadPoolExecutor(4) as pool:
            sealed = list(pool.map(write, range(4)))
        assert PersonKey.objects.count() == 1
        assert [opens(one, parent) for one in sealed] == [f"words {number}" for number in range(4)]


class TestRemembering:
    """Somebody else destroys the key: with a statement that this process does not know of."""

    @staticmethod
    def empty(user: User) -> None:
        PersonKey.objects.filter(pk=user.pk).update(wrapped=b"")

    @pytest.fixture
    def sealed(self, parent: User) -> bytes:
        return sealed_by(parent)

    def test_one_query_serves_a_block_and_none_is_left_of_it(
        self, sealed: bytes, parent: User, django_assert_num_queries: Callable[[int], Any]
    ) -> None:
        with remembering(), django_assert_num_queries(1):
            assert [opens(sealed, parent) for _each in range(5)] == ["words"] * 5
        self.empty(parent)
        assert opens(sealed, parent) is None

    def test_all_authors_of_a_page_take_one_query(
        self, sealed: bytes, parent: User, co_parent: User, django_assert_num_queries: Callable[[int], Any]
    ) -> None:
        theirs = sealed_by(co_parent)
        with remembering(), django_assert_num_queries(1):
            fetch_keys({parent.pk, co_parent.pk})
            assert (opens(sealed, parent), opens(theirs, co_parent)) == ("words", "words")

    def test_that_there_is_no_key_is_remembered_as_well(
        self, sealed: bytes, helper: User, django_assert_num_queries: Callable[[int], Any]
    ) -> None:
        with remembering(), django_assert_num_queries(1):
            assert [opens(sealed, helper) for _each in range(5)] == [None] * 5

    def test_without_a_block_every_use_asks(self, sealed: bytes, parent: User) -> None:
        assert opens(sealed, parent) == "words"
        self.empty(parent)
        assert opens(sealed, parent) is None

    def test_each_request_asks_anew_and_leaves_nothing(
        self, sealed: bytes, parent: User, client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One that runs while the key goes may end as it began."""

        @login_not_required
        def look(request: HttpRequest) -> HttpResponse:
            return HttpResponse(f"{opens(sealed, parent)}, {self.empty(parent)}, {opens(sealed, parent)}")

        monkeypatch.setattr(sys.modules[__name__], "urlpatterns", [path("look/", look)])
        settings.ROOT_URLCONF = __name__
        assert client.get("/look/").content == b"words, None, words"
        assert opens(sealed, parent) is None
        assert client.get("/look/").content == b"None, None, None"

    def test_each_task_asks_anew_and_leaves_nothing(self, sealed: bytes, parent: User) -> None:
        seen = []

        @shared_task
        def look(**_: Any) -> None:
            seen.append([opens(sealed, parent), self.empty(parent), opens(sealed, parent)])

        look.apply()
        look.apply()
        assert seen == [["words", None, "words"], [None, None, None]]
        assert opens(sealed, parent) is None

    @one_connection
    def test_another_thread_knows_nothing(self, transactional_db: None, parent: User) -> None:
        sealed = sealed_by(parent)

        def look() -> str | None:
            try:
                return opens(sealed, parent)
            finally:
                connections.close_all()

        with remembering(), ThreadPoolExecutor(1) as pool:
            assert opens(sealed, parent) == "words"
            self.empty(parent)
            assert pool.submit(look).result() is None


def rotate(**options: Any) -> str:
    out = io.StringIO()
    call_command("rotate_field_keys", stdout=out, **options)
    return out.getvalue()


class TestRotation:
    @pytest.fixture
    def people(self, make_user: Callable[..., User], settings: Any) -> list[User]:
        """Five people who wrote, and one who did not, on the old field key."""
        settings.FIELD_KEYS = [OLD]
        people = [make_user(f"person{number}") for number in range(6)]
        for user in people[:5]:
            sealed_by(user)
        return people

    @pytest.fixture
    def sealed(self, people: list[User]) -> dict[User, bytes]:
        return {user: sealed_by(user, f"words of {user.pk}") for user in people[:5]}

    def test_old_and_new_are_read_side_by_side(
        self, people: list[User], sealed: dict[User, bytes], settings: Any
    ) -> None:
        settings.FIELD_KEYS = [NEW, OLD]
        late = sealed_by(people[5])
        assert key_id(wrapped(people[5])) == "k-new"
        assert opens(late, people[5]) == "words"
        assert [opens(text, user) for user, text in sealed.items()] == [f"words of {u.pk}" for u in sealed]

    def test_every_key_moves_and_every_word_still_opens(
        self, sealed: dict[User, bytes], settings: Any
    ) -> None:
        settings.FIELD_KEYS = [NEW, OLD]
        assert count_on_old_keys() == 5
        said = rotate(chunk=2)
        assert "5 keys moved, 0 left" in said
        assert "Everything is on the field key 'k-new'." in said
        settings.FIELD_KEYS = [NEW]
        assert [opens(text, user) for user, text in sealed.items()] == [f"words of {u.pk}" for u in sealed]

    def test_running_it_again_writes_nothing(self, people: list[User], settings: Any) -> None:
        settings.FIELD_KEYS = [NEW, OLD]
        rotate()
        before = dict(PersonKey.objects.values_list("pk", "wrapped"))
        assert "0 keys moved, 0 left" in rotate()
        assert {pk: bytes(key) for pk, key in PersonKey.objects.values_list("pk", "wrapped")} == {
            pk: bytes(key) for pk, key in before.items()
        }

    def test_it_goes_on_where_it_was_stopped(self, people: list[User], settings: Any) -> None:
        settings.FIELD_KEYS = [NEW, OLD]
        assert rewrap(limit=2).count == 2
        assert count_on_old_keys() == 3
        assert "3 keys moved, 0 left" in rotate()

    def test_a_key_that_does_not_open_is_left_named_and_told(
        self, people: list[User], sealed: dict[User, bytes], settings: Any, caplog: Any
    ) -> None:
        broken = people[2]
        PersonKey.objects.filter(pk=broken.pk).update(wrapped=wrapped(people[3]))
        settings.FIELD_KEYS = [NEW, OLD]
        with pytest.raises(CommandError, match="1 keys are not on the field key 'k-new'"):
            rotate(chunk=1)
        assert f"the key of user {broken.pk} stays" in caplog.text
        assert {key_id(wrapped(user)) for user in people[:5] if user != broken} == {current_key_id()}

    def test_it_is_not_done_while_a_process_still_makes_keys_with_the_old_one(
        self, people: list[User], settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A web process that was not restarted seals a newcomer's key just as the walk is over."""

        def old_process_writes() -> int:
            settings.FIELD_KEYS = [OLD, NEW]
            sealed_by(people[5])
            settings.FIELD_KEYS = [NEW, OLD]
            return count_on_old_keys()

        settings.FIELD_KEYS = [NEW, OLD]
        path = "attune_project.management.commands.rotate_field_keys.count_on_old_keys"
        monkeypatch.setattr(path, old_process_writes)
        with pytest.raises(CommandError, match="restart what still runs without it"):
            rotate()
        monkeypatch.undo()
        assert "1 keys moved, 0 left" in rotate()

    def test_a_destroyed_key_stays_destroyed(self, people: list[User], settings: Any) -> None:
        destroy_person_key(owner_id=people[0].pk)
        settings.FIELD_KEYS = [NEW, OLD]
        assert "4 keys moved, 0 left" in rotate()
        assert wrapped(people[0]) == b""

    def test_without_its_field_key_a_key_stays_shut_and_says_whose_it_is(
        self, sealed: dict[User, bytes], settings: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.FIELD_KEYS = [OTHER]
        with caplog.at_level(logging.ERROR):
            user, text = next(iter(sealed.items()))
            assert opens(text, user) is None
        assert caplog.messages == [f"the key of user {user.pk}: unknown key id in common_personkey.wrapped"]
