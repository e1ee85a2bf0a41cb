"""What was taken away is gone for whoever reads at that very moment, too: many readers on a real PostgreSQL.

Every act and every read is timed. A read that began after an act was committed, and ended before anything was given
again, must have seen nothing.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from threading import Barrier, Event
from typing import Any

import pytest
import time_machine
from django.db import connection, connections
from django.test import Client

from accounts.models import User
from common.errors import Conflict, NotVisible
from households.models import Child, Grant, GrantChild, Household, Membership
from households.services import change_grant, leave_household, return_grant, withdraw_grant
from observations.models import Observation
from observations.selectors import get_moment
from observations.services import delete_moment, edit_moment, look_at_moment, restore_moment
from tests.guards.matrix_world import sign_in

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        connection.vendor == "sqlite",
        reason="one connection for all threads: SQLite's test database is in memory",
    ),
]
AN_HOUR = timedelta(hours=1)


@dataclass
class Shared:
    """One moment that its author shared with the household and lets a coach see."""

    author: User
    coach: User
    helper: User
    household: Household
    child: Child
    grant: Grant
    moment: Observation
    now: datetime

    # --- Reading -------------------------------------------------------------------------------------------------
    def coach_sees(self) -> bool:
        return _is_there(
            look_at_moment,
            coach_id=self.coach.pk,
            household_id=self.household.public_id,
            moment_id=self.moment.public_id,
            now=self.now,
        )

    def helper_sees(self) -> bool:
        return _is_there(get_moment, actor_id=self.helper.pk, moment_id=self.moment.public_id)

    def coach_opens(self) -> Callable[[], bool]:
        """The moment's page, over HTTP in a browser of the coach's own."""
        return self._browser(f"/coach/{self.household.public_id}/moments/{self.moment.public_id}/")

    def coachs_page_may_stay(self) -> Callable[[], bool]:
        """What a page that is open asks every half minute."""
        return self._browser(f"/coach/{self.household.public_id}/open/")

    def _browser(self, path: str) -> Callable[[], bool]:
        browser = Client()
        sign_in(browser, self.coach)

        def looks() -> bool:
            status = browser.get(path).status_code
            assert status in (200, 204, 404), status
            return status != 404

        return looks

    # --- Taking away ---------------------------------------------------------------------------------------------
    def from_the_coach(self) -> dict[str, Callable[[], Any]]:
        grant, mine = {"grant_id": self.grant.public_id, "now": self.now}, {"actor_id": self.author.pk}
        return {
            "withdrawn": lambda: withdraw_grant(**mine, **grant),
            "given back": lambda: return_grant(actor_id=self.coach.pk, **grant),
            "run out": lambda: Grant.objects.update(expires_at=self.now),
            "from a later day on": lambda: change_grant(
                **mine, **grant, from_on=self.now.date() + timedelta(days=9)
            ),
            "of no scope with moments": lambda: change_grant(**mine, **grant, scope="summary"),
        }

    # After these there is nothing of the family left to look at, so an open page may not stay.
    ENDS_ALL = ("withdrawn", "given back", "run out", "left", "to be erased")

    def from_everybody(self) -> dict[str, Callable[[], Any]]:
        mine = {"actor_id": self.author.pk, "now": self.now}
        moment = {**mine, "moment_id": self.moment.public_id}
        return {
            "deleted": lambda: delete_moment(**moment),
            "kept to oneself": lambda: edit_moment(**moment, details={"visibility": "private"}),
            "left": lambda: leave_household(**mine, household_id=self.household.public_id),
            "to be erased": lambda: User.objects.filter(pk=self.author.pk).update(
                erase_at=self.now + AN_HOUR
            ),
        }

    def give_again(self) -> None:
        Grant.objects.update(
            withdrawn_at=None,
            returned_at=None,
            expires_at=self.now + timedelta(days=90),
            from_on=date(2026, 1, 1),
            scope="ratings_and_notes",
        )
        Membership.objects.filter(user=self.author).update(left_at=None)
        User.objects.filter(pk=self.author.pk).update(erase_at=None)
        Observation.objects.update(visibility="household", deleted_at=None)


def _is_there(read: Callable[..., Any], **asked: Any) -> bool:
    try:
        read(**asked)
    except NotVisible:
        return False
    return True


@pytest.fixture
def shared(
    parent: User,
    coach: User,
    helper: User,
    household: Household,
    child: Child,
    give: Callable[..., Grant],
    record: Callable[..., Observation],
    now: datetime,
) -> Iterator[Shared]:
    grant, moment = give(), record(details={"visibility": "household", "note": "Words"})
    assert GrantChild.objects.filter(grant=grant).count() == 1
    with time_machine.travel(now, tick=False):  # the pages read the clock themselves
        yield Shared(parent, coach, helper, household, child, grant, moment, now)


# --- Taking away while others read -----------------------------------------------------------------------------------
@dataclass
class Reader:
    """Reads as fast as it can until it is told to stop; keeps when each read began and ended, and what it saw."""

    look: Callable[[], bool]
    stop: Event = field(default_factory=Event)
    reads: list[tuple[float, float, bool]] = field(default_factory=list)

    def run(self) -> None:
        try:
            while not self.stop.is_set():
                began = time.perf_counter()
                saw = self.look()
                self.reads.append((began, time.perf_counter(), saw))
        finally:
            connections.close_all()

    def wait_until_it_sees(self) -> None:
        self._wait_for(lambda _began, saw: saw)

    def wait_until_it_looked_after(self, moment: float) -> None:
        """Until a read that began then or later is done."""
        self._wait_for(lambda began, _saw: began >= moment)

    def _wait_for(self, condition: Callable[[float, bool], bool]) -> None:
        start = len(self.reads)
        until = time.perf_counter() + 60
        while not any(condition(began, saw) for began, _ended, saw in self.reads[start:]):
            assert time.perf_counter() < until, "the reader reads no more"
            time.sleep(0.001)


@contextmanager
def reading(looks: list[Callable[[], bool]]) -> Iterator[list[Reader]]:
    readers = [Reader(look) for look in looks]
    with ThreadPoolExecutor(len(readers)) as pool:
        done = [pool.submit(reader.run) for reader in readers]
        try:
            yield readers
        finally:
            for reader in readers:
                reader.stop.set()
        for part in done:
            part.result()


def seen_after(shared: Shared, times: int) -> tuple[int, int]:
    """How many reads began after what they asked for was taken away and committed, and how many of those saw it."""
    of_coach, of_all = shared.from_the_coach(), shared.from_everybody()
    ways = [*of_coach.items(), *of_all.items()]
    asked = saw = 0
    looks = [shared.coach_sees, shared.coach_opens(), shared.coachs_page_may_stay(), shared.helper_sees]
    with reading(looks) as readers:
        coach, opens, stays, helper = readers
        for turn in range(times):
            name, take = ways[turn % len(ways)]
            concerned = [coach, opens]
            concerned += [stays] if name in shared.ENDS_ALL else []
            concerned += [helper] if name in of_all else []
            for reader in concerned:
                reader.wait_until_it_sees()
            take()
            gone_at = time.perf_counter()
            for reader in concerned:
                reader.wait_until_it_looked_after(gone_at)
            back_at = time.perf_counter()
            shared.give_again()
            late = [read for reader in concerned for read in reader.reads if read[0] >= gone_at]
            counted = [read for read in late if read[1] <= back_at]
            asked, saw = asked + len(counted), saw + sum(read[2] for read in counted)
            for reader in readers:
                del reader.reads[:-1]
    return asked, saw


class TestTakenAway:
    def test_this_guard_can_see(self, shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
        assert shared.coach_sees()
        assert shared.helper_sees()
        always = {"withdrawn": lambda: None}
        monkeypatch.setattr(Shared, "from_the_coach", lambda _self: always)
        monkeypatch.setattr(Shared, "from_everybody", lambda _self: {})
        asked, saw = seen_after(shared, 2)
        assert saw == asked > 0

    def test_no_read_after_the_commit_sees_it_45_times(self, shared: Shared) -> None:
        asked, saw = seen_after(shared, 45)
        assert asked >= 45 * 2
        assert saw == 0

    @pytest.mark.drill
    @pytest.mark.timeout(7_200)
    def test_no_read_after_the_commit_sees_it_1000_times(self, shared: Shared) -> None:
        asked, saw = seen_after(shared, 1_000)
        assert asked >= 1_000 * 2
        assert saw == 0


# --- Deleting, editing and taking away at once -----------------------------------------------------------------------
@dataclass
class Line:
    """One thing that decides whether the moment is seen, and what became of it: (began, ended, seen from then on)."""

    acts: list[tuple[float, float, bool]] = field(default_factory=lambda: [(0.0, 0.0, True)])

    def act(self, do: Callable[[], Any], *, seen: bool) -> None:
        began = time.perf_counter()
        try:
            do()
        except (NotVisible, Conflict):
            return  # somebody was first: then this changed nothing
        self.acts.append((began, time.perf_counter(), seen))

    def may_have_been_seen(self, began: float, ended: float) -> bool:
        """Whether at some instant of that span the moment could be seen, as far as this line goes."""
        before = [act for act in self.acts if act[1] < began]
        meanwhile = [act for act in self.acts if act[0] <= ended and act[1] >= began]
        return any(act[2] for act in (*before[-1:], *meanwhile))


@dataclass
class Schedule:
    """Two phones of the author and a coach, each doing things of their own in an order that a seed decides."""

    shared: Shared
    seed: int
    edited: Line = field(default_factory=Line)
    deleted: Line = field(default_factory=Line)
    granted: Line = field(default_factory=Line)
    reads: list[tuple[float, float, bool]] = field(default_factory=list)

    def run(self, pool: ThreadPoolExecutor) -> list[str]:
        """Everything at once; gives what should not have been."""
        self.shared.give_again()
        start = Barrier(4)
        parts = (self._edit, self._delete, self._grant, self._read)
        done = [pool.submit(self._part, part, number, start) for number, part in enumerate(parts)]
        for part in done:
            part.result()
        lines = (self.edited, self.deleted, self.granted)
        wrong = [
            f"seed {self.seed}: seen from {began} to {ended}"
            for began, ended, saw in self.reads
            if saw and not all(line.may_have_been_seen(began, ended) for line in lines)
        ]
        is_seen, should_be = self.shared.coach_sees(), all(line.acts[-1][2] for line in lines)
        return wrong if is_seen is should_be else [*wrong, f"seed {self.seed}: in the end seen: {is_seen}"]

    def _part(self, part: Callable[[random.Random], None], number: int, start: Barrier) -> None:
        chance = random.Random(f"{self.seed} {number}")
        start.wait()
        for _step in range(3):
            time.sleep(chance.random() * 0.004)
            part(chance)

    def _edit(self, chance: random.Random) -> None:
        visibility = chance.choice(["private", "coaches", "household"])
        details: Any = {"visibility": visibility, "note": f"Words {chance.random()}"}
        moment = {"actor_id": self.shared.author.pk, "moment_id": self.shared.moment.public_id}
        self.edited.act(
            lambda: edit_moment(**moment, details=details, now=self.shared.now), seen=visibility != "private"
        )

    def _delete(self, chance: random.Random) -> None:
        moment = {
            "actor_id": self.shared.author.pk,
            "moment_id": self.shared.moment.public_id,
            "now": self.shared.now,
        }
        restores = chance.random() < 0.5
        use_case = restore_moment if restores else delete_moment
        self.deleted.act(lambda: use_case(**moment), seen=restores)

    def _grant(self, chance: random.Random) -> None:
        taken = chance.choice(list(self.shared.from_the_coach().values()))
        if chance.random() < 0.6:
            self.granted.act(taken, seen=False)
        else:
            self.granted.act(self._give_grant_again, seen=True)

    def _give_grant_again(self) -> None:
        Grant.objects.update(
            withdrawn_at=None,
            returned_at=None,
            expires_at=self.shared.now + timedelta(days=90),
            from_on=date(2026, 1, 1),
            scope="ratings_and_notes",
        )

    def _read(self, _chance: random.Random) -> None:
        for _time in range(3):
            began = time.perf_counter()
            saw = self.shared.coach_sees()
            self.reads.append((began, time.perf_counter(), saw))


def races(shared: Shared, seeds: range) -> list[str]:
    """What went wrong in any of these schedules."""
    with ThreadPoolExecutor(4) as pool:
        wrong = [found for seed in seeds for found in Schedule(shared, seed).run(pool)]
        together = Barrier(4)
        for done in [pool.submit(lambda: (together.wait(), connections.close_all())) for _ in range(4)]:
            done.result()
    return wrong


class TestAtTheSameTime:
    def test_the_model_sees_a_read_that_should_not_have_been(self) -> None:
        line = Line()
        line.act(lambda: None, seen=False)
        ended = line.acts[-1][1]
        assert line.may_have_been_seen(ended / 2, ended / 2)
        assert not line.may_have_been_seen(ended + 1, ended + 2)
        line.act(lambda: None, seen=True)
        assert line.may_have_been_seen(ended, ended + 10)

    def test_nothing_is_seen_that_was_taken_away_in_40_schedules(self, shared: Shared) -> None:
        assert races(shared, range(40)) == []

    @pytest.mark.drill
    @pytest.mark.timeout(7_200)
    def test_nothing_is_seen_that_was_taken_away_in_300_schedules(self, shared: Shared) -> None:
        assert races(shared, range(300)) == []
