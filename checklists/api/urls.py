from __future__ import annotations

from django.urls import path

from checklists.api.views import ChecklistApi, ChecklistListApi

urlpatterns = [
    path("checklists/", ChecklistListApi.as_view(), name="checklists"),
    path("checklists/<slug:key>/", ChecklistApi.as_view(), name="checklist"),
]
