"""What a request of somebody signed in means for their session, and in which zone and language it is answered."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from datetime import UTC, datetime

from django.contrib.auth import logout
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation

from accounts.listeners import SIGNED_IN_KEY
from accounts.rules import SESSION_LIFETIME, SESSION_SEEN_EVERY
from accounts.services import note_seen

Handler = Callable[[HttpRequest], HttpResponseBase]


class SessionLifeMiddleware:
    """Ends a session that has lived long enough, and keeps one alive that is used.

    A session that nobody uses ends by itself: Django's store forgets it `SESSION_IDLE` after it was last written, and
    it is written here, at most once in `SESSION_SEEN_EVERY`.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated:
            self._keep(request, now=timezone.now())
        return self.get_response(request)

    @staticmethod
    def _keep(request: HttpRequest, *, now: datetime) -> None:
        # A session from before this was noted begins its life with this request.
        noted = request.session.get(SIGNED_IN_KEY, {"since": now.timestamp(), "seen": 0})
        if now - datetime.fromtimestamp(noted["since"], UTC) >= SESSION_LIFETIME:
            logout(request)
        elif now - datetime.fromtimestamp(noted["seen"], UTC) >= SESSION_SEEN_EVERY:
            request.session[SIGNED_IN_KEY] = {**noted, "seen": now.timestamp()}
            note_seen(
                user_id=int(request.user.pk or 0),
                session_key=str(request.session.session_key),
                user_agent=request.headers.get("User-Agent", ""),
                now=now,
            )


class ErasureMiddleware:
    """Signs whoever asked to be erased out of every device, with its next request. Signing in again takes it back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated and request.user.erase_at is not None:
            logout(request)
        return self.get_response(request)


class PersonalSettingsMiddleware:
    """Shows each person times in their own zone and words in their own language."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.get_response(request)
        with (
            timezone.override(zoneinfo.ZoneInfo(request.user.timezone)),
            translation.override(request.user.language),
        ):
            return self.get_response(request)
