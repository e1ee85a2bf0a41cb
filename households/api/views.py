"""Households, their children and members, for the family's own programs."""

from __future__ import annotations

import uuid
from http import HTTPStatus

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.api import actor_of, page_data, read_body, read_query
from common.pages import Page
from households.api import serializers as shapes
from households.selectors import get_child, get_household, list_children, list_households, list_members
from households.services import (
    add_child,
    archive_child,
    create_household,
    edit_child,
    edit_household,
    restore_child,
)


class HouseholdListApi(APIView):
    @extend_schema(operation_id="households_list", responses=shapes.HouseholdPageOutput)
    def get(self, request: Request) -> Response:
        """The households you live in, oldest first."""
        households = list_households(actor_id=actor_of(request))
        return Response(page_data(Page(list(households)), shapes.HouseholdOutput))

    @extend_schema(
        operation_id="households_create",
        request=shapes.HouseholdInput,
        responses={201: shapes.HouseholdOutput},
    )
    def post(self, request: Request) -> Response:
        """A new household, with you as its first guardian."""
        household = create_household(
            actor_id=actor_of(request), now=timezone.now(), **read_body(shapes.HouseholdInput, request)
        )
        return Response(shapes.HouseholdOutput(household).data, status=HTTPStatus.CREATED)


class HouseholdApi(APIView):
    @extend_schema(operation_id="households_read", responses=shapes.HouseholdOutput)
    def get(self, request: Request, household_id: uuid.UUID) -> Response:
        """One household."""
        household = get_household(actor_id=actor_of(request), household_id=household_id)
        return Response(shapes.HouseholdOutput(household).data)

    @extend_schema(
        operation_id="households_edit",
        request=shapes.HouseholdEditInput,
        responses=shapes.HouseholdOutput,
    )
    def patch(self, request: Request, household_id: uuid.UUID) -> Response:
        """Change name, time zone or first day of the week; for guardians. Past weeks keep their zone."""
        household = edit_household(
            actor_id=actor_of(request),
            household_id=household_id,
            now=timezone.now(),
            **read_body(shapes.HouseholdEditInput, request),
        )
        return Response(shapes.HouseholdOutput(household).data)


class ChildListApi(APIView):
    @extend_schema(
        operation_id="children_list", parameters=[shapes.ChildrenQuery], responses=shapes.ChildPageOutput
    )
    def get(self, request: Request, household_id: uuid.UUID) -> Response:
        """The children of a household."""
        archived = read_query(shapes.ChildrenQuery, request).get("archived") == "true"
        reader_id = actor_of(request)
        get_household(actor_id=reader_id, household_id=household_id)
        children = list_children(actor_id=reader_id, household_id=household_id, archived=archived)
        return Response(page_data(Page(list(children)), shapes.ChildOutput))

    @extend_schema(
        operation_id="children_add", request=shapes.ChildInput, responses={201: shapes.ChildOutput}
    )
    def post(self, request: Request, household_id: uuid.UUID) -> Response:
        """A new child; for guardians."""
        child = add_child(
            actor_id=actor_of(request),
            household_id=household_id,
            now=timezone.now(),
            **read_body(shapes.ChildInput, request),
        )
        return Response(shapes.ChildOutput(child).data, status=HTTPStatus.CREATED)


class ChildApi(APIView):
    @extend_schema(operation_id="children_read", responses=shapes.ChildOutput)
    def get(self, request: Request, household_id: uuid.UUID, child_id: uuid.UUID) -> Response:
        """One child."""
        child = get_child(actor_id=actor_of(request), household_id=household_id, child_id=child_id)
        return Response(shapes.ChildOutput(child).data)

    @extend_schema(operation_id="children_edit", request=shapes.ChildEditInput, responses=shapes.ChildOutput)
    def patch(self, request: Request, household_id: uuid.UUID, child_id: uuid.UUID) -> Response:
        """Change what you name of a child; for guardians."""
        child = edit_child(
            actor_id=actor_of(request),
            household_id=household_id,
            child_id=child_id,
            now=timezone.now(),
            **read_body(shapes.ChildEditInput, request),
        )
        return Response(shapes.ChildOutput(child).data)

    @extend_schema(operation_id="children_archive", responses={204: None})
    def delete(self, request: Request, household_id: uuid.UUID, child_id: uuid.UUID) -> Response:
        """Take a child out of the pickers; for guardians. Every moment stays, and it can be restored."""
        archive_child(
            actor_id=actor_of(request), household_id=household_id, child_id=child_id, now=timezone.now()
        )
        return Response(status=HTTPStatus.NO_CONTENT)


class ChildRestoreApi(APIView):
    @extend_schema(operation_id="children_restore", request=None, responses=shapes.ChildOutput)
    def post(self, request: Request, household_id: uuid.UUID, child_id: uuid.UUID) -> Response:
        """Put an archived child back into the pickers; for guardians."""
        child = restore_child(actor_id=actor_of(request), household_id=household_id, child_id=child_id)
        return Response(shapes.ChildOutput(child).data)


class MemberListApi(APIView):
    @extend_schema(operation_id="members_list", responses=shapes.MemberPageOutput)
    def get(self, request: Request, household_id: uuid.UUID) -> Response:
        """Everybody who lives in this household now, in the order they joined."""
        reader_id = actor_of(request)
        get_household(actor_id=reader_id, household_id=household_id)
        members = list_members(actor_id=reader_id, household_id=household_id)
        return Response(page_data(Page(list(members)), shapes.MemberOutput, reader_id=reader_id))
