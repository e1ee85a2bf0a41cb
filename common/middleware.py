"""What every response carries, what every request may bring, and how a domain error looks as a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from whitenoise.middleware import WhiteNoiseFileResponse

from common.api import is_api, problem
from common.errors import Conflict, NotVisible, Refused

Handler = Callable[[HttpRequest], HttpResponseBase]
View = TypeVar("View", bound=Callable[..., HttpResponseBase])

# What a page could ask a phone for, all refused. Passkeys (`publickey-credentials-*`) keep theirs: our pages alone.
_POWERS = """
accelerometer autoplay browsing-topics camera clipboard-read compute-pressure display-capture encrypted-media fullscreen
gamepad geolocation gyroscope hid identity-credentials-get idle-detection keyboard-map local-fonts magnetometer
microphone midi otp-credentials payment picture-in-picture screen-wake-lock serial storage-access sync-xhr unload usb
window-management xr-spatial-tracking
"""
PERMISSIONS_POLICY = ", ".join(f"{power}=()" for power in _POWERS.split())
# A file that is opened by itself shows itself: it loads nothing, runs nothing and stands in nobody's frame.
FILE_POLICY = "default-src 'none'; frame-ancestors 'none'"
SAFE = ("GET", "HEAD", "OPTIONS")
METHODS = (*SAFE, "POST", "PUT", "PATCH", "DELETE")


class PrivateByDefaultMiddleware:
    """No response is stored anywhere unless it says itself that it may be."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if isinstance(response, WhiteNoiseFileResponse):
            # A browser heeds the long lists on pages alone; here they would be more than the script they come with.
            response.headers["Content-Security-Policy"] = FILE_POLICY
        else:
            response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
            patch_vary_headers(response, ["Cookie"])
        return response


class BoundedInputMiddleware:
    """Turns away a method nobody answers (TRACE), a body too large, and a query or cookie that no database can hold."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method not in METHODS:
            refusal = _say(request, 405)
            refusal.headers["Allow"] = ", ".join(METHODS)
            return refusal
        if _body_bytes(request) > (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0):
            return _say(request, 413)
        if _holds_nul(request):
            return _say(request, 400)
        return self.get_response(request)


def _holds_nul(request: HttpRequest) -> bool:
    """Whether query or cookies hold a NUL, at which PostgreSQL fails. A quoted cookie can spell one: `"\\000"`."""
    query = (text for name, values in request.GET.lists() for text in (name, *values))
    return any("\x00" in text for text in (*query, *request.COOKIES.values()))


def _body_bytes(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isdecimal() else 0


def from_anywhere(view: View) -> View:
    """Marks a view that another site's page may send to: its address alone says who it is for."""
    view.from_anywhere = True  # type: ignore[attr-defined]
    return view


class OwnSiteMiddleware:
    """Refuses what another site's page sends here, whatever cookies the browser adds (W3C Fetch Metadata).

    It stands beside the CSRF check. Programs and older browsers do not send the header, and are not refused.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, *_arguments: object) -> HttpResponse | None:
        foreign = request.headers.get("Sec-Fetch-Site") == "cross-site" and request.method not in SAFE
        return _say(request, 403) if foreign and not getattr(view, "from_anywhere", False) else None


class DomainErrorsMiddleware:
    """Renders what a use case raised in a page view: 404, 403 or 409, and 405 for a button's address that was opened.

    The last happens to people: a session ends, they press a button, sign in, and are sent on to where it led.
    """

    STATUS = {NotVisible: 404, Refused: 403, Conflict: 409}

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code != 405 or is_api(request) or request.method != "GET":
            return response
        page = _say(request, 405)
        page.headers["Allow"] = response.headers.get("Allow", "POST")
        return page

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        for kind, status in self.STATUS.items():
            if isinstance(exception, kind):
                return _say(request, status)
        return None


def _say(request: HttpRequest, status: int) -> HttpResponse:
    """The error page of *status*, or a problem document under `/api/`."""
    if is_api(request):
        return problem(status, code="too_large" if status == 413 else "")
    return render(request, f"{status}.html", status=status)
