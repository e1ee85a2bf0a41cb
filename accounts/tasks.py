"""The nightly nudge."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from accounts.services import forget_expired_tokens


@shared_task
def forget(**_: Any) -> None:
    """Every night: destroy expired API tokens."""
    forget_expired_tokens(now=timezone.now())
