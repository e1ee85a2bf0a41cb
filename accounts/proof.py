"""Proof that whoever is signed in is still the same person, asked for before what cannot be taken back.

django-allauth lets a person without a password and without a second step do everything unasked. Here they get a code
by mail, of the same kind and under the same bounds as a code to sign in with.
"""

from __future__ import annotations

import time
from typing import Any, Self

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.code_verification import AbstractCodeVerificationProcess
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from django.http import HttpRequest

from accounts.selectors import get_verified_address

_SESSION_KEY = "proof_code"


def proved_lately(request: HttpRequest) -> bool:
    """Whether the person signed in, or proved again who they are, within the last five minutes."""
    records = get_authentication_records(request, request.user)
    return bool(records) and time.time() - records[-1]["at"] < app_settings.REAUTHENTICATION_TIMEOUT


class ProofCode(AbstractCodeVerificationProcess):
    """A mailed code that proves who is there: for ten minutes, three tries, one use, and in this session only."""

    def __init__(self, request: HttpRequest, state: dict[str, Any]) -> None:
        self.request = request
        super().__init__(
            max_attempts=app_settings.LOGIN_BY_CODE_MAX_ATTEMPTS,
            timeout=app_settings.LOGIN_BY_CODE_TIMEOUT,
            state=state,
        )

    @classmethod
    def begin(cls, request: HttpRequest) -> Self | None:
        """A new code on its way to the person's verified address; None if they have none."""
        email = get_verified_address(user_id=int(request.user.pk or 0))
        if not email:
            return None
        process = cls(request, cls.initial_state(user=request.user, email=email))
        process.state["code"] = get_adapter().generate_login_code()
        process.send()
        process.persist()
        return process

    @classmethod
    def resume(cls, request: HttpRequest) -> Self | None:
        """The code that this session waits for, while it is good; else None."""
        state = request.session.get(_SESSION_KEY)
        process = cls(request, state) if state else None
        if process is not None and process.user != request.user:
            process.abort()
            return None
        found: Self | None = process.abort_if_invalid() if process else None
        return found

    def send(self) -> None:
        get_adapter().send_mail("account/email/proof_code", self.state["email"], {"code": self.code})

    def persist(self) -> None:
        self.request.session[_SESSION_KEY] = self.state

    def abort(self) -> None:
        self.request.session.pop(_SESSION_KEY, None)

    def finish(self) -> None:
        """The code was typed in: the person is who they were."""
        self.abort()
        record_authentication(self.request, self.user, method="code", reauthenticated=True)
