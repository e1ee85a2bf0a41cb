"""Something to try for some weeks: a coach suggests it, an author decides, and both read what became of it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from checklists.content import Practice
from checklists.selectors import get_content
from coaching.rules import Answer
from coaching.selectors import (
    find_current_focus,
    has_answered,
    list_focuses,
    list_focuses_suggested,
    present_coaches,
)
from coaching.services import accept_focus, decline_focus, say_tried, stop_focus, suggest_focus
from common.forms import ServiceForm
from frontend.coach_session import at_work
from frontend.current import Home, SignedInRequest, at_home
from frontend.forms.coaching import FocusForm
from frontend.forms.fields import posted
from frontend.render import render_page, see_other
from frontend.views.household import form_status
from households.selectors import get_given_grant

if TYPE_CHECKING:
    from observations.models import Observation


# --- The author --------------------------------------------------------------------------------------------------
@require_safe
@at_home
def focuses(request: SignedInRequest, home: Home) -> HttpResponse:
    """What the reader's coaches suggested, what they are trying, and what became of it."""
    return _focuses_page(request, home)


@require_POST
@at_home
def answer(request: SignedInRequest, home: Home, focus_id: uuid.UUID) -> HttpResponse:
    """Yes as it is or changed, no, or no longer: whichever button was pressed."""
    actor_id, now = request.user.pk, timezone.now()
    if "stop" in request.POST:
        stop_focus(actor_id=actor_id, focus_id=focus_id, now=now)
        messages.success(request, _("Ended. Nothing is owed."))
        return see_other(request, "focuses")
    if "accept" not in request.POST:
        decline_focus(actor_id=actor_id, focus_id=focus_id, now=now)
        messages.success(request, _("Declined. Nothing is owed."))
        return see_other(request, "focuses")
    form = FocusForm(request.POST, content=get_content(request.user.language))
    accepted = form.run(
        lambda: accept_focus(actor_id=actor_id, focus_id=focus_id, **form.cleaned_data, now=now)
    )
    if accepted is None:
        return _focuses_page(request, home, failed=focus_id, form=form)
    messages.success(request, _("From today on. You can stop on any day."))
    return see_other(request, "focuses")


def _focuses_page(
    request: SignedInRequest, home: Home, *, failed: uuid.UUID | None = None, form: FocusForm | None = None
) -> HttpResponse:
    content = get_content(request.user.language)
    found = list_focuses(
        actor_id=request.user.pk,
        household_id=home.household.public_id,
        language=request.user.language,
        now=timezone.now(),
    )
    coaches = present_coaches(actor_id=request.user.pk, coach_ids={seen.focus.coach_id for seen in found})
    shown = [
        {
            "seen": seen,
            "coach": coaches[seen.focus.coach_id],
            "is_waiting": seen.focus.answer == Answer.WAITING,
            "form": form
            if form and seen.focus.public_id == failed
            else FocusForm(
                None,
                content=content,
                initial={"practice": seen.focus.practice, "weeks": seen.focus.weeks},
                auto_id=f"id_%s_{number}",
            ),
        }
        for number, seen in enumerate(found)
    ]
    context = {"household": home.household, "focuses": shown, "form": form}
    return render_page(
        request, "frontend/practices/focuses.html", context, status=form_status(form or ServiceForm())
    )


def trying_in(request: SignedInRequest, moment: Observation, *, now: datetime) -> Practice | None:
    """What the reader was trying on the day of their moment, if the one question about it is still open."""
    focus = find_current_focus(
        actor_id=request.user.pk, household_id=moment.household_id, on=moment.occurred_on, now=now
    )
    if focus is None or has_answered(focus_id=focus.pk, observation_id=moment.pk):
        return None
    return get_content(request.user.language).practice_by_slug.get(focus.practice)


@require_POST
def tried(request: SignedInRequest, moment_id: uuid.UUID) -> HttpResponse:
    """The one extra question, answered in one tap."""
    form = ServiceForm(request.POST)
    form.run(
        lambda: say_tried(
            actor_id=request.user.pk,
            moment_id=moment_id,
            tried=request.POST.get("tried", ""),
            now=timezone.now(),
        )
    )
    return see_other(request, "moment-more", moment_id=moment_id)


# --- The coach ---------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@at_work
def suggest(request: SignedInRequest, grant_id: uuid.UUID) -> HttpResponse:
    """Suggest a practice to whoever gave this grant, and what became of earlier ones."""
    coach_id, now = request.user.pk, timezone.now()
    form = FocusForm(posted(request), content=get_content(request.user.language))
    if request.method == "POST":
        done = form.run(
            lambda: suggest_focus(actor_id=coach_id, grant_id=grant_id, **form.cleaned_data, now=now)
        )
        if done:
            messages.success(request, _("Suggested. They decide."))
            return see_other(request, "coach-focus", grant_id=grant_id)
    given = get_given_grant(coach_id=coach_id, grant_id=grant_id, now=now)
    context = {
        "household_id": given.household.public_id,
        "author": given.author.called,
        "form": form,
        "focuses": list_focuses_suggested(
            coach_id=coach_id,
            household_id=given.household_id,
            author_id=given.author_id,
            language=request.user.language,
            now=now,
        ),
    }
    return render_page(request, "frontend/coach/focus.html", context, status=form_status(form))
