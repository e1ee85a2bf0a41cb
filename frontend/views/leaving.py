"""Signing out, and what the browser forgets with it."""

from __future__ import annotations

from allauth.account.views import logout
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from frontend.outbox import count_pending

# Without "storage": sealed words that still wait on the phone would be lost with it.
FORGOTTEN_BUT_THE_QUEUE = '"cache"'
# What the person chose about the queue, where the page asked them (templates/frontend/waiting.html).
_QUEUE_STAYS = "kept"

# Without "cookies": the session's own ended on the server, and the one that keeps a phone's neutral look has to stay.
FORGOTTEN = '"cache", "storage"'


@login_not_required
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """Asks, and on POST signs out. Then the browser clears what it keeps for this host (`Clear-Site-Data`).

    Only somebody's own act clears anything: a session that ran out, or was ended elsewhere, never does. Where sealed
    words still wait on the phone, whoever's they are, the browser keeps its storage.
    """
    was_signed_in = request.user.is_authenticated
    response: HttpResponseBase = logout(request)
    if was_signed_in and not request.user.is_authenticated:
        waiting = request.POST.get("waiting", "")
        # Whoever sent or deleted their own has counted it down to nothing; what is left may be somebody else's.
        keeps = waiting == _QUEUE_STAYS or count_pending(request) > 0
        # Pages take it away themselves; this is for a worker, and for a browser whose scripts did not get that far.
        response.delete_cookie(settings.KIT_COOKIE_NAME, samesite="Strict")
        response.headers["Clear-Site-Data"] = FORGOTTEN_BUT_THE_QUEUE if keeps else FORGOTTEN
    return response
