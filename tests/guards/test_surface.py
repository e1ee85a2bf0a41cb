"""What somebody finds who knocks at addresses we never gave them, or tells us lies about where they come from."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from tests.guards.matrix import DOORS
from tests.guards.matrix_bytes import answer
from tests.guards.matrix_visit import path_of
from tests.guards.matrix_world import Who, World

pytestmark = pytest.mark.once

# Where other installations keep what nobody should find (ASVS 5.0, 13.4).
_PROBES = """
/.git/config /.git/HEAD /.gitignore /.env /.env.example /.ci/run /.DS_Store /.svn/entries /.well-known/security
/manage.py /pyproject.toml /requirements.txt /docker-compose.yml /Dockerfile /attune_project/settings.py
/var/attune.sqlite3 /var/keys.env /db.sqlite3 /backup.zip /dump.sql /static/ /static/css/ /static/../manage.py
/static/%2e%2e/manage.py /static//etc/passwd /static/css/base.css.map /media/ /__debug__/
/debug/ /silk/ /server-status /server-info /phpinfo.php /actuator/env /console /swagger.json /openapi.json /graphql
/metrics /trace.axd /wp-login.php /cgi-bin/ /node_modules/ /package.json
"""
PROBES = _PROBES.split()
# What a client may claim, and what a careless server believes.
CLAIMS = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "81",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Server": "evil.example",
    "X-Forwarded-Prefix": "/evil",
    "X-Real-IP": "203.0.113.9",
    "X-Client-IP": "203.0.113.9",
    "True-Client-IP": "203.0.113.9",
    "Forwarded": "for=203.0.113.9;host=evil.example;proto=https",
    "X-Original-URL": "/account/tokens/",
    "X-Rewrite-URL": "/account/tokens/",
    "X-HTTP-Method-Override": "DELETE",
    "X-Method-Override": "DELETE",
    "X-Script-Name": "/evil",
    "Remote-User": "bela@example.org",
    "X-Remote-User": "bela@example.org",
}
ECHOED = "a-header-that-must-not-come-back"


class TestProbes:
    @pytest.mark.parametrize("address", PROBES)
    def test_nothing_is_there(self, client: Client, address: str) -> None:
        found = client.get(address)
        assert found.status_code == 404
        assert b"Nothing here" in found.content

    @pytest.mark.django_db
    def test_a_file_that_is_served_lists_none_beside_it(self, client: Client) -> None:
        from django.templatetags.static import static

        address = static("css/base.css")
        served = client.get(address)
        served.close()
        assert served.status_code == 200
        assert client.get(address.rpartition("/")[0] + "/").status_code == 404


@pytest.mark.django_db
class TestEveryAddress:
    @pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "PROPFIND", "DEBUG"])
    def test_answers_no_method_that_it_does_not_need(self, world: World, method: str) -> None:
        client = world.client(Who.AUTHOR, raise_request_exception=False)
        for route, rule in DOORS.items():
            path = path_of(route, world.things[rule.kind][0] if rule.kind else None)
            response = client.generic(method, path, headers={"X-Echo": ECHOED})
            assert response.status_code == 405, route
            assert ECHOED.encode() not in response.content
            assert method not in response.headers["Allow"]

    def test_believes_no_header_of_a_proxy_that_is_not_there(self, world: World) -> None:
        client, changed = world.client(Who.AUTHOR, raise_request_exception=False), []
        for route, rule in DOORS.items():
            path = path_of(route, world.things[rule.kind][0] if rule.kind else None)
            client.get(path)  # what is offered once is offered here
            plain = answer(client.get(path))
            claimed = client.get(path, headers=CLAIMS)
            if "evil.example" in str(claimed.headers) or answer(claimed) != plain:
                changed.append(route)
        assert changed == []

    def test_says_of_what_kind_its_answer_is_and_keeps_to_it(self, world: World) -> None:
        """Opened in a tab of its own, JSON stays JSON: the type is said, and `nosniff` keeps the browser to it."""
        client, wrong = world.client(Who.AUTHOR, raise_request_exception=False), {}
        for route, rule in DOORS.items():
            response = client.get(path_of(route, world.things[rule.kind][0] if rule.kind else None))
            if response.content and not is_of_its_kind(response, route):
                wrong[route] = response.headers.get("Content-Type")
        assert wrong == {}


def is_of_its_kind(response: Any, route: str) -> bool:
    kind = response.headers["Content-Type"].partition(";")[0]
    if kind.endswith("json"):
        json.loads(response.content)
        return True
    starts = {
        "text/html": b"<!doctype html>",
        "image/svg+xml": b"<svg",
        "text/plain": b"",
        "text/javascript": b"//",
    }
    in_api = route.startswith("/api/") and not route.endswith(("/docs/", "/schema/"))
    return not in_api and response.content.lstrip().lower().startswith(starts.get(kind, b"openapi"))
