"""Every address the project answers: pages, the account flows, the API, the operator's probes."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("account/", include("allauth.urls"))]
