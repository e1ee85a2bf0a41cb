"""A new SECRET_KEY: whatever the former one signed goes on while it is a fallback, and ends when it is taken away.

Each test begins something under the former key and finishes it under the new one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from django.core import mail
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from common.pages import Place, read_cursor, write_cursor
from households.models import Household
from households.services import invite_member
from reflections.tokens import read_unsubscribe_token, unsubscribe_token

FORMER, NEW = "f" * 30 + "0123456789abcdefghij", "n" * 30 + "0123456789abcdefghij"
PASSWORD = "eight loud geese at dusk"


@contextmanager
def replaced(*, former_is_known: bool) -> Iterator[None]:
    """Every process was restarted with the new key; with the former one among the fallbacks, or without it."""
    with override_settings(SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=[FORMER] if former_is_known else []):
        yield


@pytest.fixture(autouse=True)
def _former(settings: Any) -> None:
    settings.SECRET_KEY = FORMER


@pytest.fixture(params=[True, False], ids=["fallback", "taken away"])
def known(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def mailed_code() -> str:
    found = re.search(r"^([A-Z0-9]{3,}-?[A-Z0-9]{2,})$", mail.outbox[-1].body, re.MULTILINE)
    assert found
    return found[1]


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("choices")).status_code == 200


class TestSignedIn:
    def test_a_session_goes_on(self, client_of: Callable[[User], Client], parent: User, known: bool) -> None:
        client = client_of(parent)
        with replaced(former_is_known=known):
            assert is_signed_in(client) is known

    def test_whoever_came_by_meanwhile_does_not_notice_when_it_is_taken_away(
        self, client_of: Callable[[User], Client], parent: User
    ) -> None:
        came_by, stayed_away = client_of(parent), client_of(parent)
        with replaced(former_is_known=True):
            assert is_signed_in(came_by)
        with replaced(former_is_known=False):
            assert (is_signed_in(came_by), is_signed_in(stayed_away)) == (True, False)


class TestHalfWay:
    """Somebody is in the middle of something, a code in their mailbox."""

    def test_of_signing_in(self, client: Client, parent: User, known: bool) -> None:
        sent = client.post(reverse("account_request_login_code"), {"email": parent.email})
        with replaced(former_is_known=known):
            client.post(sent["Location"], {"code": mailed_code()})
            assert is_signed_in(client) is known

    def test_of_signing_up(self, client: Client, db: None, known: bool) -> None:
        sent = client.post(reverse("account_signup"), {"email": "new@example.org"})
        with replaced(former_is_known=known):
            client.post(sent["Location"], {"code": mailed_code()})
            assert is_signed_in(client) is known

    def test_of_choosing_a_new_password(self, client: Client, parent: User, known: bool) -> None:
        parent.set_password("something else entirely")
        parent.save()
        sent = client.post(reverse("account_reset_password"), {"email": parent.email})
        with replaced(former_is_known=known):
            form = client.post(sent["Location"], {"code": mailed_code()})
            client.post(form["Location"], {"password1": PASSWORD, "password2": PASSWORD})
        parent.refresh_from_db()
        assert parent.check_password(PASSWORD) is known

    def test_of_accepting_an_invitation(
        self, client: Client, parent: User, household: Household, known: bool
    ) -> None:
        _invitation, token = invite_member(
            actor_id=parent.pk,
            household_id=household.public_id,
            email="guest@example.org",
            role="guardian",
            now=timezone.now(),
        )
        client.get(reverse("invitation", args=[token]))
        with replaced(former_is_known=known):
            assert (client.get(reverse("invitation-join")).status_code == 200) is known
            # The link itself is signed by nobody: it opens again.
            assert client.get(reverse("invitation", args=[token]), follow=True).status_code == 200


class TestWhatItDoesNotSign:
    """These go on even where the former key was taken away at once."""

    def test_the_link_that_stops_a_mail(self, parent: User) -> None:
        token = unsubscribe_token(user_id=parent.public_id)
        with replaced(former_is_known=False):
            assert read_unsubscribe_token(token) == parent.public_id

    def test_the_place_in_a_list(self, parent: User, now: datetime) -> None:
        place = {"reader_id": parent.pk, "list_name": "moments"}
        cursor = write_cursor(Place(now, 7), **place)
        with replaced(former_is_known=False):
            assert read_cursor(cursor, **place) == Place(now, 7)


def test_the_former_key_does_sign_all_this(parent: User, client_of: Callable[[User], Client]) -> None:
    """The proof of these tests: with a key that nobody knows, a session is no session."""
    session = client_of(parent).session
    signed = session.encode(session.load())
    with replaced(former_is_known=False):
        assert session.decode(signed) == {}
    with replaced(former_is_known=True):
        assert session.decode(signed)["_auth_user_id"] == str(parent.pk)
