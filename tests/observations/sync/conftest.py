from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
import time_machine

from accounts.models import User
from observations.models import Observation
from tests.phone import Phone


@pytest.fixture
def that_evening(now: datetime) -> Iterator[datetime]:
    with time_machine.travel(now, tick=False):
        yield now


@pytest.fixture
def phone_of(that_evening: datetime, client_of: Any) -> Callable[[User], Phone]:
    """A phone on which this person is signed in."""
    return lambda user: Phone(client_of(user)).start()


@pytest.fixture
def phone(phone_of: Any, parent: User, child: Any) -> Phone:
    return phone_of(parent)


@pytest.fixture
def tap(phone: Phone, child: Any, now: datetime) -> Callable[..., dict[str, str]]:
    """One moment of Pip's in the outbox; without arguments: in tune, just now."""

    def put(**said: Any) -> dict[str, str]:
        return phone.write("create", **{"child": str(child.public_id), "tone": "in_tune", "at": now, **said})

    return put


def moment_of(op: dict[str, str]) -> Observation:
    return Observation.objects.get(public_id=uuid.UUID(op["moment_id"]))
