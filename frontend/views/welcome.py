"""The first two minutes: a household, a child, and choices that may be skipped."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.services import change_choices
from checklists.selectors import get_content
from common.errors import Refused
from frontend.current import Home, SignedInRequest, at_home, choose_household, find_home
from frontend.forms.fields import posted
from frontend.forms.welcome import ChildForm, FirstChoicesForm, FirstHouseholdForm
from frontend.render import render_page, see_other
from frontend.views.coach import has_offer
from frontend.views.household import form_status, is_guardian
from frontend.views.invitations import has_invitation
from households.selectors import list_caseload, list_deserted
from households.services import add_child, create_household
from observations.services import choose_focus

STEPS = 3


@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: SignedInRequest) -> HttpResponse:
    """Step 1: name the household. Whoever has one already is led to what is still missing.

    Whoever came to look after others' families finds those first; `?own=1` is for one of their own as well.
    """
    home = find_home(request)
    if home is not None:
        return _go_on(request, home)
    if waiting := _awaited_elsewhere(request):
        return see_other(request, waiting)
    form = FirstHouseholdForm(posted(request), initial={"timezone": request.user.timezone})
    if request.method == "POST":
        now = timezone.now()
        founded = form.run(lambda: create_household(actor_id=request.user.pk, **form.cleaned_data, now=now))
        if founded:
            change_choices(actor_id=request.user.pk, choices={"timezone": founded.timezone})
            choose_household(request, founded.public_id)
            return see_other(request, "welcome-child")
    deserted = list_deserted(actor_id=request.user.pk)
    context = {"form": form, "step": 1, "steps": STEPS, "deserted": deserted}
    return render_page(request, "frontend/welcome/household.html", context, status=form_status(form))


def _awaited_elsewhere(request: SignedInRequest) -> str:
    """Where somebody without a household was asked to; '' for nobody who was."""
    if has_invitation(request):
        return "invitation-join"
    if has_offer(request):
        return "coach-offers"
    is_coach = list_caseload(coach_id=request.user.pk, now=timezone.now()).exists()
    return "coach" if is_coach and "own" not in request.GET and request.method != "POST" else ""


def _go_on(request: SignedInRequest, home: Home) -> HttpResponse:
    """To Today; without a child to the step that adds one, which a helper has to leave to a parent."""
    if home.children:
        return see_other(request, "today")
    if is_guardian(home):
        return see_other(request, "welcome-child")
    return render_page(request, "frontend/welcome/waiting.html", {"household": home.household})


@require_http_methods(["GET", "HEAD", "POST"])
@at_home
def child(request: SignedInRequest, home: Home) -> HttpResponse:
    """Step 2: a child. `another` in the form keeps the step open for the next one."""
    if not is_guardian(home):
        raise Refused("only a guardian adds children")
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
            return see_other(request, "welcome-child" if "another" in request.POST else "welcome-choices")
    context = {
        "form": form,
        "step": 2,
        "steps": STEPS,
        "household": home.household,
        "children": home.children,
    }
    return render_page(request, "frontend/welcome/child.html", context, status=form_status(form))


@require_http_methods(["GET", "HEAD", "POST"])
@at_home
def choices(request: SignedInRequest, home: Home) -> HttpResponse:
    """Step 3: standing choices. Skipping leaves everything private and the mail discreet."""
    form = FirstChoicesForm(posted(request), content=get_content(request.user.language))
    if request.method == "POST":
        now = timezone.now()

        def choose() -> bool:
            change_choices(actor_id=request.user.pk, choices=form.chosen())
            if form.cleaned_data["focus"]:
                choose_focus(
                    actor_id=request.user.pk,
                    household_id=home.household.public_id,
                    dimension=form.cleaned_data["focus"],
                    now=now,
                )
            return True

        if form.run(choose):
            return see_other(request, "log")
    context = {"form": form, "step": 3, "steps": STEPS, "household": home.household}
    return render_page(request, "frontend/welcome/choices.html", context, status=form_status(form))
