"""Sessions: a new key with every proof, ended on the server at once, by whatever should end them, and by time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.rules import SESSION_IDLE, SESSION_LIFETIME
from tests.conftest import NOW
from tests.frontend.test_second_step import add_app, add_passkey, app_code, sign_in_with
from tests.guards.matrix_bytes import answer
from tests.soft_passkey import SoftPasskey

PASSWORD = "seven quiet geese at dawn"
CHANGED = "eight loud geese at dusk"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(settings: Any) -> Iterator[Any]:
    settings.RATE_LIMIT_FACTOR = 1000
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def user(parent: User) -> User:
    parent.set_password(PASSWORD)
    parent.save()
    return parent


@pytest.fixture
def phone(client_of: Callable[[User], Client], user: User) -> Client:
    return client_of(user)


@pytest.fixture
def tablet(client_of: Callable[[User], Client], user: User) -> Client:
    return client_of(user)


def is_in(client: Client) -> bool:
    """Whether the next request of a page and of the API is one of somebody signed in."""
    page, api = client.get(reverse("security")), client.get("/api/v1/me/")
    assert (page.status_code, api.status_code) in ((200, 200), (302, 401))
    return bool(page.status_code == 200)


def with_fixated_session() -> Client:
    """A browser that somebody gave a session of their own making."""
    client = Client()
    client.get(reverse("household-invitations") + "abc/")  # the first page that keeps something in a session
    assert client.session.session_key
    return client


def newest_code() -> str:
    found = re.search(r"^[A-Z]{4}-[A-Z]{4}$", mail.outbox[-1].body, re.MULTILINE)
    assert found
    return found.group()


def by_password(client: Client, user: User, _passkey: SoftPasskey) -> None:
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})


def by_code(client: Client, user: User, _passkey: SoftPasskey) -> None:
    client.post(reverse("account_request_login_code"), {"email": user.email})
    client.post(reverse("account_confirm_login_code"), {"code": newest_code()})


def by_passkey(client: Client, _user: User, passkey: SoftPasskey) -> None:
    sign_in_with(passkey, client)


class TestFixation:
    """A session key that somebody else knows is not the one that is signed in."""

    @pytest.mark.parametrize("way", [by_password, by_code, by_passkey])
    def test_signing_in_gives_another_key(
        self, phone: Client, user: User, way: Callable[[Client, User, SoftPasskey], None]
    ) -> None:
        passkey = SoftPasskey()
        if way is by_passkey:
            add_passkey(phone, passkey)
        victim, thief = with_fixated_session(), Client()
        known = victim.session.session_key
        way(victim, user, passkey)
        assert is_in(victim)
        assert victim.session.session_key != known
        thief.cookies["session"] = str(known)
        assert not is_in(thief)

    def test_the_second_step_gives_another_key_than_the_first(
        self, phone: Client, user: User, clock: Any
    ) -> None:
        secret, victim = add_app(phone), with_fixated_session()
        clock.shift(120)
        by_password(victim, user, SoftPasskey())
        between = victim.session.session_key
        victim.post(reverse("mfa_authenticate"), {"code": app_code(secret)})
        assert is_in(victim)
        assert victim.session.session_key != between
        thief = Client()
        thief.cookies["session"] = str(between)
        assert not is_in(thief)

    def test_proving_it_again_gives_another_key_and_the_list_follows(
        self, phone: Client, tablet: Client, clock: Any
    ) -> None:
        before = phone.session.session_key
        clock.shift(301)
        asked = phone.post(reverse("devices-end-others"))
        phone.post(asked["Location"], {"password": PASSWORD})
        assert phone.session.session_key != before
        assert not Session.objects.filter(session_key=before).exists()
        assert [row.session_key for row in UserSession.objects.all()] == [phone.session.session_key]
        assert is_in(phone)
        assert not is_in(tablet)

    def test_somebody_else_in_the_same_browser_finds_nothing_of_the_one_before(
        self, phone: Client, stranger: User
    ) -> None:
        before = phone.session.session_key
        phone.force_login(stranger, backend="allauth.account.auth_backends.AuthenticationBackend")
        assert is_in(phone)
        assert not Session.objects.filter(session_key=before).exists()
        assert UserSession.objects.filter(user=stranger, session_key=phone.session.session_key).exists()


class TestEnding:
    """Whatever ends a session, its cookie is a stranger's with the next request."""

    def test_signing_out(self, phone: Client, tablet: Client) -> None:
        cookie = phone.cookies["session"].value
        phone.post(reverse("account_logout"))
        phone.cookies["session"] = cookie
        assert not is_in(phone)
        assert is_in(tablet)

    def test_signing_one_device_out_from_another(self, phone: Client, tablet: Client) -> None:
        row = UserSession.objects.get(session_key=tablet.session.session_key)
        phone.post(reverse("device-end"), {"device": row.pk})
        assert not is_in(tablet)
        assert is_in(phone)

    def test_signing_out_everywhere_else(self, phone: Client, tablet: Client, user: User) -> None:
        others = [tablet, *(Client() for _ in range(5))]
        for client in others[1:]:
            by_password(client, user, SoftPasskey())
        phone.post(reverse("devices-end-others"))
        assert [is_in(client) for client in others] == [False] * 6
        assert is_in(phone)
        assert mail.outbox[-1].to == [user.email]

    def test_nobody_ends_anothers(
        self, phone: Client, client_of: Callable[[User], Client], stranger: User
    ) -> None:
        row = UserSession.objects.get()
        other = client_of(stranger)
        theirs, *missing = [
            answer(other.post(reverse("device-end"), {"device": device}))
            for device in (row.pk, row.pk + 1000, "", "x", "-1", "9" * 30)
        ]
        assert theirs.status == 404
        assert missing == [theirs] * 5
        other.post(reverse("devices-end-others"))
        assert is_in(phone)

    def test_closing_the_account(self, phone: Client, user: User) -> None:
        User.objects.filter(pk=user.pk).update(is_active=False)
        assert not is_in(phone)


CHANGES: dict[str, Callable[[Client], Any]] = {
    "another password": lambda phone: phone.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": CHANGED, "password2": CHANGED},
    ),
    "another address": lambda phone: (
        phone.post(reverse("account_email"), {"action_add": "", "email": "new@example.org"}),
        phone.post(
            reverse("account_email_verification_sent"),
            {"code": re.findall(r"(?m)^[A-Z]{4}-[A-Z]{4}$", mail.outbox[-1].body)[0]},
        ),
    ),
    "a passkey more": lambda phone: add_passkey(phone, SoftPasskey()),
    "a passkey less": lambda phone: phone.post(
        reverse("mfa_remove_webauthn", args=[phone.session["passkey_for_the_test"]])
    ),
    "an app more": add_app,
    "an app less": lambda phone: phone.post(reverse("mfa_deactivate_totp")),
}


class TestChanges:
    """Whoever else is signed in somewhere got there by what was true before."""

    @pytest.mark.parametrize("what", CHANGES)
    def test_of_how_one_signs_in_end_the_other_sessions(
        self,
        phone: Client,
        client_of: Callable[[User], Client],
        user: User,
        what: str,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            if what == "a passkey less":
                add_passkey(phone, SoftPasskey())
                session = phone.session
                session["passkey_for_the_test"] = user.authenticator_set.get(type="webauthn").pk
                session.save()
            elif what == "an app less":
                add_app(phone)
        tablet = client_of(user)
        with django_capture_on_commit_callbacks(execute=True):
            CHANGES[what](phone)
        assert not is_in(tablet)
        assert is_in(phone)
        assert len(UserSession.objects.all()) == 1

    def test_a_password_chosen_anew_by_mail_ends_them_all(
        self, phone: Client, tablet: Client, user: User
    ) -> None:
        elsewhere = Client()
        elsewhere.post(reverse("account_reset_password"), {"email": user.email})
        confirmed = elsewhere.post(reverse("account_confirm_password_reset_code"), {"code": newest_code()})
        elsewhere.post(confirmed["Location"], {"password1": CHANGED, "password2": CHANGED})
        assert [is_in(client) for client in (phone, tablet, elsewhere)] == [False] * 3
        assert not UserSession.objects.exists()


class TestTime:
    """14 days without use, 90 days in any case: on both sides of each edge."""

    @pytest.mark.parametrize(("seconds", "lives"), [(-1, True), (0, False)])
    def test_a_session_that_nobody_uses_ends(
        self, phone: Client, clock: Any, seconds: int, *, lives: bool
    ) -> None:
        clock.shift(SESSION_IDLE + timedelta(seconds=seconds))
        assert is_in(phone) is lives

    @pytest.mark.parametrize(("seconds", "lives"), [(-1, True), (0, False)])
    def test_a_session_that_is_used_every_day_ends_too(
        self, phone: Client, clock: Any, seconds: int, *, lives: bool
    ) -> None:
        for _day in range(SESSION_LIFETIME.days - 1):
            clock.shift(timedelta(days=1))
            phone.get("/help/")
        clock.shift(timedelta(days=1, seconds=seconds))
        assert is_in(phone) is lives

    def test_using_it_costs_one_write_an_hour(
        self, phone: Client, clock: Any, django_assert_num_queries: Any
    ) -> None:
        def written() -> int:
            from django.db import connection
            from django.test.utils import CaptureQueriesContext

            with CaptureQueriesContext(connection) as queries:
                phone.get("/help/")
            return len([q for q in queries if re.match(r"UPDATE|INSERT|DELETE", q["sql"])])

        assert written() == 0
        clock.shift(timedelta(hours=1))
        assert written() == 2, "the session, and when its device was last seen"
        clock.shift(timedelta(minutes=59))
        assert written() == 0

    def test_a_session_from_before_all_this_is_noted_when_it_is_used(self, phone: Client) -> None:
        session = phone.session
        del session["signed_in"]
        session.save()
        UserSession.objects.all().delete()
        assert is_in(phone)
        assert UserSession.objects.get().session_key == session.session_key
