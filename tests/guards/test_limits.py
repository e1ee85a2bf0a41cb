"""No door that changes something is without a limit. Found by walking the routes with limits of nothing at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from attune_project.limits import DOORS as LIMITED
from tests.guards.matrix import API, Outcome
from tests.guards.matrix_routes import UNSAFE
from tests.guards.matrix_visit import Visitor, cells, met
from tests.guards.matrix_world import Who, World


@pytest.mark.django_db
class TestEveryDoor:
    def unlimited(self, world: World, who: Who, settings: Any) -> Iterator[tuple[str, int]]:
        """Every door that does something for *who* though not one try is allowed."""
        visitor = Visitor(world, who)
        settings.RATE_LIMIT_FACTOR = 0
        for cell in cells(world):
            if cell.route in API or cell.method in UNSAFE:
                response = visitor.visit(cell)
                refused = response.status_code == 429 and int(response["Retry-After"]) > 0
                if not refused and met(response) is not Outcome.SIGNS_IN:
                    yield str(cell), response.status_code

    @pytest.mark.parametrize("who", [Who.ANONYMOUS, Who.AUTHOR, Who.STAFF])
    def test_has_a_limit(self, world: World, who: Who, settings: Any) -> None:
        assert dict(self.unlimited(world, who, settings)) == {}

    def test_this_guard_can_see(self, world: World, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(LIMITED, "unsubscribe", ())
        monkeypatch.setattr("attune_project.limits.ANY_CHANGE", ())
        found = dict(self.unlimited(world, Who.AUTHOR, settings))
        assert "POST /log/" in found
        assert any("/unsubscribe/" in cell for cell in found)

    def test_pages_that_are_only_read_are_not_counted(self, world: World, settings: Any) -> None:
        visitor = Visitor(world, Who.AUTHOR)
        settings.RATE_LIMIT_FACTOR = 0
        read = [cell for cell in cells(world) if cell.method == "GET" and cell.route not in API]
        refused = {cell.route for cell in read if visitor.visit(cell).status_code == 429}
        links = ("/household/invitations", "/coach/offers", "/coach/asks", "/card")
        assert refused == {f"{link}/{{token}}/" for link in links}


class TestTheTable:
    def test_names_only_doors_that_there_are(self) -> None:
        assert set(LIMITED) - set(names()) == set()


def names() -> Iterator[str]:
    def walk(found: list[URLPattern | URLResolver], space: str = "") -> Iterator[str]:
        for pattern in found:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else space)
            elif pattern.name:
                yield f"{space}{pattern.name}"

    yield from walk(get_resolver().url_patterns)
