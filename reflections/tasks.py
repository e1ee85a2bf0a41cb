"""Nudges. Each looks at rows and may come early, late, twice or never: `reflections.services` decides what is due.

The queue is named where a nudge is given: below for what fans out, in the beat schedule for `plan` and
`compile_changed`.
"""

from __future__ import annotations

from typing import Any, Final

from celery import shared_task
from django.utils import timezone

from common.queues import COMPILE, MAIL
from reflections import services
from reflections.rules import DELIVERY_LIMIT, TICK
from reflections.selectors import list_chunks, list_due_digest_ids, list_free_chunks

# What no worker took until the next tick has nothing left to say: workers that are slow drown in no repetitions.
EXPIRES: Final = TICK.total_seconds()


@shared_task
def plan(**_: Any) -> None:
    """Every five minutes: plan what has closed, send what is due, go on with chunks whose worker went silent."""
    for household_ids in list_chunks():
        plan_chunk.apply_async(kwargs={"household_ids": household_ids}, queue=COMPILE, expires=EXPIRES)
    for digest_id in list_due_digest_ids(now=timezone.now()):
        deliver.apply_async(kwargs={"digest_id": digest_id}, queue=MAIL, expires=EXPIRES)
    for run_id in list_free_chunks(now=timezone.now(), lost_only=True):
        compile_chunk.apply_async(kwargs={"run_id": run_id}, queue=COMPILE, expires=EXPIRES)


@shared_task
def compile_changed(**_: Any) -> None:
    """Every quarter of an hour: compile weeks that closed or changed, and go on with what was not finished."""
    services.open_run(now=timezone.now())
    for run_id in list_free_chunks(now=timezone.now()):
        compile_chunk.apply_async(kwargs={"run_id": run_id}, queue=COMPILE, expires=EXPIRES)


@shared_task
def forget(**_: Any) -> None:
    """Every night: drop the readable bytes of mails that ended long ago, and what passes of the compile did."""
    services.forget_digest_bytes(now=timezone.now())
    services.forget_runs(now=timezone.now())


@shared_task
def plan_chunk(*, household_ids: list[int], **_: Any) -> None:
    services.plan_digests(household_ids=household_ids, now=timezone.now())


@shared_task
def compile_chunk(*, run_id: int, **_: Any) -> None:
    services.work_chunk(run_id=run_id, now=timezone.now())


@shared_task(time_limit=int(DELIVERY_LIMIT.total_seconds()))
def deliver(*, digest_id: int, **_: Any) -> None:
    services.deliver_digest(digest_id=digest_id, now=timezone.now())
