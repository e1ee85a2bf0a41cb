"""Whatever is sent to the API: a problem document that says what was wrong, never a 500."""

from __future__ import annotations

import json
import uuid

import pytest
from django.test import Client

from tests.doors.endpoints import ABOUT, PREFIX, Endpoint, body_fields, endpoints, routes

ENDPOINTS = endpoints()
WITH_BODY = [endpoint for endpoint in ENDPOINTS if endpoint.takes_a_body]

BROKEN_BODIES = {
    "nothing": b"",
    "not json": b"{'a': 1}",
    "cut off": b'{"note": "a',
    "invalid utf-8": b'{"note": "\xff\xfe"}',
    "a utf-16 document": '{"note": "a"}'.encode("utf-16"),
    "duplicate keys": b'{"tone": "missed", "tone": "in_tune"}',
    "duplicate keys inside": b'{"ratings": {"needs": 1, "needs": 5}}',
    "too deep": b'{"ratings":' * 9 + b"1" + b"}" * 9,
    "very deep": b"[" * 100_000 + b"]" * 100_000,
    "never closed": b"[" * 100_000,
    "not a number": b'{"limit": NaN}',
    "infinity": b'{"limit": Infinity}',
    "minus infinity": b'{"limit": -Infinity}',
    "a number with a thousand digits": b'{"days": ' + b"9" * 1000 + b"}",
    "a number that is infinity": b'{"days": 1e400}',
    "a list": b"[]",
    "a string": b'"tone"',
    "a number": b"1",
    "null": b"null",
    "a byte order mark": b'\xef\xbb\xbf{"note": "a"}',
}
NASTY_VALUES = {
    "nul": "a\u0000b",
    "lone surrogate": "\ud800",
    "reversed surrogates": "\udc00\ud800",
    "very long": "x" * 100_000,
    "empty": "",
    "blank": " \t\n",
    "bidi": "\u202e\u2066",
    "not a member": "nonsense",
    "null": None,
    "true": True,
    "zero": 0,
    "minus": -1,
    "huge": 10**30,
    "past 64 bit": 2**63,
    "fraction": 3.5,
    "list": [],
    "list of nul": ["\u0000"],
    "list of lists": [[["a"]]],
    "list of surrogates": ["\ud800", 1, None],
    "many": ["x"] * 500,
    "object": {},
    "object of nul": {"\u0000": "\u0000", "\ud800": "\ud800"},
    "ancient": "0001-01-01T00:00:00+14:00",
    "the last second": "9999-12-31T23:59:59-12:00",
    "no zone": "2026-11-18T19:00:00",
    "week date": "2026-W47-3",
    "other digits": "٢٠٢٦-١١-١٨",
    "leap second": "2026-12-31T23:59:60Z",
    "urn": f"urn:uuid:{uuid.UUID(int=4)}",
    "sql": "'; DROP TABLE observations_observation; --",
}
NASTY_QUERIES = {
    name: value for name, value in NASTY_VALUES.items() if isinstance(value, str) and "surrogate" not in name
} | {"thousand digits": "9" * 1000, "minus": "-1", "nan": "NaN", "plus": "+", "long": "x" * 3000}


OTHER_TYPES = (
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "text/plain",
    "application/xml",
    "application/json-patch+json",
    "nonsense",
    "a/b/c; charset=\x80",
)
PLACES = ("household_id", "child_id", "moment_id", "check_id", "token_id", "key", "week", "grant_id")
ODD_PLACES = ("%00", "%ff", "%ed%a0%80", "x" * 200, "..%2f..", "٣", "a%0d%0ab")


@pytest.fixture
def session(parent, client_of, settings) -> Client:
    settings.RATE_LIMIT_FACTOR = 1000  # what is asked here is whether a door reads it, not how often
    return client_of(parent)


def is_problem(response, *, why: object = "") -> None:
    """A refusal is a problem document of its own status, and says so in its content type."""
    assert response.status_code < 500, why
    assert response.status_code != 429, (why, "a limit answered before the door could")
    if response.status_code >= 400:
        assert response["Content-Type"] == "application/problem+json", why
        body = response.json()
        assert body["status"] == response.status_code, why
        assert body["code"], why
        assert body["title"], why


def send(client: Client, endpoint: Endpoint, path: str, body: bytes, content_type: str = "application/json"):
    return client.generic(
        endpoint.method.upper(),
        path,
        body,
        content_type=content_type,
        headers={"If-Match": '"1"', "X-Sync-Protocol": "1"},
    )


class TestTheWalk:
    def test_it_sees_the_operations(self):
        assert {"GET moments/", "POST moments/", "PATCH moments/<uuid:moment_id>/"} <= {
            str(endpoint) for endpoint in ENDPOINTS
        }

    def test_a_valid_body_is_known_for_each_and_taken(self, session, places, valid_bodies):
        for endpoint in WITH_BODY:
            body = json.dumps(valid_bodies(endpoint.operation_id)).encode()
            response = send(session, endpoint, endpoint.path(**places()), body)
            assert response.status_code in (200, 201, 204), (str(endpoint), response.content)


@pytest.mark.parametrize("endpoint", WITH_BODY, ids=str)
class TestBodies:
    def test_what_cannot_be_read_is_refused(self, endpoint, session, places):
        path = endpoint.path(**places())
        for name, body in BROKEN_BODIES.items():
            response = send(session, endpoint, path, body)
            is_problem(response, why=name)
            if not (name == "nothing" and endpoint.method == "patch"):  # nothing to change is no mistake
                assert response.status_code == 400, name

    def test_what_is_not_declared_is_refused_by_name(self, endpoint, session, places, valid_bodies):
        body = valid_bodies(endpoint.operation_id) | {"is_staff": True, "author_id": 1, "\ud800": 1}
        response = send(session, endpoint, endpoint.path(**places()), json.dumps(body).encode())
        assert response.status_code == 400
        assert {"is_staff", "author_id"} <= set(response.json()["errors"])

    def test_no_value_of_any_field_is_too_much(self, endpoint, session, places, valid_bodies):
        path = endpoint.path(**places())
        for field in body_fields(endpoint):
            for name, value in NASTY_VALUES.items():
                body = valid_bodies(endpoint.operation_id) | {field: value}
                response = send(session, endpoint, path, json.dumps(body).encode())
                is_problem(response, why=(field, name))

    def test_only_json_comes_in(self, endpoint, session, places):
        path = endpoint.path(**places())
        for content_type in OTHER_TYPES:
            response = send(session, endpoint, path, b"note=a", content_type)
            is_problem(response, why=content_type)
            assert response.status_code in (400, 415), content_type

    def test_more_than_a_mebibyte_is_refused_unread(self, endpoint, session, places):
        response = send(session, endpoint, endpoint.path(**places()), b" " * (1024 * 1024 + 1))
        is_problem(response)
        assert response.status_code == 413


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
class TestAddresses:
    def test_no_query_is_too_much(self, endpoint, session, places):
        if endpoint.method != "get":
            return
        path = endpoint.path(**places())
        for name, value in NASTY_QUERIES.items():
            for parameter in [*endpoint.query_names, "nonsense", "a\u0000b"]:
                is_problem(session.get(path, {parameter: value}), why=(parameter, name))
        for raw in ("%00", "a=%00", "%ff=%ff", "=", "&&&", "cursor=a&cursor=b", "a[]=%ED%A0%80"):
            is_problem(session.get(f"{path}?{raw}"), why=raw)

    def test_nobody_elses_thing_is_told_from_nothing(
        self, endpoint, places, valid_bodies, client_of, request
    ):
        """A stranger gets the same answer for what exists and for what does not."""
        if "<uuid" not in endpoint.route:
            return
        stranger = client_of(request.getfixturevalue("stranger"))
        body = json.dumps(valid_bodies(endpoint.operation_id)).encode() if endpoint.takes_a_body else b""
        answers = [
            send(stranger, endpoint, endpoint.path(**values), body)
            for values in (places(), {"key": "attune"})
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].json() == answers[1].json()

    def test_an_address_that_names_nothing_is_not_found(self, endpoint, session, valid_bodies):
        for odd in ODD_PLACES if "<" in endpoint.route else ():
            body = json.dumps(valid_bodies(endpoint.operation_id)).encode() if endpoint.takes_a_body else b""
            response = send(session, endpoint, endpoint.path(**dict.fromkeys(PLACES, odd)), body)
            is_problem(response, why=odd)
            assert response.status_code == 404, odd

    def test_without_signing_in_it_is_401_and_never_a_redirect(self, endpoint, db):
        response = send(Client(), endpoint, endpoint.path(), b"{}")
        is_problem(response)
        assert response.status_code == 401
        assert "WWW-Authenticate" in response

    def test_a_page_of_another_site_cannot_change_anything(self, endpoint, parent):
        if endpoint.method == "get":
            return
        client = Client(enforce_csrf_checks=True)
        client.force_login(parent, backend="allauth.account.auth_backends.AuthenticationBackend")
        response = send(client, endpoint, endpoint.path(), b"{}")
        is_problem(response)
        code = "csrf_stale" if endpoint.route.startswith("sync/") else "csrf_failed"
        assert (response.status_code, response.json()["code"]) == (403, code)

    def test_no_page_is_what_the_api_gives(self, endpoint, session):
        response = session.generic(
            endpoint.method.upper(),
            endpoint.path(),
            headers={"Accept": "text/html", "If-Match": '"1"'},
        )
        is_problem(response)
        assert response.status_code == 406


class TestAroundTheApi:
    @pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PATCH"])
    def test_an_unknown_address_is_a_problem_and_no_redirect(self, session, method):
        for path in ("", "nothing/", "moments", "moments/x/", "%00", "%ff/", "Moments/"):
            response = session.generic(method, PREFIX + path, b"{}", content_type="application/json")
            is_problem(response, why=path)
            assert response.status_code == 404, path

    def test_a_method_that_is_not_offered_is_405(self, session):
        for route in (route for route, _view in routes() if route not in ABOUT):
            for method in ("TRACE", "PURGE"):
                response = session.generic(method, Endpoint(method.lower(), route, {}).path())
                is_problem(response, why=route)
                assert response.status_code == 405, route
                assert response["Allow"], route

    def test_head_and_options_are_answered(self, session):
        assert session.head(f"{PREFIX}moments/").status_code == 200
        assert session.options(f"{PREFIX}moments/").status_code == 200

    def test_a_method_cannot_be_smuggled_in(self, session, record):
        moment = record()
        path = f"{PREFIX}moments/{moment.public_id}/"
        response = session.post(path, headers={"X-HTTP-Method-Override": "DELETE", "If-Match": '"1"'})
        assert response.status_code == 405
