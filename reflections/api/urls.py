from __future__ import annotations

from django.urls import path

from reflections.api.views import ReflectionApi, ReflectionListApi, ReportApi, ReportListApi, ThoughtListApi

urlpatterns = [
    path("reflections/", ReflectionListApi.as_view(), name="reflections"),
    path("reflections/<slug:week>/", ReflectionApi.as_view(), name="reflection"),
    path("reflections/<slug:week>/thoughts/", ThoughtListApi.as_view(), name="thoughts"),
    path("reflections/<slug:week>/reports/", ReportListApi.as_view(), name="reports"),
    path("reflections/<slug:week>/reports/<str:rule>/", ReportApi.as_view(), name="report"),
]
