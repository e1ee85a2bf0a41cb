"""Leaving and separating through the pages: plain words first, then one act."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.selectors import is_blocked
from households.models import Child, Household, Membership
from observations.models import Observation

pytestmark = pytest.mark.usefixtures("that_evening")
LEAVE, SEPARATE, BACK = "/household/leave/", "/household/separate/", "/household/back/"


@pytest.fixture
def browser(client_of: Callable[[User], Client], co_parent: User, child: Child) -> Client:
    return client_of(co_parent)


def membership(user: User) -> Membership:
    return Membership.objects.get(user=user)


class TestLeaving:
    def test_looking_leaves_nothing(self, browser: Client, co_parent: User) -> None:
        page = browser.get(LEAVE).content.decode()
        assert "At once and alone" in page
        assert "Alice" in page
        assert membership(co_parent).left_at is None

    def test_one_tap_leaves(self, browser: Client, co_parent: User, now: datetime) -> None:
        done = browser.post(LEAVE, follow=True)
        assert "You have left the household." in done.content.decode()
        assert membership(co_parent).left_at == now

    def test_two_taps_leave_and_block(self, browser: Client, parent: User, co_parent: User) -> None:
        assert browser.post(LEAVE, {"block": [membership(parent).public_id]}).status_code == 303
        assert is_blocked(email=co_parent.email, sender_id=parent.pk)
        assert "Alice" in browser.get(reverse("blocked")).content.decode()
        assert "alice@example.org" not in browser.get(reverse("blocked")).content.decode()

    @pytest.mark.parametrize("named", ["x", "00000000-0000-4000-8000-000000000000"])
    def test_a_choice_that_was_not_offered_is_refused_and_nothing_is_done(
        self, browser: Client, co_parent: User, named: str
    ) -> None:
        page = browser.post(LEAVE, {"block": [named]})
        assert page.status_code == 422
        assert membership(co_parent).left_at is None

    def test_a_helper_leaves_as_well_and_is_offered_no_separating(
        self, client_of: Callable[[User], Client], helper: User, child: Child
    ) -> None:
        other = client_of(helper)
        assert SEPARATE not in other.get(LEAVE).content.decode()
        assert SEPARATE not in other.get(reverse("household-members")).content.decode()
        assert other.post(LEAVE).status_code == 303

    def test_the_second_tap_of_two_lands_where_the_first_did(
        self, browser: Client, household: Household
    ) -> None:
        named = {"home": household.public_id}
        assert browser.post(LEAVE, named).status_code == 303
        assert browser.post(LEAVE, named)["Location"] == reverse("today")
        assert browser.get(LEAVE, named).status_code == 404

    def test_it_is_the_named_household_that_is_left(
        self, browser: Client, co_parent: User, household: Household, stranger: User, now: datetime
    ) -> None:
        elsewhere = Membership.objects.get(user=stranger).household
        Membership.objects.create(household=elsewhere, user=co_parent, role="helper", joined_at=now)
        browser.post(reverse("household-switch"), {"household": elsewhere.public_id})
        browser.post(LEAVE, {"home": household.public_id})
        left = Membership.objects.filter(user=co_parent, left_at__isnull=False)
        assert [one.household for one in left] == [household]

    @pytest.mark.parametrize("address", [LEAVE, SEPARATE])
    def test_a_household_that_is_not_theirs_is_not_there(
        self, browser: Client, stranger: User, address: str
    ) -> None:
        foreign = Membership.objects.get(user=stranger).household
        assert browser.get(f"{address}?home={foreign.public_id}").status_code == 404


class TestTheLastOne:
    def test_is_told_so_and_may_come_back(
        self, client_of: Callable[[User], Client], parent: User, child: Child, household: Household
    ) -> None:
        browser = client_of(parent)
        assert "You are the last one here." in browser.get(LEAVE).content.decode()
        assert "Back to The attic" in browser.post(LEAVE, follow=True).content.decode()
        back = browser.post(BACK, {"household": household.public_id}, follow=True)
        assert back.context["household"] == household
        assert "Back to" not in browser.get(reverse("household")).content.decode()

    def test_is_offered_it_from_another_household_too(
        self, client_of: Callable[[User], Client], stranger: User, household: Household, now: datetime
    ) -> None:
        Membership.objects.filter(household=household).update(left_at=now - timedelta(days=1))
        Membership.objects.create(
            household=household, user=stranger, role="guardian", joined_at=now, left_at=now
        )
        assert "Back to The attic" in client_of(stranger).get(reverse("household")).content.decode()

    @pytest.mark.parametrize("named", ["", "x", "00000000-0000-4000-8000-000000000000"])
    def test_nobody_comes_back_to_what_is_not_there(self, browser: Client, named: str) -> None:
        assert browser.post(BACK, {"household": named}).status_code == 404

    def test_nor_to_where_somebody_lives(self, browser: Client, household: Household) -> None:
        browser.post(LEAVE)
        assert browser.post(BACK, {"household": household.public_id}).status_code == 404


class TestSeparating:
    @pytest.fixture
    def fields(self, child: Child) -> dict[str, Any]:
        return {"name": "The loft", "timezone": "Europe/Lisbon", "child_ids": [child.public_id]}

    def test_the_page_says_what_comes_along_and_offers_every_child(
        self, browser: Client, child: Child, second_child: Child
    ) -> None:
        page = browser.get(SEPARATE)
        text = page.content.decode()
        for words in ("What comes along", "What stays here", "What the others see", "Nobody is asked"):
            assert words in text
        assert page.context["form"]["child_ids"].value() == [child.public_id, second_child.public_id]
        assert Household.objects.count() == 1

    def test_one_act_does_it(
        self,
        browser: Client,
        co_parent: User,
        record: Callable[..., Observation],
        fields: dict[str, Any],
        household: Household,
        client_of: Callable[[User], Client],
        parent: User,
    ) -> None:
        record(co_parent, details={"note": "Words of mine", "visibility": "household"})
        done = browser.post(SEPARATE, fields, follow=True)
        assert done.context["household"].name == "The loft"
        assert "Words of mine" in browser.get(reverse("moments")).content.decode()
        theirs = client_of(parent)
        assert "Words of mine" not in theirs.get(reverse("moments")).content.decode()
        assert "Bela" not in theirs.get(reverse("household-members")).content.decode()

    def test_what_cannot_be_comes_back_as_typed(
        self, browser: Client, co_parent: User, fields: dict[str, Any]
    ) -> None:
        for field, value in (("name", ""), ("timezone", "Mars/Olympus"), ("child_ids", ["x"])):
            page = browser.post(SEPARATE, {**fields, field: value})
            assert page.status_code == 422
            assert set(page.context["form"].errors) == {field}
            assert field == "name" or "The loft" in page.content.decode()
        assert membership(co_parent).left_at is None

    def test_the_second_tap_of_two_separates_nothing_more(
        self, browser: Client, household: Household, fields: dict[str, Any]
    ) -> None:
        named = {**fields, "home": household.public_id}
        assert browser.post(SEPARATE, named).status_code == 303
        assert browser.post(SEPARATE, named)["Location"] == reverse("today")
        assert Household.objects.count() == 2

    def test_a_helper_is_refused(
        self, client_of: Callable[[User], Client], helper: User, child: Child, fields: dict[str, Any]
    ) -> None:
        other = client_of(helper)
        assert other.get(SEPARATE).status_code == 403
        assert other.post(SEPARATE, fields).status_code == 403

    def test_whoever_has_a_password_types_it_in_once_more(
        self,
        client_of: Callable[[User], Client],
        co_parent: User,
        household: Household,
        fields: dict[str, Any],
        now: datetime,
        sign_in_was_long_ago: Callable[[Client], None],
    ) -> None:
        co_parent.set_password("seven quiet geese at dawn")
        co_parent.save()
        browser = client_of(co_parent)
        sign_in_was_long_ago(browser)
        elsewhere = Household.objects.create(
            name="Older", timezone="UTC", created_at=now - timedelta(days=900), changed_at=now
        )
        Membership.objects.create(household=elsewhere, user=co_parent, role="guardian", joined_at=now)
        answer = browser.post(SEPARATE, {**fields, "home": household.public_id})
        assert answer["Location"].startswith(reverse("account_reauthenticate"))
        assert Membership.objects.filter(user=co_parent, left_at=None).count() == 2
        browser.post(answer["Location"], {"password": "seven quiet geese at dawn"})
        left = Membership.objects.get(user=co_parent, left_at__isnull=False)
        assert left.household == household, "the one it was about, not the first of two"
