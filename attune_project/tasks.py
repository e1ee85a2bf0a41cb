"""The nightly nudge for what belongs to no app of ours."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.core.management import call_command


@shared_task
def forget_sessions(**_: Any) -> None:
    """Every night: destroy sessions that have expired."""
    call_command("clearsessions")
