"""The weeks: what each one added up to, and one's own words on it."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from frontend.current import Home, SignedInRequest, at_home
from frontend.render import render_page


@require_safe
@at_home
def reflections(request: SignedInRequest, home: Home) -> HttpResponse:
    return render_page(request, "frontend/reflections/list.html", {"household": home.household, "weeks": []})
