"""Whoever looks into other people's families proves more often who they are than at home.

OWASP ASVS 5.0, 7.3: twelve hours after the last proof, or three hours after the last look, whichever comes first. Only
the coach's pages ask; a family's own phone stays signed in.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from http import HTTPStatus
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRefresh

from accounts.rules import COACH_IDLE_MAX, COACH_SESSION_MAX
from coaching.selectors import list_family_invitations
from common.errors import NotVisible
from frontend.current import SignedInRequest
from frontend.render import is_swap, render_page
from households.selectors import is_coaching_open, list_caseload
from households.services import closed

_LOOKED_KEY = "coach_looked_at"


def at_work(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The same as `in_person`, for what coaching is; where there is no briefing for any country there is none."""

    @wraps(view)
    def inner(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_coaching_open():
            return _closed_page(request)
        return view(request, *args, **kwargs)

    return in_person(inner)


def _closed_page(request: SignedInRequest) -> HttpResponse:
    """Why there is nothing to see; and what stays open: giving back, taking back, one's own words."""
    coach_id, now = request.user.pk, timezone.now()
    context = {
        "closed": closed(),
        "grants": list_caseload(coach_id=coach_id, now=now),
        "asked": list_family_invitations(coach_id=coach_id, now=now),
    }
    return render_page(request, "frontend/coach/closed.html", context, status=HTTPStatus.FORBIDDEN)


def in_person(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Lets a recent proof pass, and notes that somebody looked; otherwise it asks who is there."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        now = timezone.now()
        if not _is_recent(request, now):
            if is_swap(request):
                return HttpResponseClientRefresh()  # the question is a page of its own
            raise ReauthenticationRequired
        request.session[_LOOKED_KEY] = now.timestamp()
        return view(request, *args, **kwargs)

    return inner


def on_watch(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The same for what an open page asks by itself: that is no look, and the answer to whoever was away is no."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not _is_recent(request, timezone.now()) or not is_coaching_open():
            raise NotVisible("household")
        return view(request, *args, **kwargs)

    return inner


def _is_recent(request: HttpRequest, now: datetime) -> bool:
    proofs = [float(record["at"]) for record in get_authentication_records(request, request.user)]
    if not proofs:
        return False
    proved_at = datetime.fromtimestamp(max(proofs), UTC)
    looked_at = datetime.fromtimestamp(request.session.get(_LOOKED_KEY, 0), UTC)
    return now - proved_at < COACH_SESSION_MAX and now - max(proved_at, looked_at) < COACH_IDLE_MAX
