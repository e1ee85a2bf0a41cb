"""The doors for phones: the page's own session alone, never a token, and codes that a phone can act upon."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, NoReturn

from django.middleware.csrf import get_token
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.api import SessionOnly, SlowDown, actor_of, problem_response, read_body, read_query
from common.api.access import CsrfFailed
from households.rules import SESSION_HOUSEHOLD
from observations.api import sync_shapes as shapes
from observations.rules import BATCH_BYTES_MAX, OPS_MAX, PROTOCOL_MAX, PROTOCOL_MIN, Kind, OpStatus
from observations.selectors import Change, CursorExpired, list_changes
from observations.sync import NoRoom, SentOp, account_of, keep_shut, offer_keys, pack_kit, take_ops

PROTOCOL = OpenApiParameter(
    "X-Sync-Protocol",
    {"type": "string", "pattern": "^[0-9]{1,4}$"},
    OpenApiParameter.HEADER,
    required=True,
    description="The version of the protocol that the client speaks.",
)


# --- What a phone is told when nothing was taken -------------------------------------------------------------------
class SessionExpired(exceptions.NotAuthenticated):
    default_code = "session_expired"
    default_detail = _("Please sign in. What waits on this phone stays there.")


class CsrfStale(exceptions.PermissionDenied):
    default_code = "csrf_stale"
    default_detail = _("This page is too old. Ask for a new session and send the same again.")


class BadRequest(exceptions.APIException):
    status_code = HTTPStatus.BAD_REQUEST
    default_code = "bad_request"
    default_detail = _("This is not in the form that is spoken here.")


class AccountMismatch(exceptions.APIException):
    status_code = HTTPStatus.CONFLICT
    default_code = "account_mismatch"
    default_detail = _("Somebody else is signed in here. Nothing was taken.")


class TooLarge(exceptions.APIException):
    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    default_detail = _("That is more than can be taken at once.")


class ProtocolTooOld(exceptions.APIException):
    status_code = HTTPStatus.UPGRADE_REQUIRED
    default_code = "protocol_too_old"
    default_detail = _("This page is too old to send here. Load it again; what waits stays.")


class CursorGone(exceptions.APIException):
    status_code = HTTPStatus.GONE
    default_code = "cursor_expired"
    default_detail = _("This list has moved on. Please start again from the top.")


class PhoneApi(APIView):
    """Base of the doors for phones."""

    permission_classes = [*APIView.permission_classes, SessionOnly]
    problem_statuses: tuple[int, ...] = ()

    def permission_denied(self, request: Request, message: Any = None, code: Any = None) -> NoReturn:
        if not request.user.is_authenticated:
            raise SessionExpired
        super().permission_denied(request, message, code)

    def get_exception_handler(self) -> Callable[[Exception, Mapping[str, Any]], Response | None]:
        return _phone_problem


def _phone_problem(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """The same problem documents as everywhere, but that a phone finds one code for whatever is wrong with the form."""
    if isinstance(error, CsrfFailed):
        error = CsrfStale()
    response = problem_response(error, context)
    if response is not None and response.status_code == HTTPStatus.BAD_REQUEST and response.data:
        response.data["code"] = "bad_request"
    return response


# --- Doors -------------------------------------------------------------------------------------------------------
class SyncSessionApi(PhoneApi):
    @extend_schema(operation_id="sync_session", responses=shapes.SessionOutput)
    def get(self, request: Request) -> Response:
        """Asked before every flush: who is signed in, a CSRF token, the clock, and the keys to seal to."""
        now = timezone.now()
        answer = {
            "account": account_of(_public_id(request)),
            "csrf": get_token(request._request),
            "server_time": now,
            "protocol": {"min": PROTOCOL_MIN, "max": PROTOCOL_MAX},
            "keys": [
                {"kid": key.kid, "pub": _base64url(key.public), "not_after": key.not_after}
                for key in offer_keys(now=now)
            ],
            "limits": {"ops": OPS_MAX, "bytes": BATCH_BYTES_MAX},
        }
        return Response(shapes.SessionOutput(answer).data)


class SyncKitApi(PhoneApi):
    @extend_schema(operation_id="sync_kit", responses=shapes.KitOutput)
    def get(self, request: Request) -> Response:
        """What the log form needs without a network: whom a moment can be with, and nothing anybody wrote."""
        kit = pack_kit(actor_id=actor_of(request), household_id=_chosen_household(request))
        home = {"id": kit.household_id, "timezone": kit.timezone} if kit.household_id else None
        answer = {name: getattr(kit, name) for name in kit.__slots__} | {"household": home}
        return Response(shapes.KitOutput(answer).data)


class SyncApi(PhoneApi):
    problem_statuses = (426,)

    @extend_schema(
        operation_id="sync_send",
        parameters=[PROTOCOL],
        request=shapes.SyncInput,
        responses=shapes.SyncOutput,
    )
    def post(self, request: Request) -> Response:
        """Take what waited on a phone: each operation once, however often it is sent, with a result for each."""
        now = timezone.now()
        _check_protocol(request)
        body = read_body(shapes.SyncInput, request)
        _check_account(request, body["account"])
        results = take_ops(
            actor_id=actor_of(request),
            ops=[SentOp(**op) for op in body["ops"]],
            client_now=body["client_now"],
            now=now,
        )
        return Response(shapes.SyncOutput({"results": results, "server_time": now}).data)


class SyncRescueApi(PhoneApi):
    @extend_schema(operation_id="sync_rescue", request=shapes.RescueInput, responses=shapes.RescueOutput)
    def post(self, request: Request) -> Response:
        """Keep what cannot be taken, sealed as it is, for its author alone; it is tried again when a key turns up."""
        body = read_body(shapes.RescueInput, request)
        _check_account(request, body["account"])
        now = timezone.now()
        try:
            for op in body["ops"]:
                reason = op.pop("reason")
                keep_shut(actor_id=actor_of(request), sent=SentOp(**op), reason=reason, now=now)
        except NoRoom as error:
            raise SlowDown from error
        results = [{"op_id": op["op_id"], "status": OpStatus.RESCUED} for op in body["ops"]]
        return Response(shapes.RescueOutput({"results": results}).data)


class ChangesApi(PhoneApi):
    problem_statuses = (410,)

    @extend_schema(
        operation_id="changes_list", parameters=[shapes.ChangesQuery], responses=shapes.ChangesOutput
    )
    def get(self, request: Request) -> Response:
        """What is different since you last asked, as you may see it now. Nothing of it is to be stored on a phone."""
        now = timezone.now()
        query = read_query(shapes.ChangesQuery, request)
        try:
            page = list_changes(
                actor_id=actor_of(request),
                household_id=query.get("household"),
                cursor=query.get("cursor", ""),
                limit=query["limit"],
                now=now,
            )
        except CursorExpired as error:
            raise CursorGone from error
        answer = {
            "items": [_change(change, actor_of(request)) for change in page.items],
            "next": page.next,
            "has_more": page.has_more,
            "server_time": now,
        }
        return Response(
            shapes.ChangesOutput(answer, context={"reader_id": actor_of(request)}).data,
            headers={"Cache-Control": "no-store"},
        )


# --- What they share ---------------------------------------------------------------------------------------------
def _check_protocol(request: Request) -> None:
    version = request.headers.get("X-Sync-Protocol", "")
    if not (version.isascii() and version.isdecimal() and len(version) <= 4):
        raise BadRequest
    if not PROTOCOL_MIN <= int(version) <= PROTOCOL_MAX:
        raise ProtocolTooOld


def _check_account(request: Request, account: str) -> None:
    if account != account_of(_public_id(request)):
        raise AccountMismatch


def _change(change: Change, reader_id: int) -> dict[str, Any]:
    row = change.row
    return {
        "id": change.id,
        "author": change.author,
        "rev": row.revision if row is not None and row.author_id == reader_id else None,
        "kind": "removed" if row is None else "upsert",
        "moment": row if row is not None and row.kind == Kind.MOMENT else None,
        "self_check": row if row is not None and row.kind == Kind.SELF_CHECK else None,
    }


def _public_id(request: Request) -> uuid.UUID:
    found: uuid.UUID = getattr(request.user, "public_id")  # noqa: B009 - the anonymous user has none
    return found


def _chosen_household(request: Request) -> uuid.UUID | None:
    chosen = request.session.get(SESSION_HOUSEHOLD)
    return uuid.UUID(chosen) if chosen else None


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
