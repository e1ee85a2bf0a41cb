"""The first page, signed out and signed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from checklists.rules import Dimension
from households.models import Child, Household
from observations.models import Observation
from observations.services import answer_self_check
from observations.when import Said
from reflections.services import compile_week

pytestmark = pytest.mark.usefixtures("that_evening")


@pytest.fixture
def browser(client_of: Callable[[User], Client], parent: User, child: Child) -> Client:
    return client_of(parent)


class TestSignedOut:
    def test_says_what_this_is_without_a_database(self, client: Client) -> None:
        page = client.get("/")
        assert page.status_code == 200
        assert reverse("account_signup") in page.content.decode()


class TestToday:
    def test_without_a_household_the_welcome_comes_first(
        self, client_of: Callable[[User], Client], make_user: Callable[..., User]
    ) -> None:
        assert client_of(make_user("newcomer")).get("/").headers["Location"] == reverse("welcome")

    def test_has_the_way_to_log_on_an_empty_day(self, browser: Client) -> None:
        page = browser.get("/")
        assert "Log a moment" in page.content.decode()
        assert page.context["count"] == 0

    def test_shows_the_weeks_own_moments_by_day(
        self, browser: Client, record: Callable[..., Observation], now: datetime
    ) -> None:
        record(tone="missed")
        record(tone="in_tune")
        record(occurred=Said(at=now - timedelta(days=2)))
        record(occurred=Said(at=now - timedelta(days=3)))  # Sunday: last week
        page = browser.get("/")
        tones = {entry["day"].isoformat(): entry["tones"] for entry in page.context["week"]}
        assert next(iter(tones)) == "2026-11-16"
        assert tones["2026-11-16"] == ["in_tune"]
        assert sorted(tones["2026-11-18"]) == ["in_tune", "missed"]
        assert (page.context["count"], page.context["day_count"]) == (3, 2)

    def test_a_day_belongs_to_the_households_zone_not_to_the_servers(
        self, browser: Client, household: Household, record: Callable[..., Observation]
    ) -> None:
        Household.objects.filter(pk=household.pk).update(timezone="Pacific/Auckland")
        record()
        page = browser.get("/")
        assert page.context["day"].isoformat() == "2026-11-19"
        assert [moment.occurred_on.isoformat() for moment in page.context["moments"]] == ["2026-11-19"]

    def test_counts_no_one_elses_moments(
        self, client_of: Callable[[User], Client], co_parent: User, record: Callable[..., Observation]
    ) -> None:
        record(details={"visibility": "household"})
        page = client_of(co_parent).get("/")
        assert page.context["count"] == 0
        assert len(page.context["moments"]) == 1

    def test_shows_no_trace_of_anothers_private_moment(
        self, client_of: Callable[[User], Client], co_parent: User, record: Callable[..., Observation]
    ) -> None:
        moment = record(details={"note": "Only for me"})
        page = client_of(co_parent).get("/")
        assert not page.context["moments"]
        assert str(moment.public_id) not in page.content.decode()


class TestCameBackOffer:
    def test_asks_once_about_the_latest_miss(
        self, browser: Client, record: Callable[..., Observation], now: datetime
    ) -> None:
        missed = record(tone="missed", now=now - timedelta(hours=1))
        assert browser.get("/").context["came_back_offer"] == missed
        assert browser.get("/").context["came_back_offer"] is None

    def test_leaves_the_phone_down_right_after_the_miss(
        self, browser: Client, record: Callable[..., Observation], now: datetime
    ) -> None:
        missed = record(tone="missed")
        assert browser.get("/").context["came_back_offer"] is None
        with time_machine.travel(now + timedelta(hours=1), tick=False):
            assert browser.get("/").context["came_back_offer"] == missed

    def test_asks_not_about_a_miss_that_is_mended(
        self, browser: Client, record: Callable[..., Observation], now: datetime
    ) -> None:
        missed = record(tone="missed", now=now - timedelta(hours=1))
        record(tone="came_back", details={"repairs": missed.public_id})
        assert browser.get("/").context["came_back_offer"] is None

    def test_asks_not_about_another_adults_miss(
        self,
        client_of: Callable[[User], Client],
        co_parent: User,
        record: Callable[..., Observation],
        now: datetime,
    ) -> None:
        record(tone="missed", details={"visibility": "household"}, now=now - timedelta(hours=1))
        assert client_of(co_parent).get("/").context["came_back_offer"] is None

    def test_lets_an_old_miss_rest(
        self, browser: Client, record: Callable[..., Observation], now: datetime
    ) -> None:
        record(tone="missed", occurred=Said(at=now - timedelta(days=9)), now=now - timedelta(hours=1))
        assert browser.get("/").context["came_back_offer"] is None


class TestSelfCheckDue:
    def test_is_not_offered_in_the_middle_of_a_week(self, browser: Client) -> None:
        assert browser.get("/").context["check_due"] is False

    def test_is_offered_at_the_weeks_end_until_it_is_answered(
        self, client_of: Callable[[User], Client], parent: User, child: Child, now: datetime
    ) -> None:
        saturday = now + timedelta(days=3)
        with time_machine.travel(saturday, tick=False):
            browser = client_of(parent)
            assert browser.get("/").context["check_due"] is True
            answer_self_check(
                actor_id=parent.pk,
                check_id=child.public_id,
                child_id=child.public_id,
                day=saturday.date(),
                ratings={Dimension.NEEDS: 3},
                now=saturday,
            )
            assert browser.get("/").context["check_due"] is False


class TestReadyWeek:
    @pytest.fixture
    def told(self, record: Callable[..., Observation], household: Household, now: datetime) -> None:
        record(occurred=Said(at=now - timedelta(days=7)))
        compile_week(household_ids=[household.pk], label="2026-W46", now=now)
        record()
        compile_week(household_ids=[household.pk], label="2026-W47", now=now)

    def test_is_the_last_that_closed_not_the_one_that_runs(self, browser: Client, told: None) -> None:
        page = browser.get("/")
        assert page.context["reflection"] == {"label": "2026-W46", "words": "9 to 15 November"}
        assert "/reflections/2026-W46/" in page.content.decode()

    def test_rests_after_a_week(self, client_of: Callable[[User], Client], parent: User, told: None) -> None:
        with time_machine.travel(datetime(2026, 12, 9, 12, tzinfo=UTC), tick=False):
            assert client_of(parent).get("/").context["reflection"] is None


class TestQueries:
    def test_ten_more_moments_need_no_more_queries(
        self, browser: Client, record: Callable[..., Observation]
    ) -> None:
        details = {"contexts": ["play"], "cues": ["held"], "ratings": {"needs": 4}, "note": "x"}
        record(details=details)
        browser.get("/")
        before = queries_of(browser, "/")
        for _ in range(10):
            record(details=details)
        assert queries_of(browser, "/") == before


def queries_of(browser: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(path).status_code == 200
    return len(captured)
