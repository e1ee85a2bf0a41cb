"""Capture: open the app, one tap, saved, phone down."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from checklists.rules import Tone
from common.errors import Conflict, NotVisible, Refused
from frontend.current import Home, SignedInRequest, with_child
from frontend.forms.log import ALL, CaptureForm
from frontend.render import render_page, see_other
from observations.details import Details
from observations.rules import NOTE_MAX
from observations.selectors import get_moment, list_captured, list_latest_child_ids
from observations.services import record_moment, record_moment_with_each, undo_capture
from observations.when import Said

# What browsers say of a share from another app, and of a page of ours (W3C Fetch Metadata).
_FROM_THE_PHONE = ("none", "same-origin")


@require_http_methods(["GET", "HEAD", "POST"])
@with_child
def log(request: SignedInRequest, home: Home) -> HttpResponse:
    """The sheet; sent with one of its three buttons, the moment is saved at once."""
    now = timezone.now()
    if request.method != "POST":
        if "undone" in request.GET:  # the phone took it back itself, and comes from there
            messages.success(request, _("Taken back."))
        return render_page(request, "frontend/log/capture.html", _sheet(request, home, now=now))
    form = CaptureForm(request.POST)
    try:
        moment = form.run(lambda: _record(request, home, form.cleaned_data, now=now))
    except Conflict:
        form.add_error(None, _("That tap is saved already. To note another moment, tap once more."))
        context = {**_sheet(request, home, now=now, form=form), "moment_id": uuid.uuid4()}
        return render_page(request, "frontend/log/capture.html", context, status=409)
    if moment is not None:
        saved_at = resolve_url("log-saved", moment_id=moment.public_id)
        # What a script kept of the words meanwhile ends where this is read (js/outbox.js).
        return see_other(request, f"{saved_at}?saved" if form.cleaned_data["note"] else saved_at)
    context = _sheet(request, home, now=now, form=form)
    return render_page(request, "frontend/log/capture.html", context, status=422)


@login_not_required
@csrf_exempt
@require_POST
def share(request: HttpRequest) -> HttpResponse:
    """Words that were shared to the app from another one: the sheet, with them as its note. Nothing is saved yet.

    The phone sends them, so no page of ours gave them a token; they come in the body, so that no address holds them. A
    page of another site that sends some is turned away, and so is a browser that does not say who sends. Whoever is
    signed out is told to share again: kept until somebody signs in, they could be shown to somebody else.
    """
    if request.headers.get("Sec-Fetch-Site") not in _FROM_THE_PHONE:
        raise Refused("shared by a page, or by nobody knows whom")
    if not request.user.is_authenticated:
        return render_page(request, "frontend/log/share_again.html", {})
    return _shared(request)


@with_child
def _shared(request: SignedInRequest, home: Home) -> HttpResponse:
    parts = (request.POST.get(name, "").strip() for name in ("title", "text", "url"))
    # Many apps put the address into the text as well.
    note = "\n".join(dict.fromkeys(part for part in parts if part))
    context = {**_sheet(request, home, now=timezone.now()), "note": note, "note_max": NOTE_MAX}
    return render_page(request, "frontend/log/capture.html", context)


@require_safe
def saved(request: SignedInRequest, moment_id: uuid.UUID) -> HttpResponse:
    """ "Saved. Phone down.", with an undo for a mistaken tap."""
    captured = list_captured(actor_id=request.user.pk, moment_id=moment_id)
    context = {"moment": captured[0], "captured": captured}
    return render_page(request, "frontend/log/saved.html", context)


@require_POST
def undo(request: SignedInRequest, moment_id: uuid.UUID) -> HttpResponse:
    """The tap taken back, with everybody it was for; the sheet is there for another."""
    undo_capture(actor_id=request.user.pk, moment_id=moment_id, now=timezone.now())
    messages.success(request, _("Taken back."))
    return see_other(request, "log")


def _record(request: SignedInRequest, home: Home, data: dict[str, Any], *, now: datetime) -> Any:
    """The moment of this sheet, or the first of several.

    Only coming back, and with one child, can mend a miss; otherwise the link is dropped.
    """
    details: Details = {"note": data["note"]} if data["note"] else {}
    if data["child"] == ALL:
        moments = record_moment_with_each(
            actor_id=request.user.pk,
            moment_id=data["moment_id"],
            child_ids=[child.public_id for child in home.children],
            tone=data["tone"],
            occurred=Said(at=data["opened_at"] or now),
            details=details,
            now=now,
        )
        return moments[0]
    if data["repairs"] and data["tone"] == Tone.CAME_BACK:
        details["repairs"] = data["repairs"]
    return record_moment(
        actor_id=request.user.pk,
        moment_id=data["moment_id"],
        child_id=data["child"],
        tone=data["tone"],
        occurred=Said(at=data["opened_at"] or now),
        details=details,
        now=now,
    )


def _sheet(
    request: SignedInRequest, home: Home, *, now: datetime, form: CaptureForm | None = None
) -> dict[str, Any]:
    """The sheet's context. A sheet that was refused keeps what it held, unless that was what was wrong."""
    kept = form.cleaned_data if form else {}
    mended = _find_miss(request, kept.get("repairs") or request.GET.get("repairs", ""))
    return {
        "form": form,
        "household": home.household,
        "children": home.children,
        "chosen_child": kept.get("child") or _chosen(request, home, mended),
        "moment_id": kept.get("moment_id") or uuid.uuid4(),
        "opened_at": kept.get("opened_at") or now,
        "suggested_tone": Tone.CAME_BACK if mended else request.GET.get("tone", ""),
        "repairs": mended,
        "note": form.data.get("note", "") if form else "",
        "note_max": NOTE_MAX,
        "is_evening": request.GET.get("evening") == "1",
    }


def _chosen(request: SignedInRequest, home: Home, mended: Any) -> uuid.UUID | str:
    """Whom the sheet starts with: the child of the miss that is mended, or else whoever was logged with last."""
    first, *others = home.children
    latest = {mended.child_id} if mended else set()
    if others and not latest:
        latest = list_latest_child_ids(actor_id=request.user.pk, household_id=home.household.pk)
    chosen = [child for child in home.children if child.pk in latest] or [first]
    return ALL if others and chosen == home.children else chosen[0].public_id


def _find_miss(request: SignedInRequest, moment_id: object) -> Any:
    """The miss that this sheet would mend; None where the address names none the reader may see."""
    try:
        moment = get_moment(actor_id=request.user.pk, moment_id=uuid.UUID(str(moment_id)))
    except (NotVisible, ValueError):
        return None
    return moment if moment.tone == Tone.MISSED else None
