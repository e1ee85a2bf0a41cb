"""Ids that a request names in its query or body, where they are as secret as in an address."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django import forms

import frontend.forms
from tests.guards.matrix import DOORS, V1
from tests.guards.matrix_bytes import Answer, answer
from tests.guards.matrix_visit import Visitor, path_of
from tests.guards.matrix_world import ELSEWHERE, Thing, Who, World


@dataclass(frozen=True)
class Reference:
    """One place for an id: which kind it is of, and what else a request needs for the id to matter."""

    route: str
    method: str
    name: str
    kind: str
    besides: Mapping[str, Any] = field(default_factory=dict)


CAME_BACK = {"tone": "came_back"}
MOVES_OUT = {"name": "The loft", "timezone": "Europe/Lisbon"}
IN_API = [
    Reference(f"{V1}/moments/", "GET", "author", "person"),
    Reference(f"{V1}/moments/", "GET", "child", "child"),
    Reference(f"{V1}/moments/", "GET", "household", "household"),
    Reference(f"{V1}/moments/", "POST", "id", "moment"),
    Reference(f"{V1}/moments/", "POST", "child", "child"),
    Reference(f"{V1}/moments/", "POST", "repairs", "moment", CAME_BACK),
    Reference(f"{V1}/moments/{{moment_id}}/", "PATCH", "child", "child"),
    Reference(f"{V1}/moments/{{moment_id}}/", "PATCH", "repairs", "moment", CAME_BACK),
    Reference(f"{V1}/changes/", "GET", "household", "household"),
    Reference(f"{V1}/self-checks/", "GET", "household", "household"),
    Reference(f"{V1}/self-checks/", "POST", "id", "check"),
    Reference(f"{V1}/self-checks/", "POST", "child", "child"),
    Reference(f"{V1}/own-questions/", "GET", "household", "household"),
    Reference(f"{V1}/grants/", "GET", "household", "household"),
    Reference(f"{V1}/grants/", "POST", "household", "household"),
    Reference(f"{V1}/grants/", "POST", "children", "child"),
    Reference(f"{V1}/grants/{{grant_id}}/", "PATCH", "children", "child"),
    Reference(f"{V1}/access/", "GET", "household", "household"),
    Reference(f"{V1}/comments/", "GET", "household", "household"),
    Reference(f"{V1}/focuses/", "GET", "household", "household"),
    Reference(f"{V1}/reflections/", "GET", "household", "household"),
    Reference(f"{V1}/reflections/{{week}}/", "GET", "household", "household"),
    Reference(f"{V1}/reflections/{{week}}/thoughts/", "GET", "household", "household"),
    Reference(f"{V1}/reflections/{{week}}/thoughts/", "POST", "household", "household"),
    Reference(f"{V1}/reflections/{{week}}/reports/", "POST", "household", "household"),
    Reference(f"{V1}/reflections/{{week}}/reports/{{rule}}/", "DELETE", "household", "household"),
]
# The forms of the pages, by class and field; `log/` takes the miss it mends from its address too.
IN_PAGES = {
    "CaptureForm.moment_id": Reference("/log/", "POST", "moment_id", "moment"),
    "CaptureForm.child": Reference("/log/", "POST", "child", "child"),
    "CaptureForm.repairs": Reference("/log/", "POST", "repairs", "moment", CAME_BACK),
    "MomentForm.repairs": Reference("/moments/{moment_id}/more/", "POST", "repairs", "moment"),
    "DraftForm.child": Reference("/moments/drafts/{draft_id}/", "POST", "child", "child"),
    "EditForm.repairs": Reference("/moments/{moment_id}/edit/", "POST", "repairs", "moment", CAME_BACK),
    "EditForm.child": Reference("/moments/{moment_id}/edit/", "POST", "child", "child"),
    "FilterForm.child": Reference("/moments/", "GET", "child", "child"),
    "FilterForm.author": Reference("/moments/", "GET", "author", "person"),
    "PatternsForm.child": Reference("/patterns/", "GET", "child", "child"),
    "PatternsForm.author": Reference("/patterns/", "GET", "author", "person"),
    "WeekForm.child": Reference("/check/", "GET", "child", "child"),
    "CheckForm.check_id": Reference("/check/", "POST", "check_id", "check"),
    "OfferForm.children": Reference("/household/coaches/", "POST", "children", "child"),
    "TermsForm.children": Reference("/household/coaches/{grant_id}/", "POST", "children", "child"),
    "LeaveForm.block": Reference("/household/leave/", "POST", "block", "membership"),
    "SeparateForm.child_ids": Reference("/household/separate/", "POST", "child_ids", "child", MOVES_OUT),
    "UnblockForm.sender": Reference("/account/blocked/end/", "POST", "sender", "person"),
    "HouseholdChoiceForm.household": Reference("/household/switch/", "POST", "household", "household"),
}
IN_ADDRESSES = [
    Reference("/log/", "GET", "repairs", "moment"),
    Reference("/household/coaches/preview/", "POST", "children", "child"),
    *(
        Reference(f"/household/{way}/", method, "home", "household")
        for way in ("leave", "separate")
        for method in ("GET", "POST")
    ),
    Reference("/household/back/", "POST", "household", "household"),
]
# What the request is about, where its address names something: the co-guardian's own.
OWN_ONE = {
    "moment": f"{Who.CO_GUARDIAN}'s shared live",
    "grant": f"{Who.CO_GUARDIAN}'s to {Who.COACH_RATINGS}",
    "draft": f"{Who.CO_GUARDIAN}'s half",
}
REFERENCES = [*IN_API, *IN_PAGES.values(), *IN_ADDRESSES]


# The page that the phone keeps is drawn with it; what is sent from there is sealed, or a `MomentForm`.
NEVER_SENT = {"ShellForm"}


def form_fields() -> Iterator[str]:
    """Every field of a page's form that takes somebody's id."""
    for module in pkgutil.iter_modules(frontend.forms.__path__, "frontend.forms."):
        for name, form in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(form, forms.BaseForm) and form.__module__ == module.name and name not in NEVER_SENT:
                for field_name, shape in form.base_fields.items():
                    if isinstance(shape, forms.UUIDField) or getattr(shape, "coerce", None) is uuid.UUID:
                        yield f"{name}.{field_name}"


def invisible_ids(world: World, kind: str) -> dict[str, uuid.UUID]:
    """What the co-guardian must not be able to tell from an id that nobody ever had."""
    if kind == "person":
        strangers = (Who.STRANGER, Who.STAFF)
        return {who: world.users[who].public_id for who in strangers}
    name = f"{kind}_id"
    return {thing.name: thing.ids[name] for thing in world.things[kind] if _is_hidden(thing)}


def _is_hidden(thing: Thing) -> bool:
    if thing.state == "missing":
        return False
    if thing.author in (None, Who.STRANGER):
        return thing.home == ELSEWHERE
    left = thing.author is Who.FORMER
    return thing.author is not Who.CO_GUARDIAN and (left or not thing.shared or thing.state != "live")


def answer_to(visitor: Visitor, reference: Reference, named: uuid.UUID) -> Answer:
    """What the co-guardian gets who names this id in an otherwise proper request."""
    world, route = visitor.world, reference.route
    kind = DOORS[route].kind
    about = world.thing(kind, OWN_ONE[kind]) if kind in OWN_ONE else None
    about = world.things[kind][0] if kind == "week" else about
    data = {**DOORS[route].doors[reference.method].sends(world, visitor.who, about), **reference.besides}
    path = path_of(route, about)
    if reference.method in ("GET", "DELETE"):
        path += "?" + urlencode({reference.name: str(named), **reference.besides})
    else:
        data[reference.name] = [str(named)] if reference.name == "children" else str(named)
    response = visitor.send(reference.method, path, data, **DOORS[route].headers)
    return answer(response, masked=[named])
