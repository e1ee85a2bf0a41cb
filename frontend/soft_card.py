"""The soft help card: decided when something is saved, shown once, on the page that comes next."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.http import HttpRequest
from django.utils.translation import get_language

from checklists.content import Content, HelpCard
from checklists.selectors import get_help
from observations.selectors import needs_soft_card

_SESSION_KEY = "soft_card"


def offer_if_needed(request: HttpRequest, *, moment_id: uuid.UUID, content: Content, now: datetime) -> None:
    """Remember to show the card if what was ticked and answered asks for it."""
    opening = {cue.key for cue in content.cues if cue.opens_help}
    actor_id = int(request.user.pk or 0)
    if needs_soft_card(actor_id=actor_id, moment_id=moment_id, opening_cues=opening, now=now):
        request.session[_SESSION_KEY] = True


def take(request: HttpRequest) -> HelpCard | None:
    """The card, if it waits to be shown; asking again gives nothing."""
    waits = request.session.pop(_SESSION_KEY, False)
    return get_help(get_language() or "").cards["soft"] if waits else None
