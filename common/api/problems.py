"""Every error of the API is an RFC 9457 problem document; `errors` maps a field to its messages and their codes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, BadRequest, SuspiciousOperation
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import ValidationError as DomainValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.settings import api_settings

from common.api.fields import Output
from common.errors import Conflict, NotVisible, Refused
from common.outages import RETRY_SECONDS, SLOW_DOWN, is_outage, told

PROBLEM_JSON = "application/problem+json"
WHOLE_BODY = "all"  # the name under which errors stand that belong to no single field

FieldErrors = dict[str, list[dict[str, str]]]


class FieldErrorOutput(Output):
    """What is wrong with one field."""

    message = serializers.CharField()
    code = serializers.CharField()


class ProblemOutput(Output):
    """An RFC 9457 problem document."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="For programs: stays the same in every language.")
    detail = serializers.CharField(required=False)
    errors = serializers.DictField(
        child=FieldErrorOutput(many=True),
        required=False,
        help_text="By field, nested ones as `ratings.needs`; `all` is the whole request.",
    )


class SlowDown(exceptions.APIException):
    """Nothing is wrong with the request, and nothing was done: come again."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_code = SLOW_DOWN
    default_detail = _("Please try again in a little while.")
    wait = RETRY_SECONDS


def problem(
    status: int, *, code: str = "", detail: str = "", errors: FieldErrors | None = None
) -> HttpResponse:
    """A problem document outside of DRF's view machinery."""
    body = _problem_body(status, code=code, detail=detail, errors=errors)
    return HttpResponse(json.dumps(body), status=status, content_type=PROBLEM_JSON)


def is_api(request: HttpRequest) -> bool:
    """Whether *request* wants its errors as problem documents."""
    return request.path.startswith("/api/")


def problem_response(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler: every error of the API as a problem document; None lets a bug be a 500."""
    if is_outage(error):
        response = problem_response(SlowDown(), context)
        return response and told(response, request=context["request"], outage=error)
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
            code = codes if isinstance(codes, str) else "invalid"
            return error.status_code, code, str(error.detail), None
        case MultiPartParserError() | BadRequest() | SuspiciousOperation():
            return 400, "bad_request", "", None
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
        WHOLE_BODY if name == NON_FIELD_ERRORS else name: [
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
            _sendable(path.removesuffix(api_settings.NON_FIELD_ERRORS_KEY).strip(".")) or WHOLE_BODY: [
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
