"""Shows each person times in their own zone and words in their own language, and lets go whoever wants to go."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable

from django.contrib.auth import logout
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation


class ErasureMiddleware:
    """Signs whoever asked to be erased out of every device, with its next request. Signing in again takes it back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated and request.user.erase_at is not None:
            logout(request)
        return self.get_response(request)


class PersonalSettingsMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.get_response(request)
        with (
            timezone.override(zoneinfo.ZoneInfo(request.user.timezone)),
            translation.override(request.user.language),
        ):
            return self.get_response(request)
