"""Nothing more from one person: for one address, quietly, until its owner takes it back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from allauth.account.signals import email_changed, email_confirmed

from accounts.models import BlockedSender, User
from accounts.selectors import is_blocked, list_blocked_senders
from accounts.services import block_sender, carry_blocks, take_address, unblock_sender
from common.errors import NotVisible


@pytest.fixture
def sender(make_user: Callable[..., User]) -> User:
    return make_user("sender")


@pytest.fixture
def block(parent: User, sender: User, now: datetime) -> Callable[..., None]:
    def put(**fields: object) -> None:
        asked = {"email": parent.email, "sender_id": sender.pk, "known_as": "sender@example.org", "now": now}
        block_sender(**{**asked, **fields})

    return put


class TestBlockSender:
    def test_is_for_one_address_and_one_sender(
        self, block: Callable[..., None], parent: User, co_parent: User, sender: User
    ) -> None:
        assert not is_blocked(email=parent.email, sender_id=sender.pk)
        block()
        assert is_blocked(email=parent.email.upper(), sender_id=sender.pk)
        assert not is_blocked(email=co_parent.email, sender_id=sender.pk)
        assert not is_blocked(email=parent.email, sender_id=co_parent.pk)

    def test_twice_changes_nothing(self, block: Callable[..., None], parent: User, now: datetime) -> None:
        block()
        block(known_as="somebody else", now=now + timedelta(days=1))
        (kept,) = list_blocked_senders(actor_id=parent.pk)
        assert (kept.known_as, kept.created_at) == ("sender@example.org", now)

    def test_what_the_sender_is_called_since_is_not_told(
        self, block: Callable[..., None], parent: User, sender: User
    ) -> None:
        block()
        User.objects.filter(pk=sender.pk).update(email="hidden@example.org", display_name="Hidden")
        assert [kept.known_as for kept in list_blocked_senders(actor_id=parent.pk)] == ["sender@example.org"]
        assert is_blocked(email=parent.email, sender_id=sender.pk)

    def test_an_address_may_block_before_it_has_an_account(
        self, block: Callable[..., None], make_user: Callable[..., User]
    ) -> None:
        block(email="fresh@example.org")
        assert len(list_blocked_senders(actor_id=make_user("fresh").pk)) == 1


class TestListBlockedSenders:
    def test_is_ones_own_latest_first(
        self, block: Callable[..., None], parent: User, co_parent: User, stranger: User, now: datetime
    ) -> None:
        block()
        block(sender_id=stranger.pk, known_as="zoe@example.org", now=now + timedelta(hours=1))
        listed = [kept.known_as for kept in list_blocked_senders(actor_id=parent.pk)]
        assert listed == ["zoe@example.org", "sender@example.org"]
        assert not list_blocked_senders(actor_id=co_parent.pk)

    def test_is_empty_for_an_address_that_is_not_proved(
        self, block: Callable[..., None], parent: User
    ) -> None:
        block()
        parent.emailaddress_set.update(verified=False)
        assert not list_blocked_senders(actor_id=parent.pk)

    def test_nobodys_empty_address_finds_anything(self, block: Callable[..., None], parent: User) -> None:
        block(email="")
        parent.emailaddress_set.all().delete()
        assert not list_blocked_senders(actor_id=parent.pk)


class TestUnblockSender:
    def test_lets_them_write_again(self, block: Callable[..., None], parent: User, sender: User) -> None:
        block()
        unblock_sender(actor_id=parent.pk, sender_id=sender.public_id)
        assert not is_blocked(email=parent.email, sender_id=sender.pk)
        with pytest.raises(NotVisible):
            unblock_sender(actor_id=parent.pk, sender_id=sender.public_id)

    def test_nobody_else_can(
        self, block: Callable[..., None], parent: User, co_parent: User, sender: User
    ) -> None:
        block()
        for actor in (co_parent, sender):
            with pytest.raises(NotVisible):
                unblock_sender(actor_id=actor.pk, sender_id=sender.public_id)
        assert is_blocked(email=parent.email, sender_id=sender.pk)


class TestANewAddress:
    def test_wants_nothing_from_those_whom_the_old_one_blocked(
        self, block: Callable[..., None], parent: User, sender: User
    ) -> None:
        block()
        block(email="new@example.org", known_as="known before")
        old = parent.emailaddress_set.get()
        new = parent.emailaddress_set.create(email="New@example.org", verified=True)
        email_changed.send(User, request=None, user=parent, from_email_address=old, to_email_address=new)
        assert is_blocked(email="new@example.org", sender_id=sender.pk)
        assert is_blocked(email=old.email, sender_id=sender.pk), "the old mailbox may be read still"
        assert BlockedSender.objects.count() == 2


class TestWhoseItIs:
    def test_what_an_account_said_is_its_persons(
        self, block: Callable[..., None], parent: User, make_user: Callable[..., User]
    ) -> None:
        block()
        block(email="nobody@example.org")
        owners = dict(BlockedSender.objects.values_list("email", "owner_id"))
        assert owners == {parent.email: parent.pk, "nobody@example.org": None}

    def test_what_was_said_before_there_was_an_account_becomes_its_persons(
        self, block: Callable[..., None], make_user: Callable[..., User]
    ) -> None:
        block(email="fresh@example.org")
        user = make_user("fresh")
        email_confirmed.send(User, request=None, email_address=user.emailaddress_set.get())
        assert BlockedSender.objects.get().owner == user

    def test_whoever_gets_a_former_address_begins_with_a_clean_list(
        self, block: Callable[..., None], parent: User, sender: User, make_user: Callable[..., User]
    ) -> None:
        block()
        take_address(user_id=parent.pk, email="new@example.org")
        carry_blocks(user_id=parent.pk, from_email=parent.email, to_email="new@example.org")
        other = make_user("other")
        take_address(user_id=other.pk, email=parent.email)
        assert not is_blocked(email=parent.email, sender_id=sender.pk)
        assert is_blocked(email="new@example.org", sender_id=sender.pk)

    def test_unblocking_counts_for_a_former_address_too(
        self, block: Callable[..., None], parent: User, sender: User
    ) -> None:
        block()
        block(email="former@example.org")
        BlockedSender.objects.update(owner=parent)
        unblock_sender(actor_id=parent.pk, sender_id=sender.public_id)
        assert not BlockedSender.objects.exists()
