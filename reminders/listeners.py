"""What follows when somebody signs out. That they did is asked anew with every prompt; this only tidies up at once."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest

from reminders.services import drop_session


def connect() -> None:
    """Listen. Called once, when the app is ready."""
    user_logged_out.connect(on_sign_out, dispatch_uid="reminders.on_sign_out")


def on_sign_out(*, request: HttpRequest | None = None, **_: Any) -> None:
    """The device takes no prompts any more. Its session is still there when this is told."""
    session_key = getattr(getattr(request, "session", None), "session_key", None)
    if session_key:
        drop_session(session_key=str(session_key))
