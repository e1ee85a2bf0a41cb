"""Saying through the API that a sentence is wrong: the same rule as the page's, and the same refusals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from households.models import Household
from observations.models import Observation
from reflections.models import SentenceReport
from reflections.services import compile_week

WEEK = "/api/v1/reflections/2026-W47/"


@pytest.fixture
def api(
    household: Household,
    parent: User,
    record: Callable[..., Observation],
    api_of: Callable[[User], APIClient],
    now: datetime,
) -> Any:
    record()
    compile_week(household_ids=[household.pk], label="2026-W47", now=now)
    with time_machine.travel(now, tick=False):
        yield api_of(parent)


def sentence(api: APIClient) -> dict[str, Any]:
    parts = api.get(WEEK).json()["parts"]
    found = (item for part in parts for item in part["sentences"] if item["rule"] == "noticed.count")
    told: dict[str, Any] = next(found)
    return told


class TestReports:
    def test_a_sentence_says_when_it_is_said_and_what_was_said_against_it(self, api: APIClient) -> None:
        told = sentence(api)
        assert told["why"] == "It is said when you wrote down any moment: how many, and on how many days."
        assert told["report"] is None
        api.post(f"{WEEK}reports/", {"rule": "noticed.count", "hidden": True, "words": "Two."}, format="json")
        assert sentence(api)["report"] == {
            "rule": "noticed.count",
            "hidden": True,
            "words": "Two.",
            "reported_at": "2026-11-18T19:30:00Z",
        }

    def test_it_is_taken_back_and_twice_is_once(self, api: APIClient) -> None:
        api.post(f"{WEEK}reports/", {"rule": "noticed.count"}, format="json")
        for _ in range(2):
            assert api.delete(f"{WEEK}reports/noticed.count/").status_code == 204
        assert not SentenceReport.objects.exists()

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"rule": "no.such"}, "rule"),
            ({}, "rule"),
            ({"rule": "noticed.count", "words": "x" * 501}, "words"),
        ],
    )
    def test_both_doors_refuse_the_same(
        self,
        api: APIClient,
        client_of: Callable[[User], Client],
        parent: User,
        values: dict[str, str],
        field: str,
    ) -> None:
        answer = api.post(f"{WEEK}reports/", values, format="json")
        assert answer.status_code == 400
        assert set(answer.json()["errors"]) == {field}
        form = {"act": "words", "part": "part-noticed", **values}
        page = client_of(parent).post("/reflections/2026-W47/wrong/", form)
        assert page.status_code == 422
        assert set(page.context["refused"].errors) == {field}
        assert not SentenceReport.objects.exists()
