"""From the form to the mail to the household, through two browsers."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from smtplib import SMTPServerDisconnected

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import User
from households.models import Child, Household, Invitation, Membership
from households.selectors import get_membership

pytestmark = pytest.mark.usefixtures("that_evening")
JOIN = "/household/join/"


@pytest.fixture
def browser(client_of: Callable[[User], Client], parent: User, child: Child) -> Client:
    return client_of(parent)


@pytest.fixture
def guest(make_user: Callable[..., User]) -> User:
    return make_user("guest")


def invite(browser: Client, email: str = "guest@example.org", role: str = "guardian") -> str:
    """Sends an invitation; the path of the link in its mail."""
    answer = browser.post(reverse("household-invitations"), {"email": email, "role": role})
    assert answer.status_code == 303
    found = re.search(
        r"https?://[^/\s]+(/household/invitations/\S+)", mail.outbox[-2].body
    )  # a notice is last
    assert found
    return found[1]


class TestInviting:
    def test_a_guardian_sends_sees_and_withdraws(
        self, browser: Client, client_of: Callable[[User], Client], guest: User
    ) -> None:
        link = invite(browser)
        page = browser.get(reverse("household-invitations")).content.decode()
        assert "guest@example.org" in page
        token = link.strip("/").rpartition("/")[2]
        assert token not in page
        assert Invitation.objects.get().token_sha256 not in page
        address = reverse("invitation-withdraw", args=[Invitation.objects.get().public_id])
        assert address in page
        browser.post(address)
        assert "guest@example.org" not in browser.get(reverse("household-invitations")).content.decode()
        assert client_of(guest).get(link, follow=True).status_code == 404

    def test_the_link_stands_on_the_site_address_whatever_host_was_asked(
        self, browser: Client, settings
    ) -> None:
        settings.SITE_URL = "https://attune.example"
        settings.ALLOWED_HOSTS = ["*"]
        browser.post(
            reverse("household-invitations"),
            {"email": "guest@example.org", "role": "helper"},
            headers={"host": "evil.example"},
        )
        assert "https://attune.example/household/invitations/" in mail.outbox[-2].body
        assert not [sent for sent in mail.outbox if "evil.example" in sent.body]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("email", ""),
            ("email", "nobody"),
            ("email", "a@b.example, evil@example.org"),
            ("email", "a@b.example\nBcc: evil@example.org"),
            ("email", "a\x00@example.org"),
            ("email", f"{'x' * 300}@example.org"),
            ("role", ""),
            ("role", "owner"),
        ],
    )
    def test_what_cannot_be_comes_back_as_typed(self, browser: Client, field: str, value: str) -> None:
        fields = {"email": "kept@example.org", "role": "helper", field: value}
        page = browser.post(reverse("household-invitations"), fields)
        assert page.status_code == 422
        assert set(page.context["form"].errors) == {field}
        assert field == "email" or "kept@example.org" in page.content.decode()
        assert not Invitation.objects.exists()
        assert mail.outbox == []

    def test_a_mail_server_that_is_down_is_said_beside_the_address(
        self, browser: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def drop(*args: object, **kwargs: object) -> int:
            raise SMTPServerDisconnected("gone")

        monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", drop)
        page = browser.post(
            reverse("household-invitations"), {"email": "guest@example.org", "role": "helper"}
        )
        assert page.status_code == 422
        assert set(page.context["form"].errors) == {"email"}
        assert page.context["invitations"].count() == 0

    def test_whoever_signed_in_long_ago_types_the_password_in_once_more(
        self,
        client_of: Callable[[User], Client],
        parent: User,
        child: Child,
        sign_in_was_long_ago: Callable[[Client], None],
    ) -> None:
        parent.set_password("seven quiet geese at dawn")
        parent.save()
        browser = client_of(parent)
        sign_in_was_long_ago(browser)
        fields = {"email": "guest@example.org", "role": "helper"}
        answer = browser.post(reverse("household-invitations"), fields)
        assert answer["Location"].startswith(reverse("account_reauthenticate"))
        assert not Invitation.objects.exists()
        done = browser.post(answer["Location"], {"password": "seven quiet geese at dawn"})
        assert done["Location"] == reverse("household-invitations")
        assert Invitation.objects.get().email == "guest@example.org"

    def test_a_helper_is_refused(
        self, client_of: Callable[[User], Client], helper: User, browser: Client
    ) -> None:
        invite(browser)
        address = reverse("household-invitations")
        assert client_of(helper).get(address).status_code == 403
        fields = {"email": "x@example.org", "role": "helper"}
        assert client_of(helper).post(address, fields).status_code == 403
        withdraw = reverse("invitation-withdraw", args=[Invitation.objects.get().public_id])
        assert client_of(helper).post(withdraw).status_code == 404

    def test_a_stranger_withdraws_nothing(
        self, browser: Client, client_of: Callable[[User], Client], stranger: User
    ) -> None:
        invite(browser)
        for invitation_id in (Invitation.objects.get().public_id, uuid.uuid4()):
            address = reverse("invitation-withdraw", args=[invitation_id])
            assert client_of(stranger).post(address).status_code == 404


class TestAccepting:
    def test_the_token_leaves_the_address_before_anything_shows(
        self, browser: Client, client: Client
    ) -> None:
        link = invite(browser)
        answer = client.get(link)
        assert (answer.status_code, answer["Location"]) == (303, JOIN)
        page = client.get(JOIN).content.decode()
        assert link.strip("/").rpartition("/")[2] not in page
        for word in ("The attic", "Pip", "Alice", "alice"):
            assert word not in page, "signed out, nobody learns whose household it is"

    def test_the_one_who_asked_is_named_by_the_address_of_the_mail(
        self, browser: Client, client_of: Callable[[User], Client], guest: User, parent: User
    ) -> None:
        link = invite(browser)
        User.objects.filter(pk=parent.pk).update(email="moved@example.org", display_name="Attune Support")
        page = client_of(guest).get(link, follow=True).content.decode()
        assert "alice@example.org asked you in" in page
        assert "moved@example.org" not in page
        assert "Attune Support" not in page

    def test_looking_joins_nobody(
        self, browser: Client, client_of: Callable[[User], Client], guest: User, household: Household
    ) -> None:
        other = client_of(guest)
        page = other.get(invite(browser), follow=True).content.decode()
        assert "Join The attic?" in page
        assert not Membership.objects.filter(user=guest).exists()
        assert other.post(JOIN)["Location"] == reverse("welcome-choices")
        assert get_membership(actor_id=guest.pk, household_id=household.public_id).role == "guardian"
        assert other.get(reverse("household")).context["household"] == household

    def test_an_account_made_for_it_comes_back_to_it(self, browser: Client, client: Client) -> None:
        link = invite(browser, "fresh@example.org", "helper")
        page = client.get(link, follow=True).content.decode()
        assert f"{reverse('account_signup')}?next={JOIN}" in page
        answer = client.post(reverse("account_signup"), {"email": "fresh@example.org", "next": JOIN})
        code = re.search(r"^([A-Z0-9]{3,}-?[A-Z0-9]{2,})$", mail.outbox[-1].body, re.MULTILINE)
        assert code
        done = client.post(answer["Location"], {"code": code[1]})
        assert done["Location"] == JOIN
        assert client.get(reverse("welcome"))["Location"] == JOIN, "nor does the welcome lose it"
        assert client.post(JOIN).status_code == 303
        assert client.get(reverse("household")).context["household"].name == "The attic"

    def test_another_person_is_told_why_and_learns_nothing(
        self, browser: Client, client_of: Callable[[User], Client], stranger: User
    ) -> None:
        other = client_of(stranger)
        page = other.get(invite(browser), follow=True)
        assert page.status_code == 404
        assert "zoe@example.org" in page.content.decode()
        assert "The attic" not in page.content.decode()
        assert other.post(JOIN).status_code == 404

    def test_an_address_that_is_not_verified_opens_nothing(
        self, browser: Client, client_of: Callable[[User], Client], guest: User
    ) -> None:
        guest.emailaddress_set.update(verified=False)
        assert client_of(guest).get(invite(browser), follow=True).status_code == 404

    def test_a_second_click_joins_nobody_twice(
        self, browser: Client, client_of: Callable[[User], Client], guest: User
    ) -> None:
        link = invite(browser)
        first, second = client_of(guest), client_of(guest)
        first.get(link)
        second.get(link)
        assert first.post(JOIN).status_code == 303
        assert second.post(JOIN).status_code == 404
        assert Membership.objects.filter(user=guest).count() == 1

    def test_three_days_later_it_is_over(
        self, browser: Client, client_of: Callable[[User], Client], guest: User, now: datetime
    ) -> None:
        link = invite(browser)
        with time_machine.travel(now + timedelta(hours=72, seconds=1), tick=False):
            assert client_of(guest).get(link, follow=True).status_code == 404

    def test_a_member_of_a_full_or_known_household_is_told(
        self, browser: Client, client_of: Callable[[User], Client], co_parent: User
    ) -> None:
        other = client_of(co_parent)
        other.get(invite(browser, co_parent.email))
        page = other.post(JOIN)
        assert page.status_code == 422
        assert "already belong" in page.content.decode()

    def test_without_an_invitation_there_is_nothing_to_join(self, client: Client, browser: Client) -> None:
        assert client.get(JOIN).status_code == 404
        assert browser.get(JOIN).status_code == 404
        assert browser.post(JOIN).status_code == 404

    @pytest.mark.parametrize("token", ["x", "x" * 3000, "-" * 43])
    def test_a_token_that_never_was_is_no_server_error(
        self, client_of: Callable[[User], Client], guest: User, token: str
    ) -> None:
        other = client_of(guest)
        assert other.get(f"/household/invitations/{token}/", follow=True).status_code == 404
        assert len(other.session["invitation"]) <= 64
