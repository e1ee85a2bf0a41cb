"""Everything of one's own in one file."""

from __future__ import annotations

from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.proof import ProvedLately
from accounts.notices import tell_actor
from accounts.rules import Change
from common.api import Output, SessionOnly, actor_of
from common.export import SCHEMA, file_name, list_tables, stream_export
from common.security import Event, tell


class ZipRenderer(JSONRenderer):
    """Lets a program ask for a zip file. What is not one is an error, and those are JSON whatever was asked for."""

    media_type = "application/zip"
    format = "zip"


class TableOutput(Output):
    name = serializers.CharField(help_text="`json/<name>.json` and `csv/<name>.csv` in the file.")
    about = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField())


class ExportOutput(Output):
    schema = serializers.IntegerField(help_text="Grows when a column changes its meaning or goes.")
    tables = TableOutput(many=True)


class ExportApi(APIView):
    """With the page's own session only: a token that leaked must not carry off everything at once."""

    permission_classes = [IsAuthenticated, SessionOnly, ProvedLately]
    renderer_classes = [JSONRenderer, ZipRenderer]

    @extend_schema(operation_id="export_describe", responses=ExportOutput)
    def get(self, request: Request) -> Response:
        """What the file holds: its tables and their columns."""
        tables = list_tables(person_id=actor_of(request), now=timezone.now())
        return Response(ExportOutput({"schema": SCHEMA, "tables": tables}).data)

    @extend_schema(
        operation_id="export_make",
        request=None,
        responses={
            (200, "application/zip"): OpenApiResponse(OpenApiTypes.BINARY, description="The file, streamed.")
        },
    )
    def post(self, request: Request) -> StreamingHttpResponse:
        """Everything of your own as a zip file, with a manifest of SHA-256 sums as its last member.

        Needs a session that was proved again within the last five minutes. A file that broke off does not open.
        """
        now, actor_id = timezone.now(), actor_of(request)
        tell(Event.EXPORTED, request=request._request, user=actor_id)
        tell_actor(request, Change.DATA_EXPORTED, now=now)
        response = StreamingHttpResponse(
            stream_export(person_id=actor_id, now=now), content_type="application/zip"
        )
        response.headers["Content-Disposition"] = f'attachment; filename="{file_name(now)}"'
        return response
