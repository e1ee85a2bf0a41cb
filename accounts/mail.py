"""Notices: the mails that tell somebody that their account changed. They say what, when and with which browser.

No address of the network is among it: a mailbox that somebody else reads would tell them where its owner was.
"""

from __future__ import annotations

import logging
import zoneinfo
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.devices import in_words, recognise
from accounts.models import User
from accounts.selectors import find_public_id, find_reader
from accounts.tokens import not_me_token

logger = logging.getLogger(__name__)

# No person wrote it, so nobody's holiday notice shall answer (RFC 3834).
AUTOMATIC = {"Auto-Submitted": "auto-generated"}


def send_notice(
    template: str,
    *,
    user: User,
    to: Iterable[str],
    now: datetime,
    user_agent: str,
    details: Mapping[str, object],
) -> None:
    """Mail what stands in `<template>_message.txt` to these addresses, in the person's own language and zone.

    What the notice is about has happened: a mail server that does not answer undoes nothing, and is logged.
    """
    with translation.override(user.language), timezone.override(zoneinfo.ZoneInfo(user.timezone)):
        context = {
            **details,
            "timestamp": now,
            "device": in_words(recognise(user_agent)),
            "security_url": settings.SITE_URL + reverse("security"),
        }
        for address in to:
            body = render_to_string(
                f"{template}_message.txt", {**context, "not_me_url": not_me_url(email=address)}
            )
            message = EmailMessage(_("Your account"), body.strip(), to=[address], headers=AUTOMATIC)
            try:
                message.send()
            except OSError as error:
                logger.error("notice %s to user %s: %s", template, user.pk, type(error).__name__)


def not_me_url(*, email: str) -> str:
    """Where whoever reads this mailbox can say that the account is not theirs; '' where no account has proved it.

    A process without the key for links, as the operators' is, makes none.
    """
    # Both are asked for either way: an address without an account costs as much.
    public_id = find_public_id(user_id=find_reader(email=email) or 0)
    if public_id is None or not settings.UNSUBSCRIBE_KEY:
        return ""
    return f"{settings.SITE_URL}/not-me/{not_me_token(user_id=public_id, email=email)}/"
