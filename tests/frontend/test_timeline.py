"""The timeline and its filters."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from households.models import Child
from observations.models import Observation
from observations.rules import PAGE_SIZE
from observations.when import Said

pytestmark = pytest.mark.usefixtures("that_evening")
Record = Callable[..., Observation]


@pytest.fixture
def browser(client_of: Callable[[User], Client], parent: User, child: Child) -> Client:
    return client_of(parent)


def queries_of(browser: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(path).status_code == 200
    return len(captured)


class TestTimeline:
    def test_says_so_when_there_is_nothing_yet(self, browser: Client) -> None:
        assert "No moments yet" in browser.get("/moments/").content.decode()

    def test_groups_by_the_households_day_latest_first(
        self, browser: Client, record: Record, now: datetime
    ) -> None:
        record(occurred=Said(at=now - timedelta(days=1)))
        record(tone="missed")
        page = browser.get("/moments/").content.decode()
        assert page.index("Wednesday 18 November") < page.index("Tuesday 17 November")
        assert page.index("We missed each other") < page.index("Tuesday 17 November")

    def test_shows_what_others_share_and_nothing_they_keep(
        self, client_of: Callable[[User], Client], co_parent: User, record: Record
    ) -> None:
        shared = record(details={"visibility": "household", "note": "For both of us"})
        kept = record(tone="missed", details={"note": "Only for me"})
        page = client_of(co_parent).get("/moments/").content.decode()
        assert str(shared.public_id) in page
        assert str(kept.public_id) not in page
        assert "Only for me" not in page

    def test_gives_no_sign_of_a_private_miss_that_a_shared_moment_mends(
        self, client_of: Callable[[User], Client], co_parent: User, record: Record
    ) -> None:
        missed = record(tone="missed")
        mended = record(tone="came_back", details={"repairs": missed.public_id, "visibility": "household"})
        browser = client_of(co_parent)
        for path in ("/moments/", f"/moments/{mended.public_id}/"):
            assert "repairs an earlier miss" not in browser.get(path).content.decode()
            assert str(missed.public_id) not in browser.get(path).content.decode()

    def test_ten_more_rows_need_no_more_queries(self, browser: Client, record: Record) -> None:
        details = {
            "contexts": ["play"],
            "cues": ["held"],
            "feelings": ["sad"],
            "ratings": {"needs": 4},
            "note": "x",
        }

        def fill(times: int) -> None:
            for _ in range(times):
                missed = record(tone="missed", details=details)
                record(tone="came_back", details={**details, "repairs": missed.public_id})

        fill(1)
        browser.get("/moments/")
        before = queries_of(browser, "/moments/")
        fill(10)
        assert queries_of(browser, "/moments/") == before

    def test_goes_on_with_a_plain_link_until_the_notes_begin(
        self, browser: Client, record: Record, now: datetime
    ) -> None:
        for minutes in range(PAGE_SIZE + 3):
            record(occurred=Said(at=now - timedelta(minutes=minutes)))
        first = browser.get("/moments/")
        cursor = first.context["page"].next_cursor
        second = browser.get("/moments/", {"cursor": cursor})
        assert len(first.context["page"].items) == PAGE_SIZE
        assert len(second.context["page"].items) == 3
        assert "That is where your notes begin." in second.content.decode()
        assert "<html" in second.content.decode()

    def test_htmx_gets_the_next_rows_alone_without_the_day_that_stands_above(
        self, browser: Client, record: Record, now: datetime
    ) -> None:
        for minutes in range(PAGE_SIZE + 1):
            record(occurred=Said(at=now - timedelta(minutes=minutes)))
        cursor = browser.get("/moments/").context["page"].next_cursor
        rows = browser.get(
            "/moments/", {"cursor": cursor, "after": "2026-11-18"}, headers={"HX-Request": "true"}
        )
        assert "<html" not in rows.content.decode()
        assert "day-head" not in rows.content.decode()
        assert "HX-Request" in rows.headers["Vary"]

    def test_going_back_in_history_gets_the_whole_page(self, browser: Client) -> None:
        headers = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
        assert "<html" in browser.get("/moments/", headers=headers).content.decode()

    def test_another_readers_cursor_starts_from_the_top(
        self,
        browser: Client,
        client_of: Callable[[User], Client],
        co_parent: User,
        record: Record,
        now: datetime,
    ) -> None:
        for minutes in range(PAGE_SIZE + 1):
            record(occurred=Said(at=now - timedelta(minutes=minutes)), details={"visibility": "household"})
        cursor = browser.get("/moments/").context["page"].next_cursor
        page = client_of(co_parent).get("/moments/", {"cursor": cursor})
        assert page.status_code == 422
        assert "start again" in page.content.decode()


class TestFilters:
    @pytest.fixture
    def several(self, record: Record, second_child: Child, now: datetime) -> dict[str, Observation]:
        return {
            "old": record(occurred=Said(at=now - timedelta(days=5)), details={"note": "The blue cup broke"}),
            "other": record(child_id=second_child.public_id, tone="missed"),
            "rated": record(details={"ratings": {"safety": 4}}),
        }

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"since": "2026-11-14"}, {"other", "rated"}),
            ({"until": "2026-11-14"}, {"old"}),
            ({"tone": "missed"}, {"other"}),
            ({"dimension": "safety"}, {"rated"}),
            ({"text": "BLUE cup"}, {"old"}),
            ({"text": " "}, {"old", "other", "rated"}),
        ],
    )
    def test_narrow_the_list(
        self, browser: Client, several: dict[str, Observation], query: dict[str, str], found: set[str]
    ) -> None:
        page = browser.get("/moments/", query)
        assert {moment.public_id for moment in page.context["page"].items} == {
            several[name].public_id for name in found
        }

    def test_narrow_to_a_child_or_an_adult(
        self,
        browser: Client,
        several: dict[str, Observation],
        second_child: Child,
        co_parent: User,
        record: Record,
    ) -> None:
        theirs = record(co_parent, details={"visibility": "household"})
        by_child = browser.get("/moments/", {"child": second_child.public_id}).context["page"].items
        by_author = browser.get("/moments/", {"author": co_parent.public_id}).context["page"].items
        assert list(by_child) == [several["other"]]
        assert list(by_author) == [theirs]

    def test_stay_when_the_list_goes_on(self, browser: Client, record: Record, now: datetime) -> None:
        for minutes in range(PAGE_SIZE + 1):
            record(tone="missed", occurred=Said(at=now - timedelta(minutes=minutes)))
        page = browser.get("/moments/", {"tone": "missed", "since": "2026-11-01"})
        assert page.context["query"] == "tone=missed&since=2026-11-01&"
        assert "?tone=missed&amp;since=2026-11-01&amp;cursor=" in page.content.decode()

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({"child": "1"}, "child"),
            ({"author": "x"}, "author"),
            ({"dimension": "luck"}, "dimension"),
            ({"tone": "bad"}, "tone"),
            ({"since": "yesterday"}, "since"),
            ({"until": "2026-02-30"}, "until"),
            ({"since": "2026-11-10", "until": "2026-11-09"}, "until"),
            ({"text": "x" * 101}, "text"),
        ],
    )
    def test_that_cannot_be_read_say_so_beside_the_field_and_list_nothing(
        self, browser: Client, record: Record, query: dict[str, str], field: str
    ) -> None:
        record()
        page = browser.get("/moments/", query)
        assert page.status_code == 422
        assert page.context["filter_form"].errors[field]
        assert not page.context["page"].items
        assert page.context["filter_form"][field].value() == query[field]

    def test_an_unknown_child_or_author_finds_nothing(self, browser: Client, record: Record) -> None:
        record()
        for name in ("child", "author"):
            page = browser.get("/moments/", {name: uuid.uuid4()})
            assert page.status_code == 200
            assert not page.context["page"].items

    def test_a_search_says_when_it_looked_through_a_part_only_and_offers_to_go_on(
        self, browser: Client, record: Record, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("observations.selectors.moments.SEARCH_SCAN_MAX", 3)
        record(occurred=Said(at=now - timedelta(hours=9)), details={"note": "the blue cup"})
        for hours in range(5):
            record(occurred=Said(at=now - timedelta(hours=hours)))
        page = browser.get("/moments/", {"text": "blue"})
        assert "looked through a part" in page.content.decode()
        rest = browser.get("/moments/", {"text": "blue", "cursor": page.context["page"].next_cursor})
        assert [moment.note for moment in rest.context["page"].items] == ["the blue cup"]
