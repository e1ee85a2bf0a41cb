"""Mail seen from a browser: stopping it with one click, and looking at what a local installation caught."""

from __future__ import annotations

from csp.decorators import csp, csp_update
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from common.errors import NotVisible
from frontend.caught_mail import CaughtMail, find_caught, list_caught
from frontend.render import render_page


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
        "sandbox": [""],
    }
)
def dev_mail_html(_request: HttpRequest, name: str) -> HttpResponse:
    """The HTML part by itself, as a mail program shows it: its own styles, no script, nothing fetched."""
    _only_local()
    return HttpResponse(_caught(name).html)


def _only_local() -> None:
    if not settings.CATCHES_MAIL:
        raise NotVisible("page")


def _caught(name: str) -> CaughtMail:
    found = find_caught(settings.MAIL_DIR, name)
    if found is None:
        raise NotVisible("mail")
    return found
