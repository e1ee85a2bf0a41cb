from __future__ import annotations

from django.urls import path

from reflections.api.views import ReflectionApi, ReflectionListApi, ThoughtListApi

urlpatterns = [
    path("reflections/", ReflectionListApi.as_view(), name="reflections"),
    path("reflections/<slug:week>/", ReflectionApi.as_view(), name="reflection"),
    path("reflections/<slug:week>/thoughts/", ThoughtListApi.as_view(), name="thoughts"),
]
