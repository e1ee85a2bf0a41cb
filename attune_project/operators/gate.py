"""Who gets into the operator's process: staff who signed in there, with a passkey, a short time ago. Nobody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import MiddlewareNotUsed
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from common.security import Event, tell

LONGEST: Final = timedelta(hours=1)
IDLE: Final = timedelta(minutes=15)
PASSKEY: Final = Authenticator.Type.WEBAUTHN.value
SESSION_KEY: Final = "operating"  # in the session: since when, and when it was last used

PUBLIC: Final = {"healthz", "readyz", "robots", "favicon"}
# Signing in. There is no signing up here, and no code by mail: whoever reads an operator's mail is none.
WAY_IN: Final = {
    "account_login",
    "account_logout",
    "account_inactive",
    "mfa_login_webauthn",
    "mfa_authenticate",
}
# What somebody without a passkey needs to set one up.
SETTING_UP: Final = {"account_logout", "account_reauthenticate", "mfa_add_webauthn"}
# One's own passkeys, once inside. Passwords are changed on the command line.
OWN: Final = SETTING_UP | {"security", "mfa_reauthenticate_webauthn", "mfa_remove_webauthn"}


class OperatorMiddleware:
    """Stands before every view of the operator's process, whatever is mounted there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if settings.SERVES != "admin":
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Marks a session that begins with this request: one of the family's pages has no mark, and opens nothing."""
        was_signed_in = request.user.is_authenticated
        response = self.get_response(request)
        if request.user.is_authenticated and not was_signed_in:
            at = timezone.now().timestamp()
            request.session[SESSION_KEY] = {"since": at, "seen": at}
        return response

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponseBase | None:
        door = request.resolver_match.view_name if request.resolver_match else ""
        if door in PUBLIC:
            return None
        if not request.user.is_authenticated:
            return None if door in WAY_IN else redirect_to_login(request.get_full_path())
        return turned_away(request, door, now=timezone.now())


def turned_away(request: HttpRequest, door: str, *, now: datetime) -> HttpResponseBase | None:
    """What somebody signed in gets instead of the page behind *door*; None where it may be shown."""
    if is_over(request, now=now):
        logout(request)
        return redirect_to_login(request.get_full_path())
    if not request.user.is_staff:
        tell(Event.OPERATOR_REFUSED, request=request, user=request.user.pk)
        logout(request)
        return render(request, "403.html", status=403)
    if not Authenticator.objects.filter(user=request.user, type=PASSKEY).exists():
        return None if door in SETTING_UP else redirect("mfa_add_webauthn")
    if not used_passkey(request):
        logout(request)
        messages.info(request, _("Please sign in once more, with your passkey."))
        return redirect_to_login(request.get_full_path())
    if door.startswith("admin:") or door in WAY_IN | OWN:
        return None
    raise Http404  # pages of a family's own account


def is_over(request: HttpRequest, *, now: datetime) -> bool:
    """Whether this session did not begin here, has lasted an hour, or was not used for a quarter of one."""
    noted = request.session.get(SESSION_KEY)
    if noted is None:
        return True
    since, seen = (datetime.fromtimestamp(noted[name], UTC) for name in ("since", "seen"))
    request.session[SESSION_KEY] = {**noted, "seen": now.timestamp()}
    return now - since >= LONGEST or now - seen >= IDLE


def used_passkey(request: HttpRequest) -> bool:
    """Whether a passkey opened this very session, alone or as the second step."""
    records = get_authentication_records(request, request.user)
    return any((record.get("method"), record.get("type")) == ("mfa", PASSKEY) for record in records)
