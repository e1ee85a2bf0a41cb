"""The API."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from observations.sync import account_of
from tests.conftest import BRIEFING
from tests.guards.matrix_law import Door, Need, Route, always, page
from tests.guards.matrix_world import Thing, Who, World


def api_moment(world: World, who: Who, _thing: Thing | None) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "child": str(world.child_of(who).public_id), "tone": "in_tune"}


def api_check(world: World, who: Who, _thing: Thing | None) -> dict[str, Any]:
    day = (world.now - timedelta(weeks=1)).date().isoformat()
    return {
        "id": str(uuid.uuid4()),
        "child": str(world.child_of(who).public_id),
        "day": day,
        "ratings": {"needs": 4},
    }


def api_offer(world: World, who: Who, _thing: Thing | None) -> dict[str, Any]:
    child = world.child_of(who)
    return {
        "household": str(child.household.public_id),
        "coach_email": "somebody@example.org",
        "scope": "summary",
        "children": [str(child.public_id)],
        "briefing": BRIEFING,
    }


THOUGHT = always(text="Words on the week", visibility="private")


def phone_batch(world: World, who: Who, _thing: Thing | None) -> dict[str, Any]:
    """An empty outbox: what is asked is who gets as far as sending one."""
    account = account_of(world.users[who].public_id) if who in world.users else "a_nobody"
    return {
        "account": account,
        "device_id": str(uuid.uuid4()),
        "client_now": world.now.isoformat(),
        "ops": [],
    }


def phone_rescue(world: World, who: Who, thing: Thing | None) -> dict[str, Any]:
    batch = phone_batch(world, who, thing)
    return {"account": batch["account"], "ops": []}


V1 = "/api/v1"
API = {
    f"{V1}/": Route({}),  # whatever is not there: nobody passes, whatever the method
    f"{V1}/schema/": Route({"GET": Door(Need.SIGN_IN)}),
    f"{V1}/docs/": page(Need.SIGN_IN_HERE),
    f"{V1}/me/": Route(
        {"GET": Door(Need.SIGN_IN), "PATCH": Door(Need.SIGN_IN, always(display_name="Somebody"))}
    ),
    f"{V1}/tokens/": Route({"GET": Door(Need.SESSION), "POST": Door(Need.SESSION, always(name="A key"))}),
    f"{V1}/tokens/{{token_id}}/": Route({"DELETE": Door(Need.OWNER)}, "token"),
    f"{V1}/export/": Route({"GET": Door(Need.SESSION), "POST": Door(Need.SESSION)}),
    f"{V1}/households/": Route(
        {
            "GET": Door(Need.SIGN_IN),
            "POST": Door(Need.SIGN_IN, always(name="One more", timezone="UTC")),
        }
    ),
    f"{V1}/households/{{household_id}}/": Route(
        {"GET": Door(Need.MEMBER), "PATCH": Door(Need.MANAGE, always(name="Renamed"))}, "household"
    ),
    f"{V1}/households/{{household_id}}/members/": Route({"GET": Door(Need.MEMBER)}, "household"),
    f"{V1}/households/{{household_id}}/focus/": Route(
        {"PUT": Door(Need.MEMBER, always(dimension="needs"))}, "household"
    ),
    f"{V1}/households/{{household_id}}/children/": Route(
        {
            "GET": Door(Need.MEMBER),
            "POST": Door(Need.MANAGE, always(nickname="Newcomer", birth_month="2023-05")),
        },
        "household",
    ),
    f"{V1}/households/{{household_id}}/children/{{child_id}}/": Route(
        {
            "GET": Door(Need.MEMBER),
            "PATCH": Door(Need.MANAGE, always(nickname="Renamed")),
            "DELETE": Door(Need.MANAGE),
        },
        "child",
    ),
    f"{V1}/households/{{household_id}}/children/{{child_id}}/restore/": Route(
        {"POST": Door(Need.MANAGE)}, "child"
    ),
    f"{V1}/grants/": Route({"GET": Door(Need.SIGN_IN), "POST": Door(Need.HOME_IN_SESSION, api_offer)}),
    f"{V1}/grants/{{grant_id}}/": Route(
        {
            "GET": Door(Need.OWN_GRANT),
            "PATCH": Door(Need.OWN_GRANT, always(scope="summary")),
            "DELETE": Door(Need.OWN_ANY_GRANT),
        },
        "grant",
    ),
    f"{V1}/grants/{{grant_id}}/renew/": Route({"POST": Door(Need.RENEW_IN_SESSION)}, "grant"),
    f"{V1}/briefings/": Route({"GET": Door(Need.SIGN_IN)}),  # the operator's words, the same to everybody
    f"{V1}/access/": Route({"GET": Door(Need.SIGN_IN)}),
    f"{V1}/checklists/": Route({"GET": Door(Need.SIGN_IN)}),
    f"{V1}/checklists/{{key}}/": Route({"GET": Door(Need.ANY_THAT_EXISTS)}, "checklist"),
    f"{V1}/moments/": Route({"GET": Door(Need.SIGN_IN), "POST": Door(Need.HOME, api_moment)}),
    f"{V1}/moments/{{moment_id}}/": Route(
        {
            "GET": Door(Need.SEE),
            "PATCH": Door(Need.AUTHOR, always(note="Changed")),
            "DELETE": Door(Need.AUTHOR),
        },
        "moment",
        {"If-Match": '"1"'},
    ),
    f"{V1}/moments/{{moment_id}}/restore/": Route({"POST": Door(Need.UNDO)}, "moment"),
    f"{V1}/moments/{{moment_id}}/revisions/": Route({"GET": Door(Need.AUTHOR)}, "moment"),
    f"{V1}/own-questions/": Route({"GET": Door(Need.HOME)}),
    f"{V1}/self-checks/": Route({"GET": Door(Need.SIGN_IN), "POST": Door(Need.HOME, api_check)}),
    f"{V1}/self-checks/{{check_id}}/": Route({"GET": Door(Need.SEE)}, "check"),
    # For phones: what they send is the sender's own, and what changed is their household's.
    f"{V1}/sync/session": Route({"GET": Door(Need.SESSION)}),
    f"{V1}/sync/kit": Route({"GET": Door(Need.SESSION)}),
    f"{V1}/sync/": Route({"POST": Door(Need.SESSION, phone_batch)}, headers={"X-Sync-Protocol": "1"}),
    f"{V1}/sync/rescue/": Route({"POST": Door(Need.SESSION, phone_rescue)}),
    f"{V1}/changes/": Route({"GET": Door(Need.HOME_IN_SESSION)}),
    f"{V1}/reflections/": Route({"GET": Door(Need.SIGN_IN)}),
    f"{V1}/reflections/{{week}}/": Route({"GET": Door(Need.OWN_WEEK)}, "week"),
    f"{V1}/reflections/{{week}}/thoughts/": Route(
        {"GET": Door(Need.OWN_WEEK), "POST": Door(Need.OWN_WEEK, THOUGHT)}, "week"
    ),
    f"{V1}/reflections/{{week}}/reports/": Route(
        {"POST": Door(Need.OWN_WEEK, always(rule="noticed.count"))}, "week"
    ),
    f"{V1}/reflections/{{week}}/reports/{{rule}}/": Route({"DELETE": Door(Need.OWN_WEEK)}, "week"),
    f"{V1}/comments/": Route({"GET": Door(Need.SIGN_IN)}),
    f"{V1}/comments/{{comment_id}}/": Route({"GET": Door(Need.AUTHOR)}, "comment"),
    f"{V1}/comments/{{comment_id}}/read/": Route({"POST": Door(Need.AUTHOR)}, "comment"),
    f"{V1}/comments/{{comment_id}}/replies/": Route(
        {"POST": Door(Need.AUTHOR, always(text="Thank you"))}, "comment"
    ),
    f"{V1}/focuses/": Route({"GET": Door(Need.SIGN_IN)}),
    f"{V1}/focuses/{{focus_id}}/": Route({"PATCH": Door(Need.AUTHOR, always(answer="decline"))}, "focus"),
}
