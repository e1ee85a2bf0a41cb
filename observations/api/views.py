"""Moments, self-checks and the focus, for the family's own programs."""

from __future__ import annotations

import uuid
from http import HTTPStatus

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.api import IF_MATCH, actor_of, etag, expected_revision, page_data, read_body, read_query
from observations.api import serializers as shapes
from observations.models import Observation
from observations.selectors import (
    get_moment,
    get_own_list,
    get_self_check,
    list_earlier,
    list_moments,
    list_self_checks,
    page_revisions,
)
from observations.services import (
    answer_self_check,
    choose_focus,
    delete_moment,
    edit_moment,
    record_moment,
    restore_moment,
)
from observations.shapes import MomentEditInput, said_details


class MomentListApi(APIView):
    @extend_schema(
        operation_id="moments_list", parameters=[shapes.MomentsQuery], responses=shapes.MomentPageOutput
    )
    def get(self, request: Request) -> Response:
        """The moments you may see, latest first."""
        query = read_query(shapes.MomentsQuery, request)
        page = list_moments(
            actor_id=actor_of(request),
            filters=shapes.asked_filters(query),
            cursor=query.get("cursor", ""),
            limit=query["limit"],
        )
        return Response(page_data(page, shapes.MomentOutput, reader_id=actor_of(request)))

    @extend_schema(
        operation_id="moments_record",
        request=shapes.MomentInput,
        responses={201: shapes.MomentOutput, 200: shapes.MomentOutput},
    )
    def post(self, request: Request) -> Response:
        """Record a moment: 201. Sending the same `id` again changes nothing and answers 200 with what is there."""
        values = read_body(shapes.MomentInput, request)
        moment_id, tone = values.pop("id"), values.pop("tone")
        details = said_details(values)
        moment = record_moment(
            actor_id=actor_of(request),
            moment_id=moment_id,
            child_id=details.pop("child_id"),
            tone=tone,
            occurred=details.pop("occurred", None),
            details=details,
            now=timezone.now(),
        )
        status = HTTPStatus.CREATED if moment.is_new else HTTPStatus.OK
        return _moment_response(request, moment_id, status)


class MomentApi(APIView):
    @extend_schema(operation_id="moments_read", responses=shapes.MomentOutput)
    def get(self, request: Request, moment_id: uuid.UUID) -> Response:
        """One moment. The `ETag` of your own is the revision that an edit has to name."""
        return _moment_response(request, moment_id)

    @extend_schema(
        operation_id="moments_edit",
        parameters=[IF_MATCH],
        request=MomentEditInput,
        responses=shapes.MomentOutput,
    )
    def patch(self, request: Request, moment_id: uuid.UUID) -> Response:
        """Change your own moment; what it was is kept as a revision."""
        edit_moment(
            actor_id=actor_of(request),
            moment_id=moment_id,
            revision=expected_revision(request),
            details=said_details(read_body(MomentEditInput, request)),
            now=timezone.now(),
        )
        return _moment_response(request, moment_id)

    @extend_schema(operation_id="moments_delete", parameters=[IF_MATCH], responses={204: None})
    def delete(self, request: Request, moment_id: uuid.UUID) -> Response:
        """Hide your own moment from everybody at once. For seven days you can restore it."""
        delete_moment(
            actor_id=actor_of(request),
            moment_id=moment_id,
            revision=expected_revision(request),
            now=timezone.now(),
        )
        return Response(status=HTTPStatus.NO_CONTENT)


class MomentRestoreApi(APIView):
    @extend_schema(operation_id="moments_restore", request=None, responses=shapes.MomentOutput)
    def post(self, request: Request, moment_id: uuid.UUID) -> Response:
        """Bring back your own moment, within seven days of deleting it."""
        restore_moment(actor_id=actor_of(request), moment_id=moment_id, now=timezone.now())
        return _moment_response(request, moment_id)


class RevisionListApi(APIView):
    @extend_schema(
        operation_id="moments_revisions",
        parameters=[shapes.CursorQuery],
        responses=shapes.RevisionPageOutput,
    )
    def get(self, request: Request, moment_id: uuid.UUID) -> Response:
        """How your own moment was before each edit, latest first. Nobody else has anything here."""
        query = read_query(shapes.CursorQuery, request)
        page = page_revisions(actor_id=actor_of(request), moment_id=moment_id, cursor=query.get("cursor", ""))
        return Response(page_data(page, shapes.RevisionOutput))


class SelfCheckListApi(APIView):
    @extend_schema(
        operation_id="self_checks_list",
        parameters=[shapes.SelfChecksQuery],
        responses=shapes.SelfCheckPageOutput,
    )
    def get(self, request: Request) -> Response:
        """The self-checks you may see, latest week first."""
        query = read_query(shapes.SelfChecksQuery, request)
        page = list_self_checks(
            actor_id=actor_of(request), household_id=query.get("household"), cursor=query.get("cursor", "")
        )
        return Response(page_data(page, shapes.SelfCheckOutput, reader_id=actor_of(request)))

    @extend_schema(
        operation_id="self_checks_answer",
        request=shapes.SelfCheckInput,
        responses={201: shapes.SelfCheckOutput, 200: shapes.SelfCheckOutput},
    )
    def post(self, request: Request) -> Response:
        """Answer for a week: 201. If you had answered for that week, it is edited and keeps its own `id`: 200."""
        values = read_body(shapes.SelfCheckInput, request)
        check = answer_self_check(
            actor_id=actor_of(request),
            check_id=values.pop("id"),
            child_id=values.pop("child"),
            now=timezone.now(),
            **values,
        )
        status = HTTPStatus.CREATED if check.is_new else HTTPStatus.OK
        return _self_check_response(request, check.public_id, status)


class SelfCheckApi(APIView):
    @extend_schema(operation_id="self_checks_read", responses=shapes.SelfCheckOutput)
    def get(self, request: Request, check_id: uuid.UUID) -> Response:
        """One self-check."""
        return _self_check_response(request, check_id)


class OwnQuestionsApi(APIView):
    @extend_schema(
        operation_id="own_questions_read",
        parameters=[shapes.OwnQuestionsQuery],
        responses=shapes.OwnQuestionsOutput,
    )
    def get(self, request: Request) -> Response:
        """Your own questions in one household, for nobody but you. They are written and published on the pages."""
        query = read_query(shapes.OwnQuestionsQuery, request)
        actor_id, household_id, cursor = actor_of(request), query.get("household"), query.get("cursor", "")
        own = get_own_list(actor_id=actor_id, household_id=household_id)
        earlier = list_earlier(actor_id=actor_id, household_id=household_id, cursor=cursor)
        shown = {
            "version": own.number,
            "items": [*(() if cursor else own.current), *earlier.items],
            "next_cursor": earlier.next_cursor or None,
        }
        context = {"asked": {seen.key for seen in own.current}}
        return Response(shapes.OwnQuestionsOutput(shown, context=context).data)


class FocusApi(APIView):
    @extend_schema(operation_id="focus_choose", request=shapes.FocusInput, responses=shapes.FocusOutput)
    def put(self, request: Request, household_id: uuid.UUID) -> Response:
        """Choose which question you are asked by default, from now on."""
        dimension = read_body(shapes.FocusInput, request)["dimension"]
        choose_focus(
            actor_id=actor_of(request),
            household_id=household_id,
            dimension=dimension or "",
            now=timezone.now(),
        )
        return Response(shapes.FocusOutput({"dimension": dimension}).data)


def _moment_response(request: Request, moment_id: uuid.UUID, status: int = HTTPStatus.OK) -> Response:
    """The moment as this reader sees it, read anew: what a write returns carries more than they may see."""
    moment = get_moment(actor_id=actor_of(request), moment_id=moment_id)
    return _shown(shapes.MomentOutput, moment, request=request, status=status)


def _self_check_response(request: Request, check_id: uuid.UUID, status: int = HTTPStatus.OK) -> Response:
    check = get_self_check(actor_id=actor_of(request), check_id=check_id)
    return _shown(shapes.SelfCheckOutput, check, request=request, status=status)


def _shown(
    shape: type[shapes.ObservationOutput], row: Observation, *, request: Request, status: int
) -> Response:
    """*row* for this reader; only its author, who may edit it, learns its revision."""
    reader_id = actor_of(request)
    headers = etag(row.revision) if row.author_id == reader_id else {}
    return Response(shape(row, context={"reader_id": reader_id}).data, status=status, headers=headers)
