"""Sending an invitation or an offer: a short mail with a link, and nothing of the household in it."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accounts.selectors import is_blocked
from common.errors import NotVisible
from households.mail import hand_over
from households.scope import Capability, member_of, offered_grants
from households.selectors import open_invitations
from households.services.grants import withdraw_grant
from households.services.invitations import withdraw_invitation

logger = logging.getLogger(__name__)


def deliver_invitation(*, actor_id: int, invitation_id: uuid.UUID, link: str, now: datetime) -> None:
    """Mail *link* to the invited address, at once and outside any transaction.

    The token in the link is stored nowhere, so there is no second attempt: an invitation that could not be mailed is
    withdrawn. No name of a person, child or household goes into the mail, for those are free text and the address
    may be anybody's. No mail goes to an address that wants nothing from the sender, who cannot tell.

    Raises:
        NotVisible: no such open invitation, or the actor is no guardian of its household.
        ValidationError: on `email`, when the mail server did not take the mail.
    """
    invitation = (
        open_invitations(now=now)
        .filter(member_of(actor_id, Capability.MANAGE), public_id=invitation_id)
        .first()
    )
    if invitation is None:
        raise NotVisible("invitation")
    text = render_to_string("households/invitation.txt", {"inviter": invitation.inviter_email, "link": link})
    try:
        _send(text, to=invitation.email, sender_id=invitation.invited_by_id)
    except OSError as error:  # smtplib's errors are OSErrors too
        logger.warning("invitation %s was not mailed: %s", invitation.pk, type(error).__name__)
        withdraw_invitation(actor_id=actor_id, invitation_id=invitation_id, now=now)
        raise ValidationError({"email": _not_sent()}) from error


def deliver_offer(*, actor_id: int, grant_id: uuid.UUID, token: str, now: datetime) -> None:
    """Mail the link with *token* to the coach of an offer, at once and outside any transaction.

    As with an invitation there is one attempt, and nothing of the family in the mail. To an address that wants nothing
    from the actor nothing goes, and the actor is not told.

    Raises:
        NotVisible: no such open offer of the actor's own.
        ValidationError: on `coach_email`, when the mail server did not take the mail.
    """
    offer = offered_grants(now=now).filter(author_id=actor_id, public_id=grant_id).first()
    if offer is None:
        raise NotVisible("grant")
    # The address of the site, never that of a request: whoever sends a forged Host header gets no token.
    link = settings.SITE_URL + resolve_url("coach-offer", token=token)
    text = render_to_string("households/offer.txt", {"author": offer.author_email, "link": link})
    try:
        _send(text, to=offer.coach_email, sender_id=actor_id)
    except OSError as error:
        logger.warning("offer %s was not mailed: %s", offer.pk, type(error).__name__)
        withdraw_grant(actor_id=actor_id, grant_id=grant_id, now=now)
        raise ValidationError({"coach_email": _not_sent()}) from error


def _send(text: str, *, to: str, sender_id: int) -> None:
    """To an address that wants nothing from the sender nothing goes, and nobody can tell."""
    mail = EmailMessage(_("An invitation"), text, to=[to])
    mail.extra_headers["Auto-Submitted"] = "auto-generated"
    hand_over(mail, wanted=not is_blocked(email=to, sender_id=sender_id))


def _not_sent() -> ValidationError:
    return ValidationError(_("The mail could not be sent. Please try again in a while."), "mail")
