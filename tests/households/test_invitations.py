"""Inviting another adult: who may, how long it works, for whom, and that it works once."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError

from accounts.models import User
from common.errors import NotVisible, Refused
from households.models import Child, Household, Invitation, Membership
from households.rules import (
    HOUSEHOLDS_PER_PERSON_MAX,
    INVITATION_LIFETIME,
    INVITATIONS_PER_DAY,
    MEMBERS_MAX,
    Role,
)
from households.selectors import get_membership, list_invitations, list_members
from households.services import (
    accept_invitation,
    create_household,
    deliver_invitation,
    find_invitation,
    invite_member,
    withdraw_invitation,
)
from households.services.invitations import hash_token

GUEST = "guest@example.org"


@pytest.fixture
def guest(make_user: Callable[..., User]) -> User:
    return make_user("guest")


@pytest.fixture
def invite(parent: User, household: Household, now: datetime) -> Callable[..., tuple[Invitation, str]]:
    def put(actor: User | None = None, **fields: Any) -> tuple[Invitation, str]:
        return invite_member(
            **{
                "actor_id": (actor or parent).pk,
                "household_id": household.public_id,
                "email": GUEST,
                "role": Role.GUARDIAN,
                "now": now,
                **fields,
            }
        )

    return put


def fields_of(error: pytest.ExceptionInfo[ValidationError]) -> set[str]:
    return set(getattr(error.value, "error_dict", {"__all__": []}))


class TestInviteMember:
    def test_the_token_is_known_to_the_mail_alone(
        self, invite: Callable[..., tuple[Invitation, str]]
    ) -> None:
        invitation, token = invite(email="  Guest@Example.org ")
        assert invitation.email == GUEST
        assert re.fullmatch(r"[\w-]{43}", token), "256 random bits"
        assert invitation.token_sha256 == hash_token(token)
        assert token not in repr(vars(invitation))
        assert invitation.expires_at - invitation.created_at == INVITATION_LIFETIME == timedelta(hours=72)

    @pytest.mark.parametrize(
        "address",
        [
            "",
            "nobody",
            "a@b, evil@example.org",
            "a@example.org\nBcc: b@example.org",
            "a\x00@example.org",
            "x" * 300,
        ],
    )
    def test_what_is_no_single_address_is_refused(
        self, invite: Callable[..., tuple[Invitation, str]], address: str
    ) -> None:
        with pytest.raises(ValidationError) as error:
            invite(email=address)
        assert fields_of(error) == {"email"}

    def test_a_role_that_is_none_is_refused(self, invite: Callable[..., tuple[Invitation, str]]) -> None:
        with pytest.raises(ValidationError) as error:
            invite(role="owner")
        assert fields_of(error) == {"role"}

    def test_twenty_a_day_are_enough(
        self, invite: Callable[..., tuple[Invitation, str]], now: datetime
    ) -> None:
        for number in range(INVITATIONS_PER_DAY):
            invite(email=f"g{number}@example.org")
        with pytest.raises(ValidationError):
            invite(email="one.more@example.org")
        assert invite(email="tomorrow@example.org", now=now + timedelta(days=1))

    def test_a_helper_is_refused(self, invite: Callable[..., tuple[Invitation, str]], helper: User) -> None:
        with pytest.raises(Refused):
            invite(helper)

    @pytest.mark.parametrize("who", ["stranger", "former_member"])
    def test_nobody_else_may(
        self,
        request: pytest.FixtureRequest,
        invite: Callable[..., tuple[Invitation, str]],
        who: str,
    ) -> None:
        with pytest.raises(NotVisible):
            invite(request.getfixturevalue(who))


class TestDeliverInvitation:
    LINK = "https://attune.example/household/invitations/abc/"

    @pytest.fixture
    def deliver(self, parent: User, now: datetime) -> Callable[..., None]:
        def send(invitation: Invitation, **fields: Any) -> None:
            deliver_invitation(
                **{
                    "actor_id": parent.pk,
                    "invitation_id": invitation.public_id,
                    "link": self.LINK,
                    "now": now,
                    **fields,
                }
            )

        return send

    def test_the_mail_goes_to_one_mailbox_and_holds_the_link(
        self, invite: Callable[..., tuple[Invitation, str]], deliver: Callable[..., None]
    ) -> None:
        deliver(invite()[0])
        (sent,) = mail.outbox
        assert sent.recipients() == [GUEST]
        assert self.LINK in sent.body
        assert sent.message()["Auto-Submitted"] == "auto-generated"

    def test_it_names_no_child_no_household_and_nobody_by_their_chosen_name(
        self,
        invite: Callable[..., tuple[Invitation, str]],
        deliver: Callable[..., None],
        parent: User,
        household: Household,
        child: Child,
    ) -> None:
        deliver(invite()[0])
        (sent,) = mail.outbox
        whole = sent.message().as_string()
        assert sent.subject == "An invitation"
        for word in (child.nickname, household.name, parent.display_name, str(household.public_id)):
            assert word not in whole

    def test_one_that_could_not_be_mailed_is_withdrawn(
        self,
        invite: Callable[..., tuple[Invitation, str]],
        deliver: Callable[..., None],
        monkeypatch: pytest.MonkeyPatch,
        now: datetime,
    ) -> None:
        def drop(*args: object, **kwargs: object) -> int:
            raise SMTPServerDisconnected("gone")

        monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", drop)
        invitation, token = invite()
        with pytest.raises(ValidationError) as error:
            deliver(invitation)
        assert fields_of(error) == {"email"}
        with pytest.raises(NotVisible):
            find_invitation(token=token, email=GUEST, now=now)

    @pytest.mark.parametrize("who", ["helper", "stranger", "former_member"])
    def test_only_guardians_send(
        self,
        request: pytest.FixtureRequest,
        invite: Callable[..., tuple[Invitation, str]],
        deliver: Callable[..., None],
        who: str,
    ) -> None:
        actor = request.getfixturevalue(who)
        with pytest.raises(NotVisible):
            deliver(invite()[0], actor_id=actor.pk)
        assert mail.outbox == []

    def test_one_that_is_over_is_not_sent(
        self, invite: Callable[..., tuple[Invitation, str]], deliver: Callable[..., None], now: datetime
    ) -> None:
        with pytest.raises(NotVisible):
            deliver(invite()[0], now=now + INVITATION_LIFETIME)


class TestAcceptInvitation:
    @pytest.fixture
    def accept(self, guest: User, now: datetime) -> Callable[..., Membership]:
        def put(token: str, **fields: Any) -> Membership:
            return accept_invitation(
                **{"actor_id": guest.pk, "token": token, "email": guest.email, "now": now, **fields}
            )

        return put

    def test_nobody_joins_more_households_than_can_be_shown(
        self,
        invite: Callable[..., tuple[Invitation, str]],
        accept: Callable[..., Membership],
        guest: User,
        now: datetime,
    ) -> None:
        for number in range(HOUSEHOLDS_PER_PERSON_MAX):
            create_household(actor_id=guest.pk, name=f"Home {number}", timezone="UTC", now=now)
        invitation, token = invite()
        with pytest.raises(ValidationError) as error:
            accept(token)
        assert error.value.code == "too_many"
        invitation.refresh_from_db()
        assert invitation.accepted_at is None

    def test_the_persons_row_is_held_before_the_places_are_counted(
        self,
        invite: Callable[..., tuple[Invitation, str]],
        accept: Callable[..., Membership],
        monkeypatch: pytest.MonkeyPatch,
        guest: User,
    ) -> None:
        first, second = invite()[1], invite()[1]
        held: list[dict[str, Any]] = []

        def hold(**asked: Any) -> None:
            """Another device joins while this one waits for the row."""
            held.append(asked)
            if len(held) == 1:
                accept(first)

        monkeypatch.setattr("households.services.invitations.get_user", hold)
        with pytest.raises(ValidationError) as error:
            accept(second)
        assert error.value.code == "member"
        assert held == [{"user_id": guest.pk, "for_update": True}] * 2

    @pytest.mark.parametrize("role", list(Role))
    def test_the_guest_joins_in_the_role_that_was_offered(
        self,
        invite: Callable[..., tuple[Invitation, str]],
        accept: Callable[..., Membership],
        guest: User,
        household: Household,
        role: Role,
    ) -> None:
        accept(invite(role=role)[1])
        joined = get_membership(actor_id=guest.pk, household_id=household.public_id)
        assert joined.role == role

    def test_it_works_up_to_its_last_second(
        self,
        invite: Callable[..., tuple[Invitation, str]],
        accept: Callable[..., Membership],
        now: datetime,
    ) -> None:
        assert accept(invite()[1], now=now + INVITATION_LIFETIME - timedelta(seconds=1))

    def test_expired_it_is_not_there(
        self,
        invite: Callable[..., tuple[Invitation, str]],
        accept: Callable[..., Membership],
        now: datetime,
    ) -> None:
        with pytest.raises(NotVisible):
            accept(invite()[1], now=now + INVITATION_LIFETIME)

    def test_used_it_is_not_there(
        self,
        invite: Callable[..., tuple[Invitation, str]],
        accept: Callable[..., Membership],
        parent: User,
        household: Household,
    ) -> None:
        token = invite()[1]
        accept(token)
        with pytest.raises(NotVisible):
            accept(token)
        assert len(list_members(actor_id=parent.pk, household_id=household.public_id)) == 2

    def test_withdrawn_it_is_not_there(
        self,
        invite: Callable[..., tuple[Invitation, str]],
        accept: Callable[..., Membership],
        parent: User,
        now: datetime,
    ) -> None:
        invitation, token = invite()
        withdraw_invitation(actor_id=parent.pk, invitation_id=invitation.public_id, now=now)
        with pytest.raises(NotVisible):
            accept(token)

    @pytest.mark.parametrize("email", ["other@example.org", "", "guest@example.com"])
    def test_another_address_does_not_open_it(
        self,
        invite: Callable[..., tuple[Invitation, str]],
        accept: Callable[..., Membership],
        email: str,
    ) -> None:
        with pytest.raises(NotVisible):
            accept(invite()[1], email=email)

    def test_the_address_may_be_written_in_capitals(
        self, invite: Callable[..., tuple[Invitation, str]], accept: Callable[..., Membership]
    ) -> None:
        assert accept(invite()[1], email="GUEST@example.org")

    @pytest.mark.parametrize("token", ["", "x", "x" * 5000, "é\x00", "\ud800"])
    def test_a_token_that_never_was_is_not_there(self, accept: Callable[..., Membership], token: str) -> None:
        with pytest.raises(NotVisible):
            accept(token)

    def test_a_member_does_not_join_twice(
        self,
        invite: Callable[..., tuple[Invitation, str]],
        accept: Callable[..., Membership],
        now: datetime,
    ) -> None:
        accept(invite()[1])
        token = invite()[1]
        with pytest.raises(ValidationError):
            accept(token)
        assert find_invitation(token=token, email=GUEST, now=now), "a refusal uses nothing up"

    def test_a_full_household_takes_nobody_in(
        self,
        invite: Callable[..., tuple[Invitation, str]],
        accept: Callable[..., Membership],
        make_user: Callable[..., User],
        join: Callable[..., Membership],
    ) -> None:
        for number in range(MEMBERS_MAX - 1):
            join(make_user(f"m{number}"))
        with pytest.raises(ValidationError):
            accept(invite()[1])

    def test_joining_widens_nothing_that_was_private(
        self,
        invite: Callable[..., tuple[Invitation, str]],
        accept: Callable[..., Membership],
        record: Callable[..., Any],
        guest: User,
    ) -> None:
        from observations.selectors import get_moment

        private = record(tone="missed")
        accept(invite()[1])
        with pytest.raises(NotVisible):
            get_moment(actor_id=guest.pk, moment_id=private.public_id)


class TestWithdrawInvitation:
    def test_every_guardian_may(
        self,
        invite: Callable[..., tuple[Invitation, str]],
        co_parent: User,
        household: Household,
        now: datetime,
    ) -> None:
        invitation, _token = invite()
        withdraw_invitation(actor_id=co_parent.pk, invitation_id=invitation.public_id, now=now)
        assert not list_invitations(actor_id=co_parent.pk, household_id=household.public_id, now=now)

    def test_once(self, invite: Callable[..., tuple[Invitation, str]], parent: User, now: datetime) -> None:
        invitation, _token = invite()
        withdraw_invitation(actor_id=parent.pk, invitation_id=invitation.public_id, now=now)
        with pytest.raises(NotVisible):
            withdraw_invitation(actor_id=parent.pk, invitation_id=invitation.public_id, now=now)

    @pytest.mark.parametrize("who", ["helper", "stranger", "former_member"])
    def test_nobody_else_may(
        self,
        request: pytest.FixtureRequest,
        invite: Callable[..., tuple[Invitation, str]],
        now: datetime,
        who: str,
    ) -> None:
        actor = request.getfixturevalue(who)
        invitation, token = invite()
        with pytest.raises(NotVisible):
            withdraw_invitation(actor_id=actor.pk, invitation_id=invitation.public_id, now=now)
        assert find_invitation(token=token, email=GUEST, now=now)

    def test_an_unknown_one_is_not_there(self, parent: User, now: datetime) -> None:
        with pytest.raises(NotVisible):
            withdraw_invitation(actor_id=parent.pk, invitation_id=uuid.uuid4(), now=now)


class TestListInvitations:
    def test_guardians_see_the_open_ones_newest_first(
        self,
        invite: Callable[..., tuple[Invitation, str]],
        co_parent: User,
        household: Household,
        now: datetime,
    ) -> None:
        first, _token = invite()
        second, _token = invite(email="other@example.org", now=now + timedelta(hours=1))
        listed = {"actor_id": co_parent.pk, "household_id": household.public_id}
        assert list(list_invitations(**listed, now=now + timedelta(hours=2))) == [second, first]
        assert list(list_invitations(**listed, now=now + INVITATION_LIFETIME)) == [second]

    @pytest.mark.parametrize("who", ["helper", "stranger", "former_member"])
    def test_nobody_else_sees_any(
        self,
        request: pytest.FixtureRequest,
        invite: Callable[..., tuple[Invitation, str]],
        household: Household,
        now: datetime,
        who: str,
    ) -> None:
        actor = request.getfixturevalue(who)
        invite()
        assert not list_invitations(actor_id=actor.pk, household_id=household.public_id, now=now)
