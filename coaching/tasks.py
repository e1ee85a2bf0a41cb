"""A nudge to tell whoever has something new."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from coaching import services


@shared_task
def tell(**_: Any) -> None:
    """Every five minutes: one mail for each person with something new that nobody told them of."""
    services.tell_people(now=timezone.now())
