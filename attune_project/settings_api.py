"""The settings of the API door: REST framework, its tokens and its description. Nothing in them is secret or local."""

from __future__ import annotations

from typing import Any

from accounts.rules import TokenScope, Visibility
from households.rules import GrantScope

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "common.api.SessionAuthentication",
        "accounts.api.authentication.TokenAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated", "common.api.TokenMayWrite"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["common.api.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "common.api.schema.ProblemAutoSchema",
    "EXCEPTION_HANDLER": "common.api.problem_response",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
KNOX_TOKEN_MODEL = "accounts.ApiToken"
# Knox's migrations make its own token table although ours takes its place: an empty one, but with a key to the people.
MIGRATION_MODULES = {"knox": None}
REST_KNOX = {
    "TOKEN_MODEL": "accounts.ApiToken",
    "AUTH_HEADER_PREFIX": "Bearer",
    "AUTO_REFRESH": False,
    "TOKEN_PREFIX": "attune_",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Attune API",
    "DESCRIPTION": "The same use cases as the pages, for the family's own programs. See docs/api.md.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "VisibilityEnum": list(Visibility),
        "ScopeEnum": list(TokenScope),
        "GrantScopeEnum": list(GrantScope),
        "WeekKindEnum": ["week", "missed", "hard", "quiet"],
    },
}
