"""The operator's own pages: one account at a time, and how the installation stands.

An account is opened by a POST with a reason, and shown for a quarter of an hour: its id is in the session and in no
address, so no address can be tried out, and looking again after that is another look, told again.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.selectors import count_accounts
from attune_project.operators.forms import ChangeForm, FindAccountForm
from attune_project.operators.services import Change, change_for_operator, look_at, open_for_operator
from common import ledger
from common.errors import NotVisible
from common.limits import count_windows
from households.rules import ONE_LOOK
from reflections.selectors import get_standing

_SESSION_KEY = "opened_account"


@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest, *, site: AdminSite) -> HttpResponse:
    """Opens the account with exactly this address."""
    form = FindAccountForm(request.POST if request.method == "POST" else None)
    now = timezone.now()
    if request.method == "POST":
        found = form.run(
            lambda: open_for_operator(operator_id=_operator(request), **form.cleaned_data, now=now)
        )
        if found:
            request.session[_SESSION_KEY] = {
                "id": str(found),
                "at": now.timestamp(),
                "reason": form.cleaned_data["reason"],
            }
            return redirect("admin:opened-account")
    return _page(
        request, site, "find", title=_("Find an account"), form=form, status=422 if form.errors else 200
    )


@require_safe
def opened(request: HttpRequest, *, site: AdminSite) -> HttpResponse:
    """The account that was opened last, for as long as that is one look."""
    now = timezone.now()
    found = _opened(request, now=now)
    if found is None:
        return redirect("admin:find-account")
    account = look_at(operator_id=_operator(request), account_id=uuid.UUID(found["id"]), now=now)
    changes = [Change.SIGN_OUT, Change.CLOSE] if account.state.is_open else [Change.REOPEN]
    return _page(request, site, "account", title=_("One account"), account=account, changes=changes)


@require_POST
def change(request: HttpRequest, **_site: AdminSite) -> HttpResponse:
    """Closes, reopens or signs out the account that is open."""
    found, form = _opened(request, now=timezone.now()), ChangeForm(request.POST)
    if found is None:
        return redirect("admin:find-account")
    if not form.is_valid():
        raise NotVisible("change")
    change_for_operator(
        operator_id=_operator(request),
        account_id=uuid.UUID(found["id"]),
        change=form.cleaned_data["change"],
        reason=found["reason"],
    )
    messages.success(request, _("Done."))
    return redirect("admin:opened-account")


@require_safe
def state(request: HttpRequest, *, site: AdminSite) -> HttpResponse:
    """Counts and dates: what is sent, what waits, what is counted."""
    now = timezone.now()
    return _page(
        request,
        site,
        "state",
        title=_("How it stands"),
        accounts=count_accounts(),
        standing=get_standing(now=now),
        late=ledger.count_late(now=now),
        counting=count_windows(now=now),
    )


def _page(request: HttpRequest, site: AdminSite, name: str, **context: Any) -> HttpResponse:
    """A page in the frame of the admin."""
    status = context.pop("status", 200)
    template = f"operator/{name}.html"
    return render(request, template, {**site.each_context(request), **context}, status=status)


def _opened(request: HttpRequest, *, now: datetime) -> dict[str, str] | None:
    """What the session says of the account that is open; None when none is, or it has been long enough."""
    found = request.session.get(_SESSION_KEY)
    if found is None or now - datetime.fromtimestamp(found["at"], UTC) >= ONE_LOOK:
        request.session.pop(_SESSION_KEY, None)
        return None
    return dict(found)


def _operator(request: HttpRequest) -> int:
    """Who asks: `operators.gate` has made sure that there is somebody."""
    return int(request.user.pk or 0)
