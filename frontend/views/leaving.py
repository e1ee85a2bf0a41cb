"""Signing out, and what the browser forgets with it."""

from __future__ import annotations

from allauth.account.views import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase

# Without "cookies": the session's own ended on the server, and the one that keeps a phone's neutral look has to stay.
FORGOTTEN = '"cache", "storage"'


@login_not_required
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """Asks, and on POST signs out. Then the browser clears what it keeps for this host (`Clear-Site-Data`).

    Only somebody's own act clears anything: a session that ran out, or was ended elsewhere, never does.
    """
    was_signed_in = request.user.is_authenticated
    response: HttpResponseBase = logout(request)
    if was_signed_in and not request.user.is_authenticated:
        response.headers["Clear-Site-Data"] = FORGOTTEN
    return response
