"""The first two minutes."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from households.models import Child, Household, Membership
from households.rules import Role
from households.selectors import list_children, list_households
from observations.selectors import get_focus

pytestmark = pytest.mark.usefixtures("that_evening")


@pytest.fixture
def newcomer(make_user: Callable[..., User]) -> User:
    return make_user("nell")


@pytest.fixture
def browser(client_of: Callable[[User], Client], newcomer: User) -> Client:
    return client_of(newcomer)


HOUSEHOLD = {"name": "The attic", "timezone": "Europe/Lisbon", "week_starts_on": "6"}
CHILD = {"nickname": "Pip", "birth_month_month": "5", "birth_month_year": "2022", "emoji": "🦊"}


class TestWelcome:
    def test_three_steps_lead_to_the_log(self, browser: Client, newcomer: User) -> None:
        assert browser.get("/")["Location"] == reverse("welcome")
        assert browser.get(reverse("welcome")).status_code == 200
        assert browser.post(reverse("welcome"), HOUSEHOLD)["Location"] == reverse("welcome-child")
        assert browser.post(reverse("welcome-child"), CHILD)["Location"] == reverse("welcome-choices")
        chosen = {"standing_visibility": "household", "digest_level": "counts", "focus": "repair"}
        assert browser.post(reverse("welcome-choices"), chosen)["Location"] == reverse("log")

        household = list_households(actor_id=newcomer.pk).get()
        assert (household.name, household.timezone, household.week_starts_on) == (
            "The attic",
            "Europe/Lisbon",
            6,
        )
        child = list_children(actor_id=newcomer.pk, household_id=household.public_id).get()
        assert (child.nickname, child.birth_month, child.emoji) == ("Pip", date(2022, 5, 1), "🦊")
        newcomer.refresh_from_db()
        assert (newcomer.standing_visibility, newcomer.digest_level) == ("household", "counts")
        assert newcomer.timezone == "Europe/Lisbon"
        focus = get_focus(actor_id=newcomer.pk, household_id=household.pk)
        assert focus
        assert focus.dimension == "repair"
        assert browser.get(reverse("log")).status_code == 200

    def test_skipped_choices_stay_the_most_private(self, browser: Client, newcomer: User) -> None:
        browser.post(reverse("welcome"), HOUSEHOLD)
        browser.post(reverse("welcome-child"), CHILD)
        page = browser.get(reverse("welcome-choices")).content.decode()
        assert f'href="{reverse("log")}"' in page
        ticked = [box for box in re.findall(r"<input[^>]*>", page) if " checked" in box]
        assert [re.search(r'name="(\w+)"', box)[1] for box in ticked] == ["focus"]
        assert 'value=""' in ticked[0], "no box that says anything is ticked beforehand"
        assert '<option value="18" selected>' in page
        assert browser.post(reverse("welcome-choices"), {"digest_hour": "18"})["Location"] == reverse("log")
        newcomer.refresh_from_db()
        assert (newcomer.standing_visibility, newcomer.digest_level) == ("private", "discreet")
        assert newcomer.digest_hour == 18

    def test_another_child_may_follow_at_once(self, browser: Client, newcomer: User) -> None:
        browser.post(reverse("welcome"), HOUSEHOLD)
        answer = browser.post(reverse("welcome-child"), {**CHILD, "another": ""})
        assert answer["Location"] == reverse("welcome-child")

    def test_a_month_may_come_as_programs_write_it(self, browser: Client, newcomer: User) -> None:
        browser.post(reverse("welcome"), HOUSEHOLD)
        browser.post(reverse("welcome-child"), {"nickname": "Pip", "birth_month": "2022-05"})
        assert Child.objects.get().birth_month == date(2022, 5, 1)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", ""),
            ("name", "x" * 61),
            ("name", "a\x00b"),
            ("timezone", ""),
            ("timezone", "Mars/Olympus"),
            ("timezone", "Europe/Lisbon\x00"),
            ("week_starts_on", "7"),
            ("week_starts_on", "9" * 5000),
            ("week_starts_on", "Monday"),
        ],
    )
    def test_a_household_that_cannot_be_comes_back_as_typed(
        self, browser: Client, field: str, value: str
    ) -> None:
        page = browser.post(reverse("welcome"), {**HOUSEHOLD, "name": "Kept", field: value})
        assert page.status_code == 422
        assert set(page.context["form"].errors) == {field}
        assert field == "name" or 'value="Kept"' in page.content.decode()
        assert not Household.objects.exists()

    @pytest.mark.parametrize(
        "fields",
        [
            {"nickname": ""},
            {"nickname": "x" * 31},
            {"nickname": "P\x00p"},
            {"birth_month_month": ""},
            {"birth_month_month": "13"},
            {"birth_month_year": "2027", "birth_month_month": "9"},
            {"birth_month_year": "1066"},
            {"birth_month_year": "9" * 5000},
            {"birth_month": "soon"},
            {"birth_month": "0000-00"},
            {"birth_month": "99999-01"},
            {"colour": "mauve"},
            {"emoji": "<script>"},
        ],
    )
    def test_a_child_that_cannot_be_comes_back_as_typed(
        self, browser: Client, fields: dict[str, str]
    ) -> None:
        browser.post(reverse("welcome"), HOUSEHOLD)
        page = browser.post(reverse("welcome-child"), {**CHILD, "nickname": "Kept", **fields})
        assert page.status_code == 422
        wrong = next(iter(fields)).removesuffix("_year").removesuffix("_month")
        named = {"birth_month" if wrong.startswith("birth") else wrong}
        assert set(page.context["form"].errors) == named
        assert "nickname" in fields or 'value="Kept"' in page.content.decode()
        assert not Child.objects.exists()

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("standing_visibility", "public"),
            ("digest_level", "everything"),
            ("digest_hour", "3"),
            ("digest_hour", "9" * 5000),
            ("focus", "obedience"),
            ("focus", "\x00"),
        ],
    )
    def test_a_choice_that_is_none_comes_back(self, browser: Client, field: str, value: str) -> None:
        browser.post(reverse("welcome"), HOUSEHOLD)
        page = browser.post(reverse("welcome-choices"), {field: value})
        assert page.status_code == 422
        assert set(page.context["form"].errors) == {field}

    def test_bytes_that_are_no_text_are_no_server_error(self, browser: Client) -> None:
        page = browser.post(
            reverse("welcome"),
            b"name=%ED%A0%80&timezone=%FF%FE&week_starts_on=0",
            content_type="application/x-www-form-urlencoded",
        )
        assert page.status_code == 422

    def test_whoever_has_a_household_is_led_on(
        self, client_of: Callable[[User], Client], parent: User, household: Household
    ) -> None:
        browser = client_of(parent)
        assert browser.get(reverse("welcome"))["Location"] == reverse("welcome-child")
        browser.post(reverse("welcome-child"), CHILD)
        assert browser.get(reverse("welcome"))["Location"] == reverse("today")

    def test_a_helper_waits_for_a_parent_to_add_a_child(
        self, client_of: Callable[[User], Client], helper: User
    ) -> None:
        browser = client_of(helper)
        page = browser.get(reverse("welcome"))
        assert page.status_code == 200
        assert b'<form method="post" novalidate' not in page.content
        assert browser.get(reverse("welcome-child")).status_code == 403
        assert browser.post(reverse("welcome-child"), CHILD).status_code == 403

    def test_an_archived_only_child_does_not_lock_a_parent_out(
        self, client_of: Callable[[User], Client], parent: User, child: Child, now: datetime
    ) -> None:
        Child.objects.update(archived_at=now)
        assert client_of(parent).get(reverse("welcome"))["Location"] == reverse("welcome-child")

    def test_a_guardian_who_left_starts_anew(
        self,
        client_of: Callable[[User], Client],
        former_member: User,
        join: Callable[..., Membership],
    ) -> None:
        assert Membership.objects.filter(user=former_member, role=Role.GUARDIAN).exists()
        assert client_of(former_member).get(reverse("welcome")).status_code == 200
