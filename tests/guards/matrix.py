"""Who may do what at which address. A route or a method that is not written down here fails the matrix.

`DOORS` names for each route and method what somebody needs to pass and what a proper request brings; `outcome` says
what everybody else meets. Both are deliberately dull: they repeat the law, not the code.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from households.rules import Role
from tests.guards.matrix_world import HOME, MISSING, Thing, Who, World

Sends = Callable[[World, Who, "Thing | None"], dict[str, Any]]


class Need(StrEnum):
    """What somebody needs to get past a door."""

    NOTHING = "nothing"  # public
    SIGN_IN = "a sign-in"
    SIGN_IN_HERE = "a sign-in with a session, for a page below the API"
    SESSION = "a sign-in with a session, not with a token"
    HOME = "a household"
    HOME_IF_ANYBODY = "a household, for whoever is signed in"
    GUARDIAN_HERE = "to be a guardian of one's current household"
    INVITED = "an invitation opened in this browser"
    SEE = "to be the author, or to share the household with whom it is shared"
    SEE_OR_UNDO = "to see it, or to have deleted it oneself a short time ago"
    AUTHOR = "to be the author, and a member still"
    UNDO = "to be the author of what is there, or was a short time ago"
    MEMBER = "to belong to its household"
    MANAGE = "to be a guardian of its household"
    END_HELPER = "to be a guardian of its household, and it a helper's"
    OPEN_INVITATION = "to be a guardian of its household, and it still open"
    OWNER = "to have made it"
    OWN_WEEK = "to have lived in a household in that week, and to live there still"
    ANY_THAT_EXISTS = "that there is such a thing, whoever asks"


class Outcome(StrEnum):
    PASSES = "passes"
    SIGNS_IN = "is asked to sign in"
    FOUNDS = "is led to the welcome"
    REFUSED = "403"
    HIDDEN = "404"


@dataclass(frozen=True)
class Door:
    """One method of one route. `home`: whoever has no household is led to the welcome before anything else."""

    need: Need
    sends: Sends = lambda _world, _who, _thing: {}
    home: bool = False


@dataclass(frozen=True)
class Route:
    """A route: what its address names ('' for nothing), and its doors by method."""

    doors: Mapping[str, Door]
    kind: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


# --- What proper requests bring ----------------------------------------------------------------------------------
def new_moment(world: World, who: Who, _thing: Thing | None) -> dict[str, Any]:
    return {
        "child": str(world.child_of(who).public_id),
        "tone": "in_tune",
        "moment_id": str(uuid.uuid4()),
        "opened_at": world.now.isoformat(),
    }


def api_moment(world: World, who: Who, _thing: Thing | None) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "child": str(world.child_of(who).public_id), "tone": "in_tune"}


def api_check(world: World, who: Who, _thing: Thing | None) -> dict[str, Any]:
    day = (world.now - timedelta(weeks=1)).date().isoformat()
    return {"id": str(uuid.uuid4()), "child": str(world.child_of(who).public_id), "day": day, "ratings": {}}


def always(**data: Any) -> Sends:
    return lambda _world, _who, _thing: dict(data)


def own_household(world: World, who: Who, _thing: Thing | None) -> dict[str, Any]:
    home = HOME.get(who)
    return {"household": str(world.homes[home[0]].public_id if home else MISSING)}


def own_token(world: World, who: Who, _thing: Thing | None) -> dict[str, Any]:
    mine = [thing for thing in world.things["token"] if thing.author is who]
    return {"token": mine[0].ids["token_id"] if mine else "f" * 128}


NOTHING = always()
SHEET = always(revision="", tone="in_tune", note="Changed", visibility="private")
CHILD = always(nickname="Newcomer", birth_month_month="5", birth_month_year="2023", colour="moss", emoji="")
CHOICES = always(
    display_name="Somebody",
    timezone="UTC",
    standing_visibility="private",
    digest_level="discreet",
    digest_hour="18",
    digest_weekday="",
    focus="",
)
THOUGHT = always(text="Words on the week", visibility="private")
HOUSEHOLD = always(name="Renamed", timezone="UTC", week_starts_on="0")
CODE = always(code="000000")


# --- The table ---------------------------------------------------------------------------------------------------
def page(need: Need, *, kind: str = "", home: bool = False, sends: Sends | None = None) -> Route:
    """A page that is looked at, and, where it *sends*, a form as well."""
    doors = {"GET": Door(need, home=home)}
    return Route({**doors, "POST": Door(need, sends, home)} if sends else doors, kind)


def button(need: Need, *, kind: str = "", home: bool = False, sends: Sends = NOTHING) -> Route:
    """What is only ever sent to."""
    return Route({"POST": Door(need, sends, home)}, kind)


PAGES = {
    # Public: each with its reason.
    "/": page(Need.HOME_IF_ANYBODY, home=True),  # what Attune is; for members Today
    "/help/": page(Need.NOTHING),  # help must not ask for a sign-in first
    "/offline/": page(Need.NOTHING),
    "/manifest.webmanifest": page(Need.NOTHING),
    "/sw.js": page(Need.NOTHING),
    "/robots.txt": page(Need.NOTHING),
    "/favicon.ico": page(Need.NOTHING),
    "/healthz": page(Need.NOTHING),
    "/readyz": page(Need.NOTHING),
    "/household/invitations/{token}/": page(Need.NOTHING),  # puts the token away and shows nothing
    "/unsubscribe/{token}/": page(
        Need.ANY_THAT_EXISTS, kind="subscription", sends=NOTHING
    ),  # the token is the person
    "/dev/mail/": page(Need.NOTHING),  # local mode only: where the code to sign in arrives
    "/dev/mail/{name}/": page(Need.ANY_THAT_EXISTS, kind="caught mail"),
    "/dev/mail/{name}/html/": page(Need.ANY_THAT_EXISTS, kind="caught mail"),
    # Only with an invitation; `TestInvitation` has its other half.
    "/household/join/": page(Need.INVITED, sends=NOTHING),
    # The family's own.
    "/log/": page(Need.HOME, home=True, sends=new_moment),
    "/log/saved/{moment_id}/": page(Need.AUTHOR, kind="moment"),
    "/log/saved/{moment_id}/undo/": button(Need.AUTHOR, kind="moment"),
    "/moments/": page(Need.HOME, home=True),
    "/moments/deleted/": page(Need.HOME, home=True),
    "/moments/{moment_id}/": page(Need.SEE_OR_UNDO, kind="moment"),
    "/moments/{moment_id}/more/": page(Need.AUTHOR, kind="moment", sends=SHEET),
    "/moments/{moment_id}/edit/": page(Need.AUTHOR, kind="moment", sends=SHEET),
    "/moments/{moment_id}/history/": page(Need.AUTHOR, kind="moment"),
    "/moments/{moment_id}/delete/": button(Need.AUTHOR, kind="moment"),
    "/moments/{moment_id}/restore/": button(Need.UNDO, kind="moment"),
    "/check/": page(Need.HOME, home=True, sends=lambda *_: {"check_id": str(uuid.uuid4())}),
    "/check/{check_id}/done/": page(Need.SEE, kind="check", home=True),
    "/reflections/": page(Need.HOME, home=True),
    "/reflections/{label}/": page(Need.OWN_WEEK, kind="week", home=True),
    "/reflections/{label}/thoughts/": button(Need.OWN_WEEK, kind="week", home=True, sends=THOUGHT),
    # Setting up, household, account.
    "/welcome/": page(
        Need.SIGN_IN, sends=always(name="The new home", timezone="Europe/Lisbon", week_starts_on="0")
    ),
    "/welcome/child/": page(Need.GUARDIAN_HERE, home=True, sends=CHILD),
    "/welcome/choices/": page(Need.HOME, home=True, sends=NOTHING),
    "/household/": Route(
        {"GET": Door(Need.HOME, home=True), "POST": Door(Need.GUARDIAN_HERE, HOUSEHOLD, home=True)}
    ),
    "/household/switch/": button(Need.MEMBER, sends=own_household),
    "/household/leave/": button(Need.HOME, home=True),
    "/household/children/": Route(
        {"GET": Door(Need.HOME, home=True), "POST": Door(Need.GUARDIAN_HERE, CHILD, home=True)}
    ),
    "/household/children/{child_id}/": page(Need.MANAGE, kind="child", sends=CHILD),
    "/household/members/": page(Need.HOME, home=True),
    "/household/members/{membership_id}/remove/": button(Need.END_HELPER, kind="membership"),
    "/household/invitations/": page(
        Need.GUARDIAN_HERE, home=True, sends=always(email="somebody@example.org", role="helper")
    ),
    "/household/invitations/{invitation_id}/withdraw/": button(Need.OPEN_INVITATION, kind="invitation"),
    "/account/choices/": page(Need.SIGN_IN, sends=CHOICES),
    "/account/tokens/": page(Need.SIGN_IN, sends=always(name="A key", scope="read", days="5")),
    "/account/tokens/end/": button(Need.OWNER, sends=own_token),
    # The library: the same for everybody who is signed in.
    "/practices/": page(Need.SIGN_IN),
    "/practices/threads/": page(Need.SIGN_IN),
    "/practices/{slug}/": page(Need.ANY_THAT_EXISTS, kind="practice"),
    # allauth's own, which decide for themselves; a code without its flow leads back to the beginning of the flow.
    "/account/login/": page(Need.NOTHING, sends=NOTHING),
    "/account/logout/": page(Need.NOTHING, sends=NOTHING),
    "/account/inactive/": page(Need.NOTHING),
    "/account/signup/": page(Need.NOTHING, sends=always(email="new@example.org")),
    "/account/confirm-email/": page(Need.NOTHING, sends=CODE),
    "/account/password/reset/": page(Need.NOTHING, sends=always(email="nobody@example.org")),
    "/account/password/reset/done/": page(Need.NOTHING),
    "/account/password/reset/confirm/": page(Need.NOTHING, sends=CODE),
    "/account/password/reset/complete/": page(Need.NOTHING, sends=CODE),
    "/account/login/code/": page(Need.NOTHING, sends=always(email="nobody@example.org")),
    "/account/login/code/confirm/": page(Need.NOTHING, sends=CODE),
    "/account/reauthenticate/": page(Need.SIGN_IN, sends=NOTHING),
    "/account/email/": page(Need.SIGN_IN, sends=NOTHING),
    "/account/password/change/": page(Need.SIGN_IN, sends=NOTHING),
    "/account/password/set/": page(Need.SIGN_IN, sends=NOTHING),
}

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
    f"{V1}/self-checks/": Route({"GET": Door(Need.SIGN_IN), "POST": Door(Need.HOME, api_check)}),
    f"{V1}/self-checks/{{check_id}}/": Route({"GET": Door(Need.SEE)}, "check"),
    f"{V1}/reflections/": Route({"GET": Door(Need.SIGN_IN)}),
    f"{V1}/reflections/{{week}}/": Route({"GET": Door(Need.OWN_WEEK)}, "week"),
    f"{V1}/reflections/{{week}}/thoughts/": Route(
        {"GET": Door(Need.OWN_WEEK), "POST": Door(Need.OWN_WEEK, THOUGHT)}, "week"
    ),
}
DOORS = PAGES | API

# A door that every signed-out person may pass, though its address names something.
PUBLIC_THINGS = {"caught mail", "subscription"}


# --- The law -----------------------------------------------------------------------------------------------------
def outcome(who: Who, door: Door, thing: Thing | None, *, kind: str = "") -> Outcome:
    """What *who* meets at this door."""
    if door.need is Need.NOTHING or (door.need is Need.HOME_IF_ANYBODY and who is Who.ANONYMOUS):
        return Outcome.PASSES
    if who is Who.ANONYMOUS and door.need is not Need.INVITED and kind not in PUBLIC_THINGS:
        return Outcome.SIGNS_IN
    if door.home and who not in HOME:
        return Outcome.FOUNDS
    if thing is not None:
        return _of_thing(who, door.need, thing)
    return _of_person(who, door.need)


def _of_person(who: Who, need: Need) -> Outcome:
    if need is Need.INVITED:
        return Outcome.HIDDEN
    if need is Need.GUARDIAN_HERE:
        return Outcome.PASSES if HOME[who][1] == Role.GUARDIAN else Outcome.REFUSED
    if need in (Need.HOME, Need.HOME_IF_ANYBODY, Need.MEMBER):
        return Outcome.PASSES if who in HOME else Outcome.HIDDEN
    return Outcome.PASSES


def _of_thing(who: Who, need: Need, thing: Thing) -> Outcome:
    if need is Need.ANY_THAT_EXISTS:
        return Outcome.HIDDEN if thing.state == "missing" else Outcome.PASSES
    if need is Need.OWN_WEEK:
        return Outcome.PASSES if thing.state != "missing" and who in HOME else Outcome.HIDDEN
    if need is Need.OWNER:
        return Outcome.PASSES if thing.author is who else Outcome.HIDDEN
    home, role = HOME.get(who, ("", ""))
    if thing.state == "missing" or not home or home != thing.home:
        return Outcome.HIDDEN
    return _at_home(who, need, thing, is_guardian=role == Role.GUARDIAN)


def _at_home(who: Who, need: Need, thing: Thing, *, is_guardian: bool) -> Outcome:
    """What a member of the thing's own household meets."""
    own, live = thing.author is who, thing.state == "live"
    # Whoever leaves takes their words along.
    shared = thing.shared and thing.author in HOME
    refusable = {Need.MANAGE: is_guardian, Need.END_HELPER: is_guardian and thing.shared}
    if need in refusable and live:
        return Outcome.PASSES if refusable[need] else Outcome.REFUSED
    may = {
        Need.MEMBER: live,
        Need.OPEN_INVITATION: is_guardian and live,
        Need.AUTHOR: own and live,
        Need.UNDO: own and thing.state in ("live", "deleted"),
        Need.SEE: live and (own or shared),
        Need.SEE_OR_UNDO: (live and (own or shared)) or (own and thing.state == "deleted"),
    }
    return Outcome.PASSES if may.get(need, False) else Outcome.HIDDEN
