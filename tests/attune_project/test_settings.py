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

    @pytest.mark.parametrize("weak", ["short", "x" * 60])
    def test_it_does_not_believe_a_weak_former_key(self, environment: dict[str, str], weak: str) -> None:
        done = start({**environment, "SECRET_KEY_FALLBACKS": f"{'f' * 30}{LETTERS},{weak}"})
        assert "SECRET_KEY_FALLBACKS is missing or weak" in done.stderr

    @pytest.mark.parametrize("weak", ["", "short", "A" * 43])
    def test_it_sends_no_reminders_with_a_weak_key(self, environment: dict[str, str], weak: str) -> None:
        done = start({**environment, "WEB_PUSH": "true", "PUSH_KEY": weak})
        assert done.returncode != 0
        assert "PUSH_KEY is missing or no key" in done.stderr

    def test_without_reminders_it_needs_no_key_for_them(self, environment: dict[str, str]) -> None:
        assert start({**environment, "PUSH_KEY": "short"}).returncode == 0

    def test_the_operators_process_has_none(self, environment: dict[str, str]) -> None:
        keyless = {
            name: value
            for name, value in environment.items()
            if name not in ("UNSUBSCRIBE_KEY", "FIELD_KEYS")
        }
        done = start({**keyless, "ATTUNE_SERVES": "admin", "PUSH_KEY": "p" * 43})
        assert "PUSH_KEY is set, but the operator's pages run without it" in done.stderr

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("DATABASE_URL", ""),
            ("DATABASE_URL", "var/words.sqlite3"),
            ("DATABASE_URL", "postgres://somebody:s3cret@host:port/name"),
            ("DATABASE_URL", "mysql://somebody:s3cret@host/name"),
            ("DATABASE_URL", "postgres://somebody:s3cret@host"),
            ("DATABASE_URL", "sqlite://"),
            ("DATABASE_URL", "sqlite://:memory:"),
            ("EMAIL_URL", "mail.example s3cret"),
            ("EMAIL_URL", "smtp+tls://"),
            ("BRIEFINGS_DIR", ""),
            ("TRUSTED_PROXY_COUNT", ""),
            ("DIGESTS_PER_SECOND", "many"),
        ],
    )
    def test_what_cannot_be_read_is_named_and_not_repeated(
        self, environment: dict[str, str], name: str, value: str
    ) -> None:
        done = subprocess.run(
            [sys.executable, "manage.py", "check"],
            check=False,
            cwd=ROOT,
            env={**environment, name: value},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 1
        assert done.stderr.startswith(f"Attune does not start: {name} ")
        assert "see .env.example" in done.stderr
        assert done.stderr.count("\n") == 1, "a sentence is enough"
        assert "s3cret" not in done.stderr


class TestNewSecrets:
    """`python -m attune_project.keys` works where nothing is set yet."""

    @staticmethod
    def make(*names: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "attune_project.keys", *names],
            check=False,
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "ATTUNE_MODE": "production"},
            capture_output=True,
            text=True,
            timeout=60,
        )

    def test_production_starts_with_them(self, environment: dict[str, str]) -> None:
        made = dict(line.split("=", 1) for line in self.make().stdout.splitlines())
        assert set(made) == {"SECRET_KEY", "UNSUBSCRIBE_KEY", "FIELD_KEYS", "PUSH_KEY"}
        done = start({**environment, **made, "WEB_PUSH": "true"})
        assert done.returncode == 0, done.stderr

    def test_one_is_made_alone_and_has_a_name_of_its_own(self) -> None:
        first, second = (self.make("FIELD_KEYS").stdout for _each in range(2))
        assert first.count("\n") == 1
        assert first.partition("=")[2].partition(":")[0] != second.partition("=")[2].partition(":")[0]

    def test_another_name_is_refused(self) -> None:
        done = self.make("PASSWORD")
        assert (done.returncode, done.stdout) == (2, "")
