"""The API door's base: strict JSON in, problem documents out, conditional edits.

The settings name classes from here, and DRF loads those while its own views are still loading. So whatever needs
`APIView` is imported from its own module: `common.api.schema`, `common.api.views`.
"""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from common.api.access import SessionAuthentication, SessionOnly, TokenMayWrite, actor_of
from common.api.conditional import IF_MATCH, PreconditionRequired, etag, expected_revision
from common.api.fields import (
    Day,
    Input,
    Instant,
    Output,
    PageOutput,
    PublicId,
    QueryNumber,
    Text,
    WholeNumber,
    YesOrNo,
    read_body,
    read_query,
)
from common.api.parsing import StrictJSONParser, read_json
from common.api.problems import (
    PROBLEM_JSON,
    ProblemOutput,
    SlowDown,
    domain_errors,
    is_api,
    problem,
    problem_response,
)
from common.pages import Page

__all__ = [
    "IF_MATCH",
    "PROBLEM_JSON",
    "Day",
    "Input",
    "Instant",
    "Output",
    "PageOutput",
    "PreconditionRequired",
    "ProblemOutput",
    "PublicId",
    "QueryNumber",
    "SessionAuthentication",
    "SessionOnly",
    "SlowDown",
    "StrictJSONParser",
    "Text",
    "TokenMayWrite",
    "WholeNumber",
    "YesOrNo",
    "actor_of",
    "domain_errors",
    "etag",
    "expected_revision",
    "is_api",
    "page_data",
    "problem",
    "problem_response",
    "read_body",
    "read_json",
    "read_query",
]


def page_data(
    page: Page[Any], serializer: type[serializers.Serializer[Any]], **context: Any
) -> dict[str, Any]:
    """A page of a list as the API shows it: `items`, and `next_cursor` (null on the last page)."""
    items = serializer(page.items, many=True, context=context).data
    return {"items": items, "next_cursor": page.next_cursor or None}
