"""What takes a person who proved a moment ago who they are."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.proof import proved_lately


class ProvedLately(BasePermission):
    """For what somebody else must not do with a phone that lies about: as the page, it asks who is there."""

    code = "proof_needed"
    message = _("Please open the page for this and prove again that it is you.")

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.method in SAFE_METHODS or proved_lately(request)
