"""The nightly nudge."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from households.services import erase_deserted, forget_old_grants, forget_old_invitations


@shared_task
def forget(**_: Any) -> None:
    """Every night: destroy invitations and grants that ended long ago, and households that everybody left."""
    now = timezone.now()
    forget_old_invitations(now=now)
    forget_old_grants(now=now)
    erase_deserted(now=now)
