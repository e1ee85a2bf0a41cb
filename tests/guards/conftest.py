"""What the guards share: a world of two households in which it is always the cast's Wednesday evening."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import transaction

from tests.conftest import NOW
from tests.guards.matrix_world import World, build_world


@pytest.fixture(scope="module")
def standing_world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Built once for a module's tests; each of them runs in a transaction inside this one."""
    with django_db_blocker.unblock(), transaction.atomic():
        with time_machine.travel(NOW, tick=False):
            built = build_world(NOW)
        yield built
        transaction.set_rollback(True)


@pytest.fixture
def world(standing_world: World, db: None) -> Iterator[World]:
    with time_machine.travel(NOW, tick=False):
        yield standing_world
