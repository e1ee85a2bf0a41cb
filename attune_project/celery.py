"""The Celery application. Its beat only nudges: what is due is decided from rows, whenever a tick arrives."""

from __future__ import annotations

import os

from celery import Celery

from common.queues import SCHEDULE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "attune_project.settings")

app = Celery("attune")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.task_default_queue = SCHEDULE
