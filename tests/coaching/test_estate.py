"""What is taken along of coaching: each their own words, and a coach nothing of a family beyond them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from accounts.models import User
from coaching.estate import CoachingEstate
from coaching.services import (
    accept_focus,
    mute_coach,
    present_oneself,
    say_tried,
    snooze,
    suggest_colleague,
    suggest_focus,
)
from households.models import Grant, Household
from households.services import withdraw_grant
from observations.models import Observation
from tests.coaching.conftest import SHARED

WHY = "Their grandmother is here"


def taken(person: User, now: datetime) -> dict[str, list[tuple[Any, ...]]]:
    return {
        table.name: [tuple(row) for row in table.rows()] for table in CoachingEstate().export(person.pk, now)
    }


class TestExport:
    def test_each_takes_along_their_own_and_a_coach_nothing_of_the_family(
        self,
        give: Callable[..., Grant],
        record: Callable[..., Observation],
        parent: User,
        coach: User,
        household: Household,
        now: datetime,
    ) -> None:
        grant = give()
        let: dict[str, Any] = {"actor_id": coach.pk, "grant_id": grant.public_id, "now": now}
        focus = suggest_focus(**let, practice="name_it", weeks=2)
        accept_focus(actor_id=parent.pk, focus_id=focus.public_id, practice="notice", now=now)
        moment = record(details=SHARED)
        say_tried(actor_id=parent.pk, moment_id=moment.public_id, tried="yes", now=now)
        mute_coach(actor_id=parent.pk, grant_id=grant.public_id, now=now)
        put_off = snooze(**let, days=7, reason=WHY)
        suggest_colleague(**let, colleague_email="dora@example.org")
        present_oneself(actor_id=coach.pk, name="Cleo", practice="", introduction="", reply_days=3)

        hers, theirs = taken(parent, now), taken(coach, now)
        assert hers["coach_focus_answers"] == [(focus.public_id, moment.public_id, "yes")]
        assert hers["coaches_muted"] == [(household.public_id, now)]
        assert hers["coach_hand_overs"] == [(household.public_id, now, None)]
        assert WHY not in str(hers)
        assert "dora@example.org" not in str(hers)
        assert theirs["own_put_off"] == [(WHY, False, put_off.until_on)]
        assert theirs["own_hand_overs"] == [("dora@example.org", now)]
        assert theirs["own_focuses"] == [("notice", 2, now)]
        assert theirs["own_profile"] == [("Cleo", "", "", 3, "")]

        withdraw_grant(actor_id=parent.pk, grant_id=grant.public_id, now=now)
        after = taken(coach, now)
        assert after == {**theirs, "own_focuses": []}
        for named in (household.public_id, parent.public_id, moment.public_id, grant.public_id):
            assert str(named) not in repr(after)
