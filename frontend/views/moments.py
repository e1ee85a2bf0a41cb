"""Moments: the timeline, one of them, and what its author may do with it."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import resolve_url
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from checklists.rules import Dimension, Occasion, Tone
from checklists.selectors import get_content
from common.dates import local_day
from common.errors import Conflict, NotVisible
from common.forms import ServiceForm
from common.pages import Page
from frontend import soft_card
from frontend.changes import list_changes
from frontend.current import Home, SignedInRequest, at_home
from frontend.forms.moments import EditForm, MomentForm, Offer
from frontend.forms.own_questions import named_in
from frontend.forms.timeline import FilterForm
from frontend.render import is_swap, render_page, see_other
from frontend.views.comments import asking, said_on
from frontend.views.focuses import trying_in
from frontend.words import answers_in_words, own_in_words, ticks_in_words
from households.scope import Capability
from households.selectors import has_grants, list_children, list_members
from observations.rules import NOTE_MAX, PAGE_SIZE, TickKind
from observations.selectors import (
    find_own_questions,
    get_deleted_moment,
    get_focus,
    get_moment,
    list_asked,
    list_deleted_moments,
    list_moments,
    list_recent_cues,
    list_repairable,
)
from observations.services import delete_moment, edit_moment, restore_moment
from reflections.selectors import find_thread

if TYPE_CHECKING:
    from observations.models import Observation
    from observations.selectors import OwnSeen


# --- The timeline ------------------------------------------------------------------------------------------------
@require_safe
@at_home
def timeline(request: SignedInRequest, home: Home) -> HttpResponse:
    """The household's moments, latest first. A filter that cannot be read shows its error at 422, and no moments."""
    form = FilterForm(
        request.GET,
        children=home.children,
        members=list_members(actor_id=request.user.pk, household_id=home.household.public_id),
        content=get_content(request.user.language),
    )
    page = form.run(
        lambda: list_moments(
            actor_id=request.user.pk,
            filters=form.filters(household_id=home.household.public_id),
            cursor=request.GET.get("cursor", ""),
        )
    )
    context = _timeline_context(request, home, form=form, page=page or Page(items=[]))
    status = 422 if form.errors else 200
    return render_page(request, "frontend/moments/list.html", context, partial="moment-rows", status=status)


def _timeline_context(
    request: SignedInRequest, home: Home, *, form: FilterForm, page: Page[Observation]
) -> dict[str, Any]:
    query = form.query() if not form.errors else ""
    return {
        "household": home.household,
        "page": page,
        "filter_form": form,
        "is_filtered": bool(query or form.errors),
        "query": query,
        "several_children": len(home.children) > 1,
        "previous_day": _previous_day(request),
        # A search opens notes one by one and stops after a while: it then asks before it goes on.
        "searched_part": bool(
            page.next_cursor and form.cleaned_data.get("text") and len(page.items) < PAGE_SIZE
        ),
    }


def _previous_day(request: SignedInRequest) -> date | None:
    """The day of the last row above, when rows are put under it: its heading stands there already."""
    try:
        return date.fromisoformat(request.GET.get("after", "")) if is_swap(request) else None
    except ValueError:
        return None


# --- One moment --------------------------------------------------------------------------------------------------
@require_safe
def moment(request: SignedInRequest, moment_id: uuid.UUID) -> HttpResponse:
    """One moment as the reader may see it; one's own deleted moment, with a way to bring it back."""
    try:
        found = get_moment(actor_id=request.user.pk, moment_id=moment_id)
    except NotVisible:
        gone = get_deleted_moment(actor_id=request.user.pk, moment_id=moment_id, now=timezone.now())
        return render_page(
            request, "frontend/moments/deleted.html", {"household": gone.household, "moment": gone}
        )
    mine = found.author_id == request.user.pk
    children = list_children(actor_id=request.user.pk, household_id=found.household.public_id)
    context = {
        "household": found.household,
        "moment": found,
        "mine": mine,
        "several_children": len(children) > 1,
        "cues": ticks_in_words(found, TickKind.CUE),
        "contexts": ticks_in_words(found, TickKind.CONTEXT),
        "feelings": ticks_in_words(found, TickKind.FEELING),
        "answers": [*answers_in_words(found, Occasion.MOMENT), *own_in_words(found)],
        "thread": find_thread(actor_id=request.user.pk, moment=found),
        "revision_count": found.edit_count if mine else 0,
        "cooling_until": found.cooling_until if mine and found.is_cooling_at(timezone.now()) else None,
        "soft_card": _soft_card(request, found) if mine else soft_card.take(request),
        **_between(request, found, now=timezone.now()),
    }
    return render_page(request, "frontend/moments/detail.html", context)


def _soft_card(request: SignedInRequest, found: Observation) -> Any:
    """The help card, right after saving. What the phone sent comes from another door and says here that it did."""
    if "kept" in request.GET:
        content = get_content(request.user.language)
        soft_card.offer_if_needed(request, moment_id=found.public_id, content=content, now=timezone.now())
    return soft_card.take(request)


def _between(request: SignedInRequest, found: Observation, *, now: datetime) -> dict[str, Any]:
    """What passed between the reader and their coaches over a moment of their own; of another's, nothing."""
    if found.author_id != request.user.pk:
        return {}
    said = said_on(request, household_pk=found.household_id, observation_id=found.pk, now=now)
    return {"from_coach": said, "asking": asking(request, found, now=now)}


@require_safe
def history(request: SignedInRequest, moment_id: uuid.UUID) -> HttpResponse:
    """How one's own moment was before each change."""
    found = get_moment(actor_id=request.user.pk, moment_id=moment_id, capability=Capability.RECORD)
    context = {
        "household": found.household,
        "moment": found,
        "revisions": list_changes(found, actor_id=request.user.pk),
    }
    return render_page(request, "frontend/moments/history.html", context)


# --- What its author may do --------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def more(request: SignedInRequest, moment_id: uuid.UUID) -> HttpResponse:
    """The sheet after the tap: everything that can be added, nothing that must."""
    return _sheet(request, moment_id, kind=MomentForm, template="frontend/log/more.html")


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SignedInRequest, moment_id: uuid.UUID) -> HttpResponse:
    """The same sheet, with the tone and the child."""
    return _sheet(request, moment_id, kind=EditForm, template="frontend/moments/edit.html")


def _sheet(
    request: SignedInRequest, moment_id: uuid.UUID, *, kind: type[MomentForm], template: str
) -> HttpResponse:
    now = timezone.now()
    found = get_moment(actor_id=request.user.pk, moment_id=moment_id, capability=Capability.RECORD)
    form = kind(request.POST if request.method == "POST" else None, offer=_offer(found, request, now=now))
    status = 200
    if form.is_bound:
        status = 422
        try:
            if form.run(lambda: _save(request, form)) is not None:
                soft_card.offer_if_needed(request, moment_id=moment_id, content=form.offer.content, now=now)
                # What a script kept of it meanwhile ends where this is read (js/outbox.js).
                return see_other(request, f"{resolve_url('moment', moment_id=moment_id)}?saved")
        except Conflict:
            form.renew()
            status = 409
    context = {
        "household": found.household,
        "moment": found,
        "form": form,
        "conflict": status == 409,
        "note_max": NOTE_MAX,
        "several_children": bool(form.offer.children),
        "trying": trying_in(request, found, now=now),
        # A sheet that comes back holds typed words: the phone keeps what is changed, so it is told what stood there.
        "was": form.before() if form.is_bound else "",
        **form.questions(),
    }
    return render_page(request, template, context, status=status)


def _save(request: SignedInRequest, form: MomentForm) -> Observation:
    return edit_moment(
        actor_id=request.user.pk,
        moment_id=form.offer.moment.public_id,
        details=form.details(),
        revision=form.cleaned_data["revision"],
        now=form.offer.now,
    )


def _offer(found: Observation, request: SignedInRequest, *, now: datetime) -> Offer:
    content = get_content(request.user.language)
    focus = get_focus(actor_id=request.user.pk, household_id=found.household_id)
    children = list(list_children(actor_id=request.user.pk, household_id=found.household.public_id))
    if found.child not in children:
        children.append(found.child)
    repairable = list_repairable(actor_id=request.user.pk, child_id=found.child_id, before=found.occurred_at)
    linked = [found.repairs] if found.repairs else []
    return Offer(
        moment=found,
        content=content,
        focus=Dimension(focus.dimension) if focus else None,
        recent_cues=list_recent_cues(
            actor_id=request.user.pk,
            household_id=found.household_id,
            keys=[cue.key for cue in content.cues_of[Tone(found.tone)]],
        ),
        repairable=[*linked, *(repairable if found.tone == Tone.CAME_BACK else ())],
        children=children if len(children) > 1 else (),
        coaches=has_grants(actor_id=request.user.pk, household_id=found.household_id, now=now),
        today=local_day(now, found.timezone),
        now=now,
        own=_own_asked(found, request),
    )


def _own_asked(found: Observation, request: SignedInRequest) -> list[OwnSeen]:
    """What is asked now, then what was asked when the sheet that comes back was opened: its answers count too."""
    asked = list_asked(author_id=found.author_id, household_pk=found.household_id)
    earlier = set(named_in(request.POST)) - {seen.id for seen in asked}
    named = find_own_questions(
        author_id=found.author_id, household_pk=found.household_id, question_ids=earlier
    )
    return [*asked, *(seen for seen in named.values() if seen.is_readable)]


class _RevisionForm(forms.Form):
    revision = forms.IntegerField(required=False)


@require_POST
def delete(request: SignedInRequest, moment_id: uuid.UUID) -> HttpResponse:
    """Gone at once for everybody; its page then offers to bring it back."""
    form = _RevisionForm(request.POST)
    if not form.is_valid():
        raise Conflict("the revision cannot be read")
    delete_moment(
        actor_id=request.user.pk,
        moment_id=moment_id,
        revision=form.cleaned_data["revision"],
        now=timezone.now(),
    )
    return see_other(request, "moment", moment_id=moment_id)


@require_safe
@at_home
def deleted(request: SignedInRequest, home: Home) -> HttpResponse:
    """What the reader deleted and can still bring back; an address of a page that is over leads back to the top."""
    page = ServiceForm(request.GET).run(
        lambda: list_deleted_moments(
            actor_id=request.user.pk,
            household_id=home.household.public_id,
            cursor=request.GET.get("cursor", ""),
            now=timezone.now(),
        )
    )
    if page is None:
        return see_other(request, "moments-deleted")
    context = {
        "household": home.household,
        "page": page,
        "several_children": len(home.children) > 1,
    }
    return render_page(request, "frontend/moments/recently_deleted.html", context)


@require_POST
def restore(request: SignedInRequest, moment_id: uuid.UUID) -> HttpResponse:
    """Back again, as it was."""
    restore_moment(actor_id=request.user.pk, moment_id=moment_id, now=timezone.now())
    return see_other(request, "moment", moment_id=moment_id)
