"""A coach writes: on a moment, on a week; reads their own words again; says who they are."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from checklists.rules import Tone
from coaching.rules import REPLY_DAYS_DEFAULT
from coaching.selectors import find_profile, get_hint, list_own_words
from coaching.services import (
    comment_on_moment,
    comment_on_week,
    look_at_week,
    look_closely,
    present_oneself,
    snooze,
    suggest_colleague,
    wake,
)
from common.forms import ServiceForm
from frontend.coach_session import at_work, in_person
from frontend.covers import named_countries
from frontend.current import SignedInRequest
from frontend.forms.coaching import CommentForm, HandOverForm, ProfileForm, SnoozeForm
from frontend.forms.fields import posted
from frontend.render import render_page, see_other
from frontend.shown import note_in_words
from frontend.views.household import form_status
from frontend.words import week_in_words
from households.selectors import get_given_grant

_SAID = "#said"


@require_http_methods(["GET", "HEAD", "POST"])
@at_work
def moment(request: SignedInRequest, household_id: uuid.UUID, moment_id: uuid.UUID) -> HttpResponse:
    """One moment or self-check, with what was said on it, and room to say something.

    `?tick=` begins the first slot with something that its author ticked: a number in their list.
    """
    coach_id, now = request.user.pk, timezone.now()
    form = CommentForm(posted(request))
    if request.method == "POST":
        said = form.run(
            lambda: comment_on_moment(
                actor_id=coach_id,
                household_id=household_id,
                moment_id=moment_id,
                **form.cleaned_data,
                now=now,
            )
        )
        if said:
            return _said(request, reverse("coach-moment", args=[household_id, moment_id]))
    seen = look_closely(coach_id=coach_id, household_id=household_id, moment_id=moment_id, now=now)
    note = note_in_words(seen.moment)
    if not form.is_bound:
        form.initial["saw"] = _tick(request, note.cues)
    context = {
        "household_id": household_id,
        "note": note,
        "comments": seen.comments,
        "form": form if note.tone else None,
        **_composer(request),
    }
    return render_page(request, "frontend/coach/moment.html", context, status=form_status(form))


@require_http_methods(["GET", "HEAD", "POST"])
@at_work
def week(request: SignedInRequest, grant_id: uuid.UUID, label: str) -> HttpResponse:
    """One author's week as counts, with what was said on it, and room to say something."""
    coach_id, now = request.user.pk, timezone.now()
    form = CommentForm(posted(request))
    if request.method == "POST":
        said = form.run(
            lambda: comment_on_week(
                actor_id=coach_id, grant_id=grant_id, week=label, **form.cleaned_data, now=now
            )
        )
        if said:
            return _said(request, reverse("coach-week", args=[grant_id, label]))
    seen = look_at_week(coach_id=coach_id, grant_id=grant_id, week=label, now=now)
    context = {
        "household_id": seen.grant.household.public_id,
        "author": seen.grant.author.called,
        "words": week_in_words(seen.week.first_day, seen.week.last_day),
        "tones": [(tone, seen.week.tones[tone]) for tone in Tone if seen.week.tones.get(tone)],
        "comments": seen.comments,
        "form": form,
        **_composer(request),
    }
    return render_page(request, "frontend/coach/week.html", context, status=form_status(form))


def _said(request: SignedInRequest, address: str) -> HttpResponse:
    messages.success(request, _("Sent. A mail says that there is something new, and not what."))
    return see_other(request, address + _SAID)


def _composer(request: SignedInRequest) -> dict[str, Any]:
    profile = find_profile(coach_id=request.user.pk)
    return {
        "hint": get_hint(coach_id=request.user.pk),
        "reply_days": profile.reply_days if profile else REPLY_DAYS_DEFAULT,
    }


def _tick(request: SignedInRequest, cues: Any) -> str:
    try:
        return str(cues[int(request.GET.get("tick", ""))])
    except (ValueError, IndexError):
        return ""


# --- Keeping the list in order -----------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@at_work
def put_off(request: SignedInRequest, grant_id: uuid.UUID) -> HttpResponse:
    """Put somebody off with a reason, or (`wake` in the form) no longer."""
    actor_id, now = request.user.pk, timezone.now()
    if request.method == "POST" and "wake" in request.POST:
        wake(actor_id=actor_id, grant_id=grant_id, now=now)
        return see_other(request, "coach")
    form = SnoozeForm(posted(request))
    if request.method == "POST":
        done = form.run(lambda: snooze(actor_id=actor_id, grant_id=grant_id, **form.cleaned_data, now=now))
        if done:
            messages.success(request, _("Put off. What they ask for comes through all the same."))
            return see_other(request, "coach")
    return _order_page(request, grant_id, form=form, template="frontend/coach/put_off.html")


@require_http_methods(["GET", "HEAD", "POST"])
@at_work
def hand_over(request: SignedInRequest, grant_id: uuid.UUID) -> HttpResponse:
    """Suggest a colleague to whoever gave this grant."""
    form = HandOverForm(posted(request))
    if request.method == "POST":
        done = form.run(
            lambda: suggest_colleague(
                actor_id=request.user.pk, grant_id=grant_id, **form.cleaned_data, now=timezone.now()
            )
        )
        if done:
            messages.success(request, _("Suggested. They decide, and until then nothing changes."))
            return see_other(request, "coach")
    return _order_page(request, grant_id, form=form, template="frontend/coach/hand_over.html")


def _order_page(
    request: SignedInRequest, grant_id: uuid.UUID, *, form: ServiceForm, template: str
) -> HttpResponse:
    given = get_given_grant(coach_id=request.user.pk, grant_id=grant_id, now=timezone.now())
    context = {"author": given.author.called, "form": form}
    return render_page(request, template, context, status=form_status(form))


# --- Their own ---------------------------------------------------------------------------------------------------
@require_safe
@in_person
def words(request: SignedInRequest) -> HttpResponse:
    """Everything the reader wrote as a coach; of whom it was for, nothing. An address that is over leads to the top."""
    page = ServiceForm(request.GET).run(
        lambda: list_own_words(coach_id=request.user.pk, cursor=request.GET.get("cursor", ""))
    )
    if page is None:
        return see_other(request, "coach-words")
    return render_page(request, "frontend/coach/words.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@at_work
def profile(request: SignedInRequest) -> HttpResponse:
    """Who the reader is as a coach, in the words that families read."""
    kept = find_profile(coach_id=request.user.pk)
    fields = ("name", "practice", "introduction", "reply_days", "country")
    known = {name: getattr(kept, name) for name in fields} if kept else {"name": request.user.called}
    form = ProfileForm(posted(request), initial=known, countries=named_countries())
    if request.method == "POST":
        saved = form.run(lambda: present_oneself(actor_id=request.user.pk, **form.cleaned_data))
        if saved:
            messages.success(request, _("Saved."))
            return see_other(request, "coach")
    context = {"form": form}
    return render_page(request, "frontend/coach/profile.html", context, status=form_status(form))
