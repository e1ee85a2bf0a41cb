"""`Authorization: Bearer attune_…`: a personal token (django-rest-knox)."""

from __future__ import annotations

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox import auth


class TokenAuthentication(auth.TokenAuthentication):
    """Knox's check of digest and expiry, under the standard Bearer scheme (RFC 6750)."""

    def authenticate_header(self, request: object) -> str:
        return 'Bearer realm="attune"'


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
