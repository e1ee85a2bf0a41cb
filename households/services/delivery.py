"""Sending an invitation: a short mail with a link, and nothing of the household in it."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from common.errors import NotVisible
from households.models import Invitation
from households.scope import Capability, member_of
from households.services.invitations import withdraw_invitation

logger = logging.getLogger(__name__)


def deliver_invitation(*, actor_id: int, invitation_id: uuid.UUID, link: str, now: datetime) -> None:
    """Mail *link* to the invited address, at once and outside any transaction.

    The token in the link is stored nowhere, so there is no second attempt: an invitation that could not be mailed is
    withdrawn. No name of a person, child or household goes into the mail, for those are free text and the address
    may be anybody's.

    Raises:
        NotVisible: no such open invitation, or the actor is no guardian of its household.
        ValidationError: on `email`, when the mail server did not take the mail.
    """
    invitation = (
        Invitation.objects.select_related("invited_by")
        .filter(member_of(actor_id, Capability.MANAGE), public_id=invitation_id)
        .filter(accepted_at__isnull=True, withdrawn_at__isnull=True, expires_at__gt=now)
        .first()
    )
    if invitation is None:
        raise NotVisible("invitation")
    text = render_to_string(
        "households/invitation.txt", {"inviter": invitation.invited_by.email, "link": link}
    )
    mail = EmailMessage(_("An invitation"), text, to=[invitation.email])
    mail.extra_headers["Auto-Submitted"] = "auto-generated"
    try:
        mail.send()
    except OSError as error:  # smtplib's errors are OSErrors too
        logger.warning("invitation %s was not mailed: %s", invitation.pk, type(error).__name__)
        withdraw_invitation(actor_id=actor_id, invitation_id=invitation_id, now=now)
        raise ValidationError(
            {"email": ValidationError(_("The mail could not be sent. Please try again in a while."), "mail")}
        ) from error
