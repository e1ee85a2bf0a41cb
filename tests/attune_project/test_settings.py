"""Production starts with everything it needs, or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent.parent
LETTERS = "".join(chr(65 + number) for number in range(26))


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "ATTUNE_MODE": "production",
        "VAR_DIR": str(tmp_path),
        "SECRET_KEY": "s" * 30 + LETTERS,
        "UNSUBSCRIBE_KEY": "u" * 30 + LETTERS,
        "FIELD_KEYS": "k1:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=",
        "EMAIL_URL": "smtp://mail.attune.example:25",
    }


def start(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "import attune_project.settings"],
        check=False,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


class TestProduction:
    def test_it_starts_with_everything_it_needs(self, environment: dict[str, str]) -> None:
        done = start(environment)
        assert done.returncode == 0, done.stderr

    @pytest.mark.parametrize("name", ["SECRET_KEY", "UNSUBSCRIBE_KEY", "FIELD_KEYS", "EMAIL_URL"])
    def test_it_does_not_start_without(self, environment: dict[str, str], name: str) -> None:
        done = start({**environment, name: ""})
        assert done.returncode != 0
        assert f"{name} is" in done.stderr

    @pytest.mark.parametrize("weak", ["short", "x" * 60])
    def test_it_does_not_start_with_a_weak_secret(self, environment: dict[str, str], weak: str) -> None:
        assert "SECRET_KEY is missing or weak" in start({**environment, "SECRET_KEY": weak}).stderr
