"""Nudges. Each looks at rows and may come early, late, twice or never: `reminders.services` decides what is due."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from common.queues import PUSH
from reminders import services
from reminders.rules import SEND_LIMIT
from reminders.selectors import list_chunks, list_due_prompt_ids


@shared_task
def plan(**_: Any) -> None:
    """Every five minutes: count what is over, plan what has come, send what is due."""
    if not settings.PUSH_KEY:
        return
    while services.count_answers(now=timezone.now()):
        continue
    for choice_ids in list_chunks():
        services.plan_prompts(choice_ids=choice_ids, now=timezone.now())
    for prompt_id in list_due_prompt_ids(now=timezone.now()):
        send.apply_async(kwargs={"prompt_id": prompt_id}, queue=PUSH)


@shared_task(time_limit=int(SEND_LIMIT.total_seconds()))
def send(*, prompt_id: int, **_: Any) -> None:
    services.send_prompt(prompt_id=prompt_id, now=timezone.now())


@shared_task
def forget(**_: Any) -> None:
    """Every night: destroy prompts of more than a month ago, and addresses that nothing reaches."""
    services.forget_prompts(now=timezone.now())
