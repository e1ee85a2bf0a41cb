"""The worker writes its log like every other process: one event, one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent.parent
WORKER = """
import logging

import django
from attune_project.celery import app
app.set_default()
django.setup()
app.log.setup(loglevel="INFO")
logging.getLogger("attune").warning("one\\ntwo")
"""


class TestWorkerLog:
    def test_nobody_forges_a_second_line(self) -> None:
        done = subprocess.run(
            [sys.executable, "-c", WORKER], check=True, cwd=ROOT, capture_output=True, text=True, timeout=60
        )
        assert "one\\ntwo" in done.stderr
