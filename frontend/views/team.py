"""Counts of coaches' work: what a supervisor reads of it, and who reads a coach's own."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from coaching.rules import FEW
from coaching.selectors import get_team
from coaching.services import agree_to_supervision, end_supervision, leave_supervision
from frontend.coach_session import in_person
from frontend.current import SignedInRequest
from frontend.render import render_page, see_other


@require_safe
@in_person
def team(request: SignedInRequest) -> HttpResponse:
    """Whose counts the reader sees, who sees the reader's, and exactly what that is."""
    seen = get_team(actor_id=request.user.pk, now=timezone.now())
    return render_page(request, "frontend/coach/team.html", {"team": seen, "few": FEW})


@require_POST
@in_person
def agree(request: SignedInRequest, supervision_id: uuid.UUID) -> HttpResponse:
    agree_to_supervision(actor_id=request.user.pk, supervision_id=supervision_id, now=timezone.now())
    messages.success(request, _("They see these counts from now on. You can end it on any day."))
    return see_other(request, "coach-team")


@require_POST
@in_person
def end(request: SignedInRequest, supervision_id: uuid.UUID) -> HttpResponse:
    """The coach says no, or no more."""
    end_supervision(actor_id=request.user.pk, supervision_id=supervision_id, now=timezone.now())
    messages.success(request, _("They see no counts of yours."))
    return see_other(request, "coach-team")


@require_POST
@in_person
def leave(request: SignedInRequest, supervision_id: uuid.UUID) -> HttpResponse:
    """The supervisor looks no more."""
    leave_supervision(actor_id=request.user.pk, supervision_id=supervision_id, now=timezone.now())
    messages.success(request, _("You see no counts of theirs any more."))
    return see_other(request, "coach-team")
