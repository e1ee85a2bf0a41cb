"""The API door: /api/v1/, one line per app."""

from __future__ import annotations

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

app_name = "api"

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("", include("checklists.api.urls")),
]
