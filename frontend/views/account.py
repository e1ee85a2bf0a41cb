"""A person's own choices, and their keys to the API."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.notices import tell_actor
from accounts.rules import Change
from accounts.selectors import list_tokens
from accounts.services import change_choices, create_token, end_token
from checklists.selectors import get_content
from common.errors import NotVisible
from frontend.current import Home, SignedInRequest, find_home
from frontend.forms.account import ChoicesForm, EndTokenForm, TokenForm
from frontend.forms.fields import posted
from frontend.render import render_page, see_other
from frontend.views.household import form_status
from households.selectors import has_grants
from observations.selectors import get_focus
from observations.services import choose_focus

View = Callable[..., HttpResponseBase]
# Whoever signed in or proved who they are within five minutes passes; everybody else is asked, and the form then goes
# on as it was sent. How somebody proves it, `accounts.adapter` decides.
proved_again: Callable[[View], View] = reauthentication_required(allow_get=True)

_KEPT = (
    "display_name",
    "language",
    "timezone",
    "standing_visibility",
    "discreet",
    "digest_level",
    "digest_weekday",
    "digest_hour",
)


@require_http_methods(["GET", "HEAD", "POST"])
def choices(request: SignedInRequest) -> HttpResponse:
    """Name, language, zone, mail, who sees what by default, and the focus in the current household."""
    home = find_home(request)
    form = ChoicesForm(
        posted(request),
        initial=_known(request, home),
        content=get_content(request.user.language),
        has_household=home is not None,
        coaches=has_grants(actor_id=request.user.pk, now=timezone.now()),
    )
    if request.method == "POST" and form.run(lambda: _choose(request, home, form)):
        messages.success(request, _("Saved."))
        return see_other(request, "choices")
    context = {"form": form, "household": home.household if home else None}
    return render_page(request, "frontend/account/choices.html", context, status=form_status(form))


def _known(request: SignedInRequest, home: Home | None) -> dict[str, object]:
    known = {name: getattr(request.user, name) for name in _KEPT}
    focus = get_focus(actor_id=request.user.pk, household_id=home.household.pk) if home else None
    return {**known, "focus": focus.dimension if focus else ""}


def _choose(request: SignedInRequest, home: Home | None, form: ChoicesForm) -> bool:
    change_choices(actor_id=request.user.pk, choices=form.chosen())
    if home is not None:
        choose_focus(
            actor_id=request.user.pk,
            household_id=home.household.public_id,
            dimension=form.cleaned_data["focus"],
            now=timezone.now(),
        )
    return True


@require_http_methods(["GET", "HEAD", "POST"])
@proved_again
def tokens(request: SignedInRequest) -> HttpResponse:
    """The keys to the API. The secret of a new one is in this answer and nowhere else, ever."""
    now = timezone.now()
    form, secret = TokenForm(posted(request)), ""
    if request.method == "POST":
        made = form.run(lambda: create_token(actor_id=request.user.pk, **form.cleaned_data, now=now))
        if made:
            form, secret = TokenForm(), made[1]
            tell_actor(request, Change.KEY_MADE, now=now)
    context = {"form": form, "secret": secret, "tokens": list_tokens(actor_id=request.user.pk, now=now)}
    return render_page(request, "frontend/account/tokens.html", context, status=form_status(form))


@require_POST
def token_end(request: SignedInRequest) -> HttpResponse:
    form = EndTokenForm(request.POST)
    if not form.is_valid():
        raise NotVisible("token")
    end_token(actor_id=request.user.pk, digest=form.cleaned_data["token"])
    messages.success(request, _("The token no longer works."))
    return see_other(request, "tokens")
