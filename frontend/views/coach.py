"""The coach's pages: whoever let them in, what they may see of it, and taking an offer."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.selectors import get_verified_address
from checklists.selectors import get_content
from coaching.selectors import get_caseload, is_asked
from common.errors import NotVisible
from common.forms import ServiceForm
from frontend.caseload import caseload_in_words, lane_choices
from frontend.coach_session import at_work, in_person, on_watch
from frontend.covers import briefing_in_words, covered_in_words
from frontend.current import SignedInRequest, find_home
from frontend.forms.coaching import CaseloadForm
from frontend.forms.fields import posted
from frontend.forms.grants import SCOPES_OFFERED
from frontend.render import render_page, see_other
from frontend.shown import shown_in_words
from frontend.views.household import form_status
from households.rules import GrantScope
from households.selectors import list_grants_here
from households.services import accept_grant, block_author, decline_offer, find_offer, return_grant
from observations.services import look_at_family

if TYPE_CHECKING:
    from households.models import Grant

_SESSION_KEY = "offer"  # opened in this browser, not accepted yet
_TOKEN_MAX = 64


@dataclass(frozen=True, slots=True)
class Given:
    """One grant as its coach reads it."""

    grant: Grant
    author: str
    covers: str


# --- Looking -----------------------------------------------------------------------------------------------------
@require_safe
@at_work
def families(request: SignedInRequest) -> HttpResponse:
    """Everybody who lets the reader look, in lanes by reason to look. A filter that cannot be read is none."""
    caseload = get_caseload(coach_id=request.user.pk, now=timezone.now())
    content = get_content(request.user.language)
    form = CaseloadForm(request.GET, lanes=lane_choices())
    wanted = form.cleaned_data if form.is_valid() else {}
    context = {
        **caseload_in_words(
            caseload,
            practices={practice.slug: practice.title for practice in content.practices},
            name=wanted.get("q", ""),
            lane=wanted.get("lane", ""),
        ),
        "form": form,
        "is_filtered": any(wanted.values()),
        "is_asked": is_asked(coach_id=request.user.pk),
        "has_home": find_home(request) is not None,
    }
    return render_page(request, "frontend/coach/families.html", context)


@require_safe
@at_work
def family(request: SignedInRequest, household_id: uuid.UUID) -> HttpResponse:
    """One household inside the grants; an address of a page that is over leads back to the top."""
    looked = ServiceForm(request.GET).run(
        lambda: look_at_family(
            coach_id=request.user.pk,
            household_id=household_id,
            cursor=request.GET.get("cursor", ""),
            now=timezone.now(),
        )
    )
    if looked is None:
        return see_other(request, "coach-family", household_id=household_id)
    names = {grant.author_id: grant.author.called for grant in looked.grants}
    context = {
        "household_id": household_id,
        "given": _all_given(looked.grants),
        "names": list(dict.fromkeys(names.values())),
        "seen": shown_in_words(
            looked.shown,
            names=names,
            grants={grant.author_id: grant.public_id for grant in looked.grants},
        ),
        "has_moments": any(grant.scope != GrantScope.SUMMARY for grant in looked.grants),
    }
    return render_page(request, "frontend/coach/family.html", context, partial="note-rows")


@require_safe
@on_watch
def still_open(request: SignedInRequest, household_id: uuid.UUID) -> HttpResponse:
    """What an open page asks every half minute: 204 while there is something to see, else it goes blank."""
    list_grants_here(coach_id=request.user.pk, household_id=household_id, now=timezone.now())
    return HttpResponse(status=204)


@require_POST
@in_person
def give_back(request: SignedInRequest, grant_id: uuid.UUID) -> HttpResponse:
    return_grant(actor_id=request.user.pk, grant_id=grant_id, now=timezone.now())
    messages.success(request, _("You no longer see this."))
    return see_other(request, "coach")


def _given(grant: Grant) -> Given:
    return Given(grant, grant.author.called, covered_in_words(grant))


def _all_given(grants: Iterable[Grant]) -> list[Given]:
    return [_given(grant) for grant in grants]


# --- Taking an offer ---------------------------------------------------------------------------------------------
@login_not_required
@require_safe
def offer(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the mail: puts the token away, out of the address bar and the history, before anything shows."""
    request.session[_SESSION_KEY] = token[:_TOKEN_MAX]
    return see_other(request, "coach-offers")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def offers(request: HttpRequest) -> HttpResponse:
    """Shows the offer to the person it was sent to, who may take it. Nobody else learns what it is about."""
    if not has_offer(request):
        raise NotVisible("grant")
    user = request.user
    if not user.is_authenticated:
        return render_page(request, "frontend/household/invited.html", {"join_url": request.path})
    now, token = timezone.now(), request.session[_SESSION_KEY]
    email = get_verified_address(user_id=user.pk)
    try:
        found = find_offer(token=token, email=email, now=now)
    except NotVisible:
        # Whoever signed in with another address than the mail went to has to be told why nothing opens.
        return render_page(request, "frontend/coach/offer.html", {"offer": None, "email": email}, status=404)
    form = ServiceForm(posted(request))
    if request.method == "POST":
        taken = form.run(lambda: accept_grant(actor_id=user.pk, token=token, email=email, now=now))
        if taken:
            del request.session[_SESSION_KEY]
            return see_other(request, "coach")
    context = {
        "form": form,
        "offer": found,
        "scope": SCOPES_OFFERED[GrantScope(found.scope)],
        "read": briefing_in_words(found.briefing),
    }
    return render_page(request, "frontend/coach/offer.html", context, status=form_status(form))


@login_not_required
@require_POST
def decline(request: HttpRequest) -> HttpResponse:
    """No, thank you; `block` in the form: and nothing more from this person. Neither is told to them."""
    if not has_offer(request):
        raise NotVisible("grant")
    token = request.session.pop(_SESSION_KEY)
    if "block" in request.POST:
        block_author(token=token, now=timezone.now())
    else:
        decline_offer(token=token)
    messages.success(request, _("The offer is gone. Nobody is told."))
    return see_other(request, "today")


def has_offer(request: HttpRequest) -> bool:
    """Whether this browser came with an offer that still waits for an answer."""
    return bool(request.session.get(_SESSION_KEY))
