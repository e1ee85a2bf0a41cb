"""Every address of the operator's process: probes, signing in, and the operator's pages behind `operators.gate`."""

from __future__ import annotations

from django.urls import include, path

from attune_project.operators.site import site
from frontend.views import operator

urlpatterns = [
    path("healthz", operator.healthz, name="healthz"),
    path("readyz", operator.readyz, name="readyz"),
    path("robots.txt", operator.robots, name="robots"),
    path("favicon.ico", operator.favicon, name="favicon"),
    path("account/", include("frontend.urls_account")),
    path("", site.urls),
]

handler400 = "attune_project.unanswered.bad_request"
handler500 = "attune_project.unanswered.server_error"
handler429 = "attune_project.limits.too_many_mails"
