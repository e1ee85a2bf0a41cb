"""An author's own programs: what coaches wrote to them. For coaches there is nothing here."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from http import HTTPStatus

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coaching.api import serializers as shapes
from coaching.models import Comment
from coaching.selectors import FocusSeen, get_comment, list_focuses, page_comments, present_coaches
from coaching.services import accept_focus, decline_focus, mark_read, reply_to_comment, stop_focus
from common.api import actor_of, page_data, read_body, read_query


class CommentListApi(APIView):
    @extend_schema(
        operation_id="comments_list", parameters=[shapes.CommentsQuery], responses=shapes.CommentPageOutput
    )
    def get(self, request: Request) -> Response:
        """What coaches wrote to you, latest first. Nobody else in the household sees it."""
        query = read_query(shapes.CommentsQuery, request)
        page = page_comments(
            actor_id=actor_of(request),
            household_id=query.get("household"),
            cursor=query.get("cursor", ""),
            limit=query["limit"],
            now=timezone.now(),
        )
        return Response(page_data(page, shapes.CommentOutput, **_coaches(request, page.items)))


class CommentApi(APIView):
    @extend_schema(operation_id="comments_read", responses=shapes.CommentOutput)
    def get(self, request: Request, comment_id: uuid.UUID) -> Response:
        """One of them."""
        return _shown(request, comment_id)


class CommentReadApi(APIView):
    @extend_schema(operation_id="comments_mark_read", request=None, responses=shapes.CommentOutput)
    def post(self, request: Request, comment_id: uuid.UUID) -> Response:
        """Mark it as read. The coach does not see that you did."""
        mark_read(actor_id=actor_of(request), comment_id=comment_id, now=timezone.now())
        return _shown(request, comment_id)


class CommentReplyListApi(APIView):
    @extend_schema(
        operation_id="comments_reply",
        request=shapes.CommentReplyInput,
        responses={201: shapes.CommentReplyOutput},
    )
    def post(self, request: Request, comment_id: uuid.UUID) -> Response:
        """Answer a coach who still reads along."""
        reply = reply_to_comment(
            actor_id=actor_of(request),
            comment_id=comment_id,
            **read_body(shapes.CommentReplyInput, request),
            now=timezone.now(),
        )
        return Response(shapes.CommentReplyOutput(reply).data, status=HTTPStatus.CREATED)


class CoachFocusListApi(APIView):
    @extend_schema(
        operation_id="focuses_list", parameters=[shapes.FocusesQuery], responses=shapes.CoachFocusListOutput
    )
    def get(self, request: Request) -> Response:
        """What coaches suggested to you to try: what waits for your answer, and what you took."""
        query = read_query(shapes.FocusesQuery, request)
        return Response({"items": shapes.CoachFocusOutput(_focuses(request, **query), many=True).data})


class CoachFocusApi(APIView):
    @extend_schema(operation_id="focuses_answer", request=shapes.CoachFocusAnswerInput, responses={204: None})
    def patch(self, request: Request, focus_id: uuid.UUID) -> Response:
        """Accept, decline or stop. Answering a second time is a conflict."""
        values = read_body(shapes.CoachFocusAnswerInput, request)
        actor_id, now, said = actor_of(request), timezone.now(), values.pop("answer")
        if said == "accept":
            accept_focus(actor_id=actor_id, focus_id=focus_id, **values, now=now)
        elif said == "decline":
            decline_focus(actor_id=actor_id, focus_id=focus_id, now=now)
        else:
            stop_focus(actor_id=actor_id, focus_id=focus_id, now=now)
        return Response(status=HTTPStatus.NO_CONTENT)


def _focuses(request: Request, *, household: uuid.UUID | None = None) -> list[FocusSeen]:
    language = str(getattr(request.user, "language", "en"))
    return list_focuses(
        actor_id=actor_of(request), household_id=household, language=language, now=timezone.now()
    )


def _shown(request: Request, comment_id: uuid.UUID) -> Response:
    comment = get_comment(actor_id=actor_of(request), comment_id=comment_id, now=timezone.now())
    return Response(shapes.CommentOutput(comment, context=_coaches(request, [comment])).data)


def _coaches(request: Request, comments: Sequence[Comment]) -> dict[str, object]:
    coach_ids = {comment.coach_id for comment in comments}
    return {"coaches": present_coaches(actor_id=actor_of(request), coach_ids=coach_ids)}
