"""The reader's own weeks and thoughts, for the family's own programs."""

from __future__ import annotations

from http import HTTPStatus

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.api import actor_of, page_data, read_body, read_query
from reflections.api import serializers as shapes
from reflections.selectors import get_reflection, list_reflections, list_thoughts
from reflections.services import report_sentence, take_back_report, write_thought


class ReflectionListApi(APIView):
    @extend_schema(
        operation_id="reflections_list", parameters=[shapes.WeeksQuery], responses=shapes.WeekPageOutput
    )
    def get(self, request: Request) -> Response:
        """Your own weeks, latest first."""
        query = read_query(shapes.WeeksQuery, request)
        page = list_reflections(
            actor_id=actor_of(request),
            household_id=query.get("household"),
            cursor=query.get("cursor", ""),
            limit=query["limit"],
        )
        return Response(page_data(page, shapes.WeekSummaryOutput))


class ReflectionApi(APIView):
    @extend_schema(
        operation_id="reflections_read", parameters=[shapes.WeekQuery], responses=shapes.ReflectionOutput
    )
    def get(self, request: Request, week: str) -> Response:
        """One of your own weeks as it stands now, in words, with the rule and the moments behind each sentence."""
        query = read_query(shapes.WeekQuery, request)
        page = get_reflection(
            actor_id=actor_of(request), label=week, household_id=query.get("household"), now=timezone.now()
        )
        return Response(shapes.ReflectionOutput(page).data)


class ThoughtListApi(APIView):
    @extend_schema(
        operation_id="thoughts_list", parameters=[shapes.WeekQuery], responses=shapes.ThoughtListOutput
    )
    def get(self, request: Request, week: str) -> Response:
        """Your thoughts on this week, and those that others in the household shared."""
        query = read_query(shapes.WeekQuery, request)
        thoughts = list_thoughts(actor_id=actor_of(request), label=week, household_id=query.get("household"))
        return Response(shapes.shown_thoughts(list(thoughts)))

    @extend_schema(
        operation_id="thoughts_write", request=shapes.ThoughtInput, responses={201: shapes.ThoughtOutput}
    )
    def post(self, request: Request, week: str) -> Response:
        """Write down what you make of your week; only you see it unless you say otherwise."""
        values = read_body(shapes.ThoughtInput, request)
        thought = write_thought(
            actor_id=actor_of(request),
            label=week,
            household_id=values.pop("household", None),
            **values,
            now=timezone.now(),
        )
        return Response(shapes.ThoughtOutput(thought).data, status=HTTPStatus.CREATED)


class ReportListApi(APIView):
    @extend_schema(
        operation_id="reports_write", request=shapes.ReportInput, responses={200: shapes.ReportOutput}
    )
    def post(self, request: Request, week: str) -> Response:
        """Say that a sentence of your week is wrong, and hide it for that week if you like."""
        values = read_body(shapes.ReportInput, request)
        report = report_sentence(
            actor_id=actor_of(request),
            label=week,
            household_id=values.get("household"),
            rule=values["rule"],
            is_hidden=values.get("hidden"),
            words=values.get("words"),
            now=timezone.now(),
        )
        return Response(shapes.ReportOutput(report).data)


class ReportApi(APIView):
    @extend_schema(operation_id="reports_take_back", parameters=[shapes.WeekQuery], responses={204: None})
    def delete(self, request: Request, week: str, rule: str) -> Response:
        """Take it back: the sentence is right after all, and shown as it was."""
        query = read_query(shapes.WeekQuery, request)
        take_back_report(
            actor_id=actor_of(request), label=week, household_id=query.get("household"), rule=rule
        )
        return Response(status=HTTPStatus.NO_CONTENT)
