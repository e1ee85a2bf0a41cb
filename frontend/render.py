"""How a view answers: a whole page, or the one piece of it that htmx asked to swap."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails


def render_page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    partial: str = "",
    status: int = 200,
) -> HttpResponse:
    """*template*, or only its *partial* when htmx swaps a piece of the page.

    The view names the partial, never the client. A boosted link and a step back in history get the whole page.
    """
    name = f"{template}#{partial}" if partial and is_swap(request) else template
    response = render(request, name, dict(context), status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def is_swap(request: HttpRequest) -> bool:
    """Whether htmx wants a piece to put into the page that is already there."""
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def see_other(request: HttpRequest, to: Any, **kwargs: Any) -> HttpResponse:
    """Go and look there with a GET: what every form that did its work answers."""
    url = resolve_url(to, **kwargs)
    if is_swap(request):
        return HttpResponseClientRedirect(url)
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return response
