"""Telling a person by mail that something about their account changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from accounts.mail import send_notice
from accounts.rules import Change
from accounts.selectors import get_user, get_verified_address


def tell_of_change(
    *,
    user_id: int,
    change: Change,
    now: datetime,
    user_agent: str = "",
    details: Mapping[str, object] | None = None,
) -> None:
    """Mail the person that this happened to their account, with a neutral subject, and what to do if it was not them.

    For doors, after the change is committed: it talks to the mail server. *details* are what the notice's template
    names, never anybody's words. A person without a verified address is not told.

    Raises:
        NotVisible: the account is closed.
    """
    user, address = get_user(user_id=user_id), get_verified_address(user_id=user_id)
    send_notice(
        f"account/email/{change}",
        user=user,
        to=[address] if address else [],
        now=now,
        user_agent=user_agent,
        details=details or {},
    )
