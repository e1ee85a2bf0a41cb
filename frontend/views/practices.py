"""The library of practices, the four threads of listening, and questions to ask oneself."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from checklists.rules import OptionKind
from checklists.selectors import get_content, get_practice
from frontend.current import SignedInRequest
from frontend.render import render_page


@require_safe
def practices(request: SignedInRequest) -> HttpResponse:
    content = get_content(request.user.language)
    found = [
        {"practice": practice, "dimension_label": content.dimensions[practice.dimension].label}
        for practice in content.practices
    ]
    return render_page(request, "frontend/practices/list.html", {"practices": found})


@require_safe
def practice(request: SignedInRequest, slug: str) -> HttpResponse:
    content = get_content(request.user.language)
    found = get_practice(slug, request.user.language)
    contexts = content.options_of[OptionKind.CONTEXT]
    context = {
        "practice": found,
        "dimension_label": content.dimensions[found.dimension].label,
        "contexts": [contexts[key].label for key in found.contexts if key in contexts],
    }
    return render_page(request, "frontend/practices/detail.html", context)


@require_safe
def threads(request: SignedInRequest) -> HttpResponse:
    """How listening looks in tune and missed, side by side, and three questions for the adult alone."""
    content = get_content(request.user.language)
    context = {"threads": content.threads, "prompts": content.self_prompts}
    return render_page(request, "frontend/practices/threads.html", context)
