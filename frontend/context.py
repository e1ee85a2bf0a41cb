"""What every page's shell needs to know."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def shell(_request: HttpRequest) -> dict[str, Any]:
    """`catches_mail`: mails land in a local folder that /dev/mail/ shows (local mode without a mail server)."""
    return {"catches_mail": settings.CATCHES_MAIL, "quick_exit_url": settings.QUICK_EXIT_URL}
