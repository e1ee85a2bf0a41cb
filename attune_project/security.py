"""What the libraries tell about signing in, written to the security log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account import signals as account
from django.contrib.auth import signals as auth
from django.http import HttpRequest

from common.pseudonyms import pseudonym
from common.security import PSEUDONYM_CHARS, Event, tell

Receiver = Callable[..., None]


def _tells(event: Event, **about: object) -> Receiver:
    """A receiver that writes *event* about whom the signal is about."""

    def receive(*, request: HttpRequest | None = None, user: Any = None, **_: Any) -> None:
        tell(event, request=request, user=getattr(user, "pk", None), **about)

    return receive


def _tell_failed(*, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Whether the address is somebody's is not known here, so it has a name of its own and not an id."""
    typed = str(credentials.get("email") or credentials.get("username") or "").strip().lower()
    tell(Event.SIGN_IN_FAILED, request=request, account=pseudonym(typed, purpose="account")[:PSEUDONYM_CHARS])


HEARD = {
    auth.user_logged_in: _tells(Event.SIGNED_IN),
    auth.user_logged_out: _tells(Event.SIGNED_OUT),
    auth.user_login_failed: _tell_failed,
    account.login_code_rejected: _tells(Event.CODE_REJECTED, code="sign-in"),
    account.password_reset_code_rejected: _tells(Event.CODE_REJECTED, code="password"),
    account.email_verification_code_rejected: _tells(Event.CODE_REJECTED, code="address"),
    account.password_set: _tells(Event.PASSWORD_CHANGED, how="set"),
    account.password_changed: _tells(Event.PASSWORD_CHANGED, how="changed"),
    account.password_reset: _tells(Event.PASSWORD_CHANGED, how="reset"),
    account.email_changed: _tells(Event.ADDRESS_CHANGED),
}


def listen() -> None:
    """Connect every receiver, once."""
    for signal, receiver in HEARD.items():
        signal.connect(receiver, weak=False, dispatch_uid="attune.security")
