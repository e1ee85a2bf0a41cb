from __future__ import annotations

from django.urls import path

from households.api.grants import AccessListApi, BriefingListApi, GrantApi, GrantListApi, GrantRenewApi
from households.api.views import (
    ChildApi,
    ChildListApi,
    ChildRestoreApi,
    HouseholdApi,
    HouseholdListApi,
    MemberListApi,
)

urlpatterns = [
    path("households/", HouseholdListApi.as_view(), name="households"),
    path("households/<uuid:household_id>/", HouseholdApi.as_view(), name="household"),
    path("households/<uuid:household_id>/children/", ChildListApi.as_view(), name="children"),
    path("households/<uuid:household_id>/children/<uuid:child_id>/", ChildApi.as_view(), name="child"),
    path(
        "households/<uuid:household_id>/children/<uuid:child_id>/restore/",
        ChildRestoreApi.as_view(),
        name="child-restore",
    ),
    path("briefings/", BriefingListApi.as_view(), name="briefings"),
    path("grants/", GrantListApi.as_view(), name="grants"),
    path("grants/<uuid:grant_id>/", GrantApi.as_view(), name="grant"),
    path("grants/<uuid:grant_id>/renew/", GrantRenewApi.as_view(), name="grant-renew"),
    path("access/", AccessListApi.as_view(), name="access"),
    path("households/<uuid:household_id>/members/", MemberListApi.as_view(), name="members"),
]
