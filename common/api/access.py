"""Who may use the API: the page's own session, or a personal token within its scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from rest_framework import authentication, exceptions, permissions
from rest_framework.request import Request

if TYPE_CHECKING:
    # REST framework's views read the settings, and those name this module: a real import would go in a circle.
    from rest_framework.views import APIView


class CsrfFailed(exceptions.PermissionDenied):
    """Told apart from a refusal: the client fetches a new CSRF token and sends the same request again."""

    default_code = "csrf_failed"


class SessionAuthentication(authentication.SessionAuthentication):
    """The page's own cookie session. An expired one answers 401, so that a client knows to ask for sign-in."""

    def authenticate_header(self, request: Request) -> str:
        return 'Session realm="attune"'

    def enforce_csrf(self, request: Request) -> None:
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied as error:
            raise CsrfFailed(str(error.detail)) from error


class TokenMayWrite(permissions.BasePermission):
    """A token changes things only with the scope `write`; a session always may."""

    message = _("This token may only read.")

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.method in permissions.SAFE_METHODS or request.auth is None or may_write(request.auth)


def may_write(token: object) -> bool:
    """Whether *token* says that it may change things; one that says nothing may not."""
    return getattr(token, "scope", "") == "write"


class SessionOnly(permissions.BasePermission):
    """For what a token must never reach: making and ending tokens."""

    message = _("Please sign in on the page for this; a token cannot do it.")

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.auth is None


def actor_of(request: Request) -> int:
    """The key of the person who asks; permissions have made sure that there is one."""
    key: int | None = request.user.pk
    if key is None:
        raise exceptions.NotAuthenticated
    return key
