"""Looking at content in the admin. It is never edited there: a published version is frozen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from checklists import models

if TYPE_CHECKING:
    BaseAdmin = admin.ModelAdmin[Model]
else:
    BaseAdmin = admin.ModelAdmin


class ReadOnlyAdmin(BaseAdmin):
    """May be opened, not changed."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(models.Checklist)
class ChecklistAdmin(ReadOnlyAdmin):
    list_display = ("key", "kind")


@admin.register(models.ChecklistVersion)
class ChecklistVersionAdmin(ReadOnlyAdmin):
    list_display = ("checklist", "language", "number", "status", "published_at")
    list_select_related = ("checklist",)


@admin.register(models.Question, models.Cue, models.Option, models.Practice, models.Thread, models.Term)
class VersionRowAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "version", "position")
    list_filter = ("version",)
    list_select_related = ("version",)
