"""Inviting another adult by mail; accepting, declining, and wanting no more of it.

The token is 256 random bits, shown once in the mail and stored as its SHA-256; it works for 72 hours, once, and
only for the verified address it was sent to. To say no it is enough to hold it: whoever does reads that mailbox.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.rules import EMAIL_MAX
from accounts.selectors import get_user, is_blocked
from accounts.services import block_sender
from common.errors import NotVisible
from common.text import required_text
from households.models import Invitation, Membership
from households.rules import (
    INVITATION_KEPT,
    INVITATION_LIFETIME,
    INVITATIONS_PER_DAY,
    MEMBERS_MAX,
    Role,
)
from households.scope import Capability, member_of
from households.selectors import get_household, hold_household, open_invitations
from households.services.households import move_in, room_for_one_more


@transaction.atomic
def invite_member(
    *, actor_id: int, household_id: uuid.UUID, email: str, role: str, now: datetime
) -> tuple[Invitation, str]:
    """An invitation, and the token that goes into its mail and is known nowhere else.

    Raises:
        NotVisible, Refused: not a member; not a guardian.
        ValidationError: on `email` or `role`, or too many invitations today.
    """
    # Held first, so that two invitations sent at once are two of the day's, and none is made while its sender leaves.
    inviter = get_user(user_id=actor_id, for_update=True)
    household = get_household(actor_id=actor_id, household_id=household_id, capability=Capability.MANAGE)
    address = checked_address(email, field="email")
    if role not in list(Role):
        raise ValidationError(
            {"role": ValidationError(_("Please choose what this person may do."), "choice")}
        )
    today = Invitation.objects.filter(invited_by_id=actor_id, created_at__gt=now - timedelta(days=1))
    if today.count() >= INVITATIONS_PER_DAY:
        raise ValidationError(
            _("That is enough invitations for today. Please try again tomorrow."), code="too_many"
        )
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        household=household,
        invited_by_id=actor_id,
        inviter_email=inviter.email,
        email=address,
        role=role,
        token_sha256=hash_token(token),
        created_at=now,
        expires_at=now + INVITATION_LIFETIME,
    )
    return invitation, token


@transaction.atomic
def withdraw_invitation(*, actor_id: int, invitation_id: uuid.UUID, now: datetime) -> None:
    """Close an open invitation.

    Raises:
        NotVisible: there is no such open invitation, or the actor is no guardian of its household.
    """
    closed = Invitation.objects.filter(
        pk__in=Invitation.objects.filter(
            member_of(actor_id, Capability.MANAGE), public_id=invitation_id
        ).values("pk"),
        accepted_at__isnull=True,
        withdrawn_at__isnull=True,
    ).update(withdrawn_at=now)
    if not closed:
        raise NotVisible("invitation")


def find_invitation(*, token: str, email: str, now: datetime) -> Invitation:
    """The open invitation behind *token*, if it was sent to this verified address.

    Raises:
        NotVisible: unknown, used, declined, withdrawn, expired, of somebody who left or whom the address has blocked,
            or meant for another address: all look the same.
    """
    found = (
        open_invitations(now=now)
        .select_related("household")
        .filter(token_sha256=hash_token(token), email=email.lower())
        .first()
    )
    if found is None or is_blocked(email=found.email, sender_id=found.invited_by_id):
        raise NotVisible("invitation")
    return found


@transaction.atomic
def accept_invitation(*, actor_id: int, token: str, email: str, now: datetime) -> Membership:
    """The actor joins. *email* is the actor's verified address, as the door knows it.

    Raises:
        NotVisible: see `find_invitation`. ValidationError: the household is full, or the actor is in it already or in
            as many as they can be.
    """
    # Two invitations of one person, or two people into one household, may be accepted at once: whoever holds the row
    # goes first, and the other one counts what came of it.
    get_user(user_id=actor_id, for_update=True)
    invitation = find_invitation(token=token, email=email, now=now)
    household = hold_household(household_id=invitation.household_id)
    # Claimed by compare-and-set, so that a double click joins once, and never after a no.
    unanswered = Invitation.objects.filter(
        token_sha256=invitation.token_sha256, accepted_at__isnull=True, withdrawn_at__isnull=True
    )
    if not unanswered.update(accepted_at=now):
        raise NotVisible("invitation")
    live = Membership.objects.filter(household=household, left_at__isnull=True)
    if live.count() >= MEMBERS_MAX:
        raise ValidationError(_("This household is full."), code="too_many")
    if live.filter(user_id=actor_id).exists():
        raise ValidationError(_("You already belong to this household."), code="member")
    room_for_one_more(user_id=actor_id)
    return move_in(household=household, user_id=actor_id, role=invitation.role, now=now)


@transaction.atomic
def decline_invitation(*, token: str) -> None:
    """The link opens nothing any more. The sender is not told: in their list it waits until it runs out.

    Nothing tells whether there was such an invitation.
    """
    # The same row with a token that nobody has: to the one who sent it, it looks like one that was not answered yet.
    nobodys = hash_token(secrets.token_urlsafe(32))
    asked = Invitation.objects.filter(token_sha256=hash_token(token), accepted_at__isnull=True)
    asked.update(token_sha256=nobodys)


@transaction.atomic
def block_inviter(*, token: str, now: datetime) -> None:
    """Nothing more of whoever sent this invitation reaches the address it went to, and it is declined.

    It need not be open: whoever withdraws what they sent is blocked all the same. Nothing tells whether there was one.
    """
    found = Invitation.objects.filter(token_sha256=hash_token(token)).first()
    if found is not None:
        block_sender(email=found.email, sender_id=found.invited_by_id, known_as=found.inviter_email, now=now)
        decline_invitation(token=token)


@transaction.atomic
def forget_old_invitations(*, now: datetime) -> int:
    """Destroy invitations that ended, one way or another, thirty days ago; how many went. For the schedule.

    They hold the mail address of somebody who may never have come.
    """
    since = now - INVITATION_KEPT
    ended = Q(accepted_at__lt=since) | Q(withdrawn_at__lt=since) | Q(expires_at__lt=since)
    _total, by_model = Invitation.objects.filter(ended).delete()
    return by_model.get("households.Invitation", 0)


def checked_address(email: str, *, field: str) -> str:
    """One mail address, in lower case.

    Raises:
        ValidationError: on *field*.
    """
    address = required_text(email, field=field, max_length=EMAIL_MAX).lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise ValidationError({field: error}) from error
    return address


def hash_token(token: str) -> str:
    """How a token is stored and found: SHA-256 in hex, enough for 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
