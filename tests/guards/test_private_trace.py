"""What a parent keeps to herself leaves no trace: not a byte of what anybody else can fetch depends on it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import transaction
from django.test import Client

from accounts.models import User
from observations.models import Observation
from observations.services import edit_moment
from tests.conftest import NOW
from tests.guards.matrix_bytes import Answer
from tests.guards.oracle_crawl import Crawl
from tests.guards.oracle_family import live
from tests.guards.oracle_life import SECRET_WORD, Life, named

ONLOOKERS = (
    "bela",
    "hugo",
    "cora",
)  # the other guardian, a helper, and a coach whom she lets see something else
Seen = dict[str, Answer]

# It crawls everything a person can fetch, several times over; on a busy machine that takes its time.
pytestmark = pytest.mark.timeout(900)


def seen_in(
    now: datetime,
    *,
    thorough: bool = False,
    onlookers: Sequence[str] = ONLOOKERS,
    **what_happens: Any,
) -> dict[str, Seen]:
    """What each onlooker can fetch on the cast's Wednesday evening of this life.

    The helper looks at lists only, for what one thing shows to whom is the same code for both; *thorough*: no
    exceptions, for anybody.
    """
    with transaction.atomic(), time_machine.travel(now, tick=False):
        mail.outbox.clear()
        life = live(Life(now, **what_happens))
        seen = {
            who: Crawl(life, who, thorough).everything(lists_only=who == "hugo" and not thorough)
            for who in onlookers
        }
        transaction.set_rollback(True)
    return seen


def differences(one: dict[str, Answer], other: dict[str, Answer]) -> dict[str, str]:
    """Every address that answers differently, and how."""
    return {
        name: how_they_differ(one.get(name), other.get(name))
        for name in sorted({*one, *other})
        if one.get(name) != other.get(name)
    }


def how_they_differ(one: Answer | None, other: Answer | None) -> str:
    if one is None or other is None:
        return "is there in one life only"
    lines = [
        [
            str(item.status),
            *map(str, item.headers),
            *item.body.decode("utf-8", "replace").replace(",", ",\n").splitlines(),
        ]
        for item in (one, other)
    ]
    return " ".join(line for line in difflib.unified_diff(*lines, lineterm="", n=0) if line[:1] in "+-")[:400]


def compare(without: dict[str, Seen], within: dict[str, Seen], *, at_least: int) -> None:
    """Pass if nobody could tell one life from the other."""
    for who, seen in without.items():
        found = differences(seen, within[who])
        assert not found, f"{who}:\n" + "\n".join(f"{name}: {how}" for name, how in found.items())
        assert len(seen) >= at_least
        told = [name for name, given in within[who].items() if SECRET_WORD.encode() in given.body]
        assert [name for name in told if f"text={SECRET_WORD}" not in name] == []


@pytest.fixture(scope="module")
def without(django_db_setup: None, django_db_blocker: Any) -> dict[str, Seen]:
    """The life in which there is nothing to hide."""
    with django_db_blocker.unblock():
        return seen_in(NOW, private=False)


@pytest.fixture
def that_evening(now: datetime) -> Iterator[datetime]:
    with time_machine.travel(now, tick=False):
        yield now


@pytest.mark.django_db
class TestPrivateTrace:
    def test_the_oracle_sees_one_more_shared_moment(self, without: dict[str, Seen]) -> None:
        with transaction.atomic(), time_machine.travel(NOW, tick=False):
            life = live(Life(NOW, private=False, more_shared=True))
            other = Crawl(life, "hugo").everything(lists_only=True)
            coachs = Crawl(life, "cora").everything()
            transaction.set_rollback(True)
        assert "export json/moments.json" in other
        found, coach_found = (
            set(differences(without["hugo"], other)),
            set(differences(without["cora"], coachs)),
        )
        assert {"/moments/ ", "/moments/ (piece)", "/api/v1/moments/ ", "/reflections/2026-W46/ "} <= found
        home = f"/coach/{named('household', 'attic')}/"
        assert {f"{home} ", f"{home}moments/{named('moment', 'one more for cora')}/ "} <= coach_found

    def test_what_she_keeps_to_herself_changes_no_byte(self, without: dict[str, Seen]) -> None:
        compare(without, seen_in(NOW, private=True), at_least=100)

    def test_when_she_moves_out_with_it_one_sees_that_she_left_and_no_more(self) -> None:
        """Not what she kept to herself, and not whether she left it behind or took it into a home of her own."""
        left = seen_in(NOW, onlookers=("bela", "hugo"), private=False, goes="leaves")
        compare(left, seen_in(NOW, private=True, goes="separates"), at_least=100)

    def test_what_her_coach_writes_for_themselves_is_on_nobodys_page(self) -> None:
        """Not on hers, and not on another adult's: a life with such notes is the same to the byte."""
        lives = [
            seen_in(NOW, onlookers=("alice", "hugo"), private=False, coach_notes=notes)
            for notes in (False, True)
        ]
        compare(*lives, at_least=100)

    def test_nor_does_her_coach_see_more_of_her_after_she_moved_out(self) -> None:
        lives = [
            seen_in(NOW, onlookers=("cora",), private=private, goes="separates") for private in (False, True)
        ]
        compare(*lives, at_least=100)
        home = lives[0]["cora"][f"/coach/{named('household', 'loft')}/ "]
        assert home.status == 200, "and she sees her still"

    @pytest.mark.drill
    def test_nor_does_it_anywhere_else(self) -> None:
        within, without = (seen_in(NOW, thorough=True, private=private) for private in (True, False))
        compare(without, within, at_least=600)


class TestTheApiOnWhatSomebodyElseWrote:
    def test_its_author_alone_learns_how_often_it_changed(
        self,
        that_evening: datetime,
        client_of: Callable[[User], Client],
        parent: User,
        co_parent: User,
        record: Callable[..., Observation],
    ) -> None:
        moment = record(details={"visibility": "household"})
        edit_moment(
            actor_id=parent.pk,
            moment_id=moment.public_id,
            details={"ratings": {"self": 1}},
            now=that_evening,
        )
        address = f"/api/v1/moments/{moment.public_id}/"
        hers, theirs = client_of(parent).get(address), client_of(co_parent).get(address)
        assert (hers["ETag"], hers.json()["revision"], hers.json()["changed_at"]) == (
            '"2"',
            2,
            "2026-11-18T19:30:00Z",
        )
        assert (theirs.json()["revision"], theirs.json()["changed_at"]) == (None, None)
        assert "ETag" not in theirs
