"""What an operator can do to an account, that it is written down, and how operators are made."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.services import close_account, create_token
from attune_project.operators.services import change_for_operator, look_at, open_for_operator
from common.errors import NotVisible, Refused
from households.models import Household
from households.rules import ONE_LOOK
from households.selectors import list_access
from tests.conftest import NOW
from tests.operating import PASSWORD, Operator, is_sign_in, serve_admin, serve_family

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def operator(settings: Any) -> Operator:
    serve_admin(settings)
    return Operator().get_ready()


def told(user: User) -> list[tuple[str, str]]:
    """Who looked, as its owner reads it."""
    return [(entry.reader_kind, entry.opened) for entry in list_access(actor_id=user.pk).items]


class TestOpening:
    def test_shows_how_the_account_stands_and_not_a_word_of_it(
        self, operator: Operator, parent: User, household: Household
    ) -> None:
        assert operator.open(parent.email.upper())["Location"] == reverse("admin:opened-account")
        page = operator.client.get(reverse("admin:opened-account")).content.decode()
        assert str(parent.public_id) in page
        for word in (parent.email, parent.display_name, household.name):
            assert word not in page

    def test_is_told_to_its_owner_and_to_nobody_else(
        self, operator: Operator, parent: User, co_parent: User, household: Household
    ) -> None:
        operator.open(parent.email)
        assert told(parent) == [("operator", "account")]
        assert told(co_parent) == []

    def test_is_in_the_log_with_its_reason_and_without_a_name(
        self, operator: Operator, parent: User, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, logger="attune.security")
        operator.open(parent.email, reason="legal")
        entry = LogEntry.objects.get()
        assert (entry.user, entry.object_repr, entry.change_message) == (
            operator.user,
            f"user {parent.pk}",
            "opened: legal",
        )
        assert (
            f"event=operator_acted operator={operator.user.pk} user={parent.pk} did=opened.legal"
            in caplog.text
        )

    @pytest.mark.parametrize("typed", ["alice@example", "alice", "%", "", "alice@example.org\x00"])
    def test_takes_the_whole_address_and_nothing_less(
        self, operator: Operator, parent: User, typed: str
    ) -> None:
        assert operator.open(typed).status_code == 422
        assert not LogEntry.objects.exists()

    @pytest.mark.parametrize("reason", ["", "curious", "asked\nlegal"])
    def test_wants_a_reason(
        self, operator: Operator, parent: User, household: Household, reason: str
    ) -> None:
        assert operator.open(parent.email, reason=reason).status_code == 422
        assert told(parent) == []

    def test_opens_no_other_operator(self, operator: Operator) -> None:
        assert operator.open(Operator("second@example.org").user.email).status_code == 422

    def test_what_cannot_be_written_down_is_not_shown(
        self, operator: Operator, parent: User, household: Household, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(**_: Any) -> None:
            raise RuntimeError("on purpose")

        monkeypatch.setattr("attune_project.operators.services.note_account_opened", fail)
        with pytest.raises(RuntimeError):
            operator.open(parent.email)
        assert "opened_account" not in operator.client.session
        assert not LogEntry.objects.exists()

    def test_lasts_as_long_as_one_look(
        self, operator: Operator, parent: User, household: Household, clock: Any
    ) -> None:
        operator.open(parent.email)
        clock.shift(ONE_LOOK - timedelta(seconds=1))
        assert operator.client.get(reverse("admin:opened-account")).status_code == 200
        clock.shift(1)
        again = operator.client.get(reverse("admin:opened-account"))
        assert again["Location"] == reverse("admin:find-account")
        assert operator.change("close")["Location"] == reverse("admin:find-account")
        parent.refresh_from_db()
        assert parent.is_active

    @pytest.mark.parametrize("who", ["parent", "stranger"])
    def test_is_for_operators_alone(
        self, request: pytest.FixtureRequest, who: str, co_parent: User, now: datetime
    ) -> None:
        asks = request.getfixturevalue(who).pk
        with pytest.raises(Refused):
            open_for_operator(operator_id=asks, email=co_parent.email, reason="asked", now=now)
        with pytest.raises(Refused):
            look_at(operator_id=asks, account_id=co_parent.public_id, now=now)
        with pytest.raises(Refused):
            change_for_operator(
                operator_id=asks, account_id=co_parent.public_id, change="close", reason="asked"
            )


class TestChanging:
    def test_a_closed_account_is_signed_out_and_nothing_of_it_works(
        self,
        operator: Operator,
        parent: User,
        client_of: Callable[[User], Client],
        settings: Any,
        now: datetime,
    ) -> None:
        _token, secret = create_token(actor_id=parent.pk, name="phone", now=now)
        operator.open(parent.email)
        assert operator.change("close")["Location"] == reverse("admin:opened-account")
        parent.refresh_from_db()
        assert not parent.is_active
        serve_family(settings)
        bearer = {"Authorization": f"Bearer {secret}"}
        assert Client(headers=bearer).get("/api/v1/me/").status_code == 401
        assert is_sign_in(client_of(parent).get("/account/choices/"))

    def test_one_that_is_opened_again_works_as_before(self, operator: Operator, parent: User) -> None:
        operator.open(parent.email)
        operator.change("close")
        operator.change("reopen")
        parent.refresh_from_db()
        assert parent.is_active
        assert [entry.change_message for entry in LogEntry.objects.order_by("pk")] == [
            "opened: asked",
            "close: asked",
            "reopen: asked",
        ]

    def test_signing_out_ends_every_session_and_closes_nothing(
        self, operator: Operator, parent: User, household: Household, settings: Any
    ) -> None:
        parent.set_password(PASSWORD)
        parent.save()
        browser = Client()
        serve_family(settings)
        browser.post("/account/login/", {"login": parent.email, "password": PASSWORD})
        assert browser.get("/account/choices/").status_code == 200
        serve_admin(settings)
        operator.open(parent.email)
        operator.change("sign_out")
        serve_family(settings)
        assert is_sign_in(browser.get("/account/choices/"))
        parent.refresh_from_db()
        assert parent.is_active

    def test_there_is_nothing_else_to_do(self, operator: Operator, parent: User) -> None:
        operator.open(parent.email)
        assert operator.change("delete").status_code == 404

    def test_an_operator_cannot_close_another(self, operator: Operator) -> None:
        second = Operator("second@example.org").user
        with pytest.raises(NotVisible):
            close_account(operator_id=operator.user.pk, account_id=second.public_id)


class TestCommand:
    def run(
        self, *arguments: str, password: str = PASSWORD, monkeypatch: pytest.MonkeyPatch | None = None
    ) -> str:
        said = StringIO()
        if monkeypatch is not None:
            monkeypatch.setattr("sys.stdin", StringIO(f"{password}\n"))
        call_command("operators", *arguments, stdout=said)
        return said.getvalue()

    def test_makes_one_who_is_asked_for_a_passkey(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.run("add", "Op@example.org", monkeypatch=monkeypatch)
        made = User.objects.get(email="op@example.org")
        assert (made.is_staff, made.is_superuser, made.check_password(PASSWORD)) == (True, False, True)
        assert made.emailaddress_set.get().verified
        assert f"user {made.pk} " in self.run("list")
        assert "no passkey yet" in self.run("list")
        assert "op@" not in self.run("list")

    def test_makes_none_of_a_parent(self, parent: User, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(CommandError, match="has an account already"):
            self.run("add", parent.email, monkeypatch=monkeypatch)
        parent.refresh_from_db()
        assert not parent.is_staff

    def test_makes_none_with_a_weak_password(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(CommandError):
            self.run("add", "op@example.org", password="password", monkeypatch=monkeypatch)
        assert not User.objects.filter(is_staff=True).exists()

    def test_ends_one_at_once(self, operator: Operator) -> None:
        assert operator.client.get("/").status_code == 200
        self.run("end", operator.user.email)
        assert is_sign_in(operator.client.get("/"))
        operator.type_password(again := Client())
        assert is_sign_in(again.get("/"))
        assert self.run("list") == ""

    def test_lets_one_who_lost_the_passkey_set_up_another(self, operator: Operator) -> None:
        self.run("forget-passkeys", operator.user.email)
        assert not Authenticator.objects.exists()
        operator.type_password()
        assert operator.client.get("/")["Location"] == reverse("mfa_add_webauthn")

    def test_does_nothing_to_a_parent(self, parent: User) -> None:
        for action in ("end", "forget-passkeys"):
            with pytest.raises(CommandError, match="No operator"):
                self.run(action, parent.email)
        parent.refresh_from_db()
        assert parent.is_active
