"""The nudges of the shared kernel."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from common import ledger


@shared_task
def write_ledger(**_: Any) -> None:
    """Every five minutes: write what the act itself could not write to the erasure ledger."""
    while ledger.flush():
        continue


@shared_task
def forget(**_: Any) -> None:
    """Every night: destroy notes whose line in the erasure ledger has long been on disk."""
    ledger.forget_written(now=timezone.now())
