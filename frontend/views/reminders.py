"""Reminders: what somebody asked for, on which of their devices, a month without, and what a phone says of a prompt."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from common.errors import NotVisible
from frontend.current import SignedInRequest
from frontend.forms.fields import posted
from frontend.forms.reminders import AddressForm, EndAddressForm, RemindersForm, SaidForm
from frontend.render import render_page, see_other
from frontend.views.household import form_status
from reminders.push import Answer, public_key
from reminders.rules import Said
from reminders.selectors import find_choices, get_standing, list_reached
from reminders.services import (
    bind_address,
    choose_reminders,
    drop_address,
    go_on,
    note_nothing,
    note_said,
    send_try,
    take_rest,
)
from reminders.shapes import Target

_KEPT = (
    "evening_at",
    "moment_from",
    "moment_until",
    "week_ready",
    "something_new",
    "quiet_from",
    "quiet_until",
)


# --- What somebody asked for -------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def reminders(request: SignedInRequest) -> HttpResponse:
    """What to be reminded of and when. Saving it asks no phone for anything: that takes a tap of its own."""
    actor_id, now = request.user.pk, timezone.now()
    known = find_choices(actor_id=actor_id)
    initial = {name: getattr(known, name) for name in _KEPT} if known else {}
    form = RemindersForm(posted(request), initial=initial)
    saved = (
        form.run(lambda: choose_reminders(actor_id=actor_id, wishes=form.wishes())) if form.is_bound else None
    )
    if saved is not None:
        messages.success(request, _("Saved."))
        return see_other(request, "reminders")
    devices = list_reached(actor_id=actor_id, session_key=_key(request), now=now)
    context = {
        "form": form,
        "asked": known is not None,
        "standing": get_standing(actor_id=actor_id, now=now),
        "devices": devices,
        "is_here": any(device.is_this for device in devices),
        "push_key": public_key(),
    }
    return render_page(request, "frontend/account/reminders.html", context, status=form_status(form))


@require_POST
def rest(request: SignedInRequest) -> HttpResponse:
    """A month without any, or the end of that, as the button says."""
    if "go_on" in request.POST:
        go_on(actor_id=request.user.pk)
        messages.success(request, _("Reminders come as you chose."))
    else:
        take_rest(actor_id=request.user.pk, now=timezone.now())
        messages.success(request, _("Nothing comes for a month."))
    return see_other(request, "reminders")


@require_POST
def nothing(request: SignedInRequest) -> HttpResponse:
    """Nothing to note today: a full answer."""
    note_nothing(actor_id=request.user.pk, now=timezone.now())
    messages.success(request, _("That is an answer too. Nothing more comes today."))
    return see_other(request, "today")


# --- On which devices --------------------------------------------------------------------------------------------
@require_POST
def device(request: SignedInRequest) -> HttpResponse:
    """This browser takes reminders from now on; it said itself where."""
    form = AddressForm(request.POST)
    bound = form.run(
        lambda: bind_address(
            actor_id=request.user.pk,
            session_key=_key(request),
            target=Target(**form.cleaned_data),
            now=timezone.now(),
        )
    )
    if bound:
        messages.success(request, _("This device takes your reminders."))
    else:
        messages.error(request, _say(form.errors.as_data()))
    return see_other(request, "reminders")


def _say(errors: dict[str, list[ValidationError]]) -> str:
    """What was wrong with what the browser said: nobody typed it, so it stands in a message and on no field."""
    return next((error.messages[0] for found in errors.values() for error in found), "")


@require_POST
def device_end(request: SignedInRequest) -> HttpResponse:
    """One of the reader's devices takes none any more."""
    form = EndAddressForm(request.POST)
    if not form.is_valid():
        raise NotVisible("push address")
    drop_address(actor_id=request.user.pk, address_id=form.cleaned_data["address"])
    messages.success(request, _("No reminders come there any more."))
    return see_other(request, "reminders")


@require_POST
def try_out(request: SignedInRequest) -> HttpResponse:
    """Show on this device how a reminder looks."""
    answer = send_try(actor_id=request.user.pk, session_key=_key(request), now=timezone.now())
    if answer is Answer.TAKEN:
        messages.success(request, _("It is on its way. Did nothing come? Then your phone keeps it from you."))
    elif answer is Answer.GONE:
        messages.error(request, _("This device cannot be reached any more. Please switch it on again."))
    else:
        messages.error(request, _("It did not go through. Please try again later."))
    return see_other(request, "reminders")


def _key(request: HttpRequest) -> str:
    return str(request.session.session_key)


# --- What a phone says of a prompt -------------------------------------------------------------------------------
@login_not_required
@csrf_exempt
@require_POST
def noted(request: HttpRequest) -> HttpResponse:
    """A prompt was shown, opened or put off. The service worker says so, with the secret that came with the prompt.

    It has no page, and so no CSRF token; the secret stands for the prompt, and another site's page is turned away by
    `OwnSiteMiddleware`. The answer is the same whether or not there is such a prompt.
    """
    form = SaidForm(request.POST)
    if settings.PUSH_KEY and form.is_valid():
        note_said(
            secret=form.cleaned_data["secret"], said=Said(form.cleaned_data["said"]), now=timezone.now()
        )
    return HttpResponse(status=204)
