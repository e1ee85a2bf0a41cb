"""What somebody needs to get past a door, and what everybody else meets there. Dull on purpose: it repeats the law."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from households.rules import GrantScope, Role
from tests.guards.matrix_world import ATTIC, GIVEN, HOME, Thing, Who, World

Sends = Callable[[World, Who, "Thing | None"], dict[str, Any]]


class Need(StrEnum):
    """What somebody needs to get past a door."""

    NOTHING = "nothing"  # public
    SIGN_IN = "a sign-in"
    SIGN_IN_HERE = "a sign-in with a session, for a page below the API"
    SESSION = "a sign-in with a session, not with a token"
    HOME = "a household"
    HOME_IN_SESSION = "a household, with a session"
    HOME_IF_ANYBODY = "a household, for whoever is signed in"
    GUARDIAN_HERE = "to be a guardian of one's current household"
    INVITED = "an invitation opened in this browser"
    LAST_TO_LEAVE = "to have been the last who left it"
    SEE = "to be the author, or to share the household with whom it is shared"
    SEE_OR_UNDO = "to see it, or to have deleted it oneself a short time ago"
    AUTHOR = "to be the author, and a member still"
    UNDO = "to be the author of what is there, or was a short time ago"
    MEMBER = "to belong to its household"
    MANAGE = "to be a guardian of its household"
    END_HELPER = "to be a guardian of its household, and it a helper's"
    OPEN_INVITATION = "to be a guardian of its household, and it still open"
    OWNER = "to have made it"
    OWN_VERSION = "to have made it, and it another version of a moment"
    OWN_WEEK = "to have lived in a household in that week, and to live there still"
    OWN_CARD = "to have written it, and to live there still"
    OWN_AS_GUARDIAN = "to have made it, as a guardian of its household"
    TAKE_OVER = "to live where another adult offers it"
    OWN_GRANT = "to have given it, and it offered or live"
    OWN_LIVE_GRANT = "to have given it, and it live"
    RENEW_IN_SESSION = "to have given it, and it live, with a session"
    OWN_ANY_GRANT = "to have given it, and not withdrawn it"
    GIVEN_GRANT = "to have been given it, and it live"
    LOOK = "to have been given a live grant there"
    LOOK_CLOSELY = "to have been given one that shows moments, and the moment not private"
    TRYING = "to be the author, and to try something at a coach's suggestion"
    SECOND_STEP = "to sign in with a second step: an app, and recovery codes"
    REACHED = "that this very device takes their reminders"
    ANY_THAT_EXISTS = "that there is such a thing, whoever asks"


# Where a token does not do, whatever it may.
IN_SESSION = {Need.SESSION, Need.OWNER, Need.HOME_IN_SESSION, Need.RENEW_IN_SESSION}


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


def always(**data: Any) -> Sends:
    return lambda _world, _who, _thing: dict(data)


NOTHING = always()


def page(need: Need, *, kind: str = "", home: bool = False, sends: Sends | None = None) -> Route:
    """A page that is looked at, and, where it *sends*, a form as well."""
    doors = {"GET": Door(need, home=home)}
    return Route({**doors, "POST": Door(need, sends, home)} if sends else doors, kind)


def button(need: Need, *, kind: str = "", home: bool = False, sends: Sends = NOTHING) -> Route:
    """What is only ever sent to."""
    return Route({"POST": Door(need, sends, home)}, kind)


# A door that every signed-out person may pass, though its address names something.
PUBLIC_THINGS = {"caught mail", "subscription", "shared card", "address"}


GRANT_STATES = {
    Need.OWN_GRANT: ("offered", "live"),
    Need.OWN_LIVE_GRANT: ("live",),
    Need.RENEW_IN_SESSION: ("live",),
    Need.OWN_ANY_GRANT: ("offered", "lapsed", "live", "returned", "expired"),
}


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
    if need in (Need.INVITED, Need.LAST_TO_LEAVE, Need.REACHED):
        return Outcome.HIDDEN
    if need is Need.GUARDIAN_HERE:
        return Outcome.PASSES if HOME[who][1] == Role.GUARDIAN else Outcome.REFUSED
    if need is Need.SECOND_STEP:
        return Outcome.PASSES if who is Who.AUTHOR else Outcome.HIDDEN
    if need in (Need.HOME, Need.HOME_IN_SESSION, Need.HOME_IF_ANYBODY, Need.MEMBER):
        return Outcome.PASSES if who in HOME else Outcome.HIDDEN
    return Outcome.PASSES


def _of_thing(who: Who, need: Need, thing: Thing) -> Outcome:
    if need is Need.ANY_THAT_EXISTS:
        return Outcome.HIDDEN if thing.state == "missing" else Outcome.PASSES
    if need is Need.OWN_WEEK:
        return Outcome.PASSES if thing.state != "missing" and who in HOME else Outcome.HIDDEN
    if need in GRANT_STATES:
        own = thing.author is who and who in HOME
        return Outcome.PASSES if own and thing.state in GRANT_STATES[need] else Outcome.HIDDEN
    if need in (Need.GIVEN_GRANT, Need.LOOK, Need.LOOK_CLOSELY):
        return Outcome.PASSES if _is_given(who, need, thing) else Outcome.HIDDEN
    besides = {Need.OWNER: True, Need.OWN_VERSION: thing.state == "live", Need.OWN_CARD: who in HOME}
    if need in besides:
        return Outcome.PASSES if thing.author is who and besides[need] else Outcome.HIDDEN
    home, role = HOME.get(who, ("", ""))
    if thing.state == "missing" or not home or home != thing.home:
        return Outcome.HIDDEN
    return _at_home(who, need, thing, is_guardian=role == Role.GUARDIAN)


def _is_given(who: Who, need: Need, thing: Thing) -> bool:
    """Whether somebody from outside may look, or give the grant back."""
    given = GIVEN.get(who, {})
    if need is Need.LOOK:
        return bool(given) and thing.home == ATTIC
    if need is Need.GIVEN_GRANT:
        return thing.state == "live" and thing.author in given and thing.name.endswith(f" to {who}")
    shows = thing.author in given and given[thing.author] != GrantScope.SUMMARY
    return shows and thing.home == ATTIC and thing.to_coaches and thing.state == "live"


def _at_home(who: Who, need: Need, thing: Thing, *, is_guardian: bool) -> Outcome:
    """What a member of the thing's own household meets."""
    own, live = thing.author is who, thing.state == "live"
    # Whoever leaves takes their words along.
    shared = thing.shared and thing.author in HOME
    refusable = {Need.MANAGE: is_guardian, Need.END_HELPER: is_guardian and thing.shared}
    if need in refusable and live:
        return Outcome.PASSES if refusable[need] else Outcome.REFUSED
    if need is Need.OWN_AS_GUARDIAN and own and live:
        return Outcome.PASSES if is_guardian else Outcome.REFUSED
    may = {
        Need.MEMBER: live,
        Need.TAKE_OVER: live and shared and not own,
        Need.OPEN_INVITATION: is_guardian and live,
        Need.AUTHOR: own and live,
        Need.TRYING: own and live and who is Who.AUTHOR,
        Need.UNDO: own and thing.state in ("live", "deleted"),
        Need.SEE: live and (own or shared),
        Need.SEE_OR_UNDO: (live and (own or shared)) or (own and thing.state == "deleted"),
    }
    return Outcome.PASSES if may.get(need, False) else Outcome.HIDDEN
