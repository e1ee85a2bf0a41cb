"""Recently deleted: what its author, and nobody else, can still bring back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from households.models import Child
from observations.models import Observation
from observations.rules import PAGE_SIZE, RESTORE_WINDOW
from observations.services import delete_moment, restore_moment

pytestmark = pytest.mark.usefixtures("that_evening")
ADDRESS = "/moments/deleted/"


@pytest.fixture
def browser(client_of: Callable[[User], Client], parent: User, child: Child) -> Client:
    return client_of(parent)


@pytest.fixture
def throw_away(record: Callable[..., Observation], now: datetime) -> Callable[..., Observation]:
    """Records a moment and deletes it, *ago*."""

    def put(actor: User | None = None, *, ago: timedelta = timedelta(), **arguments: object) -> Observation:
        moment = record(actor, **arguments)
        return delete_moment(actor_id=moment.author_id, moment_id=moment.public_id, now=now - ago)

    return put


class TestRecentlyDeleted:
    def test_says_so_when_there_is_nothing(self, browser: Client, record: Callable[..., Observation]) -> None:
        record()
        assert "Nothing here" in browser.get(ADDRESS).content.decode()

    def test_is_reached_from_the_timeline_and_from_what_was_just_deleted(
        self, browser: Client, throw_away: Callable[..., Observation]
    ) -> None:
        gone = throw_away()
        for page in ("/moments/", f"/moments/{gone.public_id}/"):
            assert f'href="{ADDRESS}"' in browser.get(page).content.decode()

    def test_shows_each_with_its_words_a_button_and_until_when_the_last_deleted_first(
        self, browser: Client, throw_away: Callable[..., Observation]
    ) -> None:
        earlier = throw_away(tone="missed", ago=timedelta(days=2), details={"note": "At the door <3"})
        latest = throw_away()
        page = browser.get(ADDRESS)
        assert list(page.context["page"].items) == [latest, earlier]
        text = page.content.decode()
        assert "At the door &lt;3" in text
        assert "Until 25 November, 19:30" in text
        assert "Until 23 November, 19:30" in text
        for moment in (earlier, latest):
            address = reverse("moment-restore", args=[moment.public_id])
            assert f'<form method="post" action="{address}">' in text

    def test_the_button_brings_it_back(self, browser: Client, throw_away: Callable[..., Observation]) -> None:
        gone = throw_away()
        answer = browser.post(f"/moments/{gone.public_id}/restore/")
        assert answer.headers["Location"] == f"/moments/{gone.public_id}/"
        assert "Nothing here" in browser.get(ADDRESS).content.decode()
        assert str(gone.public_id) in browser.get("/moments/").content.decode()

    def test_names_the_child_only_where_there_are_several(
        self, browser: Client, throw_away: Callable[..., Observation], request: pytest.FixtureRequest
    ) -> None:
        throw_away()
        assert "Pip" not in browser.get(ADDRESS).content.decode()
        request.getfixturevalue("second_child")
        assert "Pip" in browser.get(ADDRESS).content.decode()

    def test_lists_what_can_be_restored_to_the_last_second_and_not_after(
        self,
        browser: Client,
        parent: User,
        throw_away: Callable[..., Observation],
        now: datetime,
    ) -> None:
        gone = throw_away()
        with time_machine.travel(now + RESTORE_WINDOW, tick=False):
            assert [row.pk for row in browser.get(ADDRESS).context["page"].items] == [gone.pk]
        with time_machine.travel(now + RESTORE_WINDOW + timedelta(seconds=1), tick=False):
            assert not browser.get(ADDRESS).context["page"].items
        restore_moment(actor_id=parent.pk, moment_id=gone.public_id, now=now + RESTORE_WINDOW)

    @pytest.mark.parametrize("who", ["co_parent", "helper", "stranger"])
    def test_nobody_else_sees_any(
        self,
        client_of: Callable[[User], Client],
        throw_away: Callable[..., Observation],
        request: pytest.FixtureRequest,
        who: str,
    ) -> None:
        throw_away(details={"visibility": "household", "note": "For both of us"})
        page = client_of(request.getfixturevalue(who)).get(ADDRESS)
        assert page.context["page"].items == []
        assert "For both of us" not in page.content.decode()

    def test_whoever_left_sees_none_of_their_own(
        self,
        client_of: Callable[[User], Client],
        co_parent: User,
        throw_away: Callable[..., Observation],
        now: datetime,
    ) -> None:
        throw_away(co_parent)
        co_parent.memberships.update(left_at=now)
        assert client_of(co_parent).get(ADDRESS).headers["Location"] == reverse("welcome")

    def test_ten_more_cost_no_more_queries(
        self, browser: Client, throw_away: Callable[..., Observation]
    ) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert browser.get(ADDRESS).status_code == 200
            return len(captured)

        throw_away()
        few = queries()
        for _ in range(10):
            throw_away()
        assert queries() == few

    def test_many_come_in_pages(self, browser: Client, throw_away: Callable[..., Observation]) -> None:
        for minutes in range(PAGE_SIZE + 1):
            throw_away(ago=timedelta(minutes=minutes))
        first = browser.get(ADDRESS)
        assert len(first.context["page"].items) == PAGE_SIZE
        rest = browser.get(ADDRESS, {"cursor": first.context["page"].next_cursor})
        assert len(rest.context["page"].items) == 1

    @pytest.mark.parametrize("cursor", ["x", "=" * 9, "é"])
    def test_a_damaged_place_in_the_list_leads_to_its_top(self, browser: Client, cursor: str) -> None:
        answer = browser.get(ADDRESS, {"cursor": cursor})
        assert (answer.status_code, answer["Location"]) == (303, ADDRESS)
