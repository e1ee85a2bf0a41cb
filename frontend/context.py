"""What every page's shell needs to know."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from frontend.look import frame, is_discreet


def shell(request: HttpRequest) -> dict[str, Any]:
    """The frame, and `catches_mail`: mails land in a local folder that /dev/mail/ shows (without a mail server)."""
    return {**frame(discreet=is_discreet(request)), "catches_mail": settings.CATCHES_MAIL}
