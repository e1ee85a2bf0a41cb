"""Under which name the pages go: the app's own, or a neutral one for whoever chose discreet mode.

A signed-in person decides for their own pages. A cookie remembers it for the phone, so that it stays neutral while
nobody is signed in; the next person who signs in there and goes by the app's name takes it away again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

_PLAIN = "plain"
# As long as browsers keep any cookie (RFC 6265bis, 5.5).
_REMEMBERED = timedelta(days=400)
# The service worker fetches the pages it keeps without cookies, and says so itself.
_HEADER = "X-Look"


def is_discreet(request: HttpRequest) -> bool:
    """Whether this page goes under the neutral name."""
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return bool(user.discreet)
    return is_plain_phone(request)


def is_plain_phone(request: HttpRequest) -> bool:
    """Whether this browser was last used by somebody in discreet mode. Needs neither a session nor a database."""
    return _PLAIN in (request.COOKIES.get(settings.LOOK_COOKIE_NAME), request.headers.get(_HEADER))


def frame(*, discreet: bool) -> dict[str, Any]:
    """What the bare frame of every page wants to know."""
    return {
        "discreet": discreet,
        "app_name": _("Notes") if discreet else "Attune",
        "quick_exit_url": settings.QUICK_EXIT_URL,
    }


class LookMiddleware:
    """Has the phone remember the look of the person who is signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if is_page and request.user.is_authenticated:
            remember(request, response, discreet=request.user.discreet)
        return response


def remember(request: HttpRequest, response: HttpResponseBase, *, discreet: bool) -> None:
    """Set or take back the cookie, where it says something else."""
    name = settings.LOOK_COOKIE_NAME
    if discreet == (request.COOKIES.get(name) == _PLAIN):
        return
    response.set_cookie(
        name,
        _PLAIN if discreet else "",
        max_age=_REMEMBERED if discreet else 0,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
