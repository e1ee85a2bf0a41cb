"""A person's own choices and keys."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import ApiToken, User
from households.models import Child, Household
from observations.selectors import get_focus

pytestmark = pytest.mark.usefixtures("that_evening")

CHOICES = {
    "display_name": "Mum",
    "timezone": "Asia/Tokyo",
    "standing_visibility": "household",
    "discreet": "True",
    "digest_level": "full",
    "digest_weekday": "6",
    "digest_hour": "9",
    "focus": "repair",
}


@pytest.fixture
def browser(client_of: Callable[[User], Client], parent: User, child: Child) -> Client:
    return client_of(parent)


class TestChoices:
    def test_are_shown_as_they_stand_and_stored_as_chosen(
        self, browser: Client, parent: User, household: Household
    ) -> None:
        page = browser.get(reverse("choices")).content.decode()
        assert 'value="Alice"' in page
        assert '<option value="Europe/Lisbon" selected>' in page
        assert browser.post(reverse("choices"), CHOICES)["Location"] == reverse("choices")
        parent.refresh_from_db()
        stored = {name: str(getattr(parent, name)) for name in CHOICES if name != "focus"}
        assert stored == {name: value for name, value in CHOICES.items() if name != "focus"}
        focus = get_focus(actor_id=parent.pk, household_id=household.pk)
        assert focus
        assert focus.dimension == "repair"
        assert browser.get(reverse("choices")).context["form"]["focus"].value() == "repair"

    def test_what_is_emptied_is_a_choice_too(
        self, browser: Client, parent: User, household: Household
    ) -> None:
        browser.post(reverse("choices"), CHOICES)
        browser.post(reverse("choices"), {**CHOICES, "display_name": "", "digest_weekday": "", "focus": ""})
        parent.refresh_from_db()
        assert (parent.display_name, parent.digest_weekday) == ("", None)
        assert get_focus(actor_id=parent.pk, household_id=household.pk) is None

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("display_name", "x" * 61),
            ("display_name", "a\x00b"),
            ("timezone", "Mars/Olympus"),
            ("timezone", ""),
            ("standing_visibility", ""),
            ("standing_visibility", "public"),
            ("digest_level", ""),
            ("digest_level", "everything"),
            ("digest_weekday", "7"),
            ("digest_weekday", "9" * 5000),
            ("digest_hour", "3"),
            ("digest_hour", "1e1"),
            ("focus", "obedience"),
        ],
    )
    def test_what_cannot_be_comes_back_as_typed_and_changes_nothing(
        self, browser: Client, parent: User, field: str, value: str
    ) -> None:
        page = browser.post(reverse("choices"), {**CHOICES, field: value})
        assert page.status_code == 422
        assert set(page.context["form"].errors) == {field}
        assert field == "display_name" or 'value="Mum"' in page.content.decode()
        parent.refresh_from_db()
        assert parent.display_name == "Alice"

    def test_are_there_before_there_is_a_household(
        self, client_of: Callable[[User], Client], make_user: Callable[..., User]
    ) -> None:
        newcomer = make_user("nell")
        browser = client_of(newcomer)
        assert "focus" not in browser.get(reverse("choices")).context["form"].fields
        assert browser.post(reverse("choices"), CHOICES).status_code == 303
        newcomer.refresh_from_db()
        assert newcomer.digest_level == "full"

    def test_nobody_else_sees_what_somebody_chose(
        self, browser: Client, client_of: Callable[[User], Client], co_parent: User
    ) -> None:
        before = client_of(co_parent).get(reverse("household-members")).content
        browser.post(reverse("choices"), {**CHOICES, "display_name": "Alice"})
        after = client_of(co_parent).get(reverse("household-members")).content
        token = rb'name="csrfmiddlewaretoken" value="\w+"|"X-CSRFToken": "\w+"|nonce-\w+'
        assert re.sub(token, b"", before) == re.sub(token, b"", after)


class TestTokens:
    FIELDS = {"name": "Notebook", "scope": "write", "days": "30"}

    def test_a_secret_is_shown_once_and_opens_the_api(self, browser: Client, client: Client) -> None:
        page = browser.post(reverse("tokens"), self.FIELDS)
        secret = re.search(r"attune_\w+", page.content.decode())
        assert secret
        assert "no-store" in page["Cache-Control"]
        again = browser.get(reverse("tokens")).content.decode()
        assert "Notebook" in again
        assert secret[0] not in again
        answer = client.get("/api/v1/households/", headers={"authorization": f"Bearer {secret[0]}"})
        assert answer.status_code == 200

    def test_ended_it_opens_nothing(self, browser: Client, client: Client) -> None:
        page = browser.post(reverse("tokens"), self.FIELDS).content.decode()
        secret = re.search(r"attune_\w+", page)
        assert secret
        digest = ApiToken.objects.get().digest
        assert browser.post(reverse("token-end"), {"token": digest})["Location"] == reverse("tokens")
        answer = client.get("/api/v1/households/", headers={"authorization": f"Bearer {secret[0]}"})
        assert answer.status_code == 401

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", ""),
            ("name", "x" * 61),
            ("name", "a\x00"),
            ("scope", "admin"),
            ("days", "0"),
            ("days", "366"),
            ("days", "9" * 5000),
            ("days", "soon"),
        ],
    )
    def test_what_cannot_be_comes_back_as_typed(self, browser: Client, field: str, value: str) -> None:
        page = browser.post(reverse("tokens"), {**self.FIELDS, "name": "Kept", field: value})
        assert page.status_code == 422
        assert set(page.context["form"].errors) == {field}
        assert field == "name" or 'value="Kept"' in page.content.decode()
        assert not ApiToken.objects.exists()

    def test_nobody_ends_somebody_elses(
        self, browser: Client, client_of: Callable[[User], Client], co_parent: User
    ) -> None:
        browser.post(reverse("tokens"), self.FIELDS)
        digest = ApiToken.objects.get().digest
        other = client_of(co_parent)
        assert "Notebook" not in other.get(reverse("tokens")).content.decode()
        for token in (digest, "x", "", "\x00", "x" * 500):
            assert other.post(reverse("token-end"), {"token": token}).status_code == 404
        assert ApiToken.objects.exists()

    def test_whoever_signed_in_long_ago_types_the_password_in_once_more(
        self,
        client_of: Callable[[User], Client],
        parent: User,
        sign_in_was_long_ago: Callable[[Client], None],
    ) -> None:
        parent.set_password("seven quiet geese at dawn")
        parent.save()
        browser = client_of(parent)
        sign_in_was_long_ago(browser)
        answer = browser.post(reverse("tokens"), self.FIELDS)
        assert answer["Location"].startswith(reverse("account_reauthenticate"))
        assert not ApiToken.objects.exists()
        page = browser.post(answer["Location"], {"password": "seven quiet geese at dawn"})
        assert "attune_" in page.content.decode(), "and then the request goes on as it was sent"
        assert ApiToken.objects.get().name == "Notebook"
