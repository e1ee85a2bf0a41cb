"""Shows each person times in their own zone and words in their own language."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation


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
