"""Reads of what coaches ask families."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from coaching.models import FamilyInvitation


def open_family_invitations(*, now: datetime) -> QuerySet[FamilyInvitation]:
    """Those that were not withdrawn and did not run out, of coaches who are there; whatever became of them."""
    return FamilyInvitation.objects.select_related("coach").filter(
        withdrawn_at__isnull=True, expires_at__gt=now, coach__is_active=True, coach__erase_at__isnull=True
    )


def list_family_invitations(*, coach_id: int, now: datetime) -> QuerySet[FamilyInvitation]:
    """Whom this coach asked and who may still answer, newest first. Whether somebody did is not told."""
    return open_family_invitations(now=now).filter(coach_id=coach_id).order_by("-created_at", "-id")
