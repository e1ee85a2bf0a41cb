"""Letting a coach in and out, and who looked, for the author's own programs. There is nothing here for coaches."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.proof import ProvedLately
from accounts.notices import tell_actor
from accounts.proof import proved_lately
from accounts.rules import Change
from common.api import SessionOnly, TokenMayWrite, actor_of, page_data, read_body, read_query
from common.pages import Page
from households.api import grant_shapes as shapes
from households.selectors import get_grant, list_access, list_briefings, list_grants
from households.services import change_grant, deliver_offer, offer_grant, renew_grant, withdraw_grant


class BriefingListApi(APIView):
    @extend_schema(operation_id="briefings_list", responses=shapes.BriefingPageOutput)
    def get(self, request: Request) -> Response:
        """What to read before letting a coach in, one briefing for each country."""
        return Response(page_data(Page(list_briefings()), shapes.BriefingOutput))


class GrantListApi(APIView):
    def get_permissions(self) -> list[Any]:
        """Letting somebody in takes a person who just proved who they are; a token only looks."""
        kinds = [IsAuthenticated, TokenMayWrite]
        if self.request.method == "POST":
            kinds += [SessionOnly, ProvedLately]
        return [kind() for kind in kinds]

    @extend_schema(
        operation_id="grants_list", parameters=[shapes.GrantsQuery], responses=shapes.GrantPageOutput
    )
    def get(self, request: Request) -> Response:
        """Your own grants and offers, newest first. Nobody else in the household sees them."""
        now, query = timezone.now(), read_query(shapes.GrantsQuery, request)
        grants = list_grants(actor_id=actor_of(request), household_id=query.get("household"), now=now)
        return Response(page_data(Page(list(grants)), shapes.GrantOutput, now=now))

    @extend_schema(
        operation_id="grants_offer", request=shapes.GrantInput, responses={201: shapes.GrantOutput}
    )
    def post(self, request: Request) -> Response:
        """Offer a coach to look at your own moments; the mail goes out at once. With a session and a fresh proof."""
        values, now = read_body(shapes.GrantInput, request), timezone.now()
        household_id = values.pop("household")
        grant, token = offer_grant(
            actor_id=actor_of(request), household_id=household_id, **shapes.said_terms(values), now=now
        )
        deliver_offer(actor_id=actor_of(request), grant_id=grant.public_id, token=token, now=now)
        tell_actor(request, Change.COACH_LET_IN, now=now)
        return _shown(request, grant.public_id, status=HTTPStatus.CREATED)


class GrantApi(APIView):
    @extend_schema(operation_id="grants_read", responses=shapes.GrantOutput)
    def get(self, request: Request, grant_id: uuid.UUID) -> Response:
        """One of your own that is offered or live."""
        return _shown(request, grant_id)

    @extend_schema(operation_id="grants_change", request=shapes.GrantEditInput, responses=shapes.GrantOutput)
    def patch(self, request: Request, grant_id: uuid.UUID) -> Response:
        """Show less, at once. Showing more takes a session and a fresh proof."""
        now = timezone.now()
        changed = change_grant(
            actor_id=actor_of(request),
            grant_id=grant_id,
            **shapes.said_terms(read_body(shapes.GrantEditInput, request)),
            may_widen=request.auth is None and proved_lately(request),
            now=now,
        )
        if changed.is_wider:
            tell_actor(request, Change.GRANT_WIDENED, now=now)
        return _shown(request, grant_id)

    @extend_schema(operation_id="grants_withdraw", responses={204: None})
    def delete(self, request: Request, grant_id: uuid.UUID) -> Response:
        """End it at once: the coach's next request finds nothing."""
        withdraw_grant(actor_id=actor_of(request), grant_id=grant_id, now=timezone.now())
        return Response(status=HTTPStatus.NO_CONTENT)


class GrantRenewApi(APIView):
    permission_classes = [IsAuthenticated, SessionOnly, ProvedLately]

    @extend_schema(operation_id="grants_renew", request=None, responses=shapes.GrantOutput)
    def post(self, request: Request, grant_id: uuid.UUID) -> Response:
        """Another 180 days, in its last two weeks. With a session and a fresh proof."""
        now = timezone.now()
        renew_grant(actor_id=actor_of(request), grant_id=grant_id, now=now)
        tell_actor(request, Change.GRANT_WIDENED, now=now)
        return _shown(request, grant_id)


class AccessListApi(APIView):
    @extend_schema(
        operation_id="access_list", parameters=[shapes.AccessQuery], responses=shapes.AccessPageOutput
    )
    def get(self, request: Request) -> Response:
        """Which coach or operator opened what of yours, latest first. The other members are never in it."""
        query = read_query(shapes.AccessQuery, request)
        page = list_access(
            actor_id=actor_of(request), household_id=query.get("household"), cursor=query.get("cursor", "")
        )
        return Response(page_data(page, shapes.AccessOutput))


def _shown(request: Request, grant_id: uuid.UUID, *, status: int = HTTPStatus.OK) -> Response:
    now = timezone.now()
    grant = get_grant(actor_id=actor_of(request), grant_id=grant_id, now=now)
    return Response(shapes.GrantOutput(grant, context={"now": now}).data, status=status)
