"""What to look for, for the family's own programs. Reading only: content comes with the program."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from checklists.api.serializers import ChecklistContentOutput, ChecklistOutput, ChecklistPageOutput
from checklists.rules import FALLBACK_LANGUAGE
from checklists.selectors import get_content, list_versions
from common.api import page_data
from common.pages import Page


class ChecklistListApi(APIView):
    @extend_schema(operation_id="checklists_list", responses=ChecklistPageOutput)
    def get(self, request: Request) -> Response:
        """The checklists, each in its current version for the reader's language."""
        return Response(page_data(Page(list_versions(_language_of(request))), ChecklistOutput))


class ChecklistApi(APIView):
    @extend_schema(operation_id="checklists_read", responses=ChecklistContentOutput)
    def get(self, request: Request, key: str) -> Response:
        """Questions, ticks, practices and all else of one checklist, in the reader's language."""
        content = get_content(_language_of(request), checklist_key=key)
        return Response(ChecklistContentOutput(content).data)


def _language_of(request: Request) -> str:
    return getattr(request.user, "language", FALLBACK_LANGUAGE)
