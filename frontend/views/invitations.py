"""Inviting another adult by mail, and accepting an invitation."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.notices import tell_actor
from accounts.rules import Change
from accounts.selectors import get_verified_address
from common.errors import NotVisible
from common.forms import ServiceForm
from frontend.current import Home, SignedInRequest, at_home, choose_household
from frontend.forms.fields import posted
from frontend.forms.household import InvitationForm
from frontend.render import render_page, see_other
from frontend.views.account import proved_again
from frontend.views.household import form_status
from households.scope import Capability
from households.selectors import list_households, list_invitations, require
from households.services import (
    accept_invitation,
    deliver_invitation,
    find_invitation,
    invite_member,
    withdraw_invitation,
)

_SESSION_KEY = "invitation"  # opened in this browser, not accepted yet
_TOKEN_MAX = 64


# --- Sending -----------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@proved_again
@at_home
def invitations(request: SignedInRequest, home: Home) -> HttpResponse:
    """Open invitations, and a form for one more: for guardians."""
    require(actor_id=request.user.pk, household_id=home.household.pk, capability=Capability.MANAGE)
    form = InvitationForm(posted(request))
    if request.method == "POST" and form.run(lambda: _invite(request, home, form)):
        messages.success(request, _("The invitation is on its way."))
        return see_other(request, "household-invitations")
    context = {
        "household": home.household,
        "form": form,
        "invitations": list_invitations(
            actor_id=request.user.pk, household_id=home.household.public_id, now=timezone.now()
        ),
    }
    return render_page(request, "frontend/household/invitations.html", context, status=form_status(form))


def _invite(request: SignedInRequest, home: Home, form: InvitationForm) -> bool:
    actor_id, now = request.user.pk, timezone.now()
    invitation, token = invite_member(
        actor_id=actor_id, household_id=home.household.public_id, **form.cleaned_data, now=now
    )
    # The address of the site, never that of the request: whoever sends a forged Host header gets no token.
    link = settings.SITE_URL + resolve_url("invitation", token=token)
    deliver_invitation(actor_id=actor_id, invitation_id=invitation.public_id, link=link, now=now)
    tell_actor(request, Change.INVITATION_SENT, now=now)
    return True


@require_POST
def withdraw(request: SignedInRequest, invitation_id: uuid.UUID) -> HttpResponse:
    withdraw_invitation(actor_id=request.user.pk, invitation_id=invitation_id, now=timezone.now())
    messages.success(request, _("The invitation no longer works."))
    return see_other(request, "household-invitations")


# --- Accepting ---------------------------------------------------------------------------------------------------
@login_not_required
@require_safe
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the mail: puts the token away, out of the address bar and the history, before anything shows."""
    request.session[_SESSION_KEY] = token[:_TOKEN_MAX]
    return see_other(request, "invitation-join")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """Shows the invitation to the person it was sent to, who may accept it. Nobody else learns what it is about."""
    if not has_invitation(request):
        raise NotVisible("invitation")
    user = request.user
    if not user.is_authenticated:
        return render_page(request, "frontend/household/invited.html", {"join_url": request.path})
    now, token = timezone.now(), request.session[_SESSION_KEY]
    email = get_verified_address(user_id=user.pk)
    try:
        found = find_invitation(token=token, email=email, now=now)
    except NotVisible:
        # Whoever signed in with another address than the mail went to has to be told why nothing opens.
        return render_page(
            request, "frontend/household/invitation.html", {"invitation": None, "email": email}, status=404
        )
    form = ServiceForm(posted(request))
    lives_here = list_households(actor_id=user.pk).contains(found.household)
    if request.method == "POST":
        joined = form.run(lambda: accept_invitation(actor_id=user.pk, token=token, email=email, now=now))
        if joined:
            take_invitation(request)
            choose_household(request, found.household.public_id)
            return see_other(request, "welcome-choices")
    context = {"form": form, "invitation": found, "lives_here": lives_here}
    return render_page(request, "frontend/household/invitation.html", context, status=form_status(form))


def take_invitation(request: HttpRequest) -> str:
    """The token that this browser came with, which it does not keep any longer.

    Raises:
        NotVisible: it came without one.
    """
    if not has_invitation(request):
        raise NotVisible("invitation")
    return str(request.session.pop(_SESSION_KEY))


def has_invitation(request: HttpRequest) -> bool:
    """Whether this browser came with an invitation that still waits for an answer."""
    return bool(request.session.get(_SESSION_KEY))
