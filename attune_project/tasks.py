"""The nightly nudge for what belongs to no app of ours."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.core.management import call_command
from django.utils import timezone

from common.limits import forget_old_counts


@shared_task
def forget_sessions(**_: Any) -> None:
    """Every night: destroy sessions that have expired."""
    call_command("clearsessions")


@shared_task
def forget_counts(**_: Any) -> None:
    """Every night: destroy the counts of windows that are over."""
    forget_old_counts(now=timezone.now())
