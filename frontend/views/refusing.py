"""Saying no: to an invitation, to whoever sent it, and taking the latter back."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.selectors import get_verified_address, list_blocked_senders
from accounts.services import unblock_sender
from common.errors import NotVisible
from frontend.current import SignedInRequest
from frontend.forms.account import UnblockForm
from frontend.render import render_page, see_other
from frontend.views.invitations import take_invitation
from households.services import block_inviter, decline_invitation


@login_not_required
@require_POST
def decline(request: HttpRequest) -> HttpResponse:
    """Signed in or not: whoever holds the link reads the mailbox. The answer is the same for every link."""
    decline_invitation(token=take_invitation(request))
    messages.success(request, _("You said no. The link opens nothing more, and nobody is told."))
    return see_other(request, "today")


@login_not_required
@require_POST
def block(request: HttpRequest) -> HttpResponse:
    """Declines, and whoever sent it can write to that address no more."""
    block_inviter(token=take_invitation(request), now=timezone.now())
    messages.success(request, _("Nothing more from this person will reach you here. They are not told."))
    return see_other(request, "today")


@require_safe
def blocked(request: SignedInRequest) -> HttpResponse:
    """Whom the reader wants nothing from, as the reader knew them."""
    context = {
        "blocked": list_blocked_senders(actor_id=request.user.pk),
        "email": get_verified_address(user_id=request.user.pk),
    }
    return render_page(request, "frontend/account/blocked.html", context)


@require_POST
def unblock(request: SignedInRequest) -> HttpResponse:
    form = UnblockForm(request.POST)
    if not form.is_valid():
        raise NotVisible("blocked sender")
    unblock_sender(actor_id=request.user.pk, sender_id=form.cleaned_data["sender"])
    messages.success(request, _("They can write to you again."))
    return see_other(request, "blocked")
