"""What every page's shell needs to know."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from frontend.look import frame, is_discreet
from frontend.outbox import told_to_scripts


def shell(request: HttpRequest) -> dict[str, Any]:
    """The frame, what the outbox wants to know, and `catches_mail`: mails land in a folder that /dev/mail/ shows."""
    return {
        **frame(discreet=is_discreet(request)),
        **told_to_scripts(request),
        "catches_mail": settings.CATCHES_MAIL,
    }
