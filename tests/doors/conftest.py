"""The pages read the clock themselves: here it always shows the cast's Wednesday evening."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine


@pytest.fixture
def that_evening(now: datetime) -> Iterator[datetime]:
    with time_machine.travel(now, tick=False):
        yield now
