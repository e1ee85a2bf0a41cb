"""A family whose household is older than the week that the tests look at: 9 to 15 November 2026, 2026-W46."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from accounts.models import User
from households.models import Child, Household, Membership
from households.rules import Role
from households.services import add_child, create_household
from observations.models import Observation
from observations.services import record_moment

OCTOBER = datetime(2026, 10, 5, 0, 0, tzinfo=UTC)  # a Monday; Lisbon is an hour ahead until the 25th
MONDAY = datetime(2026, 11, 9, 9, 0, tzinfo=UTC)
CLOSED = datetime(2026, 11, 16, 0, 0, tzinfo=UTC)
EVENING = datetime(2026, 11, 16, 19, 0, tzinfo=UTC)  # the closing day, after every digest was due
LABEL = "2026-W46"


@dataclass
class Family:
    household: Household
    child: Child
    alice: User
    bela: User

    def membership(self, user: User) -> Membership:
        return Membership.objects.get(household=self.household, user=user, left_at=None)

    def note(
        self, user: User, tone: str = "in_tune", *, at: datetime = MONDAY, **details: Any
    ) -> Observation:
        """A moment recorded when it happened, unless `received` says when it arrived."""
        received = details.pop("received", at)
        arguments: dict[str, Any] = {"details": details} if details else {}
        moment = record_moment(
            actor_id=user.pk,
            moment_id=details.pop("id", None) or uuid.uuid4(),
            child_id=self.child.public_id,
            tone=tone,
            now=at,
            **arguments,
        )
        if received != at:
            Observation.objects.filter(pk=moment.pk).update(received_at=received, changed_at=received)
        return moment


@pytest.fixture
def make_family(make_user: Callable[..., User]) -> Callable[..., Family]:
    def make(suffix: str = "", *, timezone: str = "Europe/Lisbon", week_starts_on: int = 0) -> Family:
        alice = make_user(f"alice{suffix}", timezone=timezone, digest_level="full")
        bela = make_user(f"bela{suffix}", timezone=timezone, digest_level="full")
        household = create_household(
            actor_id=alice.pk, name="Attic", timezone=timezone, week_starts_on=week_starts_on, now=OCTOBER
        )
        child = add_child(
            actor_id=alice.pk,
            household_id=household.public_id,
            nickname="Pipistrelle",
            birth_month=date(2022, 5, 1),
            now=OCTOBER,
        )
        Membership.objects.create(household=household, user=bela, role=Role.GUARDIAN, joined_at=OCTOBER)
        Membership.objects.filter(household=household).update(joined_at=OCTOBER - timedelta(days=1))
        return Family(household, child, alice, bela)

    return make


@pytest.fixture
def family(make_family: Callable[..., Family]) -> Family:
    return make_family()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody waits for their place in the line of senders; how long each would have, in seconds."""
    waited: list[float] = []
    monkeypatch.setattr("reflections.services.delivery.sleep", waited.append)
    return waited
