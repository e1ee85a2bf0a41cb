"""Words that wait for their author: half-typed, to be mended, or another version of a moment."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from frontend.changes import Change, compare_versions
from frontend.current import Home, SignedInRequest, at_home
from frontend.forms.drafts import DraftForm
from frontend.forms.fields import posted
from frontend.render import render_page, see_other
from households.selectors import has_grants
from observations.rules import DraftKind
from observations.sync import (
    Waiting,
    choose_version,
    count_waiting,
    get_waiting,
    let_go,
    list_waiting,
    other_version,
    save_waiting,
)


@require_safe
@at_home
def drafts(request: SignedInRequest, home: Home) -> HttpResponse:
    """All that waits for the reader, and nobody else."""
    waiting = list_waiting(actor_id=request.user.pk)
    context = {
        "household": home.household,
        "waiting": waiting,
        "more": count_waiting(actor_id=request.user.pk) - len(waiting),
    }
    return render_page(request, "frontend/moments/drafts.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@at_home
def draft(request: SignedInRequest, home: Home, draft_id: uuid.UUID) -> HttpResponse:
    """One of them: two versions to choose from, or a form that makes a moment of it."""
    waiting = get_waiting(actor_id=request.user.pk, draft_id=draft_id)
    if waiting.kind is DraftKind.TWO and request.method != "POST":
        return render_page(request, "frontend/moments/versions.html", _versions(request, home, waiting))
    now = timezone.now()
    form = DraftForm(
        posted(request),
        waiting=waiting,
        household=home.household,
        children=home.children,
        coaches=has_grants(actor_id=request.user.pk, household_id=home.household.pk, now=now),
        standing=request.user.standing_visibility,
        now=now,
    )
    if form.is_bound:
        saved = form.run(
            lambda: save_waiting(
                actor_id=request.user.pk,
                draft_id=draft_id,
                child_id=form.cleaned_data["child"],
                corrected=form.details(),
                now=now,
            )
        )
        if saved is not None:
            return see_other(request, "moment", moment_id=saved.public_id)
    context = {"household": home.household, "waiting": waiting, "form": form}
    return render_page(request, "frontend/moments/draft.html", context, status=422 if form.errors else 200)


@require_POST
@at_home
def choose(request: SignedInRequest, home: Home, draft_id: uuid.UUID) -> HttpResponse:
    """One of two versions; the other stays in the history of the moment."""
    try:
        chosen = choose_version(
            actor_id=request.user.pk,
            draft_id=draft_id,
            this_one=request.POST.get("version") == "this",
            now=timezone.now(),
        )
    except ValidationError:
        waiting = get_waiting(actor_id=request.user.pk, draft_id=draft_id)
        context = {**_versions(request, home, waiting), "cannot": True}
        return render_page(request, "frontend/moments/versions.html", context, status=422)
    messages.success(request, _("Chosen. The other version is in its history."))
    return see_other(request, "moment", moment_id=chosen.public_id)


@require_POST
def discard(request: SignedInRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Gone for good."""
    let_go(actor_id=request.user.pk, draft_id=draft_id, now=timezone.now())
    messages.success(request, _("Discarded."))
    return see_other(request, "drafts")


def _versions(request: SignedInRequest, home: Home, waiting: Waiting) -> dict[str, Any]:
    """What is different between the two; nothing, where the other one cannot be read as it is."""
    differences: list[Change] = []
    cannot = False
    if waiting.moment is not None:
        try:
            details = other_version(waiting)
            differences = compare_versions(
                waiting.moment, details, actor_id=request.user.pk, now=timezone.now()
            )
        except ValidationError:
            cannot = True
    return {"household": home.household, "waiting": waiting, "differences": differences, "cannot": cannot}
