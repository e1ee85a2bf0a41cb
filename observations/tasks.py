"""Nudges. Each looks at rows and may come early, late, twice or never."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from observations import record, sync
from observations.feed import forget_changes, number_late
from observations.rules import LATE_SEEN
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


@shared_task
def turn_sealing_key(**_: Any) -> None:
    """Every night: a new key for phones when the newest is about to end, and what waited for a key is tried again."""
    now = timezone.now()
    sync.turn_key(now=now)
    sync.forget_keys(now=now)
    sync.open_shut()


@shared_task
def take_held(**_: Any) -> None:
    """Every hour: what waited five days for what came before it, and what an upgrade left behind."""
    now = timezone.now()
    sync.seal_bare()
    sync.take_held(now=now)
    number_late(now=now, since=now - LATE_SEEN)


@shared_task
def forget_sync(**_: Any) -> None:
    """Every night: destroy what is known of operations and changes of long ago, and drafts whose time is over."""
    now = timezone.now()
    number_late(now=now)
    sync.purge_drafts(now=now)
    while sync.forget_ops(now=now):
        continue
    while forget_changes(now=now):
        continue
