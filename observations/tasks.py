"""Nudges. Each looks at rows and may come early, late, twice or never."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from observations import record
from observations.services import purge_deleted


@shared_task
def purge(**_: Any) -> None:
    """Every night: destroy all that was deleted more than seven days ago. What a crash leaves, the next night takes."""
    now = timezone.now()
    while purge_deleted(now=now):
        continue


@shared_task
def keep_heads(**_: Any) -> None:
    """Every night: keep where each record ends, and log their sum."""
    record.keep_heads(day=timezone.now().date())
