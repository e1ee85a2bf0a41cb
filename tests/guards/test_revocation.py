"""What was withdrawn is gone with the very next request, by every way of withdrawing and at every door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle, islice, product
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import User
from accounts.services import end_token
from households.models import Membership
from households.services import leave_household, remove_helper
from observations.services import delete_moment, edit_moment
from tests.guards.matrix_world import ATTIC, Who, World

READER, WRITER = Who.HELPER, Who.AUTHOR


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens here did not happen."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class Withdrawing:
    """The ways to withdraw the author's shared moment from the helper's eyes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.reader, self.writer = world.users[READER].pk, world.users[WRITER].pk
        self.home_id = world.homes[ATTIC].public_id
        self.moment_id = world.thing("moment", f"{WRITER}'s shared live").ids["moment_id"]

    def reader_leaves(self) -> None:
        leave_household(actor_id=self.reader, household_id=self.home_id, now=self.world.now)

    def reader_is_removed(self) -> None:
        membership = Membership.objects.get(user_id=self.reader, left_at=None)
        remove_helper(actor_id=self.writer, membership_id=membership.public_id, now=self.world.now)

    def writer_leaves(self) -> None:
        leave_household(actor_id=self.writer, household_id=self.home_id, now=self.world.now)

    def writer_keeps_it_to_herself(self) -> None:
        edit_moment(
            actor_id=self.writer,
            moment_id=self.moment_id,
            details={"visibility": "private"},
            now=self.world.now,
        )

    def writer_deletes_it(self) -> None:
        delete_moment(actor_id=self.writer, moment_id=self.moment_id, now=self.world.now)

    def ways(self) -> list[Callable[[], None]]:
        return [
            self.reader_leaves,
            self.reader_is_removed,
            self.writer_leaves,
            self.writer_keeps_it_to_herself,
            self.writer_deletes_it,
        ]


class Doors:
    """The ways to look at it. Each gives whether the moment was seen."""

    def __init__(self, world: World, moment_id: Any) -> None:
        self.id, self.browser = str(moment_id), world.client(READER)
        self.only_hers = f"?author={world.users[WRITER].public_id}"
        self.program = Client(headers={"Authorization": f"Bearer {world.secrets[f'{READER} read']}"})

    def page(self) -> bool:
        return self._is_there(self.browser.get(f"/moments/{self.id}/"))

    def api(self) -> bool:
        return self._is_there(self.browser.get(f"/api/v1/moments/{self.id}/"))

    def api_with_a_key(self) -> bool:
        return self._is_there(self.program.get(f"/api/v1/moments/{self.id}/"))

    def list(self) -> bool:
        return self.id in self.program.get(f"/api/v1/moments/{self.only_hers}").content.decode()

    def timeline(self) -> bool:
        response = self.browser.get(f"/moments/{self.only_hers}", headers={"HX-Request": "true"})
        return self.id in response.content.decode()

    def ways(self) -> list[Callable[[], bool]]:
        return [self.page, self.api, self.api_with_a_key, self.list, self.timeline]

    @staticmethod
    def _is_there(response: Any) -> bool:
        assert response.status_code in (200, 404), response.status_code
        return response.status_code == 200


def seen_afterwards(world: World, times: int) -> tuple[int, int]:
    """How often it was seen before it was withdrawn, and how often after; each time as if it were the first."""
    withdrawing = Withdrawing(world)
    doors = Doors(world, withdrawing.moment_id)
    before = after = 0
    for withdraw, look in islice(cycle(product(withdrawing.ways(), doors.ways())), times):
        with undone():
            before += look()
            withdraw()
            after += look()
    return before, after


@pytest.mark.django_db
class TestRevocation:
    def test_the_next_request_sees_nothing_200_times_of_200(self, world: World) -> None:
        assert seen_afterwards(world, 200) == (200, 0)

    @pytest.mark.drill
    def test_the_next_request_sees_nothing_1000_times_of_1000(self, world: World) -> None:
        assert seen_afterwards(world, 1_000) == (1_000, 0)

    def test_a_key_that_was_ended_opens_nothing_more(self, world: World) -> None:
        secret = world.secrets[f"{READER} read"]
        program = Client(headers={"Authorization": f"Bearer {secret}"})
        assert program.get("/api/v1/me/").status_code == 200
        digest = world.thing("token", f"{READER}'s, to read").ids["token_id"]
        end_token(actor_id=world.users[READER].pk, digest=digest)
        assert program.get("/api/v1/me/").status_code == 401

    @pytest.mark.parametrize("change", [{"is_active": False}, {"password": "argon2$another"}])
    def test_a_closed_account_and_a_changed_password_end_every_session(
        self, world: World, change: dict[str, Any]
    ) -> None:
        browser = world.client(READER)
        assert browser.get("/api/v1/me/").status_code == 200
        User.objects.filter(pk=world.users[READER].pk).update(**change)
        assert browser.get("/api/v1/me/").status_code == 401
        assert browser.get("/moments/")["Location"].startswith("/account/login/")

    def test_a_closed_account_ends_its_keys(self, world: World) -> None:
        program = Client(headers={"Authorization": f"Bearer {world.secrets[f'{READER} write']}"})
        User.objects.filter(pk=world.users[READER].pk).update(is_active=False)
        assert program.get("/api/v1/me/").status_code == 401
