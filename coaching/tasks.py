"""Nudges: to tell whoever has something new, and to forget what is over."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from coaching import services


@shared_task
def tell(**_: Any) -> None:
    """Every five minutes: one mail for each person with something new that nobody told them of."""
    services.tell_people(now=timezone.now())


@shared_task
def forget(**_: Any) -> None:
    """Every night: destroy what coaches asked families that is over for long."""
    services.forget_old_family_invitations(now=timezone.now())
