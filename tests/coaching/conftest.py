"""What coaching is tried with: a coach who was let in, and things to say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from accounts.models import User
from coaching.models import Comment
from coaching.services import comment_on_moment
from households.models import Household
from observations.models import Observation

SLOTS = {"saw": "You waited", "gives": "Time to find words", "child": "She came closer"}
SHARED = {"visibility": "coaches"}


@pytest.fixture
def say(coach: User, household: Household, now: datetime) -> Callable[..., Comment]:
    """The coach writes on a moment through the use case; all three slots without arguments."""

    def put(moment: Observation, **asked: Any) -> Comment:
        return comment_on_moment(
            **{
                "actor_id": coach.pk,
                "household_id": household.public_id,
                "moment_id": moment.public_id,
                "now": now,
                **SLOTS,
                **asked,
            }
        )

    return put
