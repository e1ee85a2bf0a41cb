"""Mail seen from a browser: stopping it with one click, and looking at what a local installation caught."""

from __future__ import annotations

from csp.decorators import csp, csp_update
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.selectors import has_disowned
from accounts.services import disown_address, trust_address
from accounts.tokens import read_not_me_token
from common.errors import NotVisible
from common.middleware import from_anywhere
from frontend.caught_mail import CaughtMail, find_caught, list_caught
from frontend.current import SignedInRequest
from frontend.render import render_page, see_other
from frontend.views.account import proved_again
from reflections.selectors import find_subscription
from reflections.services import unsubscribe as stop_digest


# --- Stopping the weekly mail ------------------------------------------------------------------------------------
@login_not_required
@csrf_exempt
@from_anywhere
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, POST acts: for the link in the mail, and for a mail program's one click (RFC 8058).

    The signed token stands for the person, so neither a sign-in nor a CSRF token is needed: a mail program has
    neither. It acts whatever the body says, and says 200 however often it is sent.
    """
    if request.method == "POST":
        still_comes = stop_digest(token=token).is_live
    else:
        still_comes = find_subscription(token=token).is_live
    return render_page(request, "frontend/account/unsubscribe.html", {"done": not still_comes})


# --- After a mail came back, or reached somebody else ------------------------------------------------------------
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def not_me(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, POST acts: for whoever gets mail about an account that is not theirs. It names nobody.

    The answer is the same whether or not there is such an account still, and however often it is sent.
    """
    if request.method == "POST":
        disown_address(token=token, now=timezone.now())
    else:
        read_not_me_token(token)
    return render_page(request, "frontend/account/not_me.html", {"done": request.method == "POST"})


@require_POST
def write_again(request: SignedInRequest) -> HttpResponseBase:
    """The reader looked at their address: the weekly mail goes on.

    Where whoever reads that mailbox said it is not theirs, it takes a proof that it is the account's owner who asks.
    """
    return _write_again_proved(request) if has_disowned(user_id=request.user.pk) else _write_again(request)


def _write_again(request: SignedInRequest) -> HttpResponse:
    trust_address(actor_id=request.user.pk)
    messages.success(request, _("We write to you again."))
    return see_other(request, "today")


_write_again_proved = proved_again(_write_again)


# --- Mails that a local installation caught ----------------------------------------------------------------------
@login_not_required
@require_safe
@csp_update({"frame-src": ["'self'"]})
def dev_mail(request: HttpRequest, name: str = "") -> HttpResponse:
    """Every caught mail, and one of them opened. Sign-in codes are among them, so it is there for signed-out people."""
    _only_local()
    opened = _caught(name) if name else None
    context = {
        "mails": list_caught(settings.MAIL_DIR),
        "mail": opened,
        "html_url": resolve_url("dev-mail-html", name=name) if opened and opened.html else "",
    }
    return render_page(request, "frontend/dev/mail.html", context)


@login_not_required
@require_safe
@xframe_options_sameorigin
@csp(
    {
        "default-src": ["'none'"],
        "style-src": ["'unsafe-inline'"],
        "img-src": ["data:"],
        "frame-ancestors": ["'self'"],
        "sandbox": ["allow-top-navigation-by-user-activation"],
    }
)
def dev_mail_html(_request: HttpRequest, name: str = "") -> HttpResponse:
    """The HTML part by itself, as a mail program shows it: its own styles, no script, nothing fetched."""
    _only_local()
    # A link leads out of the frame that the list page shows this in.
    return HttpResponse(_caught(name).html.replace("<head>", '<head><base target="_top">', 1))


def _only_local() -> None:
    if not settings.CATCHES_MAIL:
        raise NotVisible("page")


def _caught(name: str) -> CaughtMail:
    found = find_caught(settings.MAIL_DIR, name)
    if found is None:
        raise NotVisible("mail")
    return found
