"""Whatever is sent to a page by whoever may send to it: an answer, and never a crash.

`tests/doors/test_api_strictness.py` asks the API, `tests/observations/sync/` what phones seal.
"""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import cycle
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.guards.matrix_routes import fill, routes
from tests.guards.matrix_visit import Cell, Visitor, open_cells, path_of
from tests.guards.matrix_world import Who, World

# None of them is what any field asks for.
VALUES = (
    "a\x00b",
    "9" * 5_000,
    "9999-12-31T23:59",
    "",
    "x" * 5_001,
    "\u202e\u2066a\r\n\u2028b\x85",
    "NaN",
    "\u0662\u0660\u0662\u0666-\u0661\u0661-\u0661\u0668",
    "0001-01-01T00:00",
    "00000000-0000-4000-8000-000000000000",
)
FORM = "application/x-www-form-urlencoded"
BODIES = {
    "bytes that are no text": (b"note=%FF%FE%ED%A0%80&%FF=%FF&child=\xff", FORM),
    "too many fields": (b"&".join(b"f%d=x" % n for n in range(600)), FORM),
    "a file": (
        b'--x\r\nContent-Disposition: form-data; name="note"; filename="\xff\x00"\r\n\r\na\r\n--x--\r\n',
        "multipart/form-data; boundary=x",
    ),
}
ODD_PLACES = ("%00", "%ed%a0%80", "9" * 40, "a%0d%0ab")
ASKED_BESIDES = (
    "q",
    "text",
    "cursor",
    "after",
    "week",
    "next",
    "since",
    "until",
    "months",
    "tick",
    "country",
    "home",
)
WHO = (Who.AUTHOR, Who.COACH_NOTES, Who.ANONYMOUS)


class Names(HTMLParser):
    """What the forms of a page ask for."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name = dict(attrs).get("name")
        if tag in ("input", "select", "textarea", "button") and name and name != "csrfmiddlewaretoken":
            self.found.add(name)


def asked_on(response: Any) -> set[str]:
    is_page = response.get("Content-Type", "").startswith("text/html")
    return Names(response.content.decode()).found if is_page else set()


def filled_in(names: set[str]) -> Iterator[dict[str, str]]:
    """All of these fields, each with another value, three times over."""
    for first in (0, 3, 6):
        yield dict(zip(sorted(names), cycle(VALUES[first:] + VALUES[:first]), strict=False))


def pages(world: World, who: Who, method: str) -> Iterator[Cell]:
    """One request for each page that lets this person pass: of a coach what is theirs alone, signed out the ways in."""
    taken = open_cells(world, Who.AUTHOR, (method,)) if who is Who.COACH_NOTES else ()
    for name, cell in open_cells(world, who, (method,)).items():
        is_theirs = cell.route.startswith("/account/") if who is Who.ANONYMOUS else name not in taken
        if is_theirs and not cell.route.startswith(("/api/", "/dev/")):
            yield cell


@pytest.fixture
def visitor(world: World, settings: Any, request: pytest.FixtureRequest) -> Visitor:
    settings.RATE_LIMIT_FACTOR = 10_000  # what is asked here is what a door makes of it, not how often
    return Visitor(world, request.param, raise_request_exception=False)


@pytest.mark.django_db
@pytest.mark.timeout(400)  # every page, many times over; on a busy machine that takes its time
class TestEveryPage:
    @pytest.mark.parametrize("visitor", [Who.AUTHOR], indirect=True)
    def test_this_guard_can_see(self, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("frontend.views.today.render_page", lambda *_, **__: 1 / 0)
        cell = open_cells(visitor.world, Who.AUTHOR, ("GET",))["GET /"]
        assert visitor.visit(cell).status_code == 500

    @pytest.mark.parametrize("visitor", WHO, indirect=True)
    def test_takes_or_refuses_whatever_a_form_holds(self, visitor: Visitor) -> None:
        asked = {
            name
            for cell in pages(visitor.world, visitor.who, "GET")
            for name in asked_on(visitor.visit(cell))
        }
        crashed, sent = {}, 0
        for cell in pages(visitor.world, visitor.who, "POST"):
            proper = cell.door.sends(visitor.world, visitor.who, cell.thing)
            # All fields at once, and each alone beside what is proper, so that what stands behind the form gets it.
            alone = [{name: value} for name, value in zip(proper, cycle(VALUES), strict=False)]
            for odd in (*filled_in(asked), *alone):
                found = visitor.visit(cell, besides=odd).status_code
                sent += 1
                if found >= 500 or found == 429:
                    crashed[f"{cell} {odd if len(odd) == 1 else ''}"] = found
        assert crashed == {}
        assert sent

    @pytest.mark.parametrize("visitor", WHO, indirect=True)
    def test_reads_or_refuses_whatever_a_body_is(self, visitor: Visitor) -> None:
        crashed = {}
        for cell in pages(visitor.world, visitor.who, "POST"):
            path = path_of(cell.route, cell.thing)
            for what, (body, kind) in BODIES.items():
                found = visitor.send_raw("POST", path, body, kind).status_code
                if found >= 500:
                    crashed[f"{cell} {what}"] = found
        assert crashed == {}

    @pytest.mark.parametrize("visitor", WHO, indirect=True)
    def test_shows_something_whatever_its_address_asks_for(self, visitor: Visitor) -> None:
        crashed = {}
        for cell in pages(visitor.world, visitor.who, "GET"):
            path = path_of(cell.route, cell.thing)
            names = {*ASKED_BESIDES, *asked_on(visitor.visit(cell))}
            odd = [urlencode(values) for values in filled_in(names)]
            for query in (
                *odd[:2],
                *("&".join(f"{name}={raw}" for name in names) for raw in ("%ED%A0%80%FF", "%00")),
            ):
                found = visitor.send("GET", f"{path}?{query}").status_code
                if found >= 500:
                    crashed[f"{cell} {query[:40]}"] = found
        assert crashed == {}

    @pytest.mark.parametrize("visitor", WHO[:1], indirect=True)
    def test_is_not_there_where_its_address_names_nothing(self, visitor: Visitor) -> None:
        """Without a place for a token: what a token opens is decided by its hash, and the answer is always a page."""
        wrong = {}
        for route, names in routes().items():
            for odd in ODD_PLACES if names and "{token}" not in route else ():
                for method in ("GET", "POST"):
                    found = visitor.send(method, fill(route, dict.fromkeys(names, odd))).status_code
                    if found not in (400, 401, 403, 404, 405):
                        wrong[f"{method} {route} {odd[:20]}"] = found
            for odd in ODD_PLACES if "{token}" in route else ():
                found = visitor.send("GET", fill(route, dict.fromkeys(names, odd))).status_code
                if found >= 500:
                    wrong[f"{route} {odd[:20]}"] = found
        assert wrong == {}
