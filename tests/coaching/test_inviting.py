"""A coach asks a family: a link for one address that gives nothing, and an author who decides without being watched."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import User
from accounts.selectors import is_blocked
from coaching.models import FamilyInvitation
from coaching.rules import FAMILY_INVITATION_LIFETIME, FAMILY_INVITATIONS_PER_DAY
from coaching.selectors import list_family_invitations
from coaching.services import (
    find_family_invitation,
    forget_old_family_invitations,
    invite_family,
    present_oneself,
    take_up_invitation,
    turn_down_invitation,
    withdraw_family_invitation,
)
from common.errors import NotVisible
from households.models import Child, Grant
from households.rules import INVITATION_KEPT
from households.services import end_briefing
from tests.conftest import BRIEFING, looked

Invite = Callable[..., tuple[FamilyInvitation, str]]
ABOUT = "I visit families in the hills."


@pytest.fixture
def profile(coach: User) -> None:
    present_oneself(
        actor_id=coach.pk,
        name="Cleo Hill",
        practice="The hut",
        introduction=ABOUT,
        reply_days=2,
        country="ZZ",
    )


@pytest.fixture
def invite(profile: None, coach: User, parent: User, now: datetime) -> Invite:
    def put(email: str = parent.email, at: datetime = now) -> tuple[FamilyInvitation, str]:
        return invite_family(actor_id=coach.pk, email=email, now=at)

    return put


class TestInviting:
    def test_waits_until_the_coach_said_who_they_are_and_where_they_work(
        self, coach: User, parent: User, now: datetime
    ) -> None:
        asking: dict[str, Any] = {"actor_id": coach.pk, "email": parent.email, "now": now}
        for _step in range(2):
            with pytest.raises(ValidationError, match="who you are as a coach"):
                invite_family(**asking)
            present_oneself(actor_id=coach.pk, name="Cleo", reply_days=3)
        with pytest.raises(ValidationError) as refused:
            present_oneself(actor_id=coach.pk, name="Cleo", reply_days=3, country="PT")
        assert list(refused.value.message_dict) == ["country"]
        present_oneself(actor_id=coach.pk, name="Cleo", reply_days=3, country="ZZ")
        invite_family(**asking)
        end_briefing(country="ZZ", now=now)
        with pytest.raises(ValidationError, match="in which country"):
            invite_family(**asking)

    @pytest.mark.parametrize("email", ["", "x", "CLEO@example.org"])
    def test_takes_an_address_of_somebody_else(self, invite: Invite, email: str) -> None:
        with pytest.raises(ValidationError) as refused:
            invite(email)
        assert list(refused.value.message_dict) == ["email"]

    def test_has_an_end_for_the_day(self, invite: Invite) -> None:
        for number in range(FAMILY_INVITATIONS_PER_DAY):
            invite(f"p{number}@example.org")
        with pytest.raises(ValidationError, match="enough"):
            invite()

    @pytest.mark.parametrize("way", ["another", "old", "withdrawn", "taken", "declined", "blocked", "gone"])
    def test_what_is_over_looks_like_what_never_was(
        self, invite: Invite, coach: User, parent: User, now: datetime, way: str
    ) -> None:
        row, token = invite()
        asked: dict[str, Any] = {"token": token, "email": parent.email, "now": now}
        assert find_family_invitation(**asked) == row
        ways: dict[str, Callable[[], Any]] = {
            "another": lambda: asked.update(email="bela@example.org"),
            "old": lambda: asked.update(now=now + FAMILY_INVITATION_LIFETIME),
            "withdrawn": lambda: withdraw_family_invitation(
                actor_id=coach.pk, invitation_id=row.public_id, now=now
            ),
            "taken": lambda: take_up_invitation(**asked),
            "declined": lambda: turn_down_invitation(token=token, block=False, now=now),
            "blocked": lambda: turn_down_invitation(token=token, block=True, now=now),
            "gone": lambda: User.objects.filter(pk=coach.pk).update(erase_at=now),
        }
        ways[way]()
        for use in (find_family_invitation, take_up_invitation):
            with pytest.raises(NotVisible):
                use(**asked)
        assert is_blocked(email=parent.email, sender_id=coach.pk) is (way == "blocked")
        if way in {"taken", "declined", "blocked"}:
            assert list(list_family_invitations(coach_id=coach.pk, now=now)) == [row], (
                "the coach sees no answer"
            )

    def test_is_destroyed_a_month_after_it_is_over(self, invite: Invite, now: datetime) -> None:
        invite()
        over = now + FAMILY_INVITATION_LIFETIME + INVITATION_KEPT
        assert forget_old_family_invitations(now=over) == 0
        assert forget_old_family_invitations(now=over + timedelta(seconds=1)) == 1


class TestPages:
    @pytest.fixture(autouse=True)
    def _evening(self, now: datetime) -> Any:
        with time_machine.travel(now, tick=False):
            yield

    @pytest.fixture
    def link(
        self, profile: None, coach: User, parent: User, child: Child, client_of: Any, settings: Any
    ) -> str:
        settings.SITE_URL = "https://attune.example"
        sent = client_of(coach).post("/coach/invitations/", {"email": parent.email})
        assert sent["Location"] == "/coach/invitations/"
        (message,) = mail.outbox
        assert (message.to, message.subject) == ([parent.email], "An invitation")
        found = re.search(r"^https://attune.example(/coach/asks/[\w-]{43}/)$", message.body, re.MULTILINE)
        assert found
        said = message.body.replace(found[1], "").lower()
        for word in (ABOUT, "Hill", "hut", "child", "Pip"):
            assert word.lower() not in said
        return found[1]

    def test_who_is_asked_reads_who_it_is_and_gives_what_they_choose(
        self, link: str, client_of: Callable[[User], Client], coach: User, parent: User, child: Child
    ) -> None:
        browser = client_of(parent)
        opened = browser.get(link, follow=True)
        page = opened.content.decode()
        assert opened.redirect_chain == [("/household/coaches/asked/", 303)]
        for words in ("Cleo Hill", "The hut", ABOUT, "cleo@example.org", "Example country (not real)"):
            assert words in page
        form = browser.post("/household/coaches/asked/").context["form"]
        assert (form["coach_email"].value(), form["country"].value()) == ("cleo@example.org", "ZZ")
        assert not Grant.objects.exists(), "nothing is given by it"
        assert browser.post("/household/coaches/asked/").status_code == 200, "looking uses nothing up"
        assert FamilyInvitation.objects.get().answered_at is None
        terms = {
            "country": "ZZ",
            "briefing": BRIEFING,
            "scope": "summary",
            "children": [str(child.public_id)],
            "from_on": "2026-11-18",
        }
        browser.post("/household/coaches/", looked({**terms, "coach_email": "dora@example.org"}))
        assert browser.get("/household/coaches/asked/").status_code == 200, "somebody else was let in"
        browser.post("/household/coaches/", looked({**terms, "coach_email": "cleo@example.org"}))
        assert [grant.coach_email for grant in Grant.objects.order_by("pk")] == [
            "dora@example.org",
            "cleo@example.org",
        ]
        assert browser.get("/household/coaches/asked/").status_code == 404, "it worked once"
        assert browser.get(link, follow=True).status_code == 404
        assert parent.email in client_of(coach).get("/coach/invitations/").content.decode()

    def test_waits_while_nobody_can_be_let_in(
        self, link: str, client_of: Callable[[User], Client], parent: User, now: datetime
    ) -> None:
        end_briefing(country="ZZ", now=now)
        browser = client_of(parent)
        for page in (browser.get(link, follow=True), browser.post("/household/coaches/asked/")):
            assert "Coaches cannot be let in here yet." in page.content.decode()
            assert "See how to let them in" not in page.content.decode()
        assert FamilyInvitation.objects.get().answered_at is None

    def test_says_no_without_an_account(
        self, link: str, coach: User, parent: User, client_of: Callable[[User], Client]
    ) -> None:
        browser = Client()
        page = browser.get(link, follow=True).content.decode()
        assert "Cleo" not in page
        assert "/household/coaches/asked/decline/" in page
        browser.post("/household/coaches/asked/decline/", {"block": "1"})
        assert is_blocked(email=parent.email, sender_id=coach.pk)
        assert browser.get("/household/coaches/asked/").status_code == 404
        mail.outbox.clear()
        client_of(coach).post("/coach/invitations/", {"email": parent.email})
        assert mail.outbox == []

    def test_is_for_nobody_else_and_waits_for_a_notebook(
        self, link: str, client_of: Callable[[User], Client], co_parent: User, parent: User, child: Child
    ) -> None:
        other = client_of(co_parent)
        page = other.get(link, follow=True)
        assert (page.status_code, "Cleo" in page.content.decode()) == (404, False)
        Child.objects.update(archived_at=parent.date_joined)
        browser = client_of(parent)
        assert "First you need a notebook" in browser.get(link, follow=True).content.decode()
        assert browser.post("/household/coaches/asked/").status_code == 200
        assert FamilyInvitation.objects.get().answered_at is None

    def test_a_mail_that_does_not_leave_is_withdrawn_and_said(
        self, profile: None, coach: User, client_of: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(*_args: Any, **_kwargs: Any) -> None:
            raise OSError("away")

        monkeypatch.setattr("coaching.services.inviting.hand_over", away)
        page = client_of(coach).post("/coach/invitations/", {"email": "p@example.org"})
        assert page.status_code == 422
        assert list(page.context["form"].errors) == ["email"]
        assert FamilyInvitation.objects.get().withdrawn_at is not None
