"""What was withdrawn is gone with the very next request, by every way of withdrawing and at every door."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle, product
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import User
from accounts.services import ask_to_be_erased, confirmation_word, end_token
from common.errors import NotVisible
from households.models import Grant, Membership
from households.selectors import list_grants_here
from households.services import change_grant, leave_household, remove_helper, return_grant, withdraw_grant
from observations.selectors import (
    MomentFilters,
    Stretch,
    get_moment,
    list_answered,
    list_moments,
    name_moments,
)
from observations.services import delete_moment, edit_moment, look_at_family, look_at_moment
from tests.guards.matrix_world import ATTIC, Who, World

READER, WRITER, COACH = Who.HELPER, Who.AUTHOR, Who.COACH_NOTES
Way = Callable[[], Any]
Look = Callable[[], bool]


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens here did not happen."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@dataclass
class Withdrawing:
    """The ways to withdraw the author's shared moment from the eyes of a helper, and of a coach."""

    world: World

    def __post_init__(self) -> None:
        self.now, self.reader = self.world.now, self.world.users[READER].pk
        self.home_id = self.world.homes[ATTIC].public_id
        self.mine = {"actor_id": self.world.users[WRITER].pk, "now": self.now}
        moment_id = self.world.thing("moment", f"{WRITER}'s shared live").ids["moment_id"]
        self.moment = {"moment_id": moment_id, **self.mine}
        self.grant = {"grant_id": self.world.thing("grant", f"{WRITER}'s to {COACH}").ids["grant_id"]}

    def from_everybody(self) -> list[Way]:
        return [
            lambda: leave_household(**self.mine, household_id=self.home_id),
            lambda: edit_moment(**self.moment, details={"visibility": "private"}),
            lambda: delete_moment(**self.moment),
            lambda: ask_to_be_erased(**self.mine, confirmation=confirmation_word()),
        ]

    def from_the_helper(self) -> list[Way]:
        return [
            lambda: leave_household(actor_id=self.reader, household_id=self.home_id, now=self.now),
            lambda: remove_helper(membership_id=self._membership(), **self.mine),
            *self.from_everybody(),
        ]

    def from_the_coach(self, *, for_good: bool) -> list[Way]:
        """*for_good*: nothing at all is left to see; otherwise the family may still be looked at."""
        coach = self.world.users[COACH]
        if not for_good:
            other = self.world.children["moth"].public_id
            return [
                *self.from_everybody()[1:3],
                lambda: change_grant(**self.mine, **self.grant, scope="summary"),
                lambda: change_grant(**self.mine, **self.grant, from_on=self.now.date()),
                lambda: change_grant(**self.mine, **self.grant, child_ids=[other], may_widen=True),
            ]
        return [
            self.from_everybody()[0],
            self.from_everybody()[3],
            lambda: withdraw_grant(**self.mine, **self.grant),
            lambda: return_grant(actor_id=coach.pk, **self.grant, now=self.now),
            lambda: Grant.objects.filter(public_id=self.grant["grant_id"]).update(expires_at=self.now),
            lambda: self._move_in(coach),
        ]

    def _membership(self) -> Any:
        return Membership.objects.get(user_id=self.reader, left_at=None).public_id

    def _move_in(self, coach: User) -> None:
        """Whoever lives there is nobody's coach there; and is shown nothing that is for coaches alone."""
        edit_moment(**self.moment, details={"visibility": "coaches"})
        Membership.objects.create(
            household=self.world.homes[ATTIC], user=coach, role="helper", joined_at=self.now
        )


class HelpersDoors:
    """The ways a helper looks at it. Each gives whether the moment was seen."""

    def __init__(self, world: World, moment_id: Any) -> None:
        self.id, self.browser = str(moment_id), world.client(READER)
        self.only_hers = f"?author={world.users[WRITER].public_id}"
        self.program = Client(headers={"Authorization": f"Bearer {world.secrets[f'{READER} read']}"})

    def page(self) -> bool:
        return is_there(self.browser.get(f"/moments/{self.id}/"))

    def api(self) -> bool:
        return is_there(self.browser.get(f"/api/v1/moments/{self.id}/"))

    def api_with_a_key(self) -> bool:
        return is_there(self.program.get(f"/api/v1/moments/{self.id}/"))

    def list(self) -> bool:
        return self.id in self.program.get(f"/api/v1/moments/{self.only_hers}").content.decode()

    def timeline(self) -> bool:
        response = self.browser.get(f"/moments/{self.only_hers}", headers={"HX-Request": "true"})
        return self.id in response.content.decode()

    def ways(self) -> list[Look]:
        return [self.page, self.api, self.api_with_a_key, self.list, self.timeline]


class CoachsDoors:
    """The same for a coach, whose every look comes over HTTP."""

    def __init__(self, world: World, moment_id: Any) -> None:
        self.id, self.browser = str(moment_id), world.client(COACH)
        self.home = f"/coach/{world.homes[ATTIC].public_id}/"

    def moment(self) -> bool:
        return is_there(self.browser.get(f"{self.home}moments/{self.id}/"))

    def family(self) -> bool:
        return self.id in self.browser.get(self.home).content.decode()

    def piece(self) -> bool:
        return self.id in self.browser.get(self.home, headers={"HX-Request": "true"}).content.decode()

    def families(self) -> bool:
        return self.home in self.browser.get("/coach/").content.decode()

    def still_open(self) -> bool:
        """What an open page asks every half minute."""
        response = self.browser.get(f"{self.home}open/")
        assert response.status_code in (204, 404)
        return response.status_code == 204

    def ways(self, *, for_good: bool) -> list[Look]:
        of_the_moment = [self.moment, self.family, self.piece]
        return [*of_the_moment, self.families, self.still_open] if for_good else of_the_moment


class UseCases:
    """What stands behind the doors of both, without the pages: the conditions on live rows alone."""

    def __init__(self, world: World, moment_id: Any) -> None:
        self.id, self.now = moment_id, world.now
        self.home, self.child = world.homes[ATTIC], world.children["pip"]
        self.reader, self.coach = world.users[READER].pk, world.users[COACH].pk
        self.writer = world.users[WRITER]

    def one(self) -> bool:
        return shows(lambda: get_moment(actor_id=self.reader, moment_id=self.id))

    def listed(self) -> bool:
        filters = MomentFilters(author_id=self.writer.public_id)
        return self.id in {row.public_id for row in list_moments(actor_id=self.reader, filters=filters).items}

    def named(self) -> bool:
        return bool(name_moments(actor_id=self.reader, moment_ids=[self.id]))

    def answered(self) -> bool:
        day = self.now.date()
        stretch = Stretch(self.home.pk, self.child.pk, self.writer.pk, day - timedelta(days=90), day)
        return self.id in {row[4] for row in list_answered(actor_id=self.reader, stretch=stretch)}

    def coachs_moment(self) -> bool:
        return shows(lambda: look_at_moment(moment_id=self.id, **self._look))

    def coachs_family(self) -> bool:
        def rows() -> bool:
            return self.id in {row.public_id for row in look_at_family(**self._look).shown.page.items}

        return shows(rows)

    def coachs_grants(self) -> bool:
        return shows(lambda: list_grants_here(**self._look))

    @property
    def _look(self) -> dict[str, Any]:
        return {"coach_id": self.coach, "household_id": self.home.public_id, "now": self.now}

    def of_the_helper(self) -> list[Look]:
        return [self.one, self.listed, self.named, self.answered]

    def of_the_coach(self, *, for_good: bool) -> list[Look]:
        of_the_moment = [self.coachs_moment, self.coachs_family]
        return [*of_the_moment, self.coachs_grants] if for_good else of_the_moment


def is_there(response: Any) -> bool:
    assert response.status_code in (200, 404), response.status_code
    return response.status_code == 200


def shows(read: Callable[[], Any]) -> bool:
    """Whether there is anything to see; nobody is told which of the reasons it is."""
    try:
        return bool(read())
    except NotVisible:
        return False


Pairs = list[tuple[Way, Sequence[Look]]]
"""Ways of taking it away, each with everything that shows it until then and not after."""


def over_http(world: World) -> Pairs:
    """Every way of taking it away with every door at which it is gone, one by one."""
    taking = Withdrawing(world)
    moment_id = taking.moment["moment_id"]
    helper, coach = HelpersDoors(world, moment_id).ways(), CoachsDoors(world, moment_id)
    pairs = [
        *product(taking.from_the_helper(), helper),
        *product(taking.from_the_coach(for_good=True), coach.ways(for_good=True)),
        *product(taking.from_the_coach(for_good=False), coach.ways(for_good=False)),
    ]
    return [(withdraw, [look]) for withdraw, look in pairs]


def behind_the_doors(world: World) -> Pairs:
    """Every way with every use case behind the doors."""
    taking = Withdrawing(world)
    reading = UseCases(world, taking.moment["moment_id"])
    return [
        *((way, reading.of_the_helper()) for way in taking.from_the_helper()),
        *(
            (way, reading.of_the_coach(for_good=for_good))
            for for_good in (True, False)
            for way in taking.from_the_coach(for_good=for_good)
        ),
    ]


def seen_afterwards(pairs: Pairs, times: int) -> tuple[int, int]:
    """How often it was seen before it was withdrawn, and how often after; each time as if it were the first."""
    looks = before = after = 0
    for turn, (withdraw, ways) in enumerate(cycle(pairs)):
        # Each of them is the first to look at some time, and none looks more often than was asked for.
        first = turn // len(pairs) % len(ways)
        in_turn = [*ways[first:], *ways[:first]][: times - looks]
        with undone():
            before += sum(look() for look in in_turn)
            withdraw()
            after += sum(look() for look in in_turn)
        looks += len(in_turn)
        if looks == times:
            return before, after
    raise AssertionError("nothing to withdraw")


@pytest.mark.django_db
class TestRevocation:
    def test_this_guard_can_see(self, world: World) -> None:
        """Where nothing is taken away, every look still sees it afterwards."""
        pairs = [*over_http(world), *behind_the_doors(world)]
        looks = list(dict.fromkeys(look for _way, looks in pairs for look in looks))
        assert seen_afterwards([(lambda: None, looks)], len(looks)) == (len(looks), len(looks))

    @pytest.mark.timeout(400)
    def test_the_next_read_sees_nothing_1000_times_of_1000(self, world: World) -> None:
        assert seen_afterwards(behind_the_doors(world), 1_000) == (1_000, 0)

    def test_the_next_request_sees_nothing_whatever_was_done_and_at_every_door(self, world: World) -> None:
        pairs = over_http(world)
        assert len(pairs) == 6 * 5 + 6 * 5 + 5 * 3
        assert seen_afterwards(pairs, len(pairs)) == (len(pairs), 0)

    @pytest.mark.drill
    @pytest.mark.timeout(1_800)
    def test_the_next_request_sees_nothing_1000_times_of_1000(self, world: World) -> None:
        assert seen_afterwards(over_http(world), 1_000) == (1_000, 0)

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
