"""While the database is full or away, no address answers 500: it does without, or it asks to be asked again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

from attune_project.urls import handler400, handler500, urlpatterns  # noqa: F401 (they are this module's as well)
from common.api import PROBLEM_JSON
from tests.guards.matrix_visit import Visitor, open_cells
from tests.guards.matrix_world import Who, World
from tests.guards.test_headers import missing_from
from tests.outages import away, full

pytestmark = [pytest.mark.django_db, pytest.mark.once]

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def _careless(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=500)


urlpatterns = [path("log/", _careless), *urlpatterns]


def ask_all(world: World, who: Who, outage: Callable[[], AbstractContextManager[None]]) -> Counter[int]:
    """What every address that is open to *who* answers meanwhile; whatever is no good answer fails."""
    seen: Counter[int] = Counter()
    wrong = {}
    visitor = Visitor(world, who, raise_request_exception=False)
    ask = visitor.client.generic

    def meanwhile(*arguments: object, **options: object) -> HttpResponse:
        with outage():
            return ask(*arguments, **options)

    visitor.client.generic = meanwhile
    for name, cell in open_cells(world, who, METHODS).items():
        response = visitor.visit(cell)
        seen[response.status_code] += 1
        if response.status_code == 503:
            found = missing_from(response)
            if not response.headers.get("Retry-After", "").isdecimal() and "/readyz" not in name:
                found.append("Retry-After")
            if cell.route.startswith("/api/") and response["Content-Type"] != PROBLEM_JSON:
                found.append("a problem document")
            if found:
                wrong[name] = found
        elif response.status_code >= 400:
            wrong[name] = [str(response.status_code)]
    assert not wrong, wrong
    return seen


class TestEveryAddress:
    @pytest.mark.parametrize("who", [Who.ANONYMOUS, Who.AUTHOR, Who.COACH_NOTES])
    @pytest.mark.parametrize("outage", [full, away])
    def test_does_without_the_database_or_asks_to_be_asked_again(
        self, world: World, who: Who, outage: Callable[[], AbstractContextManager[None]]
    ) -> None:
        seen = ask_all(world, who, outage)
        assert seen[503] > (5 if who is Who.ANONYMOUS else 30), seen

    def test_the_guard_sees_one_that_does_not(self, world: World) -> None:
        with override_settings(ROOT_URLCONF=__name__), pytest.raises(AssertionError, match="GET /log/"):
            ask_all(world, Who.AUTHOR, full)
