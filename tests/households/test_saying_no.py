"""Declining an invitation, and wanting no more of them: the sender learns neither."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.selectors import is_blocked, list_blocked_senders
from accounts.services import block_sender, unblock_sender
from common.errors import NotVisible
from households.models import Household, Invitation, Membership
from households.rules import INVITATION_LIFETIME, INVITATIONS_PER_DAY, Role
from households.selectors import list_invitations
from households.services import (
    accept_invitation,
    block_inviter,
    decline_invitation,
    deliver_invitation,
    find_invitation,
    invite_member,
    leave_household,
    withdraw_invitation,
)
from tests.servers import Mailbox, open_mailbox

GUEST = "guest@example.org"
Invite = Callable[..., tuple[Invitation, str]]


@pytest.fixture
def guest(make_user: Callable[..., User]) -> User:
    return make_user("guest")


@pytest.fixture
def invite(parent: User, household: Household, now: datetime) -> Invite:
    """Invites, and mails it as the page does."""

    def put(actor: User | None = None, email: str = GUEST, now: datetime = now) -> tuple[Invitation, str]:
        actor_id = (actor or parent).pk
        invitation, token = invite_member(
            actor_id=actor_id, household_id=household.public_id, email=email, role=Role.GUARDIAN, now=now
        )
        deliver_invitation(
            actor_id=actor_id, invitation_id=invitation.public_id, link=f"https://x.example/{token}", now=now
        )
        return invitation, token

    return put


@pytest.fixture
def is_open(now: datetime) -> Callable[..., bool]:
    def look(token: str, now: datetime = now) -> bool:
        try:
            find_invitation(token=token, email=GUEST, now=now)
        except NotVisible:
            return False
        return True

    return look


class TestDeclineInvitation:
    def test_the_link_opens_nothing_more(
        self, invite: Invite, is_open: Callable[..., bool], guest: User, now: datetime
    ) -> None:
        token = invite()[1]
        assert is_open(token)
        decline_invitation(token=token)
        assert not is_open(token)
        with pytest.raises(NotVisible):
            accept_invitation(actor_id=guest.pk, token=token, email=GUEST, now=now)

    def test_the_sender_sees_it_wait_as_before(
        self, invite: Invite, parent: User, household: Household, now: datetime
    ) -> None:
        listed = {"actor_id": parent.pk, "household_id": household.public_id}
        token = invite()[1]
        before = list(list_invitations(**listed, now=now).values("public_id", "email", "role", "expires_at"))
        decline_invitation(token=token)
        after = list(list_invitations(**listed, now=now).values("public_id", "email", "role", "expires_at"))
        assert after == before != []
        assert not list_invitations(**listed, now=now + INVITATION_LIFETIME)

    def test_and_may_withdraw_it_still(self, invite: Invite, parent: User, now: datetime) -> None:
        invitation, token = invite()
        decline_invitation(token=token)
        withdraw_invitation(actor_id=parent.pk, invitation_id=invitation.public_id, now=now)

    def test_an_accepted_one_stays_accepted(
        self, invite: Invite, guest: User, household: Household, now: datetime
    ) -> None:
        token = invite()[1]
        accept_invitation(actor_id=guest.pk, token=token, email=GUEST, now=now)
        decline_invitation(token=token)
        assert Membership.objects.filter(household=household, user=guest, left_at=None).exists()

    def test_a_token_that_never_was_changes_nothing(
        self, invite: Invite, is_open: Callable[..., bool]
    ) -> None:
        token = invite()[1]
        for never in ("", "x", "x" * 43, "\ud800"):
            decline_invitation(token=never)
        assert is_open(token)


class TestBlockInviter:
    def test_it_is_declined_and_no_other_of_theirs_opens(
        self, invite: Invite, is_open: Callable[..., bool], now: datetime
    ) -> None:
        first, second = invite()[1], invite()[1]
        block_inviter(token=first, now=now)
        assert not is_open(first)
        assert not is_open(second), "one that was on its way already"
        assert not is_open(invite()[1])

    def test_somebody_else_may_write_still(
        self, invite: Invite, is_open: Callable[..., bool], co_parent: User, now: datetime
    ) -> None:
        block_inviter(token=invite()[1], now=now)
        assert is_open(invite(co_parent)[1])

    @pytest.mark.parametrize("became", ["expired", "withdrawn", "accepted"])
    def test_whatever_became_of_it(
        self, invite: Invite, parent: User, guest: User, now: datetime, became: str
    ) -> None:
        invitation, token = invite()
        if became == "withdrawn":
            withdraw_invitation(actor_id=parent.pk, invitation_id=invitation.public_id, now=now)
        if became == "accepted":
            accept_invitation(actor_id=guest.pk, token=token, email=GUEST, now=now)
        block_inviter(token=token, now=now + (INVITATION_LIFETIME if became == "expired" else timedelta(0)))
        assert is_blocked(email=GUEST, sender_id=parent.pk)

    def test_the_list_shows_the_address_of_the_mail(
        self, invite: Invite, parent: User, guest: User, now: datetime
    ) -> None:
        token = invite()[1]
        User.objects.filter(pk=parent.pk).update(email="moved@example.org", display_name="Moved")
        block_inviter(token=token, now=now)
        (kept,) = list_blocked_senders(actor_id=guest.pk)
        assert kept.known_as == "alice@example.org"

    def test_unblocked_their_open_invitation_opens_again(
        self, invite: Invite, is_open: Callable[..., bool], parent: User, guest: User, now: datetime
    ) -> None:
        first, second = invite()[1], invite()[1]
        block_inviter(token=first, now=now)
        unblock_sender(actor_id=guest.pk, sender_id=parent.public_id)
        assert (is_open(first), is_open(second)) == (False, True)

    def test_a_token_that_never_was_blocks_nobody(self, invite: Invite, parent: User, now: datetime) -> None:
        invite()
        block_inviter(token="x" * 43, now=now)
        assert not is_blocked(email=GUEST, sender_id=parent.pk)


class TestABlockedSender:
    @pytest.fixture
    def blocked(self, parent: User, now: datetime) -> None:
        block_sender(email=GUEST, sender_id=parent.pk, known_as=parent.email, now=now)

    @pytest.mark.usefixtures("blocked")
    def test_sends_no_mail_and_reads_the_same_list(
        self, invite: Invite, parent: User, household: Household, now: datetime
    ) -> None:
        invite()
        invite(email="other@example.org")
        assert [sent.to for sent in mail.outbox] == [["other@example.org"]]
        listed = list_invitations(actor_id=parent.pk, household_id=household.public_id, now=now)
        assert sorted(row.email for row in listed) == [GUEST, "other@example.org"]

    @pytest.mark.usefixtures("blocked")
    def test_uses_up_the_same_day(self, invite: Invite) -> None:
        for _number in range(INVITATIONS_PER_DAY):
            invite()
        with pytest.raises(ValidationError):
            invite(email="other@example.org")

    def test_is_told_of_a_mail_server_that_is_down_as_everybody_is(
        self, invite: Invite, parent: User, monkeypatch: pytest.MonkeyPatch, now: datetime
    ) -> None:
        def away(*_: object) -> None:
            raise SMTPServerDisconnected("gone")

        monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.open", away)
        with pytest.raises(ValidationError) as before:
            invite()
        block_sender(email=GUEST, sender_id=parent.pk, known_as=parent.email, now=now)
        with pytest.raises(ValidationError) as after:
            invite()
        assert after.value.message_dict == before.value.message_dict
        assert set(Invitation.objects.values_list("withdrawn_at", flat=True)) == {now}


class TestInvitationsOfSomebodyWho:
    def test_left_are_over(
        self,
        invite: Invite,
        is_open: Callable[..., bool],
        co_parent: User,
        household: Household,
        now: datetime,
    ) -> None:
        token = invite(co_parent)[1]
        leave_household(actor_id=co_parent.pk, household_id=household.public_id, now=now)
        Invitation.objects.update(withdrawn_at=None)
        assert not is_open(token), "by the condition of the query, whatever leaving wrote"

    def test_is_to_be_erased_are_over_and_gone_from_the_others_list(
        self,
        invite: Invite,
        is_open: Callable[..., bool],
        parent: User,
        co_parent: User,
        household: Household,
        now: datetime,
    ) -> None:
        token = invite(co_parent)[1]
        User.objects.filter(pk=co_parent.pk).update(erase_at=now + timedelta(days=7))
        assert not is_open(token)
        listed = {"actor_id": parent.pk, "household_id": household.public_id, "now": now}
        assert not list_invitations(**listed)
        User.objects.filter(pk=co_parent.pk).update(erase_at=None)
        assert is_open(token)


class Clock:
    """What `time` is to whoever hands mail over; it goes on where somebody waits, and nowhere else."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class TestTheTimeItTakes:
    @pytest.fixture
    def clock(self, monkeypatch: pytest.MonkeyPatch) -> Clock:
        clock = Clock()
        monkeypatch.setattr("households.mail.time", clock)
        return clock

    @pytest.fixture
    def server(self, settings: Any, clock: Clock) -> Iterator[Mailbox]:
        """A mail server that takes its time."""
        with open_mailbox() as box:
            box.answers = lambda _envelope: clock.sleep(0.15) or "250 taken"
            settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
            settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
            yield box

    def test_tells_nothing(
        self,
        server: Mailbox,
        clock: Clock,
        invite: Invite,
        parent: User,
        monkeypatch: pytest.MonkeyPatch,
        now: datetime,
    ) -> None:
        block_sender(email=GUEST, sender_id=parent.pk, known_as=parent.email, now=now)

        def taken(email: str) -> float:
            begun = clock.monotonic()
            invite(email=email)
            return clock.monotonic() - begun

        assert (taken(GUEST), taken("other@example.org")) == (0, 0.15), "without the pause one could tell"
        monkeypatch.setattr("households.mail.SENDING_TAKES", timedelta(seconds=0.5))
        assert [taken(GUEST), taken("other@example.org")] == pytest.approx([0.5, 0.5])
        assert len(server.messages) == 2
