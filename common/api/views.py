"""Views that belong to no app."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from rest_framework.views import APIView


class NowhereApi(APIView):
    """Every address under the API that is not one of its own: 404, whatever the method."""

    schema = None

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise Http404
