from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from checklists import selectors

pytestmark = pytest.mark.django_db

ApiOf = Callable[[User], APIClient]


class TestChecklists:
    def test_lists_the_current_versions(self, api_of: ApiOf, parent: User) -> None:
        answer = api_of(parent).get("/api/v1/checklists/")

        assert answer.status_code == HTTPStatus.OK
        assert answer.json()["next_cursor"] is None
        (item,) = answer.json()["items"]
        assert (item["key"], item["number"], item["status"]) == ("attune", 1, "unvalidated")

    def test_shows_the_whole_current_version(self, api_of: ApiOf, parent: User) -> None:
        body = api_of(parent).get("/api/v1/checklists/attune/").json()

        assert {name: len(value) for name, value in body.items() if isinstance(value, list)} == {
            "terms": 10,
            "questions": 14,
            "cues": 34,
            "contexts": 15,
            "feelings": 15,
            "practices": 8,
            "threads": 4,
            "self_prompts": 3,
        }
        comfort = next(question for question in body["questions"] if question["key"] == "comfort_moment")
        assert comfort["gated"] is True
        assert comfort["anchors"][0] == {"value": 1, "label": "Not really"}
        assert comfort["absence"] == "not_seen"
        assert comfort["age_wordings"][-1]["to_months"] is None
        assert body["version"]["digest"] == selectors.current_version().digest

    def test_tells_no_internal_key(self, api_of: ApiOf, parent: User) -> None:
        body = api_of(parent).get("/api/v1/checklists/attune/").json()
        assert "id" not in body["version"]
        assert all("id" not in question for question in body["questions"])

    def test_an_unknown_key_is_not_found(self, api_of: ApiOf, parent: User) -> None:
        answer = api_of(parent).get("/api/v1/checklists/nothing/")
        assert answer.status_code == HTTPStatus.NOT_FOUND
        assert answer["Content-Type"] == "application/problem+json"

    @pytest.mark.parametrize("path", ["/api/v1/checklists/", "/api/v1/checklists/attune/"])
    def test_a_stranger_without_a_name_is_asked_to_sign_in(self, path: str) -> None:
        assert APIClient().get(path).status_code == HTTPStatus.UNAUTHORIZED

    @pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
    def test_nobody_writes_here(self, api_of: ApiOf, parent: User, method: str) -> None:
        for path in ("/api/v1/checklists/", "/api/v1/checklists/attune/"):
            answer = getattr(api_of(parent), method)(path, {}, format="json")
            assert answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED

    def test_content_costs_no_query_once_it_was_read(self, api_of: ApiOf, parent: User) -> None:
        client = api_of(parent)
        client.get("/api/v1/checklists/attune/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/api/v1/checklists/attune/")
        assert not [query for query in queries if "checklists_" in query["sql"]]
