"""The pages a family lives in: Today, the log sheet, moments and the self-check. `urls_pages` has the rest."""

from __future__ import annotations

from django.urls import include, path

from frontend.views import check, drafts, log, moments, pwa, today

urlpatterns = [
    path("", today.today, name="today"),
    path("log/", log.log, name="log"),
    path("log/share/", log.share, name="log-share"),
    path("log/offline/", pwa.log_shell, name="log-offline"),
    path("log/saved/<uuid:moment_id>/", log.saved, name="log-saved"),
    path("log/saved/<uuid:moment_id>/undo/", log.undo, name="log-undo"),
    path("moments/", moments.timeline, name="moments"),
    path("moments/deleted/", moments.deleted, name="moments-deleted"),
    path("moments/drafts/", drafts.drafts, name="drafts"),
    path("moments/drafts/<uuid:draft_id>/", drafts.draft, name="draft"),
    path("moments/drafts/<uuid:draft_id>/choose/", drafts.choose, name="draft-choose"),
    path("moments/drafts/<uuid:draft_id>/discard/", drafts.discard, name="draft-discard"),
    path("moments/<uuid:moment_id>/", moments.moment, name="moment"),
    path("moments/<uuid:moment_id>/more/", moments.more, name="moment-more"),
    path("moments/<uuid:moment_id>/edit/", moments.edit, name="moment-edit"),
    path("moments/<uuid:moment_id>/delete/", moments.delete, name="moment-delete"),
    path("moments/<uuid:moment_id>/restore/", moments.restore, name="moment-restore"),
    path("moments/<uuid:moment_id>/history/", moments.history, name="moment-history"),
    path("check/", check.check, name="check"),
    path("check/<uuid:check_id>/done/", check.done, name="check-done"),
    path("", include("frontend.urls_pages")),
]
