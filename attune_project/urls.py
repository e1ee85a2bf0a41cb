"""Every address the project answers: pages, the API, the operator's probes."""

from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from attune_project.provider import reports_view
from frontend.views import operator

handler400 = "attune_project.unanswered.bad_request"
handler500 = "attune_project.unanswered.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("frontend.urls")),
    path("api/v1/", include("attune_project.urls_api")),
]

# Addresses that an installation has when its settings ask for them.
if settings.METRICS_TOKEN:
    urlpatterns += [path("metrics", operator.metrics, name="metrics")]
if settings.MAIL_PROVIDER:
    urlpatterns += [path("mail/reports/", reports_view(settings.MAIL_PROVIDER), name="mail-reports")]

# django-allauth asks for this one by name.
handler429 = "attune_project.limits.too_many_mails"
