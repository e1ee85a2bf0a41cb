"""A person's own choices and tokens."""

from __future__ import annotations

from http import HTTPStatus

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api import serializers as shapes
from accounts.api.proof import ProvedLately
from accounts.notices import tell_actor
from accounts.rules import Change
from accounts.selectors import get_user, list_tokens
from accounts.services import Choices, change_choices, create_token, end_token
from common.api import SessionOnly, actor_of, page_data, read_body
from common.pages import Page


class MeApi(APIView):
    @extend_schema(operation_id="me_read", responses=shapes.MeOutput)
    def get(self, request: Request) -> Response:
        """You, and what you chose."""
        return Response(shapes.MeOutput(get_user(user_id=actor_of(request))).data)

    @extend_schema(operation_id="me_choose", request=shapes.ChoicesInput, responses=shapes.MeOutput)
    def patch(self, request: Request) -> Response:
        """Change your name, language, time zone, mail and who sees what you write by default."""
        choices = Choices(**read_body(shapes.ChoicesInput, request))  # type: ignore[typeddict-item]
        user = change_choices(actor_id=actor_of(request), choices=choices)
        return Response(shapes.MeOutput(user).data)


class TokenListApi(APIView):
    """With the page's own session only: a token that leaked must not be able to make itself successors."""

    permission_classes = [IsAuthenticated, SessionOnly, ProvedLately]

    @extend_schema(operation_id="tokens_list", responses=shapes.TokenPageOutput)
    def get(self, request: Request) -> Response:
        """Your tokens that still work, newest first."""
        tokens = list_tokens(actor_id=actor_of(request), now=timezone.now())
        return Response(page_data(Page(list(tokens)), shapes.TokenOutput))

    @extend_schema(
        operation_id="tokens_create", request=shapes.TokenInput, responses={201: shapes.NewTokenOutput}
    )
    def post(self, request: Request) -> Response:
        """A new token. Its secret is in this answer and nowhere else."""
        actor_id, now = actor_of(request), timezone.now()
        token, secret = create_token(actor_id=actor_id, now=now, **read_body(shapes.TokenInput, request))
        tell_actor(request, Change.KEY_MADE, now=now)
        shown = shapes.TokenOutput(token).data | {"secret": secret}
        return Response(shown, status=HTTPStatus.CREATED)


class TokenApi(APIView):
    permission_classes = [IsAuthenticated, SessionOnly]

    @extend_schema(operation_id="tokens_end", responses={204: None})
    def delete(self, request: Request, token_id: str) -> Response:
        """End one of your tokens at once."""
        end_token(actor_id=actor_of(request), digest=token_id)
        return Response(status=HTTPStatus.NO_CONTENT)
