"""What the delivery relies on in Celery's settings: a bonus on top of the rows, and each of them was measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery.schedules import crontab

from attune_project.celery import app
from reflections.rules import CHUNK_LEASE, DELIVERY_LIMIT, LEASE
from reflections.rules import TICK as DIGEST_TICK
from reminders.rules import TICK as PROMPT_TICK

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent.parent
ASK = """
import json, django
django.setup()
from attune_project.celery import app
app.autodiscover_tasks(force=True)
names = ("task_acks_late", "task_reject_on_worker_lost", "worker_prefetch_multiplier", "task_ignore_result",
         "task_time_limit", "broker_transport_options", "result_backend")
print(json.dumps({
    "conf": {name: app.conf[name] for name in names},
    "tasks": {
        name: {
            "limit": task.time_limit or app.conf.task_time_limit,
            "late": task.acks_late, "again": task.reject_on_worker_lost, "silent": task.ignore_result,
        }
        for name, task in app.tasks.items() if not name.startswith("celery.")
    },
}))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a worker on Redis is set to; the tests themselves have no Redis."""
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "attune_project.settings",
        "VAR_DIR": str(tmp_path_factory.mktemp("var")),
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }
    command = [sys.executable, "-c", ASK]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True, timeout=120)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


class TestSettings:
    def test_a_message_is_done_when_its_task_is_and_comes_again_when_its_process_dies(
        self, told: dict[str, Any]
    ) -> None:
        assert told["conf"]["task_acks_late"] is True
        assert told["conf"]["task_reject_on_worker_lost"] is True
        assert {(task["late"], task["again"]) for task in told["tasks"].values()} <= {
            (True, None),
            (True, True),
        }

    def test_a_process_holds_no_more_than_the_message_it_works_on(self, told: dict[str, Any]) -> None:
        assert told["conf"]["worker_prefetch_multiplier"] == 1

    def test_no_answer_is_kept(self, told: dict[str, Any]) -> None:
        assert told["conf"]["task_ignore_result"] is True
        assert told["conf"]["result_backend"] is None
        assert {task["silent"] for task in told["tasks"].values()} == {True}

    def test_no_task_runs_so_long_that_its_message_is_given_to_another(self, told: dict[str, Any]) -> None:
        limits = {name: task["limit"] for name, task in told["tasks"].items()}
        assert "reflections.tasks.deliver" in limits
        assert all(limits.values())
        assert max(limits.values()) < told["conf"]["broker_transport_options"]["visibility_timeout"]

    def test_a_lease_outlives_the_task_that_holds_it(self, told: dict[str, Any]) -> None:
        tasks = told["tasks"]
        assert (
            tasks["reflections.tasks.deliver"]["limit"]
            == DELIVERY_LIMIT.total_seconds()
            < LEASE.total_seconds()
        )
        assert tasks["reflections.tasks.compile_chunk"]["limit"] <= CHUNK_LEASE.total_seconds()

    @pytest.mark.parametrize(("name", "tick"), [("plan", DIGEST_TICK), ("prompt", PROMPT_TICK)])
    def test_beat_comes_as_often_as_the_rules_reckon_with(self, name: str, tick: timedelta) -> None:
        every = f"*/{tick // timedelta(minutes=1)}"
        assert app.conf.beat_schedule[name]["schedule"] == crontab(minute=every)
