"""The Celery application. Its beat only nudges: what is due is decided from rows, whenever a tick arrives."""

from __future__ import annotations

import os

from celery import Celery
from celery.schedules import crontab

from common.queues import COMPILE, SCHEDULE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "attune_project.settings")

app = Celery("attune")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.task_default_queue = SCHEDULE
# A tick that nobody took within its interval has nothing left to say: the next one says the same.
app.conf.beat_schedule = {
    "plan": {
        "task": "reflections.tasks.plan",
        "schedule": crontab(minute="*/5"),
        "options": {"queue": SCHEDULE, "expires": 5 * 60},
    },
    "compile-changed": {
        "task": "reflections.tasks.compile_changed",
        "schedule": crontab(minute="2-59/15"),
        "options": {"queue": COMPILE, "expires": 15 * 60},
    },
    "prompt": {
        "task": "reminders.tasks.plan",
        "schedule": crontab(minute="*/5"),
        "options": {"queue": SCHEDULE, "expires": 5 * 60},
    },
    "tell": {
        "task": "coaching.tasks.tell",
        "schedule": crontab(minute="1-59/5"),
        "options": {"queue": SCHEDULE, "expires": 5 * 60},
    },
    "purge": {
        "task": "observations.tasks.purge",
        "schedule": crontab(hour=3, minute=40),
        "options": {"queue": SCHEDULE, "expires": 12 * 3600},
    },
    "keep-heads": {
        "task": "observations.tasks.keep_heads",
        "schedule": crontab(hour=3, minute=42),
        "options": {"queue": SCHEDULE, "expires": 12 * 3600},
    },
    "turn-sealing-key": {
        "task": "observations.tasks.turn_sealing_key",
        "schedule": crontab(hour=3, minute=35),
        "options": {"queue": SCHEDULE, "expires": 12 * 3600},
    },
    "take-held": {
        "task": "observations.tasks.take_held",
        "schedule": crontab(minute=17),
        "options": {"queue": SCHEDULE, "expires": 3600},
    },
    "forget-sync": {
        "task": "observations.tasks.forget_sync",
        "schedule": crontab(hour=3, minute=43),
        "options": {"queue": SCHEDULE, "expires": 12 * 3600},
    },
    "forget-digest-bytes": {
        "task": "reflections.tasks.forget",
        "schedule": crontab(hour=3, minute=45),
        "options": {"queue": SCHEDULE, "expires": 12 * 3600},
    },
    "erase-people": {
        "task": "accounts.tasks.erase",
        "schedule": crontab(hour=4, minute=10),
        "options": {"queue": SCHEDULE, "expires": 12 * 3600},
    },
    "erase-people-again": {
        "task": "accounts.tasks.erase",
        "schedule": crontab(minute=25),
        "options": {"queue": SCHEDULE, "expires": 3600},
    },
    "write-ledger": {
        "task": "common.tasks.write_ledger",
        "schedule": crontab(minute="4-59/5"),
        "options": {"queue": SCHEDULE, "expires": 5 * 60},
    },
    "forget-ledger-rows": {
        "task": "common.tasks.forget",
        "schedule": crontab(hour=3, minute=47),
        "options": {"queue": SCHEDULE, "expires": 12 * 3600},
    },
    "forget-tokens": {
        "task": "accounts.tasks.forget",
        "schedule": crontab(hour=3, minute=50),
        "options": {"queue": SCHEDULE, "expires": 12 * 3600},
    },
    "forget-invitations": {
        "task": "households.tasks.forget",
        "schedule": crontab(hour=3, minute=52),
        "options": {"queue": SCHEDULE, "expires": 12 * 3600},
    },
    "forget-asked-families": {
        "task": "coaching.tasks.forget",
        "schedule": crontab(hour=3, minute=54),
        "options": {"queue": SCHEDULE, "expires": 12 * 3600},
    },
    "forget-sessions": {
        "task": "attune_project.tasks.forget_sessions",
        "schedule": crontab(hour=3, minute=55),
        "options": {"queue": SCHEDULE, "expires": 12 * 3600},
    },
    "forget-prompts": {
        "task": "reminders.tasks.forget",
        "schedule": crontab(hour=3, minute=58),
        "options": {"queue": SCHEDULE, "expires": 12 * 3600},
    },
    "forget-counts": {
        "task": "attune_project.tasks.forget_counts",
        "schedule": crontab(hour=3, minute=57),
        "options": {"queue": SCHEDULE, "expires": 12 * 3600},
    },
}
