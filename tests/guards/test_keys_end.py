"""A key to the API that somebody made for themselves ends with their session: the same acts, at both doors."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import ApiToken, User
from accounts.services import create_token, end_device, end_everything_else, sign_out_everywhere
from common.estates import list_estates
from common.models import LedgerEntry
from tests.frontend.test_second_step import add_app, add_passkey
from tests.guards.test_sessions import CHANGES, PASSWORD
from tests.soft_passkey import SoftPasskey

pytestmark = pytest.mark.django_db


@pytest.fixture
def phone(client_of: Callable[[User], Client], parent: User, settings: Any) -> Client:
    settings.RATE_LIMIT_FACTOR = 1000
    parent.set_password(PASSWORD)
    parent.save()
    return client_of(parent)


@pytest.fixture
def secret(parent: User) -> str:
    return create_token(actor_id=parent.pk, name="A thief's", now=timezone.now())[1]


def opens(secret: str) -> bool:
    """Whether the key opens the API, asked as a program asks."""
    answer = Client().get("/api/v1/me/", headers={"authorization": f"Bearer {secret}"})
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


class TestAKey:
    @pytest.mark.parametrize("what", CHANGES)
    def test_ends_with_every_change_of_how_one_signs_in(
        self,
        phone: Client,
        parent: User,
        secret: str,
        what: str,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            if what == "a passkey less":
                add_passkey(phone, SoftPasskey())
                session = phone.session
                session["passkey_for_the_test"] = parent.authenticator_set.get(type="webauthn").pk
                session.save()
            elif what == "an app less":
                add_app(phone)
        if what.endswith(" less"):
            secret = create_token(actor_id=parent.pk, name="Made since", now=timezone.now())[1]
        assert opens(secret)
        mail.outbox.clear()
        with django_capture_on_commit_callbacks(execute=True):
            phone.post("/", {})
            CHANGES[what](phone)
        assert not opens(secret)
        told = [message.body for message in mail.outbox if "With:" in message.body]
        assert told
        assert all("keys to it that programs had ended" in body for body in told)

    def test_ends_with_a_password_chosen_anew_by_mail(self, phone: Client, parent: User, secret: str) -> None:
        elsewhere = Client()
        elsewhere.post(reverse("account_reset_password"), {"email": parent.email})
        code = re.findall(r"(?m)^[A-Z0-9]{4}-[A-Z0-9]{4}$", mail.outbox[-1].body)[0]
        elsewhere.post(reverse("account_confirm_password_reset_code"), {"code": code})
        new = "an attic full of kites"
        elsewhere.post(reverse("account_complete_password_reset"), {"password1": new, "password2": new})
        parent.refresh_from_db()
        assert parent.check_password(new)
        assert not opens(secret)

    def test_ends_where_one_signs_out_everywhere_else(
        self, phone: Client, secret: str, co_parent: User
    ) -> None:
        theirs = create_token(actor_id=co_parent.pk, name="Theirs", now=timezone.now())[1]
        page = phone.get(reverse("devices")).content.decode()
        assert "One program has a key to your account" in page
        assert "Sign out everywhere else" in page, "also with one device alone"
        phone.post(reverse("devices-end-others"))
        assert not opens(secret)
        assert opens(theirs)
        (told,) = mail.outbox
        assert "keys to it that programs had ended" in told.body

    def test_nothing_to_end_is_no_news(self, phone: Client) -> None:
        phone.post(reverse("devices-end-others"))
        assert mail.outbox == []

    def test_ends_where_an_operator_signs_the_account_out(
        self, parent: User, secret: str, make_user: Any
    ) -> None:
        operator = make_user("operator", is_staff=True)
        sign_out_everywhere(operator_id=operator.pk, account_id=parent.public_id)
        assert not opens(secret)

    def test_goes_on_where_one_single_device_is_signed_out(
        self, phone: Client, parent: User, secret: str
    ) -> None:
        end_device(actor_id=parent.pk, device_id=parent.usersession_set.get().pk)
        assert opens(secret)

    def test_does_not_come_back_with_a_backup(self, parent: User, secret: str, now: datetime) -> None:
        kept = ApiToken.objects.get()
        end_everything_else(user_id=parent.pk, session_key="")
        kept.save(force_insert=True)  # as a restored dump has it
        assert opens(secret)
        appliers = {kind: act for estate in list_estates() for kind, act in estate.appliers().items()}
        for line in LedgerEntry.objects.filter(kind="token_ended"):
            appliers[line.kind](line.subject, now)
        assert not opens(secret)
