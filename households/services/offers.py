"""The coach's half of a grant: looking at an offer, taking it, giving it back."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.selectors import get_user, is_blocked
from accounts.services import block_sender
from common import ledger
from common.errors import NotVisible
from households.models import Grant, Membership
from households.rules import GRANT_LIFETIME, Noted
from households.scope import live_grants, offered_grants
from households.services.briefings import check_still_briefed
from households.services.invitations import hash_token


def find_offer(*, token: str, email: str, now: datetime) -> Grant:
    """The open offer behind *token*, with its author, if it was sent to this verified address.

    Raises:
        NotVisible: unknown, taken, declined, withdrawn, expired, of somebody who left or is blocked,
            or meant for another address: all look the same.
    """
    found: Grant | None = (
        offered_grants(now=now)
        .select_related("author", "household", "briefing")
        .filter(token_sha256=hash_token(token), coach_email=email.lower())
        .first()
    )
    if found is None or is_blocked(email=found.coach_email, sender_id=found.author_id):
        raise NotVisible("grant")
    return found


@transaction.atomic
def accept_grant(*, actor_id: int, token: str, email: str, now: datetime) -> Grant:
    """The actor takes the offer and may look for 180 days. *email* is their verified address, as the door knows it.

    Raises:
        NotVisible: see `find_offer`. ValidationError: the actor lives in that household, or
            there is nothing to read for the coach's country any more, or was nothing when it was offered.
    """
    get_user(user_id=actor_id)
    grant = find_offer(token=token, email=email, now=now)
    lives_here = Membership.objects.filter(
        household=grant.household, user_id=actor_id, left_at__isnull=True
    ).exists()
    if lives_here or grant.author_id == actor_id:
        raise ValidationError(_("You live in this household: you cannot be a coach here."), code="member")
    check_still_briefed(grant.briefing)
    # Claimed by compare-and-set: a double click takes it once, and a withdrawal that came first has won.
    claimed = Grant.objects.filter(
        token_sha256=grant.token_sha256, accepted_at__isnull=True, withdrawn_at__isnull=True
    ).update(coach_id=actor_id, accepted_at=now, expires_at=now + GRANT_LIFETIME)
    if not claimed:
        raise NotVisible("grant")
    grant.refresh_from_db()
    return grant


@transaction.atomic
def decline_offer(*, token: str) -> None:
    """The link opens nothing any more. The author is not told: in their list it waits until it runs out.

    Nothing tells whether there was such an offer.
    """
    # The same row with a token that nobody has, as with an invitation.
    nobodys = hash_token(secrets.token_urlsafe(32))
    asked = Grant.objects.filter(token_sha256=hash_token(token), accepted_at__isnull=True)
    asked.update(token_sha256=nobodys)


@transaction.atomic
def block_author(*, token: str, now: datetime) -> None:
    """Nothing more of whoever made this offer reaches the address it went to, and it is declined.

    Nothing tells whether there was such an offer.
    """
    found = Grant.objects.filter(token_sha256=hash_token(token)).first()
    if found is not None:
        block_sender(email=found.coach_email, sender_id=found.author_id, known_as=found.author_email, now=now)
        decline_offer(token=token)


@transaction.atomic
def return_grant(*, actor_id: int, grant_id: uuid.UUID, now: datetime) -> None:
    """The coach ends a grant they were given, at once.

    Raises:
        NotVisible: no such live grant to the actor.
    """
    held = live_grants(now=now).filter(coach_id=actor_id, public_id=grant_id)
    if not Grant.objects.filter(pk__in=held.values("pk"), returned_at__isnull=True).update(returned_at=now):
        raise NotVisible("grant")
    ledger.note(Noted.GRANT_ENDED, grant_id, now)
