"""The API door's base: strict JSON in, problem documents out, conditional edits.

Errors are RFC 9457 problem documents; `errors` maps a field to its messages with their codes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import IO, Any

from django.core.exceptions import NON_FIELD_ERRORS
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import ValidationError as DomainValidationError
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.openapi import AutoSchema
from rest_framework import authentication, exceptions, permissions, serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.errors import Conflict, NotVisible, Refused
from common.pages import Page

PROBLEM_JSON = "application/problem+json"
MAX_JSON_DEPTH = 8
MAX_NUMBER_CHARS = 32

FieldErrors = dict[str, list[dict[str, str]]]


# --- In ----------------------------------------------------------------------------------------------------------
class SessionAuthentication(authentication.SessionAuthentication):
    """The page's own cookie session. An expired one answers 401, so that a client knows to ask for sign-in."""

    def authenticate_header(self, request: Request) -> str:
        return 'Session realm="attune"'


class TokenMayWrite(permissions.BasePermission):
    """A token changes things only with the scope `write`; a session always may."""

    message = "This token may only read."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return (
            request.method in permissions.SAFE_METHODS or getattr(request.auth, "scope", "write") == "write"
        )


class StrictJSONParser(BaseParser):
    """JSON without surprises: UTF-8, at most 8 levels, no duplicate keys, no NaN, no absurdly long numbers."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            text = stream.read().decode("utf-8")
            if _depth(text) > MAX_JSON_DEPTH:
                raise exceptions.ParseError(_("This JSON is nested too deeply."))
            return json.loads(
                text,
                object_pairs_hook=_unique_keys,
                parse_constant=_no_constant,
                parse_int=_short_number(int),
                parse_float=_short_number(float),
            )
        except ValueError as error:
            raise exceptions.ParseError(_("This is not JSON that can be read.")) from error


def _depth(text: str) -> int:
    """How deeply *text* nests, found without recursion: brackets inside strings do not count."""
    depth = deepest = 0
    in_string = escaped = False
    for char in text:
        if in_string:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == '"':
                in_string = False
        elif char == '"':
            in_string = True
        elif char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    return deepest


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise exceptions.ParseError(_("The same key stands twice in this JSON."))
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _short_number(read: Callable[[str], Any]) -> Callable[[str], Any]:
    def parse(digits: str) -> Any:
        if len(digits) > MAX_NUMBER_CHARS:
            raise ValueError("number too long")
        return read(digits)

    return parse


def expected_revision(request: Request) -> int:
    """The revision in `If-Match: "3"`, which an edit must name so that nobody overwrites what they have not seen.

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


class PreconditionRequired(exceptions.APIException):
    status_code = HTTPStatus.PRECONDITION_REQUIRED
    default_detail = 'Name the revision you have seen: If-Match: "<revision>".'
    default_code = "precondition_required"


# --- Out ---------------------------------------------------------------------------------------------------------
class ProblemOutput(serializers.Serializer[Any]):
    """An RFC 9457 problem document."""

    type = serializers.CharField(default="about:blank")
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField(required=False)
    errors = serializers.DictField(
        child=serializers.ListField(child=serializers.DictField(child=serializers.CharField())),
        required=False,
    )


def page_data(
    page: Page[Any], serializer: type[serializers.Serializer[Any]], **context: Any
) -> dict[str, Any]:
    """A page of a list as the API shows it: `items`, and `next_cursor` (null on the last page)."""
    items = serializer(page.items, many=True, context=context).data
    return {"items": items, "next_cursor": page.next_cursor or None}


def problem(
    status: int, *, code: str = "", detail: str = "", errors: FieldErrors | None = None
) -> HttpResponse:
    """A problem document outside of DRF's view machinery."""
    body = _problem_body(status, code=code, detail=detail, errors=errors)
    return HttpResponse(json.dumps(body), status=status, content_type=PROBLEM_JSON)


def problem_response(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler: every error of the API as a problem document; None lets a bug be a 500."""
    status, code, detail, errors = _describe(error, conditional="If-Match" in context["request"].headers)
    if not status:
        return None
    headers = {}
    if isinstance(error, exceptions.APIException):
        if header := getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = header
        if wait := getattr(error, "wait", None):
            headers["Retry-After"] = str(int(wait))
    body = _problem_body(status, code=code, detail=detail, errors=errors)
    return Response(body, status=status, headers=headers, content_type=PROBLEM_JSON)


def _describe(error: Exception, *, conditional: bool) -> tuple[int, str, str, FieldErrors | None]:
    """Status, code, detail and field errors of *error*; status 0 for what is no answer but a bug."""
    match error:
        case DomainValidationError():
            return 400, "invalid", "", domain_errors(error)
        case NotVisible() | Http404():
            return 404, "not_found", "", None
        case Conflict():
            return (412 if conditional else 409), "changed", str(error), None
        case Refused() | DjangoPermissionDenied():
            return 403, "refused", str(error), None
        case exceptions.ValidationError():
            return 400, "invalid", "", _serializer_errors(error.detail)
        case exceptions.APIException():
            codes = error.get_codes()
            return (
                error.status_code,
                codes if isinstance(codes, str) else "invalid",
                str(error.detail),
                None,
            )
    return 0, "", "", None


def _problem_body(status: int, *, code: str, detail: str, errors: FieldErrors | None) -> dict[str, Any]:
    title = HTTPStatus(status).phrase
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status}
    body["code"] = code or title.lower().replace(" ", "_")
    if detail:
        body["detail"] = _sendable(detail)
    if errors:
        body["errors"] = errors
    return body


def domain_errors(error: DomainValidationError) -> FieldErrors:
    """The field errors of a use case in the API's form."""
    by_field = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
    return {
        name.strip("_"): [
            {"message": _sendable(" ".join(item.messages)), "code": str(item.code or "invalid")}
            for item in items
        ]
        for name, items in by_field.items()
    }


def _serializer_errors(detail: Any, path: str = "") -> FieldErrors:
    """DRF's nested error detail, flattened to `field.0.inner` paths."""
    if isinstance(detail, Mapping):
        pairs = [(str(key), value) for key, value in detail.items()]
    elif detail and isinstance(detail[0], list | dict):
        pairs = [(str(index), value) for index, value in enumerate(detail)]
    else:
        return {
            _sendable(path) or "all": [
                {"message": _sendable(str(item)), "code": str(getattr(item, "code", "invalid"))}
                for item in detail
            ]
        }
    found: FieldErrors = {}
    for key, value in pairs:
        found |= _serializer_errors(value, f"{path}.{key}".strip(".")) if value else {}
    return found


def _sendable(text: str) -> str:
    """*text* without the lone surrogates that a client may have sent and that no UTF-8 answer can carry."""
    return text.encode("utf-8", "replace").decode("utf-8")


class ProblemAutoSchema(AutoSchema):
    """Adds the problem documents that every operation may answer to the OpenAPI description."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation:
            component = self.resolve_serializer(ProblemOutput, "response")
            for status in self._problem_statuses(operation):
                operation["responses"].setdefault(
                    str(status),
                    {
                        "description": HTTPStatus(status).phrase,
                        "content": {PROBLEM_JSON: {"schema": component.ref}},
                    },
                )
        return operation

    def _problem_statuses(self, operation: Mapping[str, Any]) -> list[int]:
        """Which problem answers this operation may give."""
        statuses = [400, 401, 403, 404, 406]
        if self.method in ("POST", "PUT", "PATCH", "DELETE"):
            statuses += [409, 413, 415]
        if self.method in ("PATCH", "DELETE"):
            statuses += [412, 428]
        return statuses
