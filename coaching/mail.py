"""The one mail of coaching: that there is something new, and not a word about what, from whom, or of whom."""

from __future__ import annotations

import logging

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

logger = logging.getLogger(__name__)

HEADERS = {"Auto-Submitted": "auto-generated"}


def tell_of_something_new(*, to: str, language: str, person_id: int) -> bool:
    """Mail that sentence; whether the server took it. The same bytes for an author and for a coach.

    It leads to the front page: an address that names coaching would say in a shared mailbox what the words do not.
    """
    with translation.override(language):
        text = render_to_string("coaching/something_new.txt", {"link": f"{settings.SITE_URL}/"}).strip()
        message = EmailMessage(_("Your notes"), text, to=[to], headers=HEADERS)
    try:
        return message.send() == 1
    except OSError as error:
        logger.warning("telling person %s failed: %s", person_id, type(error).__name__)
        return False
