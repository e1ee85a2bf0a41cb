"""A coach's question with which this browser was opened, kept until it is answered."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone

from accounts.selectors import get_verified_address
from coaching.services import find_family_invitation, take_up_invitation
from common.errors import NotVisible
from frontend.current import SignedInRequest

_SESSION_KEY = "coach_ask"
_TOKEN_MAX = 64


def keep_ask(request: HttpRequest, token: str) -> None:
    request.session[_SESSION_KEY] = token[:_TOKEN_MAX]


def kept_ask(request: HttpRequest) -> str:
    """The token of the question that still waits for an answer; '' if there is none."""
    return str(request.session.get(_SESSION_KEY, ""))


def forget_ask(request: HttpRequest) -> str:
    """The token, which is not kept any more."""
    return str(request.session.pop(_SESSION_KEY, ""))


def answer_ask(request: SignedInRequest, *, coach_email: str) -> None:
    """The reader sent *coach_email* an offer: if it was they who asked, their link has done what it was for."""
    token, now = kept_ask(request), timezone.now()
    if not token:
        return
    email = get_verified_address(user_id=request.user.pk)
    try:
        row = find_family_invitation(token=token, email=email, now=now)
        if row.coach_email.lower() != coach_email.lower():
            return
        take_up_invitation(token=token, email=email, now=now)
    except NotVisible:  # withdrawn or run out in the meantime: the offer is on its way all the same
        return
    forget_ask(request)
