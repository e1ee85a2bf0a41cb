"""The household: what it is, who is in it, and its children."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common.errors import NotVisible
from common.forms import ServiceForm
from frontend.current import Home, SignedInRequest, at_home, choose_household
from frontend.forms.fields import posted
from frontend.forms.household import ChildForm, HouseholdChoiceForm, HouseholdForm
from frontend.render import render_page, see_other
from households.rules import Role
from households.scope import Capability
from households.selectors import (
    get_child,
    list_caseload,
    list_children,
    list_deserted,
    list_households,
    list_members,
)
from households.services import (
    add_child,
    archive_child,
    edit_child,
    edit_household,
    remove_helper,
    restore_child,
)


# --- The household itself ----------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@at_home
def household(request: SignedInRequest, home: Home) -> HttpResponse:
    """Who belongs here; guardians may change its name, zone and week."""
    here = home.household
    known = {"name": here.name, "timezone": here.timezone, "week_starts_on": here.week_starts_on}
    form = HouseholdForm(posted(request), initial=known)
    if request.method == "POST":
        edited = form.run(
            lambda: edit_household(
                actor_id=request.user.pk, household_id=here.public_id, **form.cleaned_data, now=timezone.now()
            )
        )
        if edited:
            messages.success(request, _("Saved."))
            return see_other(request, "household")
    context = {
        "household": here,
        "form": form if is_guardian(home) else None,
        "is_guardian": is_guardian(home),
        "children": home.children,
        "members": list_members(actor_id=request.user.pk, household_id=here.public_id),
        "households": list_households(actor_id=request.user.pk),
        "is_coach": list_caseload(coach_id=request.user.pk, now=timezone.now()).exists(),
        "deserted": list_deserted(actor_id=request.user.pk),
    }
    return render_page(request, "frontend/household/overview.html", context, status=form_status(form))


@require_POST
def switch(request: SignedInRequest) -> HttpResponse:
    """From now on the pages are about another of the reader's households."""
    form = HouseholdChoiceForm(request.POST)
    if not form.is_valid():
        raise NotVisible("household")
    choose_household(request, form.cleaned_data["household"])
    return see_other(request, "today")


# --- Adults ------------------------------------------------------------------------------------------------------
@require_safe
@at_home
def members(request: SignedInRequest, home: Home) -> HttpResponse:
    context = {
        "household": home.household,
        "is_guardian": is_guardian(home),
        "members": list_members(actor_id=request.user.pk, household_id=home.household.public_id),
    }
    return render_page(request, "frontend/household/members.html", context)


@require_POST
def member_remove(request: SignedInRequest, membership_id: uuid.UUID) -> HttpResponse:
    """Ends a helper's membership; a guardian's nobody can end but they themselves."""
    remove_helper(actor_id=request.user.pk, membership_id=membership_id, now=timezone.now())
    messages.success(request, _("They no longer belong to the household."))
    return see_other(request, "household-members")


# --- Children ----------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@at_home
def children(request: SignedInRequest, home: Home) -> HttpResponse:
    """The children, those put away, and for guardians a form for one more."""
    now = timezone.now()
    form = ChildForm(posted(request), today=now.date())
    if request.method == "POST":
        added = form.run(
            lambda: add_child(
                actor_id=request.user.pk,
                household_id=home.household.public_id,
                **form.cleaned_data,
                now=now,
            )
        )
        if added:
            return see_other(request, "household-children")
    context = {
        "household": home.household,
        "is_guardian": is_guardian(home),
        "children": home.children,
        "archived": list_children(
            actor_id=request.user.pk, household_id=home.household.public_id, archived=True
        ),
        "form": form if is_guardian(home) else None,
    }
    return render_page(request, "frontend/household/children.html", context, status=form_status(form))


@require_http_methods(["GET", "HEAD", "POST"])
def child(request: SignedInRequest, child_id: uuid.UUID) -> HttpResponse:
    """One child's card. `action` in the form puts the child away or brings it back."""
    actor_id, now = request.user.pk, timezone.now()
    found = get_child(actor_id=actor_id, child_id=child_id, capability=Capability.MANAGE)
    known = {name: getattr(found, name) for name in ("nickname", "birth_month", "colour", "emoji")}
    match request.POST.get("action"):
        case "archive":
            archive_child(actor_id=actor_id, child_id=child_id, now=now)
            return see_other(request, "household-children")
        case "restore":
            form: ServiceForm = ServiceForm(request.POST)
            saved = form.run(lambda: restore_child(actor_id=actor_id, child_id=child_id))
            page_form = ChildForm(initial=known, today=now.date())
        case _:
            form = page_form = ChildForm(posted(request), initial=known, today=now.date())
            saved = form.run(
                lambda: edit_child(actor_id=actor_id, child_id=child_id, **page_form.changed(), now=now)
            )
    if saved:
        messages.success(request, _("Saved."))
        return see_other(request, "household-children")
    context = {"household": found.household, "child": found, "form": page_form, "refused": form}
    return render_page(request, "frontend/household/child.html", context, status=form_status(form))


# --- What the pages share ----------------------------------------------------------------------------------------
def is_guardian(home: Home) -> bool:
    """Whether the reader may change settings here; the services decide, this only hides what they would refuse."""
    return home.membership.role == Role.GUARDIAN


def form_status(form: ServiceForm) -> int:
    """422 for a form that came back with something to correct."""
    return 422 if form.errors else 200
