"""The nightly nudges."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from accounts.services import erase_due, forget_ended_devices, forget_expired_tokens


@shared_task
def forget(**_: Any) -> None:
    """Every night: destroy expired API tokens, and what was noted of devices that are no longer signed in."""
    forget_expired_tokens(now=timezone.now())
    forget_ended_devices()


@shared_task
def erase(**_: Any) -> None:
    """Every night, and every hour for what a crash left: erase those whose seven days are over."""
    erase_due(now=timezone.now())
