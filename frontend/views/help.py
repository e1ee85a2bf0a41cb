"""Help: static, for everybody, also signed out and offline. It may be cached, so it holds nothing of a family."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from checklists.selectors import get_help, list_help_countries
from frontend.countries import NAMES, guess_country
from frontend.render import render_page


@login_not_required
@require_safe
@gzip_page  # every phone keeps it; nothing in it is anybody's, and a form's token is masked anew each time
def help_page(request: HttpRequest) -> HttpResponse:
    """What to do when something is not all right, with the numbers of `?country=`, or of the reader's own."""
    codes, language = list_help_countries(), get_language() or "en"
    wanted = request.GET.get("country", guess_country(request)).upper()
    named = sorted(({"code": code, "name": NAMES.get(code, code)} for code in codes), key=_by_name)
    context = {
        "help": get_help(language, wanted if wanted in codes else ""),
        "everywhere": get_help(language),
        "countries": [{"code": "", "name": _("all countries")}, *named],
        "threads": (),
    }
    return render_page(request, "frontend/help/index.html", context)


def _by_name(country: dict[str, str]) -> str:
    return country["name"]
