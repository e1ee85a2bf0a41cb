"""The API's description: it says what the code does, is written down in docs/, and can be read as a page."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.middleware.csrf import _get_new_csrf_string
from django.test import Client
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as budget
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from attune_project.wsgi import application
from tests.doors.endpoints import ABOUT, METHODS, PREFIX, endpoints, routes, schema

WRITTEN = Path(settings.BASE_DIR) / "docs" / "openapi.yaml"

# `positive_data_acceptance` is not among them: a date to come has the right shape and is refused all the same.
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
)
SHORT, LONG = 12, 200


class TestTheDescription:
    def test_it_is_written_down_as_it_is(self):
        """`make schema` writes it."""
        assert yaml.safe_load(WRITTEN.read_text("utf-8")) == yaml.safe_load(yaml.safe_dump(plain(schema())))

    def test_every_operation_is_in_it_and_nothing_else(self):
        described = {
            f"{method} {path}"
            for path, operations in schema()["paths"].items()
            for method in METHODS
            if method in operations
        }
        assert described == {f"{e.method} {e.path(**named_places(e.route))}" for e in endpoints()}

    def test_every_operation_has_a_sentence_and_a_name_of_its_own(self):
        found = endpoints()
        assert [str(e) for e in found if not e.described.get("description")] == []
        assert len({e.operation_id for e in found}) == len(found)

    def test_inputs_are_closed(self):
        inputs = {
            name: shape
            for name, shape in schema()["components"]["schemas"].items()
            if name.endswith("InputRequest")
        }
        assert len(inputs) > 10
        assert [
            name for name, shape in inputs.items() if shape.get("additionalProperties") is not False
        ] == []

    def test_it_is_for_who_is_signed_in(self, client_of, parent):
        assert Client().get(f"{PREFIX}schema/").status_code == 401
        response = client_of(parent).get(f"{PREFIX}schema/")
        assert response.status_code == 200
        assert b"openapi: 3.1" in response.content


class TestThePageToRead:
    def test_it_names_every_operation_and_field(self, client_of, parent):
        response = client_of(parent).get(f"{PREFIX}docs/")
        assert response.status_code == 200
        page = response.content.decode()
        for endpoint in endpoints():
            assert f"{endpoint.method.upper()} {endpoint.path(**named_places(endpoint.route))}" in page
        for word in ("If-Match", "not_seen", "next_cursor", "occurred_at", "required"):
            assert word in page

    def test_it_brings_no_script_of_anybodys(self, client_of, parent):
        page = client_of(parent).get(f"{PREFIX}docs/").content.decode()
        assert set(re.findall(r'src="([^"]*)"', page)) == set(re.findall(r'src="(/static/[^"]*)"', page))
        assert "style=" not in page
        assert "<script>" not in page

    def test_who_is_signed_out_is_asked_to_sign_in(self, db):
        response = Client().get(f"{PREFIX}docs/")
        assert response.status_code == 302
        assert "/account/login/" in response["Location"]

    def test_the_description_and_the_page_are_all_there_is_besides(self):
        assert {route for route, _view in routes()} > ABOUT


@pytest.fixture(autouse=True)
def _connection_of_the_test() -> Iterator[None]:
    """A request straight into the application would close the connection that the test's transaction is on."""
    ends = (request_started, request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    yield
    for signal in ends:
        signal.connect(close_old_connections)


@pytest.fixture
def signed_in(parent, client_of) -> dict[str, dict[str, str]]:
    """What a browser sends in which the parent is signed in."""
    session, csrf = client_of(parent).cookies[settings.SESSION_COOKIE_NAME].value, _get_new_csrf_string()
    cookies = {settings.SESSION_COOKIE_NAME: session, settings.CSRF_COOKIE_NAME: csrf}
    return {"cookies": cookies, "headers": {"X-CSRFToken": csrf, "Host": "localhost"}}


@pytest.fixture
def fuzz(signed_in, places) -> Callable[[str, int], None]:
    """Sends generated requests of one operation through the whole stack and checks each answer."""
    described = plain(schema())
    real = {name: str(value) for name, value in places().items()}

    def run(operation_id: str, examples: int, description: dict[str, Any] | None = None) -> None:
        api = schemathesis.openapi.from_dict(description or described)
        api.app = application
        operation = next(
            found.ok()
            for found in api.get_all_operations()
            if found.ok().definition.raw["operationId"] == operation_id
        )

        @budget(
            max_examples=examples,
            database=None,
            derandomize=examples == SHORT,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(), there=...)
        def send(case: Any, there: bool) -> None:
            if there and case.path_parameters:  # otherwise hardly any request would get past 404
                case.path_parameters.update({k: v for k, v in real.items() if k in case.path_parameters})
            response = case.call(**signed_in)
            case.validate_response(response, checks=CHECKS)

        send()

    return run


class TestTheGenerator:
    def test_it_sees_a_field_that_the_description_promises_in_vain(self, fuzz):
        lie = copy.deepcopy(plain(schema()))
        lie["components"]["schemas"]["MeOutput"]["required"].append("shoe_size")
        with pytest.raises(FailureGroup, match="shoe_size"):
            fuzz("me_read", 1, lie)

    def test_it_sees_an_answer_that_is_not_described(self, fuzz):
        lie = copy.deepcopy(plain(schema()))
        del lie["paths"]["/api/v1/me/"]["get"]["responses"]["200"]
        with pytest.raises(FailureGroup, match="Undocumented status code"):
            fuzz("me_read", 1, lie)


@pytest.mark.parametrize("operation_id", [endpoint.operation_id for endpoint in endpoints()])
class TestGeneratedRequests:
    def test_a_few_are_answered_as_described(self, operation_id, fuzz):
        fuzz(operation_id, SHORT)

    @pytest.mark.drill
    @pytest.mark.timeout(600)
    def test_many_are_answered_as_described(self, operation_id, fuzz):
        fuzz(operation_id, LONG)


def plain(value: Any) -> Any:
    """*value* as it is once it was written and read: enumerations and lazy texts become strings."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def named_places(route: str) -> dict[str, str]:
    """Each place of a route, filled with its own name as OpenAPI writes it."""
    names = [part.split(">")[0].rpartition(":")[2] for part in route.split("<")[1:]]
    return {name: "{" + name + "}" for name in names}
