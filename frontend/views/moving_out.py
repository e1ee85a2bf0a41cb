"""Leaving a household: with empty hands, or with everything of one's own; and coming back to one that all have left."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.notices import tell_actor
from accounts.rules import Change
from common.errors import NotVisible
from frontend.current import Home, SignedInRequest, choose_household, find_home
from frontend.forms.fields import posted
from frontend.forms.household import HouseholdChoiceForm, LeaveForm, SeparateForm
from frontend.render import render_page, see_other
from frontend.views.account import proved_again
from frontend.views.household import form_status, is_guardian
from households.scope import Capability
from households.selectors import list_members, require
from households.services import come_back, leave_household, separate_household


def at_home_still(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """`at_named_home`, where the second tap of two finds the reader gone already, and goes where they are now.

    A form names its household in its body: an address loses its query when somebody has to prove themselves first.
    """

    @wraps(view)
    def inner(request: HttpRequest) -> HttpResponse:
        try:
            home = find_home(request, named=request.POST.get("home") or request.GET.get("home", ""))
        except NotVisible:
            if request.method != "POST":
                raise
            return see_other(request, "today")
        return see_other(request, "welcome") if home is None else view(request, home)

    return inner


@require_http_methods(["GET", "HEAD", "POST"])
@at_home_still
def leave(request: SignedInRequest, home: Home) -> HttpResponse:
    """Says what happens, and on one tap it does: at once, asking nobody."""
    household_id = home.household.public_id
    members = list_members(actor_id=request.user.pk, household_id=household_id)
    others = [member for member in members if member.user_id != request.user.pk]
    form = LeaveForm(posted(request), others=others)

    def go() -> bool:
        leave_household(
            actor_id=request.user.pk,
            household_id=household_id,
            block=form.cleaned_data["block"],
            now=timezone.now(),
        )
        return True

    if request.method == "POST" and form.run(go):
        messages.success(request, _("You have left the household."))
        return see_other(request, "today")
    context = {
        "household": home.household,
        "form": form,
        "is_last": not others,
        "may_separate": is_guardian(home) and bool(others),
    }
    return render_page(request, "frontend/household/leave.html", context, status=form_status(form))


@require_http_methods(["GET", "HEAD", "POST"])
@proved_again
@at_home_still
def separate(request: SignedInRequest, home: Home) -> HttpResponse:
    """Says what comes along and what stays, and does it: one's own household with one's own notes."""
    require(actor_id=request.user.pk, household_id=home.household.pk, capability=Capability.MANAGE)
    known = {
        "timezone": request.user.timezone,
        "child_ids": [child.public_id for child in home.children],
    }
    form = SeparateForm(posted(request), initial=known, children=home.children)
    if request.method == "POST":
        moved = form.run(
            lambda: separate_household(
                actor_id=request.user.pk,
                household_id=home.household.public_id,
                **form.cleaned_data,
                now=timezone.now(),
            )
        )
        if moved:
            choose_household(request, moved.public_id)
            tell_actor(request, Change.MOVED_OUT, now=timezone.now())
            messages.success(request, _("You live in a household of your own now, with all that you wrote."))
            return see_other(request, "today")
    context = {"household": home.household, "form": form}
    return render_page(request, "frontend/household/separate.html", context, status=form_status(form))


@require_POST
def back(request: SignedInRequest) -> HttpResponse:
    """Opens a household that the reader was the last to leave."""
    form = HouseholdChoiceForm(request.POST)
    if not form.is_valid():
        raise NotVisible("household")
    household_id = form.cleaned_data["household"]
    if form.run(lambda: come_back(actor_id=request.user.pk, household_id=household_id, now=timezone.now())):
        choose_household(request, household_id)
    for message in form.non_field_errors():
        messages.error(request, str(message))
    return see_other(request, "today")
