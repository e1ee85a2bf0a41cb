"""A coach's own notes: beside whoever lets them in, and in one list that names nobody."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coaching.selectors import get_own_note, list_own_notes_beside, page_own_notes
from coaching.services import delete_own_note, rewrite_own_note, write_own_note
from common.forms import ServiceForm
from frontend.coach_session import at_work, in_person
from frontend.current import SignedInRequest
from frontend.forms.coaching import OwnNoteForm
from frontend.forms.fields import posted
from frontend.render import render_page, see_other
from frontend.views.household import form_status
from households.selectors import get_given_grant


@require_http_methods(["GET", "HEAD", "POST"])
@at_work
def beside(request: SignedInRequest, grant_id: uuid.UUID) -> HttpResponse:
    """The reader's own notes beside whoever gave this grant, and room for one more."""
    coach_id, now = request.user.pk, timezone.now()
    form = OwnNoteForm(posted(request))
    if request.method == "POST":
        done = form.run(
            lambda: write_own_note(actor_id=coach_id, grant_id=grant_id, **form.cleaned_data, now=now)
        )
        if done:
            messages.success(request, _("Saved, for you alone."))
            return see_other(request, "own-notes-beside", grant_id=grant_id)
    grant = get_given_grant(coach_id=coach_id, grant_id=grant_id, now=now)
    notes, are_more = list_own_notes_beside(grant, now=now)
    context = {
        "household_id": grant.household.public_id,
        "author": grant.author.called,
        "form": form,
        "notes": notes,
        "are_more": are_more,
    }
    return render_page(request, "frontend/coach/own_notes_beside.html", context, status=form_status(form))


@require_safe
@in_person
def own_notes(request: SignedInRequest) -> HttpResponse:
    """Everything the reader wrote for themselves, with nobody's name. An address that is over leads to the top."""
    page = ServiceForm(request.GET).run(
        lambda: page_own_notes(coach_id=request.user.pk, cursor=request.GET.get("cursor", ""))
    )
    if page is None:
        return see_other(request, "own-notes")
    return render_page(request, "frontend/coach/own_notes.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@in_person
def own_note(request: SignedInRequest, note_id: uuid.UUID) -> HttpResponse:
    """One of them, to read again and to change."""
    coach_id = request.user.pk
    note = get_own_note(coach_id=coach_id, note_id=note_id)
    form = OwnNoteForm(posted(request), initial={"text": note.text, "label": note.label})
    if request.method == "POST":
        done = form.run(
            lambda: rewrite_own_note(
                actor_id=coach_id, note_id=note_id, **form.cleaned_data, now=timezone.now()
            )
        )
        if done:
            messages.success(request, _("Saved, for you alone."))
            return see_other(request, "own-notes")
    context = {"note": note, "form": form}
    return render_page(request, "frontend/coach/own_note.html", context, status=form_status(form))


@require_POST
@in_person
def delete(request: SignedInRequest, note_id: uuid.UUID) -> HttpResponse:
    delete_own_note(actor_id=request.user.pk, note_id=note_id)
    messages.success(request, _("Gone for good."))
    return see_other(request, "own-notes")
