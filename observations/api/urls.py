from __future__ import annotations

from django.urls import path

from observations.api.sync import ChangesApi, SyncApi, SyncKitApi, SyncRescueApi, SyncSessionApi
from observations.api.views import (
    FocusApi,
    MomentApi,
    MomentListApi,
    MomentRestoreApi,
    OwnQuestionsApi,
    RevisionListApi,
    SelfCheckApi,
    SelfCheckListApi,
)

urlpatterns = [
    path("moments/", MomentListApi.as_view(), name="moments"),
    path("moments/<uuid:moment_id>/", MomentApi.as_view(), name="moment"),
    path("moments/<uuid:moment_id>/restore/", MomentRestoreApi.as_view(), name="moment-restore"),
    path("moments/<uuid:moment_id>/revisions/", RevisionListApi.as_view(), name="moment-revisions"),
    path("self-checks/", SelfCheckListApi.as_view(), name="self-checks"),
    path("self-checks/<uuid:check_id>/", SelfCheckApi.as_view(), name="self-check"),
    path("households/<uuid:household_id>/focus/", FocusApi.as_view(), name="focus"),
    path("own-questions/", OwnQuestionsApi.as_view(), name="own-questions"),
    path("sync/session", SyncSessionApi.as_view(), name="sync-session"),
    path("sync/kit", SyncKitApi.as_view(), name="sync-kit"),
    path("sync/", SyncApi.as_view(), name="sync"),
    path("sync/rescue/", SyncRescueApi.as_view(), name="sync-rescue"),
    path("changes/", ChangesApi.as_view(), name="changes"),
]
