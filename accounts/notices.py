"""For doors: telling whoever acted, by mail, that something about their account changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.rules import Change
from accounts.services import tell_of_change


def tell_actor(request: Any, change: Change, *, now: datetime, **details: object) -> None:
    """Mail the person behind *request*, of either door, that they did this, and with which browser.

    Nobody else is told. To be called once it is committed.
    """
    tell_of_change(
        user_id=int(request.user.pk),
        change=change,
        now=now,
        user_agent=request.headers.get("User-Agent", ""),
        details=details,
    )
