"""Every address the project answers: pages, the API, the operator's probes."""

from __future__ import annotations

from django.urls import include, path

handler400 = "frontend.views.errors.bad_request"
handler500 = "frontend.views.errors.server_error"

urlpatterns = [
    path("", include("frontend.urls")),
    path("api/v1/", include("attune_project.urls_api")),
]

# django-allauth asks for this one by name.
handler429 = "attune_project.limits.too_many_mails"
