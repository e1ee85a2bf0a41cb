"""The API door: /api/v1/, one line per app, and whatever else is asked for is a problem document."""

from __future__ import annotations

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView

from attune_project.api_docs import api_docs
from common.api.views import NowhereApi

app_name = "api"

urlpatterns = [
    path("docs/", api_docs, name="docs"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("", include("accounts.api.urls")),
    path("", include("households.api.urls")),
    path("", include("checklists.api.urls")),
    path("", include("observations.api.urls")),
    path("", include("reflections.api.urls")),
    path("", include("coaching.api.urls")),
    # An unknown address gets no page, and a missing slash no redirect that would lose the body of a request.
    re_path("", NowhereApi.as_view(), name="nowhere"),
]
