"""My coaches: whom the reader lets look at their own notes, what they would see, and who did look."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.notices import tell_actor
from accounts.rules import Change
from coaching.selectors import list_hand_overs, list_muted, present_coaches
from coaching.services import answer_hand_over
from common.dates import local_day
from common.errors import Refused
from common.forms import ServiceForm
from frontend.asks import answer_ask
from frontend.countries import guess_country
from frontend.covers import BriefingShown, briefing_in_words, covered_in_words
from frontend.current import Home, SignedInRequest, at_home, find_home
from frontend.forms.fields import posted
from frontend.forms.grants import OfferForm, TermsForm
from frontend.render import render_page, see_other
from frontend.shown import shown_in_words
from frontend.views.account import proved_again
from frontend.views.household import form_status
from households.rules import GrantState
from households.selectors import (
    find_briefing,
    get_grant,
    is_coaching_open,
    list_access,
    list_briefings,
    list_children,
    list_grants,
)
from households.services import (
    change_grant,
    closed,
    deliver_offer,
    offer_grant,
    renew_grant,
    withdraw_grant,
)
from observations.selectors import name_moments, preview_grant

if TYPE_CHECKING:
    from households.models import Grant, Household


@dataclass(frozen=True, slots=True)
class GrantShown:
    """One grant in the author's list."""

    grant: Grant
    state: GrantState
    covers: str
    is_renewable: bool
    of_before: str  # why it does not go on, where it is from before there was anything to read
    read: BriefingShown | None


# --- Letting somebody in -----------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@proved_again
@at_home
def coaches(request: SignedInRequest, home: Home) -> HttpResponse:
    """Whom the reader lets look, and a form for one more."""
    now = timezone.now()
    form = _offer_form(request, home, now)
    if request.method == "POST" and form.run(lambda: _offer(request, home, form)):
        messages.success(request, _("The offer is on its way."))
        return see_other(request, "household-coaches")
    # Nothing else is wrong but that it was not looked at and read: then that is what comes next.
    seen = _seen(request, home, form=form, now=now) if set(form.errors) == {"briefing"} else {}
    return _coaches_page(request, home, form=form, now=now, **seen)


@require_POST
@at_home
def preview(request: SignedInRequest, home: Home) -> HttpResponse:
    """The same page with what a coach would see today, were the form sent as it stands. Nothing is given by it."""
    now = timezone.now()
    form = _offer_form(request, home, now)
    # Whom to ask can wait: what they would see does not depend on it.
    form.fields["coach_email"].required = False
    if not form.is_valid():
        return _coaches_page(request, home, form=form, now=now)
    return _coaches_page(request, home, form=form, now=now, **_seen(request, home, form=form, now=now))


def _seen(request: SignedInRequest, home: Home, *, form: OfferForm, now: datetime) -> dict[str, Any]:
    """What a coach would see with the terms of *form*, and what there is to read about coaches where theirs works."""
    briefing = find_briefing(country=form.cleaned_data["country"])
    if briefing is None:
        return {}
    form.name_briefing(briefing)
    shown = _with_their_eyes(request, home.household, form=form, now=now)
    return {**shown, "briefing": briefing_in_words(briefing)}


def _with_their_eyes(
    request: SignedInRequest, household: Household, *, form: TermsForm, now: datetime
) -> dict[str, Any]:
    terms = {name: value for name, value in form.terms().items() if name != "briefing"}
    shown = preview_grant(actor_id=request.user.pk, household=household, **terms, now=now)
    return {
        "seen": shown_in_words(shown, names={request.user.pk: request.user.called}),
        "scope": terms["scope"],
    }


@require_POST
@at_home
def suggested(request: SignedInRequest, home: Home, hand_over_id: uuid.UUID) -> HttpResponse:
    """What a coach suggested: no; or the form with the colleague's address in it. Letting in is a step of its own."""
    now = timezone.now()
    address = answer_hand_over(
        actor_id=request.user.pk,
        household_id=home.household.public_id,
        hand_over_id=hand_over_id,
        now=now,
    )
    if "yes" not in request.POST:
        messages.success(request, _("They are not told what you decided."))
        return see_other(request, "household-coaches")
    return asked_page(request, home, coach_email=address, now=now)


def asked_page(
    request: SignedInRequest, home: Home, *, coach_email: str, country: str = "", now: datetime
) -> HttpResponse:
    """The page with a form that names somebody already. It has to be sent like any other."""
    form = _offer_form(request, home, now, initial={"coach_email": coach_email}, country=country)
    return _coaches_page(request, home, form=form, now=now, is_suggested=True)


def _offer_form(
    request: SignedInRequest,
    home: Home,
    now: datetime,
    *,
    initial: dict[str, Any] | None = None,
    country: str = "",
) -> OfferForm:
    return OfferForm(
        posted(request) if initial is None else None,
        initial=initial,
        children=home.children,
        today=local_day(now, home.household.timezone),
        briefings=list_briefings(),
        country=country or guess_country(request),
    )


def _offer(request: SignedInRequest, home: Home, form: OfferForm) -> bool:
    actor_id, now = request.user.pk, timezone.now()
    grant, token = offer_grant(
        actor_id=actor_id,
        household_id=home.household.public_id,
        coach_email=form.cleaned_data["coach_email"],
        **form.terms(),
        now=now,
    )
    deliver_offer(actor_id=actor_id, grant_id=grant.public_id, token=token, now=now)
    answer_ask(request, coach_email=grant.coach_email)
    tell_actor(request, Change.COACH_LET_IN, now=now)
    return True


def _coaches_page(
    request: SignedInRequest, home: Home, *, form: OfferForm, now: datetime, **seen: Any
) -> HttpResponse:
    grants = list_grants(actor_id=request.user.pk, household_id=home.household.public_id, now=now)
    context = {
        "household": home.household,
        "form": form if home.children else None,
        "closed": "" if is_coaching_open() else closed(),
        "grants": [_grant_shown(grant, now) for grant in grants],
        "suggested": list_hand_overs(
            actor_id=request.user.pk, household_id=home.household.public_id, now=now
        ),
        **seen,
    }
    return render_page(request, "frontend/household/coaches.html", context, status=form_status(form))


def _grant_shown(grant: Grant, now: datetime) -> GrantShown:
    return GrantShown(
        grant=grant,
        state=grant.state_at(now),
        covers=covered_in_words(grant),
        is_renewable=grant.is_renewable_at(now),
        of_before=_of_before(grant, now),
        read=briefing_in_words(grant.briefing),
    )


def _of_before(grant: Grant, now: datetime) -> str:
    if grant.briefing_id is not None:
        return ""
    if grant.state_at(now) is GrantState.OFFERED:
        return _(
            "You offered this before there was anything to read: nobody can take it. Please offer it anew."
        )
    return _("You gave this before there was anything to read. It cannot be renewed; please offer it anew.")


# --- One of them -------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def grant(request: SignedInRequest, grant_id: uuid.UUID) -> HttpResponseBase:
    """What one coach sees. Showing less happens at once; showing more asks who is there, and shows it to them first."""
    now = timezone.now()
    found = get_grant(actor_id=request.user.pk, grant_id=grant_id, now=now)
    form = _terms_form(request, found, now)
    if request.method == "POST":
        try:
            changed = form.run(lambda: _change(request, found, form, may_widen=False))
        except Refused:
            return _widen(request, grant_id)
        if changed:
            return _changed(request)
    return _grant_page(request, found, form=form, now=now)


@proved_again
def _widen(request: SignedInRequest, grant_id: uuid.UUID) -> HttpResponse:
    now = timezone.now()
    found = get_grant(actor_id=request.user.pk, grant_id=grant_id, now=now)
    form = _terms_form(request, found, now)
    try:
        changed = form.run(lambda: _change(request, found, form, may_widen=form.has_looked()))
    except Refused:
        form.name_looked()
        form.add_error(None, _("This shows more. Please look at it first; then save it."))
        seen = _with_their_eyes(request, found.household, form=form, now=now)
        return _grant_page(request, found, form=form, now=now, **seen)
    if changed:
        if changed.is_wider:
            tell_actor(request, Change.GRANT_WIDENED, now=now)
        return _changed(request)
    return _grant_page(request, found, form=form, now=now)


def _terms_form(request: SignedInRequest, found: Grant, now: datetime) -> TermsForm:
    covered = [item.child for item in found.children.all()]
    children = list(list_children(actor_id=request.user.pk, household_id=found.household.public_id))
    known = {
        "scope": found.scope,
        "from_on": found.from_on,
        "children": [child.public_id for child in covered],
    }
    return TermsForm(
        posted(request),
        initial=known,
        children=[*children, *(child for child in covered if child not in children)],
        today=local_day(now, found.household.timezone),
    )


def _change(request: SignedInRequest, found: Grant, form: TermsForm, *, may_widen: bool) -> Grant:
    return change_grant(
        actor_id=request.user.pk,
        grant_id=found.public_id,
        **form.terms(),
        may_widen=may_widen,
        now=timezone.now(),
    )


def _changed(request: SignedInRequest) -> HttpResponse:
    messages.success(request, _("Saved. It counts from now on."))
    return see_other(request, "household-coaches")


def _grant_page(
    request: SignedInRequest, found: Grant, *, form: TermsForm, now: datetime, **seen: Any
) -> HttpResponse:
    context = {
        "household": found.household,
        "shown": _grant_shown(found, now),
        "form": form,
        "changed": _changed_since(found),
        **_coach_of(request, found),
        **seen,
    }
    return render_page(request, "frontend/household/coach.html", context, status=form_status(form))


def _changed_since(found: Grant) -> BriefingShown | None:
    """What is said by now about coaches in that country, if it is something else than its author read."""
    now_said = find_briefing(country=found.briefing.country) if found.briefing else None
    return briefing_in_words(now_said) if now_said != found.briefing else None


def _coach_of(request: SignedInRequest, found: Grant) -> dict[str, Any]:
    """How the coach of a grant that was accepted presents themselves, and whether the reader wants to hear of them."""
    if found.coach_id is None:
        return {}
    asked = {"actor_id": request.user.pk}
    return {
        "presented": present_coaches(**asked, coach_ids=[found.coach_id])[found.coach_id],
        "is_muted": found.coach_id in list_muted(**asked, household_id=found.household_id),
    }


@require_POST
@proved_again
def renew(request: SignedInRequest, grant_id: uuid.UUID) -> HttpResponse:
    """Another 180 days."""
    form, now = ServiceForm(request.POST), timezone.now()
    if form.run(lambda: renew_grant(actor_id=request.user.pk, grant_id=grant_id, now=now)):
        tell_actor(request, Change.GRANT_WIDENED, now=now)
        messages.success(request, _("Renewed for another 180 days."))
    for error in form.non_field_errors():
        messages.info(request, str(error))
    return see_other(request, "household-coaches")


@require_POST
def withdraw(request: SignedInRequest, grant_id: uuid.UUID) -> HttpResponse:
    """One tap, at once, without a question."""
    withdraw_grant(actor_id=request.user.pk, grant_id=grant_id, now=timezone.now())
    messages.success(request, _("They see nothing of yours any more."))
    return see_other(request, "household-coaches")


# --- Who looked --------------------------------------------------------------------------------------------------
@require_safe
def access(request: SignedInRequest) -> HttpResponse:
    """Who looked at the reader's own, notes and account; an address of a page that is over leads back to the top.

    It is there for whoever lives in no household too: an operator can open their account all the same.
    """
    home = find_home(request)
    household = home.household if home else None
    page = ServiceForm(request.GET).run(
        lambda: list_access(
            actor_id=request.user.pk,
            household_id=household.public_id if household else None,
            cursor=request.GET.get("cursor", ""),
        )
    )
    if page is None:
        return see_other(request, "household-access")
    ids = {entry.subject_id for entry in page.items if entry.subject_id}
    context = {
        "household": household,
        "page": page,
        "moments": name_moments(actor_id=request.user.pk, moment_ids=ids),
    }
    return render_page(request, "frontend/household/access.html", context, partial="access-rows")
