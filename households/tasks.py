"""The nightly nudge."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from households.services import forget_old_invitations


@shared_task
def forget(**_: Any) -> None:
    """Every night: destroy invitations that ended long ago."""
    forget_old_invitations(now=timezone.now())
