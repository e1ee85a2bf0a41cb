"""Errors that come before or instead of everything else: their pages ask neither the session nor the database."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from frontend.look import frame, is_plain_phone


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    del exception  # its words are for the log
    return _page(request, 400)


def server_error(request: HttpRequest) -> HttpResponse:
    return _page(request, 500)


def _page(request: HttpRequest, status: int) -> HttpResponse:
    return HttpResponse(
        render_to_string(f"{status}.html", frame(discreet=is_plain_phone(request))), status=status
    )
