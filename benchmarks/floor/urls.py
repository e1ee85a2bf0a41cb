"""The floors' addresses."""

from __future__ import annotations

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from benchmarks.floor import views

router = SimpleRouter()
router.register("moments", views.MomentViewSet, basename="moment")

urlpatterns = [
    path("empty/", views.empty),
    path("insert/", views.insert),
    path("form/", views.form_post),
    path("timeline/", views.timeline),
    path("api/", include(router.urls)),
]
