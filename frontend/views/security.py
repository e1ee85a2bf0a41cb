"""Signing in: what opens the account, on which devices it is open, and proving again who one is."""

from __future__ import annotations

from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.views import BaseReauthenticateView
from allauth.mfa.webauthn.internal import auth
from allauth.mfa.webauthn.views import AddWebAuthnView, ReauthenticateWebAuthnView
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.notices import tell_actor
from accounts.proof import ProofCode, proved_lately
from accounts.rules import Change
from accounts.selectors import get_ways_in, list_devices, list_tokens
from accounts.services import end_device, end_everything_else
from common.errors import NotVisible, Refused
from frontend.current import SignedInRequest
from frontend.forms.account import EndDeviceForm
from frontend.forms.second_step import ProofCodeForm
from frontend.render import render_page, see_other
from frontend.views.account import View, proved_again


# --- What opens it, and where it is open -------------------------------------------------------------------------
@require_safe
def security(request: SignedInRequest) -> HttpResponse:
    """Everything that opens the account, on one page."""
    actor_id, now = request.user.pk, timezone.now()
    context = {
        "ways": get_ways_in(actor_id=actor_id),
        "devices": list_devices(actor_id=actor_id, session_key=_key(request), now=now),
        "tokens": list_tokens(actor_id=actor_id, now=now),
    }
    return render_page(request, "frontend/account/security.html", context)


@require_safe
def devices(request: SignedInRequest) -> HttpResponse:
    """Where the account is open."""
    now = timezone.now()
    context = {
        "devices": list_devices(actor_id=request.user.pk, session_key=_key(request), now=now),
        "tokens": list_tokens(actor_id=request.user.pk, now=now),
    }
    return render_page(request, "frontend/account/devices.html", context)


@require_POST
@proved_again
def device_end(request: SignedInRequest) -> HttpResponse:
    """Signs one device out, this one too."""
    form = EndDeviceForm(request.POST)
    if not form.is_valid():
        raise NotVisible("device")
    ended = end_device(actor_id=request.user.pk, device_id=form.cleaned_data["device"])
    if ended == _key(request):
        logout(request)
        return see_other(request, "today")
    messages.success(request, _("That device is signed out."))
    return see_other(request, "devices")


@require_POST
@proved_again
def devices_end_others(request: SignedInRequest) -> HttpResponse:
    """Signs every other device out, ends every key to the API, and tells the person so by mail."""
    if end_everything_else(user_id=request.user.pk, session_key=_key(request)):
        tell_actor(request, Change.OTHERS_SIGNED_OUT, now=timezone.now())
    messages.success(request, _("You are signed in on this device only, and no key to the API works."))
    return see_other(request, "devices")


def _key(request: HttpRequest) -> str:
    return str(request.session.session_key)


# --- Proving again who one is ------------------------------------------------------------------------------------
def proved_first(view: View) -> View:
    """Asks who is there before the page is even shown, and keeps nothing of what was sent too late.

    For pages on which a password is typed: `proved_again` would put it into the session until the proof is there.
    """

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if proved_lately(request):
            return view(request, *args, **kwargs)
        first, *_others = get_adapter().get_reauthentication_methods(request.user)
        return HttpResponseRedirect(f"{first['url']}?{urlencode({'next': request.path})}")

    return inner


class ProveByCodeView(BaseReauthenticateView):
    """By a mailed code, for whoever has neither a password nor a second step. `send` in the form sends a new one."""

    form_class = ProofCodeForm
    template_name = "account/reauthenticate_by_code.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.waiting = ProofCode.resume(request) if request.user.is_authenticated else None
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "send" in request.POST:
            if ProofCode.begin(request) is None:
                raise Refused("no verified address to send a code to")
            return self._again()
        if self.waiting is None:
            messages.error(request, _("That code has run out. Please ask for a new one."))
            return self._again()
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "code": self.waiting.code if self.waiting else ""}

    def form_valid(self, form: Any) -> HttpResponse:
        if self.waiting is not None:
            self.waiting.finish()
        response: HttpResponse = super().form_valid(form)
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        if self.waiting is not None and not self.waiting.record_invalid_attempt():
            messages.error(self.request, _("That was not the code three times. Please ask for a new one."))
            return self._again()
        response: HttpResponse = super().form_invalid(form)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "waiting": self.waiting}

    def _again(self) -> HttpResponse:
        return HttpResponseRedirect(self.passthrough_next_url(self.request.path))


prove_by_code = ProveByCodeView.as_view()


# --- Passkeys ----------------------------------------------------------------------------------------------------
class AddPasskeyView(AddWebAuthnView):
    """A new passkey: one that signs in by itself, and asks for a finger, a face or a PIN. The server checks that."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        options = auth.begin_registration(self.request.user, passwordless=True)
        return {**context, "js_data": {"creation_options": options}}


add_passkey = AddPasskeyView.as_view()


class ProveByPasskeyView(ReauthenticateWebAuthnView):
    """A passkey that did not open it leads back to the same question."""

    def form_invalid(self, form: Any) -> HttpResponse:
        for message in form.errors.get("credential", []):
            messages.error(self.request, message)
        return HttpResponseRedirect(self.passthrough_next_url(self.request.path))


prove_by_passkey = ProveByPasskeyView.as_view()
