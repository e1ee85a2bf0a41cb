"""The three steps of who sees it: the middle one is spoken of only where there is a coach to speak of."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.services import change_choices
from households.models import Child, Grant
from households.services import withdraw_grant
from observations.models import Observation
from observations.services import edit_moment
from reflections.services import compile_week

TWO = ["private", "household"]
THREE = ["private", "coaches", "household"]


@pytest.fixture
def browser(
    client_of: Callable[[User], Client], parent: User, child: Child, that_evening: datetime
) -> Client:
    return client_of(parent)


def offered(browser: Client, path: str, name: str = "visibility") -> list[str]:
    page = browser.get(path).content.decode()
    return re.findall(rf'<input type="radio" name="{name}" value="(\w+)"', page)


@pytest.fixture
def addresses(record: Callable[..., Observation]) -> dict[str, str]:
    """Where an author chooses, each with the field's name."""
    moment = record().public_id
    return {
        f"/moments/{moment}/edit/": "visibility",
        f"/moments/{moment}/more/": "visibility",
        "/check/": "visibility",
        "/account/choices/": "standing_visibility",
    }


class TestTheMiddleStep:
    def test_is_not_spoken_of_without_a_coach(self, browser: Client, addresses: dict[str, str]) -> None:
        assert {path: offered(browser, path, name) for path, name in addresses.items()} == dict.fromkeys(
            addresses, TWO
        )

    @pytest.mark.parametrize("how", ["offer", "give"])
    def test_is_offered_while_a_coach_is_let_in_or_asked(
        self, request: pytest.FixtureRequest, browser: Client, addresses: dict[str, str], how: str
    ) -> None:
        request.getfixturevalue(how)()
        assert {path: offered(browser, path, name) for path, name in addresses.items()} == dict.fromkeys(
            addresses, THREE
        )

    def test_goes_with_the_grant(
        self,
        browser: Client,
        addresses: dict[str, str],
        give: Callable[..., Grant],
        parent: User,
        now: datetime,
    ) -> None:
        withdraw_grant(actor_id=parent.pk, grant_id=give().public_id, now=now)
        assert {path: offered(browser, path, name) for path, name in addresses.items()} == dict.fromkeys(
            addresses, TWO
        )

    def test_of_another_guardians_coach_nothing_is_said(
        self,
        client_of: Callable[[User], Client],
        co_parent: User,
        give: Callable[..., Grant],
        that_evening: datetime,
    ) -> None:
        give()
        other = client_of(co_parent)
        assert offered(other, "/check/") == TWO
        assert offered(other, "/account/choices/", "standing_visibility") == TWO

    def test_stays_where_it_was_chosen_before(
        self,
        browser: Client,
        record: Callable[..., Observation],
        parent: User,
    ) -> None:
        moment = record(details={"visibility": "coaches"})
        change_choices(actor_id=parent.pk, choices={"standing_visibility": "coaches"})
        assert offered(browser, f"/moments/{moment.public_id}/edit/") == THREE
        assert offered(browser, "/account/choices/", "standing_visibility") == THREE
        assert offered(browser, "/check/") == TWO

    def test_words_on_a_week_have_two(
        self, browser: Client, give: Callable[..., Grant], household: Any, now: datetime
    ) -> None:
        give()
        compile_week(household_ids=[household.pk], label="2026-W47", now=now)
        assert offered(browser, "/reflections/2026-W47/") == TWO

    def test_is_refused_where_it_was_not_offered(
        self, browser: Client, child: Child, record: Callable[..., Observation]
    ) -> None:
        moment = record()
        sent = {"visibility": "coaches", "tone": "in_tune"}
        assert browser.post(f"/moments/{moment.public_id}/edit/", sent).status_code == 422
        sent = {"check_id": str(uuid.uuid4()), "visibility": "coaches"}
        assert browser.post("/check/", sent).status_code == 422


class TestHowItIsTold:
    @pytest.mark.parametrize(
        ("visibility", "badge", "whispered"),
        [
            ("private", "Only you", "only you see this"),
            ("coaches", "You and your coach", "you and your coach see this"),
            ("household", "Your household", ""),
        ],
    )
    def test_on_the_moment_and_in_the_list(
        self,
        browser: Client,
        record: Callable[..., Observation],
        visibility: str,
        badge: str,
        whispered: str,
    ) -> None:
        moment = record(details={"visibility": visibility})
        badges = re.findall(
            r'class="badge">.*?</svg>(.*?)</span>', _text(browser, f"/moments/{moment.public_id}/")
        )
        assert badges == [badge]
        told = re.findall(r'class="unseen">([^<]*see this)', _text(browser, "/moments/"))
        assert told == ([whispered] if whispered else [])

    def test_in_how_it_changed(
        self, browser: Client, record: Callable[..., Observation], parent: User, now: datetime
    ) -> None:
        moment = record()
        edit_moment(
            actor_id=parent.pk, moment_id=moment.public_id, details={"visibility": "coaches"}, now=now
        )
        assert "Me and my coach" in _text(browser, f"/moments/{moment.public_id}/history/")


def _text(browser: Client, path: str) -> str:
    return browser.get(path).content.decode()
