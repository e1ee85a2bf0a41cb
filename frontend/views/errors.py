"""Errors that come before or instead of everything else: their pages ask neither the session nor the database."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware, get_token
from django.template.loader import render_to_string

from frontend.look import frame, is_plain_phone

# What is typed there are passwords and codes: no page ever shows them again.
_NOT_GIVEN_BACK = "/account/"
# What a browser says of a page of ours, and of a share from another app (W3C Fetch Metadata).
_FROM_HERE = ("same-origin", "none")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    del exception  # its words are for the log
    return _page(request, 400)


def server_error(request: HttpRequest) -> HttpResponse:
    return _page(request, 500)


def out_of_service(request: HttpRequest) -> HttpResponse:
    """The database is full, busy or away: a form comes back with all that was typed, to be sent again."""
    sent = _sent(request) if request.method == "POST" else None
    return _page(request, 503, sent=sent, again=request.get_full_path() if request.method == "GET" else "")


def _page(request: HttpRequest, status: int, **context: Any) -> HttpResponse:
    context |= frame(discreet=is_plain_phone(request))
    return HttpResponse(render_to_string(f"{status}.html", context), status=status)


# --- A form that could not be taken ------------------------------------------------------------------------------
class _Check(CsrfViewMiddleware):
    """Django's own check of a form, which needs no session here; what it refuses is only told."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        return HttpResponse(status=403)


def _sent(request: HttpRequest) -> dict[str, Any] | None:
    """The form as it came, with a token of its own; None where a page of ours did not send it, or nobody may see it.

    Another site's form must not come back as one of ours. This may run before any of the usual checks has.
    """
    is_ours = request.headers.get("Sec-Fetch-Site") in _FROM_HERE or _has_token(request)
    if not is_ours or settings.SERVES != "family" or request.path.startswith(_NOT_GIVEN_BACK):
        return None
    return {
        "action": request.get_full_path(),
        "csrf_token": get_token(request),
        # Words are shown, to be read or copied; what a button or a list said goes along unseen.
        "fields": [
            {"name": name, "value": value, "is_words": len(value.split()) > 1}
            for name, values in request.POST.lists()
            for value in values
            if name != "csrfmiddlewaretoken"
        ],
    }


def _has_token(request: HttpRequest) -> bool:
    check = _Check(lambda _request: HttpResponse())
    return check.process_view(request, out_of_service, (), {}) is None
