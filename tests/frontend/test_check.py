"""The weekly self-check."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from checklists.rules import Dimension
from households.models import Child, Household
from observations.models import Observation

pytestmark = pytest.mark.usefixtures("that_evening")


@pytest.fixture
def browser(client_of: Callable[[User], Client], parent: User, child: Child) -> Client:
    return client_of(parent)


@pytest.fixture
def answer(browser: Client) -> Callable[..., Any]:
    """Opens the page and sends it back with some answers."""

    def send(query: str = "", **changed: Any) -> Any:
        form = browser.get(f"/check/{query}").context["form"]
        held = {field.html_name: field.value() for field in form}
        return browser.post(f"/check/{query}", {**held, **changed})

    return send


class TestThePage:
    def test_asks_seven_questions_about_this_week(self, browser: Client) -> None:
        page = browser.get("/check/")
        assert page.context["week_words"] == "16 to 22 November"
        assert sum(name.startswith("rating_") for name in page.context["form"].fields) == 7
        assert "About half the time" in page.content.decode()
        assert "Did not come up" in page.content.decode()

    @pytest.mark.parametrize(("day", "words"), [(23, "16 to 22"), (24, "16 to 22"), (25, "23 to 29")])
    def test_is_about_the_week_that_just_closed_for_two_days_more(
        self, browser: Client, day: int, words: str
    ) -> None:
        with time_machine.travel(datetime(2026, 11, day, 9, tzinfo=UTC), tick=False):
            assert browser.get("/check/").context["week_words"] == f"{words} November"

    def test_follows_the_households_first_day_of_the_week(
        self, browser: Client, household: Household
    ) -> None:
        Household.objects.filter(pk=household.pk).update(week_starts_on=6)
        assert browser.get("/check/").context["week_words"] == "15 to 21 November"
        assert browser.get("/check/?week=2026-W46").context["week_words"] == "8 to 14 November"

    def test_can_be_about_an_earlier_week_and_another_child(
        self, browser: Client, second_child: Child
    ) -> None:
        page = browser.get(f"/check/?week=2026-W46&child={second_child.public_id}")
        assert page.context["week_words"] == "9 to 15 November"
        assert page.context["child"] == second_child
        assert f"?week=2026-W46&amp;child={second_child.public_id}" in page.content.decode()

    @pytest.mark.parametrize("query", ["week=2026-W54", "week=soon", "week=%ED%A0%80", "child=1"])
    def test_an_address_that_cannot_be_read_shows_this_week_and_says_so(
        self, browser: Client, query: str
    ) -> None:
        page = browser.get(f"/check/?{query}")
        assert page.status_code == 422
        assert page.context["errors"]
        assert page.context["week_words"] == "16 to 22 November"


class TestAnswering:
    def test_keeps_every_answer_and_what_was_left_empty_was_skipped(
        self, answer: Callable[..., Any], browser: Client, child: Child
    ) -> None:
        response = answer(rating_needs="4", rating_comfort="not_seen", note="A long week")
        check = Observation.objects.get(kind="self_check")
        assert (check.child, check.occurred_on.isoformat(), check.note) == (
            child,
            "2026-11-16",
            "A long week",
        )
        answers = {r.dimension: r.value or r.absence for r in check.ratings.all()}
        assert answers == {**dict.fromkeys(Dimension, "skipped"), "needs": 4, "comfort": "not_seen"}
        assert response.status_code == 303
        done = browser.get(response.headers["Location"]).content.decode()
        assert "More than half the time" in done
        assert "Did not come up" in done

    def test_a_second_time_says_so_and_edits(self, answer: Callable[..., Any], browser: Client) -> None:
        answer(rating_needs="4", note="First")
        page = browser.get("/check/")
        assert page.context["answered_before"]
        assert page.context["form"]["rating_needs"].value() == "4"
        answer(rating_needs="2", note="Second")
        check = Observation.objects.get(kind="self_check")
        assert check.ratings.get(dimension="needs").value == 2
        assert (check.note, check.revision) == ("Second", 2)

    def test_each_child_has_its_own(
        self, answer: Callable[..., Any], second_child: Child, child: Child
    ) -> None:
        answer(rating_needs="4")
        answer(f"?child={second_child.public_id}", rating_needs="2")
        values = Observation.objects.filter(kind="self_check").values_list("child_id", "ratings__value")
        assert {child: value for child, value in values if value} == {child.pk: 4, second_child.pk: 2}

    def test_is_private_until_shared(
        self, answer: Callable[..., Any], client_of: Callable[[User], Client], co_parent: User
    ) -> None:
        done = answer(rating_needs="4", rating_self="1").headers["Location"]
        assert client_of(co_parent).get(done).status_code == 404
        answer(visibility="household")
        shared = client_of(co_parent).get(done).content.decode()
        assert "More than half the time" in shared
        assert "Hardly ever" not in shared

    @pytest.mark.parametrize("query", ["?week=2026-W44", "?week=2026-W48", "?week=1999-W01"])
    def test_a_week_to_come_or_long_ago_is_refused_and_the_words_stay(
        self, answer: Callable[..., Any], query: str
    ) -> None:
        page = answer(query, note="Kept words")
        assert page.status_code == 422
        assert "Kept words" in page.content.decode()
        assert not Observation.objects.filter(kind="self_check").exists()

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("rating_needs", "6"),
            ("rating_needs", "٣"),
            ("rating_needs", "none "),
            ("note", "x" * 5_001),
            ("visibility", "world"),
            ("check_id", "1"),
        ],
    )
    def test_what_cannot_be_kept_is_an_error_and_the_rest_stays(
        self, answer: Callable[..., Any], field: str, value: str
    ) -> None:
        page = answer(**{"rating_safety": "2", field: value})
        assert page.status_code == 422
        assert field in page.context["form"].errors
        assert page.context["form"]["rating_safety"].value() == "2"
        assert 'class="errors' in page.content.decode()
