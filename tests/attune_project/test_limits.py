"""Which door counts what for whom, and what those meet who tried too often."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.account import app_settings as allauth_account
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.services import create_token
from attune_project.limits import API, AT_ALL, OPEN_LINK, WRONG_TOKENS, Rule
from common.limits import count_try
from households.models import Household
from tests.conftest import NOW

PASSWORD = "an attic full of kites"
HERE = "127.0.0.1"
ELSEWHERE = {"REMOTE_ADDR": "203.0.113.9"}


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def mira(make_user: Callable[..., User], settings: Any) -> User:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    user = make_user("mira")
    user.set_password(PASSWORD)
    user.save()
    return user


def use_up(rule: Rule, *, who: str, left: int) -> None:
    """As if all tries but so many had been made."""
    for _ in range(rule.limit.most - left):
        assert count_try(rule.limit, who=who, now=timezone.now()) == 0


def guess(password: str = "wrong", *, email: str = "mira@example.org", **place: str) -> Any:
    """A guess from a fresh browser: no cookie helps to count it."""
    return Client(**place).post("/account/login/", {"login": email, "password": password})


class TestSigningIn:
    def test_the_eleventh_try_is_refused_and_a_right_password_as_well(self, mira: User) -> None:
        assert [guess().status_code for _ in range(11)] == [200] * 10 + [429]
        assert guess(PASSWORD).status_code == 429

    def test_says_when_to_come_back_and_then_it_opens(self, mira: User, clock: Any) -> None:
        clock.move_to(NOW + timedelta(seconds=90))
        refused = [guess() for _ in range(11)][-1]
        assert refused["Retry-After"] == "510"
        assert "wait 9 minutes" in refused.content.decode()
        clock.shift(509)
        assert guess(PASSWORD).status_code == 429
        clock.shift(1)
        assert guess(PASSWORD).status_code == 302

    def test_a_stranger_elsewhere_locks_nobody_out(self, mira: User) -> None:
        assert [guess(**ELSEWHERE).status_code for _ in range(12)][-1] == 429
        assert guess(PASSWORD).status_code == 302

    @pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP"])
    def test_a_made_up_address_is_no_other_place(self, mira: User, header: str) -> None:
        answers = [
            Client(headers={header: f"203.0.113.{number}"}).post(
                "/account/login/", {"login": mira.email, "password": "wrong"}
            )
            for number in range(12)
        ]
        assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 2

    def test_another_spelling_of_the_address_is_no_other_account(self, mira: User) -> None:
        spellings = ["MIRA@example.org", " mira@example.org", "Mira@Example.org "]
        answers = [guess(email=spellings[number % 3]).status_code for number in range(11)]
        assert answers[-1] == 429

    def test_whether_there_is_such_an_account_does_not_show(self, mira: User) -> None:
        nonce = re.compile(rb'nonce-[^"\']+|nonce="[^"]+"')
        known = [guess() for _ in range(11)][-1]
        unknown = [guess(email="nobody@example.org") for _ in range(11)][-1]
        assert nonce.sub(b"", known.content) == nonce.sub(b"", unknown.content)

    def test_one_place_may_not_go_through_many_accounts(self, db: None, settings: Any) -> None:
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        use_up(AT_ALL, who=HERE, left=2)
        statuses = [guess(email=f"somebody{number}@example.org").status_code for number in range(4)]
        assert statuses == [200, 200, 429, 429]

    def test_a_form_without_its_token_uses_up_nobodys_tries(self, mira: User) -> None:
        forged = Client(enforce_csrf_checks=True)
        statuses = {
            forged.post("/account/login/", {"login": mira.email, "password": "x"}).status_code
            for _ in range(20)
        }
        assert statuses == {403}
        assert guess(PASSWORD).status_code == 302


class TestCodes:
    def test_a_mailbox_gets_five_in_a_quarter_of_an_hour_from_one_place(self, mira: User) -> None:
        statuses = [
            Client().post("/account/login/code/", {"email": mira.email}).status_code for _ in range(7)
        ]
        assert statuses == [302] * 5 + [429] * 2
        assert len(mail.outbox) == 5

    def test_and_forty_in_an_hour_from_everywhere(self, mira: User, clock: Any) -> None:
        def ask(number: int) -> int:
            place = {"REMOTE_ADDR": f"203.0.113.{number % 20}"}
            return Client(**place).post("/account/login/code/", {"email": mira.email}).status_code

        clock.move_to(NOW.replace(minute=0))
        assert [ask(number) for number in range(45)] == [302] * 40 + [429] * 5

    def test_guessing_a_code_ends_as_well(self, mira: User) -> None:
        statuses = []
        for round_number in range(5):
            browser = Client()
            with time_machine.travel(NOW + timedelta(minutes=round_number % 5), tick=False):
                assert browser.post("/account/login/code/", {"email": mira.email}).status_code == 302
                statuses += [
                    browser.post("/account/login/code/confirm/", {"code": "XXXXXX"}).status_code
                    for _ in range(3)
                ]
        assert statuses[:10].count(429) == 0
        assert statuses[10:] == [429] * 5

    def test_a_right_password_mails_no_unproved_address_without_end(self, mira: User) -> None:
        mira.emailaddress_set.update(verified=False)
        answers = [guess(PASSWORD, REMOTE_ADDR=f"203.0.113.{number}") for number in range(25)]
        assert [answer.status_code for answer in answers] == [302] * 20 + [200] * 5
        assert "Too many" in answers[-1].content.decode()
        assert len(mail.outbox) == 20


class TestProvingAgain:
    def test_the_eleventh_password_is_refused(self, mira: User, client_of: Callable[[User], Client]) -> None:
        browser = client_of(mira)
        statuses = [
            browser.post(reverse("account_reauthenticate"), {"password": "wrong"}).status_code
            for _ in range(11)
        ]
        assert statuses == [200] * 10 + [429]

    def test_changing_the_password_is_no_second_way_to_guess_it(
        self, mira: User, client_of: Callable[[User], Client]
    ) -> None:
        browser = client_of(mira)
        for _ in range(10):
            browser.post(reverse("account_reauthenticate"), {"password": "wrong"})
        changed = browser.post(
            reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": "x", "password2": "x"}
        )
        assert changed.status_code == 429


class TestLinks:
    def test_opening_links_of_invitations_is_counted(self, db: None) -> None:
        use_up(OPEN_LINK, who=HERE, left=2)
        statuses = [Client().get(f"/household/invitations/x{n}/").status_code for n in range(3)]
        assert statuses == [303, 303, 429]


class TestLettingIn:
    @pytest.mark.parametrize(
        ("door", "field"), [("household-invitations", "email"), ("household-coaches", "coach_email")]
    )
    def test_one_address_is_asked_five_times_a_day_and_others_still_may_be(
        self, parent: User, household: Household, client_of: Callable[[User], Client], door: str, field: str
    ) -> None:
        browser = client_of(parent)
        asked = [browser.post(reverse(door), {field: "Guest@example.org"}).status_code for _ in range(6)]
        assert asked == [422] * 5 + [429]
        assert browser.post(reverse(door), {field: "other@example.org"}).status_code == 422

    def test_everything_of_ones_own_is_fetched_ten_times_an_hour(
        self, parent: User, client_of: Callable[[User], Client]
    ) -> None:
        """One count for both doors."""
        browser = client_of(parent)
        doors = [reverse("data-export"), reverse("api:export")] * 6
        statuses = [browser.post(door).status_code for door in doors]
        assert statuses[9:] == [200, 429, 429]

    def test_a_coach_is_asked_by_the_api_as_often_as_by_the_page(
        self, parent: User, household: Household, client_of: Callable[[User], Client]
    ) -> None:
        browser, door = client_of(parent), reverse("api:grants")
        ask = {"content_type": "application/json"}
        for _ in range(5):
            assert browser.post(door, {"coach_email": "Guest@example.org"}, **ask).status_code == 400
        assert browser.post(door, {"coach_email": "guest@example.org"}, **ask).status_code == 429
        assert browser.post(door, {"coach_email": "other@example.org"}, **ask).status_code == 400
        assert browser.post(door, b"[" * 100_000, **ask).status_code == 400

    def test_what_names_no_address_uses_up_no_address(
        self, parent: User, household: Household, client_of: Callable[[User], Client]
    ) -> None:
        browser, door = client_of(parent), reverse("api:grants")
        unreadable = [b"", b"[]", b'{"coach_email": 1}', b"{", b"null", b'{"coach_email": " "}', b"\xff"]
        for body in unreadable:
            assert browser.post(door, body, content_type="application/json").status_code == 400
        for content_type in ("multipart/form-data", "multipart/form-data; boundary=x", "text/plain"):
            assert browser.post(door, b"coach_email=a", content_type=content_type).status_code == 415


class TestApi:
    def test_the_eleventh_wrong_token_is_refused(self, db: None) -> None:
        wrong = {"Authorization": "Bearer attune_wrong"}
        answers = [Client(headers=wrong).get("/api/v1/me/") for _ in range(12)]
        assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 2
        assert answers[-1]["Content-Type"] == "application/problem+json"
        assert answers[-1].json()["code"] == "slow_down"
        assert int(answers[-1]["Retry-After"]) == 600

    def test_who_tries_a_hundred_wrong_ones_may_not_use_a_right_one_here(
        self, mira: User, now: datetime
    ) -> None:
        _token, secret = create_token(actor_id=mira.pk, name="phone", now=now)
        use_up(WRONG_TOKENS[0], who=HERE, left=1)
        Client(headers={"Authorization": "Bearer attune_wrong"}).get("/api/v1/me/")
        right = {"Authorization": f"Bearer {secret}"}
        assert Client(headers=right).get("/api/v1/me/").status_code == 429
        assert Client(headers=right, **ELSEWHERE).get("/api/v1/me/").status_code == 200

    def test_a_stale_program_locks_out_no_other_of_the_home(self, mira: User, now: datetime) -> None:
        _token, secret = create_token(actor_id=mira.pk, name="phone", now=now)
        for _ in range(12):
            Client(headers={"Authorization": "Bearer attune_stale"}).get("/api/v1/me/")
        assert Client(headers={"Authorization": f"Bearer {secret}"}).get("/api/v1/me/").status_code == 200

    def test_each_token_has_its_own_pace(self, mira: User, now: datetime) -> None:
        secrets = [create_token(actor_id=mira.pk, name=name, now=now)[1] for name in ("one", "two")]
        clients = [Client(headers={"Authorization": f"Bearer {secret}"}) for secret in secrets]
        use_up(API[0], who=secrets[0], left=2)
        assert [clients[0].get("/api/v1/me/").status_code for _ in range(3)] == [200, 200, 429]
        assert clients[1].get("/api/v1/me/").status_code == 200


class TestOneTruth:
    def test_the_library_counts_only_what_no_request_shows(self) -> None:
        counting = {name for name, rate in allauth_account.RATE_LIMITS.items() if rate}
        assert counting == {"confirm_email"}
