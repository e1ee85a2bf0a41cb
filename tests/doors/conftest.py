"""What both doors are tried with. They read the clock themselves: here it shows the cast's Wednesday evening."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounts.services import create_token
from coaching.services import comment_on_moment, suggest_focus
from households.rules import GRANT_LIFETIME
from households.services import accept_grant
from observations.services import answer_self_check
from observations.sync import account_of
from reflections.services import compile_week
from tests.conftest import BRIEFING


@pytest.fixture
def that_evening(now: datetime) -> Iterator[datetime]:
    with time_machine.travel(now, tick=False):
        yield now


@pytest.fixture
def places(
    that_evening, record, parent, household, child, give, offer, make_user, now
) -> Callable[[], dict[str, Any]]:
    """Values for the places in addresses, of things that exist and are the parent's: made anew for each call."""

    compile_week(household_ids=[household.pk], label="2026-W47", now=now)

    grant = give(now=now - GRANT_LIFETIME + timedelta(days=3))
    # Another coach writes and suggests: what is tried with the first one's grant may end or narrow it.
    writer = make_user("writer")
    lasting = accept_grant(
        actor_id=writer.pk, token=offer(coach_email=writer.email)[1], email=writer.email, now=now
    )

    def make() -> dict[str, Any]:
        check = answer_self_check(
            actor_id=parent.pk,
            check_id=uuid.uuid4(),
            child_id=child.public_id,
            day=now.date(),
            ratings={"needs": 3},
            now=now,
        )
        token, _secret = create_token(actor_id=parent.pk, name="a script", now=now)
        moment_id = record(details={"visibility": "household"}).public_id
        comment = comment_on_moment(
            actor_id=writer.pk,
            household_id=household.public_id,
            moment_id=moment_id,
            saw="You waited",
            now=now,
        )
        focus = suggest_focus(
            actor_id=writer.pk, grant_id=lasting.public_id, practice="notice", weeks=2, now=now
        )
        return {
            "household_id": household.public_id,
            "child_id": child.public_id,
            "moment_id": moment_id,
            "comment_id": comment.public_id,
            "focus_id": focus.public_id,
            "check_id": check.public_id,
            "token_id": token.digest,
            "key": "attune",
            "week": "2026-W47",
            "rule": "noticed.count",
            "grant_id": grant.public_id,
        }

    return make


def a_sealed_op(op_id: str) -> dict[str, str]:
    """One that no key opens: what is tried is the door."""
    return {"op_id": op_id, "moment_id": str(uuid.uuid4()), "kid": "2026-11a", "sealed": "BAAA"}


@pytest.fixture
def valid_bodies(that_evening, child, parent) -> Callable[[str], dict[str, Any]]:
    """A body that each operation accepts. An operation that is not here fails the tests that need one."""

    def body_of(operation_id: str) -> dict[str, Any]:
        moment_id, nickname = str(uuid.uuid4()), f"N{uuid.uuid4().hex[:8]}"
        bodies: dict[str, dict[str, Any]] = {
            "me_choose": {"display_name": "Al"},
            "tokens_create": {"name": "a script", "scope": "read", "days": 3},
            "households_create": {"name": "Second home", "timezone": "Europe/Lisbon", "week_starts_on": 6},
            "households_edit": {"name": "The loft"},
            "children_add": {"nickname": nickname, "birth_month": "2024-02", "emoji": "🐻"},
            "children_edit": {"nickname": nickname},
            "focus_choose": {"dimension": "repair"},
            "moments_record": {
                "id": moment_id,
                "child": str(child.public_id),
                "tone": "in_tune",
                "occurred_at": "2026-11-18T19:00:00+00:00",
                "precision": "about",
                "note": "a walk",
                "ratings": {"needs": 4, "safety": "not_seen", "openness": "skipped", "self": 2},
                "cues": ["phone_away"],
                "contexts": ["bedtime"],
                "feelings": ["calm"],
                "visibility": "household",
                "repairs": None,
            },
            "moments_edit": {"note": "other words", "ratings": {"needs": None}},
            "self_checks_answer": {
                "id": moment_id,
                "child": str(child.public_id),
                "day": "2026-11-18",
                "ratings": {"needs": 4},
                "note": "",
            },
            "thoughts_write": {"text": "quiet week"},
            "sync_send": {
                "account": account_of(parent.public_id),
                "device_id": moment_id,
                "client_now": "2026-11-18T19:30:00.120Z",
                "ops": [a_sealed_op(moment_id)],
            },
            "sync_rescue": {
                "account": account_of(parent.public_id),
                "ops": [{**a_sealed_op(moment_id), "reason": "poison"}],
            },
            "focuses_answer": {"answer": "accept", "weeks": 1},
            "comments_reply": {"text": "thank you"},
            "reports_write": {"rule": "noticed.count"},
            "grants_offer": {
                "household": str(child.household.public_id),
                "coach_email": f"{nickname.lower()}@example.org",
                "scope": "ratings",
                "children": [str(child.public_id)],
                "from_on": "2026-11-01",
                "briefing": BRIEFING,
            },
            "grants_change": {"scope": "summary", "children": [str(child.public_id)]},
        }
        return bodies[operation_id]

    return body_of
