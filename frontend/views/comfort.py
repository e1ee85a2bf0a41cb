"""The comfort card: writing it, printing it, and letting somebody outside read it for a while."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common.errors import NotVisible
from frontend.current import Home, SignedInRequest, at_home
from frontend.forms.comfort import FOR_WHOM, CardForm, CardLinkForm, PaperForm
from frontend.forms.fields import posted
from frontend.render import render_page, see_other
from frontend.views.account import proved_again
from frontend.views.household import form_status
from households.scope import Capability
from households.selectors import get_child, is_guardian
from reflections.comfort import CardWords
from reflections.phrases.cards import heading
from reflections.rules import ForWhom
from reflections.selectors import (
    draft_card,
    find_card,
    get_shared_card,
    list_card_links,
    list_carded_children,
    words_of,
)
from reflections.services import delete_card, end_card_link, make_card_link, write_card

if TYPE_CHECKING:
    from reflections.models import ComfortCard

# What a page behind a link says beside what every page says: to no search engine, and to no page it might lead to.
_UNSEEN = {"X-Robots-Tag": "noindex, nofollow, noarchive", "Referrer-Policy": "no-referrer"}


# --- One's own card ----------------------------------------------------------------------------------------------
@require_safe
@at_home
def cards(request: SignedInRequest, home: Home) -> HttpResponse:
    """The children of the household, each with the reader's own card."""
    written = list_carded_children(actor_id=request.user.pk, household_id=home.household.public_id)
    children = [{"child": child, "changed_at": written.get(child.public_id)} for child in home.children]
    context = {"household": home.household, "children": children}
    return render_page(request, "frontend/comfort/list.html", context)


@require_safe
@at_home
def card(request: SignedInRequest, home: Home, child_id: uuid.UUID) -> HttpResponse:
    """The card as it is printed; where there is none yet, what one is."""
    child = get_child(actor_id=request.user.pk, child_id=child_id)
    found = find_card(actor_id=request.user.pk, child_id=child_id)
    context = {
        "household": home.household,
        "child": child,
        "card": found,
        **_shown(found.words if found else CardWords(), paper=_paper(request)),
        "may_share": is_guardian(actor_id=request.user.pk, household_id=child.household_id),
    }
    return render_page(request, "frontend/comfort/card.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@at_home
def edit(request: SignedInRequest, home: Home, child_id: uuid.UUID) -> HttpResponse:
    """The words of the card. A new one begins with the draft; `?draft=` begins an old one with it again."""
    actor_id, now = request.user.pk, timezone.now()
    found = find_card(actor_id=actor_id, child_id=child_id)
    drafted = draft_card(actor_id=actor_id, child_id=child_id, now=now)
    form = _card_form(request, found, words_of(drafted))
    if request.method == "POST":
        written = form.run(lambda: write_card(actor_id=actor_id, child_id=child_id, **form.values, now=now))
        if written:
            messages.success(request, _("The card is kept."))
            return see_other(request, "card", child_id=child_id)
        if form.has_error("__all__", "changed"):
            form.saw(found.revision if found else 0)
    context = {
        "household": home.household,
        "child": get_child(actor_id=actor_id, child_id=child_id),
        "card": found,
        "form": form,
        "drafted": drafted,
    }
    return render_page(request, "frontend/comfort/edit.html", context, status=form_status(form))


def _card_form(request: SignedInRequest, found: ComfortCard | None, drafted: CardWords) -> CardForm:
    words = found.words if found else drafted
    if found and request.GET.get("draft"):
        words = CardWords(called=words.called, hard=drafted.hard, helps=drafted.helps, back=drafted.back)
    return CardForm(posted(request), words=words, revision=found.revision if found else 0)


@require_POST
def delete(request: SignedInRequest, child_id: uuid.UUID) -> HttpResponse:
    delete_card(actor_id=request.user.pk, child_id=child_id, now=timezone.now())
    messages.success(request, _("The card is gone, and every link to it."))
    return see_other(request, "cards")


# --- Links -------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@proved_again
@at_home
def links(request: SignedInRequest, home: Home, child_id: uuid.UUID) -> HttpResponse:
    """The links that open the card. The address of a new one is in this answer and nowhere else, ever."""
    actor_id, now = request.user.pk, timezone.now()
    if find_card(actor_id=actor_id, child_id=child_id) is None:
        raise NotVisible("card")
    child = get_child(actor_id=actor_id, child_id=child_id, capability=Capability.MANAGE)
    form, address = CardLinkForm(posted(request)), ""
    if request.method == "POST":
        made = form.run(
            lambda: make_card_link(actor_id=actor_id, child_id=child_id, **form.cleaned_data, now=now)
        )
        if made:
            # The address of the site, never that of the request: a forged Host header gets no token.
            form, address = CardLinkForm(), settings.SITE_URL + resolve_url("card-shared", token=made[1])
    found = list_card_links(actor_id=actor_id, child_id=child_id, now=now)
    context = {
        "household": home.household,
        "child": child,
        "form": form,
        "address": address,
        "links": [{"link": link, "whom": FOR_WHOM[ForWhom(link.for_whom)]} for link in found],
    }
    return render_page(request, "frontend/comfort/links.html", context, status=form_status(form))


@require_POST
def link_end(request: SignedInRequest, link_id: uuid.UUID) -> HttpResponse:
    child_id = end_card_link(actor_id=request.user.pk, link_id=link_id, now=timezone.now())
    messages.success(request, _("The link no longer works."))
    return see_other(request, "card-links", child_id=child_id)


# --- Behind a link -----------------------------------------------------------------------------------------------
@login_not_required
@require_safe
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """The card for whoever holds the link: nothing else, nobody's name, nothing kept of the visit.

    A link that never was, one that ended and one whose author left are answered alike, to the byte.
    """
    try:
        found = get_shared_card(token=token, now=timezone.now())
    except NotVisible:
        response = render_page(request, "404.html", {}, status=404)
    else:
        context = {**_shown(found.words, paper=_paper(request)), "shared": found}
        response = render_page(request, "frontend/comfort/shared.html", context)
    for name, value in _UNSEEN.items():
        response.headers[name] = value
    return response


# --- Drawing -----------------------------------------------------------------------------------------------------
def _shown(words: CardWords, *, paper: str) -> dict[str, Any]:
    parts = [{"key": part, "heading": heading(part), "lines": lines} for part, lines in words.parts]
    return {"called": words.called, "parts": parts, "paper": paper}


def _paper(request: HttpRequest) -> str:
    form = PaperForm(request.GET)
    return (form.cleaned_data["paper"] if form.is_valid() else "") or "a4"
