"""A coach's session with one author: the sheet for it as a page and as a file, and marking that it is today."""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from checklists.selectors import get_content
from coaching.selectors import SessionSheet
from coaching.services import mark_session, open_session_sheet, unmark_session
from frontend.coach_session import at_work
from frontend.current import SignedInRequest
from frontend.paper import PaperJam, make_pdf
from frontend.render import render_page, see_other
from frontend.session_sheet import sheet_in_words

logger = logging.getLogger(__name__)


@require_safe
@at_work
def sheet(request: SignedInRequest, grant_id: uuid.UUID) -> HttpResponse:
    """The weeks since the last session of whoever gave this grant, to read or to print."""
    found, words = _open(request, grant_id, now=timezone.now())
    grant = found.grants[0]
    context = {
        "household_id": grant.household.public_id,
        "grant_id": grant_id,
        "author": grant.author.called,
        "is_today": found.is_today,
        "sheet": words,
    }
    return render_page(request, "frontend/coach/sheet.html", context)


@require_POST
@at_work
def sheet_file(request: SignedInRequest, grant_id: uuid.UUID) -> HttpResponse:
    """The same as a PDF, made now and kept nowhere. If that fails, the page is there to be printed."""
    now = timezone.now()
    found, words = _open(request, grant_id, as_file=True, now=now)
    try:
        made = make_pdf(words)
    except PaperJam as jam:
        key = found.grants[0].pk
        logger.error("no session sheet for grant %s: %s", key, jam)  # no words in a traceback
        messages.error(request, _("The file could not be made just now. You can print this page instead."))
        return see_other(request, "coach-sheet", grant_id=grant_id)
    response = HttpResponse(made, content_type="application/pdf")
    response.headers["Content-Disposition"] = (
        f'attachment; filename="notes-{now.astimezone(UTC):%Y-%m-%d}.pdf"'
    )
    return response


@require_POST
@at_work
def mark(request: SignedInRequest, grant_id: uuid.UUID) -> HttpResponse:
    """There is a session today, or (`undo` in the form) there is none after all."""
    asked: dict[str, Any] = {"actor_id": request.user.pk, "grant_id": grant_id, "now": timezone.now()}
    if "undo" in request.POST:
        unmark_session(**asked)
        messages.success(request, _("Not today, then."))
    else:
        mark_session(**asked)
        messages.success(request, _("Marked. From tomorrow on the sheet begins with this week."))
    return see_other(request, "coach-sheet", grant_id=grant_id)


def _open(
    request: SignedInRequest, grant_id: uuid.UUID, *, as_file: bool = False, now: datetime
) -> tuple[SessionSheet, dict[str, Any]]:
    language = request.user.language
    found = open_session_sheet(
        coach_id=request.user.pk, grant_id=grant_id, as_file=as_file, language=language, now=now
    )
    return found, sheet_in_words(found, content=get_content(language), language=language)
