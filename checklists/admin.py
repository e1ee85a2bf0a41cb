"""Looking at content in the admin. It is never edited there: a published version is frozen."""

from __future__ import annotations

from django.contrib.admin import AdminSite

from checklists import models
from common.admin import ReadOnlyAdmin


class ChecklistAdmin(ReadOnlyAdmin):
    list_display = ("key", "kind")


class ChecklistVersionAdmin(ReadOnlyAdmin):
    list_display = ("checklist", "language", "number", "status", "published_at")
    list_select_related = ("checklist",)


class VersionRowAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "version", "position")
    list_filter = ("version",)
    list_select_related = ("version",)


def register(site: AdminSite) -> None:
    """Show the content on *site*."""
    site.register(models.Checklist, ChecklistAdmin)
    site.register(models.ChecklistVersion, ChecklistVersionAdmin)
    site.register(
        [models.Question, models.Cue, models.Option, models.Practice, models.Thread, models.Term],
        VersionRowAdmin,
    )
