"""A coach asks a family whether they would let them in. It opens nothing; the author gives a grant like any other."""

from __future__ import annotations

import logging
import secrets
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accounts.selectors import get_user, is_blocked
from accounts.services import block_sender
from coaching.models import FamilyInvitation
from coaching.rules import FAMILY_INVITATION_LIFETIME, FAMILY_INVITATIONS_PER_DAY
from coaching.selectors import find_profile, open_family_invitations
from common.errors import NotVisible
from households.mail import hand_over
from households.rules import INVITATION_KEPT
from households.selectors import find_briefing
from households.services import checked_address, hash_token

logger = logging.getLogger(__name__)


# --- The coach ---------------------------------------------------------------------------------------------------
@transaction.atomic
def invite_family(*, actor_id: int, email: str, now: datetime) -> tuple[FamilyInvitation, str]:
    """Ask whoever reads *email* whether they would let the actor in; the token for its mail is known nowhere else.

    Raises:
        ValidationError: on `email`; the actor did not say who they are and where they work, nobody is let in for
            that country, or it is enough for today.
    """
    coach = get_user(user_id=actor_id, for_update=True)
    profile = find_profile(coach_id=actor_id)
    if profile is None or find_briefing(country=profile.country) is None:
        message = _(
            "Please say first who you are as a coach and in which country you work: families read it."
        )
        raise ValidationError(message, code="profile")
    address = checked_address(email, field="email")
    if address == coach.email.lower():
        raise ValidationError({"email": ValidationError(_("That is your own address."), "own")})
    today = FamilyInvitation.objects.filter(coach_id=actor_id, created_at__gt=now - timedelta(days=1))
    if today.count() >= FAMILY_INVITATIONS_PER_DAY:
        message = _("That is enough invitations for today. Please try again tomorrow.")
        raise ValidationError(message, code="too_many")
    token = secrets.token_urlsafe(32)
    row = FamilyInvitation.objects.create(
        coach=coach,
        coach_email=coach.email,
        email=address,
        token_sha256=hash_token(token),
        created_at=now,
        expires_at=now + FAMILY_INVITATION_LIFETIME,
    )
    return row, token


def deliver_family_invitation(*, actor_id: int, invitation_id: uuid.UUID, token: str, now: datetime) -> None:
    """Mail the link with *token*, at once and outside any transaction: there is one attempt.

    Nothing but the coach's address is in the mail. To an address that wants nothing from them nothing goes, and they
    cannot tell.

    Raises:
        NotVisible: no such open invitation of the actor's. ValidationError: on `email`, when it could not be mailed.
    """
    row = open_family_invitations(now=now).filter(coach_id=actor_id, public_id=invitation_id).first()
    if row is None:
        raise NotVisible("invitation")
    # The address of the site, never that of a request: whoever sends a forged Host header gets no token.
    link = settings.SITE_URL + resolve_url("coach-ask", token=token)
    text = render_to_string("coaching/family_invitation.txt", {"coach": row.coach_email, "link": link})
    mail = EmailMessage(_("An invitation"), text, to=[row.email])
    mail.extra_headers["Auto-Submitted"] = "auto-generated"
    try:
        hand_over(mail, wanted=not is_blocked(email=row.email, sender_id=actor_id))
    except OSError as error:
        logger.warning("family invitation %s was not mailed: %s", row.pk, type(error).__name__)
        withdraw_family_invitation(actor_id=actor_id, invitation_id=invitation_id, now=now)
        message = _("The mail could not be sent. Please try again in a while.")
        raise ValidationError({"email": ValidationError(message, "mail")}) from error


@transaction.atomic
def withdraw_family_invitation(*, actor_id: int, invitation_id: uuid.UUID, now: datetime) -> None:
    """The link opens nothing any more.

    Raises:
        NotVisible: no such invitation of the actor's.
    """
    own = FamilyInvitation.objects.filter(
        coach_id=actor_id, public_id=invitation_id, withdrawn_at__isnull=True
    )
    if not own.update(withdrawn_at=now):
        raise NotVisible("invitation")


# --- Whoever is asked --------------------------------------------------------------------------------------------
def find_family_invitation(*, token: str, email: str, now: datetime) -> FamilyInvitation:
    """The open invitation behind *token*, with its coach, if it was sent to this verified address.

    Raises:
        NotVisible: unknown, answered, withdrawn, run out, of a coach who is gone or blocked, or meant for another
            address: all look the same.
    """
    rows = open_family_invitations(now=now).filter(answered_at__isnull=True)
    row = rows.filter(token_sha256=hash_token(token), email=email.lower()).first()
    if row is None or is_blocked(email=row.email, sender_id=row.coach_id):
        raise NotVisible("invitation")
    return row


@transaction.atomic
def take_up_invitation(*, token: str, email: str, now: datetime) -> FamilyInvitation:
    """Whoever was asked has sent this coach an offer: the link opens nothing any more. The coach is not told by it.

    Raises:
        NotVisible: see `find_family_invitation`.
    """
    row = find_family_invitation(token=token, email=email, now=now)
    claimed = FamilyInvitation.objects.filter(pk=row.pk, answered_at__isnull=True).update(answered_at=now)
    if not claimed:
        raise NotVisible("invitation")
    return row


@transaction.atomic
def turn_down_invitation(*, token: str, block: bool, now: datetime) -> None:
    """The link opens nothing any more; with *block* nothing more of this coach reaches that address.

    The coach is not told: in their list it waits until it runs out. Nothing tells whether there was such an invitation.
    """
    row = FamilyInvitation.objects.filter(token_sha256=hash_token(token)).first()
    if row is None:
        return
    FamilyInvitation.objects.filter(pk=row.pk, answered_at__isnull=True).update(answered_at=now)
    if block:
        block_sender(email=row.email, sender_id=row.coach_id, known_as=row.coach_email, now=now)


@transaction.atomic
def forget_old_family_invitations(*, now: datetime) -> int:
    """Destroy invitations that ended thirty days ago: they hold the address of somebody who may never have come."""
    since = now - INVITATION_KEPT
    gone, _by_model = FamilyInvitation.objects.filter(
        Q(expires_at__lt=since) | Q(withdrawn_at__lt=since)
    ).delete()
    return gone
