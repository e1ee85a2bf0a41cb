"""Edits that name the revision they are based on, so that nobody overwrites what they have not seen."""

from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import exceptions
from rest_framework.request import Request

IF_MATCH = OpenApiParameter(
    "If-Match",
    {"type": "string", "pattern": '^(W/)?"[0-9]{1,9}"$'},
    OpenApiParameter.HEADER,
    required=True,
    description="The revision you have seen, as its `ETag` names it.",
)


class PreconditionRequired(exceptions.APIException):
    status_code = HTTPStatus.PRECONDITION_REQUIRED
    default_detail = _('Name the revision you have seen: If-Match: "<revision>".')
    default_code = "precondition_required"


def expected_revision(request: Request) -> int:
    """The revision in `If-Match: "3"`. A proxy that compresses marks it as weak, which changes nothing here.

    Raises:
        PreconditionRequired: the header is missing or not a revision of ours.
    """
    tag = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
    if not (tag.isascii() and tag.isdecimal() and len(tag) <= 9):
        raise PreconditionRequired
    return int(tag)


def etag(revision: int) -> dict[str, str]:
    """The headers that name this revision."""
    return {"ETag": f'"{revision}"'}
