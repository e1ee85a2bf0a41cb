"""What takes a person who proved a moment ago who they are: as the page, the API asks before it lets somebody in."""

from __future__ import annotations

import time

from allauth.account import app_settings
from allauth.account.authentication import get_authentication_records
from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView


def proved_lately(request: Request) -> bool:
    """Whether whoever asks has a session, and signed in or proved again who they are within the last five minutes."""
    if request.auth is not None:
        return False
    records = get_authentication_records(request, request.user)
    return bool(records) and time.time() - records[-1]["at"] < app_settings.REAUTHENTICATION_TIMEOUT


class ProvedLately(BasePermission):
    """For what somebody else must not do with a phone that lies about."""

    code = "proof_needed"
    message = _("Please open the page for this and prove again that it is you.")

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.method in SAFE_METHODS or proved_lately(request)
