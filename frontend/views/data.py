"""A person's own data: taking all of it along, and having all of it erased."""

from __future__ import annotations

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.notices import tell_actor
from accounts.rules import ERASURE_DELAY, Change
from accounts.services import ask_to_be_erased, confirmation_word
from common.export import file_name, list_tables, stream_export
from common.security import Event, tell
from frontend.current import SignedInRequest, find_home
from frontend.forms.data import ErasureForm
from frontend.forms.fields import posted
from frontend.render import render_page, see_other
from frontend.views.account import proved_again
from frontend.views.household import form_status


@require_safe
def data(request: SignedInRequest) -> HttpResponse:
    """What can be done with everything of one's own. Nothing happens here yet."""
    home = find_home(request)
    context = {
        "household": home.household if home else None,
        "tables": list_tables(person_id=request.user.pk, now=timezone.now()),
        "days": ERASURE_DELAY.days,
    }
    return render_page(request, "frontend/data/overview.html", context)


@require_POST
@proved_again
def export(request: SignedInRequest) -> StreamingHttpResponse:
    """Everything of one's own as a file that is made while it is sent."""
    now = timezone.now()
    tell(Event.EXPORTED, request=request, user=request.user.pk)
    tell_actor(request, Change.DATA_EXPORTED, now=now)
    response = StreamingHttpResponse(
        stream_export(person_id=request.user.pk, now=now), content_type="application/zip"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{file_name(now)}"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@proved_again
def erase(request: SignedInRequest) -> HttpResponse:
    """Asks for the word; then hides everything from everybody, and signs out."""
    now, home = timezone.now(), find_home(request)
    gone_on = timezone.localtime(now + ERASURE_DELAY)
    form = ErasureForm(posted(request))
    if request.method == "POST":
        actor_id = request.user.pk
        if form.run(lambda: ask_to_be_erased(actor_id=actor_id, **form.cleaned_data, now=now)):
            tell(Event.ERASURE_ASKED, request=request, user=actor_id)
            tell_actor(request, Change.ERASURE_ASKED, now=now, day=date_format(gone_on, "j F"))
            logout(request)
            return see_other(request, "erasure-goodbye")
    context = {
        "household": home.household if home else None,
        "form": form,
        "word": confirmation_word(),
        "days": ERASURE_DELAY.days,
        "gone_on": gone_on,
    }
    return render_page(request, "frontend/data/erase.html", context, status=form_status(form))


@login_not_required
@require_safe
def goodbye(request: HttpRequest) -> HttpResponse:
    """What happens now, for whoever asked to be erased; it says the same to everybody."""
    return render_page(request, "frontend/data/goodbye.html", {"days": ERASURE_DELAY.days})


@require_safe
def taken_back(request: SignedInRequest) -> HttpResponse:
    """Where whoever had asked to be erased and signed in again arrives."""
    return render_page(request, "frontend/data/taken_back.html", {})
