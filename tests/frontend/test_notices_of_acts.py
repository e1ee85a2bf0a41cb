"""What somebody did in a household is told to them by mail, in neutral words, at both doors, and to nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.rules import Change
from households.models import Child, Grant, Household
from households.rules import GRANT_LIFETIME
from households.services import block_inviter, invite_member
from tests.accounts.test_notices import REVEALING
from tests.conftest import BRIEFING, looked

pytestmark = pytest.mark.django_db

WORDS = {
    Change.INVITATION_SENT: "An invitation was sent from your account",
    Change.COACH_LET_IN: "Somebody was offered to look at a part",
    Change.GRANT_WIDENED: "may see more of it, or for longer",
    Change.MOVED_OUT: "was moved to a place of its own",
}


@pytest.fixture
def browser(
    client_of: Callable[[User], Client],
    parent: User,
    co_parent: User,
    household: Household,
    child: Child,
    settings: Any,
) -> Client:
    settings.RATE_LIMIT_FACTOR = 1000
    client = client_of(parent)
    client.defaults["HTTP_USER_AGENT"] = "Mozilla/5.0 (iPhone) Safari/604.1"
    return client


def told(change: Change) -> list[str]:
    """Who was told of it; each of these mails is discreet."""
    found = [message for message in mail.outbox if WORDS[change] in " ".join(message.body.split())]
    for message in found:
        assert message.subject == "Your account"
        assert not REVEALING.search(message.body)
        assert "With: Safari on iPhone" in message.body
    return [message.to[0] for message in found]


READ = {"briefing": BRIEFING}


def terms(child: Child, **changed: Any) -> dict[str, Any]:
    known = {"scope": "summary", "children": [str(child.public_id)], "from_on": "2026-11-01"}
    return {**known, **changed}


def others_told() -> set[str]:
    return {message.to[0] for message in mail.outbox}


class TestAnInvitation:
    def test_is_told_to_whoever_sent_it(self, browser: Client, parent: User) -> None:
        browser.post(reverse("household-invitations"), {"email": "gran@example.org", "role": "helper"})
        assert told(Change.INVITATION_SENT) == [parent.email]
        assert others_told() == {parent.email, "gran@example.org"}
        notice = next(m for m in mail.outbox if m.to == [parent.email])
        assert "gran@example.org" not in notice.body, "whoever reads that mailbox learns nobody's address"

    def test_is_told_all_the_same_where_the_address_wants_none(
        self, browser: Client, parent: User, household: Household, now: datetime
    ) -> None:
        _sent, token = invite_member(
            actor_id=parent.pk,
            household_id=household.public_id,
            email="gran@example.org",
            role="helper",
            now=now,
        )
        block_inviter(token=token, now=now)
        browser.post(reverse("household-invitations"), {"email": "gran@example.org", "role": "helper"})
        assert told(Change.INVITATION_SENT) == [parent.email]
        assert others_told() == {parent.email}

    def test_that_was_refused_is_no_news(self, browser: Client) -> None:
        browser.post(reverse("household-invitations"), {"email": "nonsense", "role": "helper"})
        assert mail.outbox == []


class TestACoach:
    def test_who_is_let_in_on_the_page(self, browser: Client, parent: User, child: Child) -> None:
        browser.post(
            reverse("household-coaches"),
            looked(terms(child, coach_email="cleo@example.org", **READ, country="ZZ")),
        )
        assert told(Change.COACH_LET_IN) == [parent.email]
        assert others_told() == {parent.email, "cleo@example.org"}

    def test_who_is_let_in_through_the_api(
        self, browser: Client, parent: User, household: Household, child: Child
    ) -> None:
        sent = terms(child, coach_email="cleo@example.org", **READ, household=str(household.public_id))
        answer = browser.post("/api/v1/grants/", sent, content_type="application/json")
        assert answer.status_code == 201
        assert told(Change.COACH_LET_IN) == [parent.email]

    @pytest.mark.parametrize("door", ["page", "api"])
    @pytest.mark.parametrize(("scope", "is_told"), [("ratings_and_notes", True), ("summary", False)])
    def test_who_sees_more_is_told_of_and_who_sees_less_is_not(
        self,
        browser: Client,
        parent: User,
        child: Child,
        give: Callable[..., Grant],
        door: str,
        scope: str,
        is_told: bool,
    ) -> None:
        grant = give(scope="ratings", now=timezone.now())
        mail.outbox.clear()
        if door == "page":
            sent = looked(terms(child, scope=scope, from_on=str(grant.from_on)))
            answer = browser.post(reverse("grant", args=[grant.public_id]), sent)
            assert answer.status_code in (302, 303)
        else:
            address = f"/api/v1/grants/{grant.public_id}/"
            answer = browser.patch(address, {"scope": scope}, content_type="application/json")
            assert answer.status_code == 200
        assert told(Change.GRANT_WIDENED) == ([parent.email] if is_told else [])
        assert others_told() <= {parent.email}

    @pytest.mark.parametrize("door", ["page", "api"])
    def test_who_may_look_for_longer(
        self, browser: Client, parent: User, give: Callable[..., Grant], door: str
    ) -> None:
        grant = give(now=timezone.now() - GRANT_LIFETIME + timedelta(days=3))
        mail.outbox.clear()
        address = reverse("grant-renew", args=[grant.public_id])
        browser.post(address if door == "page" else f"/api/v1/grants/{grant.public_id}/renew/")
        assert told(Change.GRANT_WIDENED) == [parent.email]


class TestMovingOut:
    def test_is_told_to_whoever_moved_and_to_nobody_they_left(
        self, browser: Client, parent: User, co_parent: User, child: Child, give: Callable[..., Grant]
    ) -> None:
        give()
        mail.outbox.clear()
        sent = {"name": "The loft", "timezone": "Europe/Lisbon", "child_ids": [str(child.public_id)]}
        browser.post(reverse("household-separate"), sent)
        assert told(Change.MOVED_OUT) == [parent.email]
        assert others_told() == {parent.email}
        assert not re.search("loft", mail.outbox[0].body)
