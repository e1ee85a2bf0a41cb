from __future__ import annotations

from django.urls import path

from accounts.api.export import ExportApi
from accounts.api.views import MeApi, TokenApi, TokenListApi

urlpatterns = [
    path("export/", ExportApi.as_view(), name="export"),
    path("me/", MeApi.as_view(), name="me"),
    path("tokens/", TokenListApi.as_view(), name="tokens"),
    path("tokens/<slug:token_id>/", TokenApi.as_view(), name="token"),
]
