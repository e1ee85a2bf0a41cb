"""Going through the doors as somebody: one request, its masked answer, and nothing left behind."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.test import Client

from tests.guards.matrix import DOORS, Door, Outcome, Route, outcome
from tests.guards.matrix_bytes import Answer, answer
from tests.guards.matrix_routes import fill, routes, sample
from tests.guards.matrix_world import Thing, Who, World

# What an address may name besides the things of its kind, where anything will do.
FREE = {"token": "x" * 43, "name": "x"}


@dataclass(frozen=True)
class Cell:
    """One request of the matrix: a route, a method, and the thing it is about."""

    route: str
    method: str
    door: Door
    thing: Thing | None

    def __str__(self) -> str:
        about = f" ({self.thing.name})" if self.thing else ""
        return f"{self.method} {self.route}{about}"


def cells(world: World, doors: Mapping[str, Route] = DOORS) -> Iterator[Cell]:
    """Every route with every method it has and everything of its kind."""
    for route, rule in doors.items():
        things: list[Thing | None] = list(world.things[rule.kind]) if rule.kind else [None]
        for method, door in rule.doors.items():
            for thing in things:
                yield Cell(route, method, door, thing)


def path_of(route: str, thing: Thing | None = None) -> str:
    """The address of *route* about *thing*; anything fits where the thing says nothing."""
    ids = {name: value for name, value in (thing.ids if thing else {}).items() if f"{{{name}}}" in route}
    return sample(fill(route, ids), {k: v for k, v in routes()[route].items() if k not in ids}, **FREE)


class Visitor:
    """One person's browser, or one of their programs. Whatever a request changes is undone after it."""

    def __init__(self, world: World, who: Who, *, secret: str = "", **options: Any) -> None:
        self.world, self.who = world, who
        self.headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        self.client = Client(**options) if secret else world.client(who, **options)
        self._cookies = {name: morsel.value for name, morsel in self.client.cookies.items()}

    def keep_cookie(self, name: str, value: str) -> None:
        self._cookies[name] = value

    def visit(self, cell: Cell, *, besides: Mapping[str, Any] | None = None, **headers: str) -> Any:
        """The response to a proper request through this door, with this *besides*."""
        data = {**cell.door.sends(self.world, self.who, cell.thing), **(besides or {})}
        headers = {**DOORS[cell.route].headers, **headers}
        return self.send(cell.method, path_of(cell.route, cell.thing), data, **headers)

    def send(self, method: str, path: str, data: Mapping[str, Any] | None = None, **headers: str) -> Any:
        """The response, after everything it did was rolled back."""
        body, kind = b"", "application/x-www-form-urlencoded"
        if path.startswith("/api/"):
            body, kind = json.dumps(data or {}).encode(), "application/json"
        elif data:
            body = urlencode(data, doseq=True).encode()
        return self.send_raw(method, path, body, kind, **headers)

    def send_raw(self, method: str, path: str, body: bytes, kind: str, **headers: str) -> Any:
        """The same for a body that is as it is."""
        self.client.cookies = SimpleCookie(self._cookies)
        with transaction.atomic():
            response = self.client.generic(
                method, path, body, content_type=kind, headers={**self.headers, **headers}
            )
            transaction.set_rollback(True)
        return response


def law(who: Who, cell: Cell) -> Outcome:
    """What *who* should meet there."""
    return outcome(who, cell.door, cell.thing, kind=DOORS[cell.route].kind)


def open_cells(world: World, who: Who, methods: Collection[str]) -> dict[str, Cell]:
    """One request for each route and method that lets *who* pass."""
    found = {}
    for cell in cells(world):
        if cell.method in methods and law(who, cell) is Outcome.PASSES:
            found.setdefault(f"{cell.method} {cell.route}", cell)
    return found


def met(response: Any) -> Outcome | int:
    """What somebody met with this response; an int for what nobody may meet."""
    status, where = response.status_code, response.headers.get("Location", "")
    if status == 401 or where.startswith("/account/login/?next="):
        return Outcome.SIGNS_IN
    if where == "/welcome/":
        return Outcome.FOUNDS
    if status in (403, 404):
        return Outcome(str(status))
    return Outcome.PASSES if status < 400 else int(status)


def seen(response: Any, thing: Thing | None) -> Answer:
    """The answer with the ids of the thing masked that its address named."""
    return answer(response, masked=thing.ids.values() if thing else ())
