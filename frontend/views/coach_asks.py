"""A coach asks a family whether they would let them in; whoever is asked reads who it is, and goes on or says no."""

from __future__ import annotations

import uuid
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.selectors import get_verified_address
from coaching.selectors import list_family_invitations, present_coach
from coaching.services import (
    deliver_family_invitation,
    find_family_invitation,
    invite_family,
    turn_down_invitation,
    withdraw_family_invitation,
)
from common.errors import NotVisible
from frontend.asks import forget_ask, keep_ask, kept_ask
from frontend.coach_session import at_work, in_person
from frontend.covers import named_countries
from frontend.current import SignedInRequest, find_home
from frontend.forms.coaching import FamilyInvitationForm
from frontend.forms.fields import posted
from frontend.render import render_page, see_other
from frontend.views.grants import asked_page
from frontend.views.household import form_status
from households.selectors import is_coaching_open
from households.services import closed


# --- The coach ---------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@at_work
def invitations(request: SignedInRequest) -> HttpResponse:
    """Whom the reader asked, and a form for one more."""
    now = timezone.now()
    form = FamilyInvitationForm(posted(request))
    if request.method == "POST" and form.run(lambda: _invite(request, form)):
        messages.success(request, _("The mail is on its way."))
        return see_other(request, "coach-invitations")
    context = {"form": form, "asked": list_family_invitations(coach_id=request.user.pk, now=now)}
    return render_page(request, "frontend/coach/invitations.html", context, status=form_status(form))


def _invite(request: SignedInRequest, form: FamilyInvitationForm) -> bool:
    actor_id, now = request.user.pk, timezone.now()
    row, token = invite_family(actor_id=actor_id, **form.cleaned_data, now=now)
    deliver_family_invitation(actor_id=actor_id, invitation_id=row.public_id, token=token, now=now)
    return True


@require_POST
@in_person
def withdraw(request: SignedInRequest, invitation_id: uuid.UUID) -> HttpResponse:
    withdraw_family_invitation(actor_id=request.user.pk, invitation_id=invitation_id, now=timezone.now())
    messages.success(request, _("The link no longer works."))
    return see_other(request, "coach-invitations")


# --- Whoever is asked --------------------------------------------------------------------------------------------
@login_not_required
@require_safe
def ask(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the mail: puts the token away, out of the address bar and the history, before anything shows."""
    keep_ask(request, token)
    return see_other(request, "coach-asked")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def asked(request: HttpRequest) -> HttpResponse:
    """Who asks, to the person they asked; going on leads to the form for letting a coach in, with their address."""
    if not kept_ask(request):
        raise NotVisible("invitation")
    if not request.user.is_authenticated:
        context = {"join_url": request.path, "decline_url": "coach-ask-decline"}
        return render_page(request, "frontend/household/invited.html", context)
    return _asked(cast("SignedInRequest", request))


def _asked(request: SignedInRequest) -> HttpResponse:
    now, token = timezone.now(), kept_ask(request)
    email = get_verified_address(user_id=request.user.pk)
    try:
        row = find_family_invitation(token=token, email=email, now=now)
    except NotVisible:
        gone = {"coach": None, "email": email}
        return render_page(request, "frontend/coach/asked.html", gone, status=404)
    home = find_home(request)
    coach = present_coach(coach_id=row.coach_id, address=row.coach_email)
    is_open = is_coaching_open()
    if request.method == "POST" and is_open and home is not None and home.children:
        # The link stays open until an offer is sent: looking, or coming back tomorrow, uses nothing up.
        return asked_page(request, home, coach_email=row.coach_email, country=coach.country, now=now)
    context = {
        "coach": coach,
        "country": dict(named_countries()).get(coach.country, ""),
        "closed": "" if is_open else closed(),
        "is_ready": home is not None and bool(home.children),
    }
    return render_page(request, "frontend/coach/asked.html", context)


@login_not_required
@require_POST
def decline(request: HttpRequest) -> HttpResponse:
    """No, thank you; `block` in the form: and nothing more from this coach. Neither is told to them."""
    if not kept_ask(request):
        raise NotVisible("invitation")
    token = forget_ask(request)
    turn_down_invitation(token=token, block="block" in request.POST, now=timezone.now())
    messages.success(request, _("It is gone. Nobody is told."))
    return see_other(request, "today")
