"""`make test`: every test this machine can run, on SQLite and again on PostgreSQL, and what it left out and why.

The environment of whoever runs it stays outside: no `.env`, no database of theirs, no generated key of theirs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from tests.machine import POSTGRES_URL, missing

ON_SQLITE = "not drill and not postgres"
ON_POSTGRES = "not drill and not browser and not once"
NOTHING_COLLECTED = 5
# Collecting the static files takes seconds, so they stay from run to run.
STATIC_ROOT = Path(__file__).resolve().parent.parent / "var" / "static"


@dataclass
class Run:
    """One pytest run: its exit code, which tests ran, and which were skipped for what reason."""

    database: str
    code: int = 0
    ran: set[str] = field(default_factory=set)
    skipped: dict[str, str] = field(default_factory=dict)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nothing-skipped", action="store_true", help="fail when anything was left out")
    options, pytest_args = parser.parse_known_args()
    with tempfile.TemporaryDirectory(prefix="attune-tests-") as var:
        runs = [run("SQLite", ON_SQLITE, f"sqlite:///{var}/attune.sqlite3", Path(var), pytest_args)]
        without_postgres = missing("postgres")
        if not without_postgres:
            runs.append(run("PostgreSQL", ON_POSTGRES, own_database(POSTGRES_URL), Path(var), pytest_args))
    left_out = report(runs, without_postgres)
    failed = any(one.code for one in runs)
    if left_out and options.nothing_skipped:
        print("FAILED: on this machine nothing may be left out.")
    return 1 if failed or (left_out and options.nothing_skipped) else 0


def run(database: str, marks: str, url: str, var: Path, pytest_args: list[str]) -> Run:
    print(f"\n== {database} ==", flush=True)
    junit = var / f"{database}.xml"
    env = {
        **os.environ,
        "ATTUNE_MODE": "local",
        "DATABASE_URL": url,
        "REDIS_URL": "",
        "EMAIL_URL": "",
        "VAR_DIR": str(var),
        "STATIC_ROOT": str(STATIC_ROOT),
    }
    # Browsers and servers are waited for: one worker more than there are processors keeps them at work.
    workers = str((os.cpu_count() or 1) + 1)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n",
        workers,
        "-m",
        marks,
        f"--junitxml={junit}",
        *pytest_args,
    ]
    done = Run(database, subprocess.run(command, env=env, check=False).returncode)
    if done.code == NOTHING_COLLECTED and pytest_args:
        done.code = 0  # the part that was asked for has no test on this database
    if junit.exists():
        read_results(done, junit)
    else:
        print(f"pytest ended without results, with code {done.code} (negative: the signal that killed it).")
    return done


def read_results(done: Run, junit: Path) -> None:
    for case in ET.parse(junit).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        skip = case.find("skipped")
        if skip is None or skip.get("type") == "pytest.xfail":
            done.ran.add(name)
        else:
            done.skipped[name] = skip.get("message") or "no reason given"


def own_database(url: str) -> str:
    """The server at *url*, with a database name that no other run uses at the same time."""
    return urlsplit(url)._replace(path=f"/attune_{os.getpid()}").geturl()


def report(runs: list[Run], without_postgres: str) -> bool:
    """Says what ran and what ran nowhere; True when something was left out."""
    print("\nRan " + ", ".join(f"{len(one.ran)} tests on {one.database}" for one in runs) + ".")
    ran = {name for one in runs for name in one.ran}
    skipped = {name: reason for one in runs for name, reason in one.skipped.items() if name not in ran}
    reasons = [f"the run on PostgreSQL: {without_postgres}"] if without_postgres else []
    reasons += [f"{count} tests: {reason}" for reason, count in Counter(skipped.values()).items()]
    if reasons:
        print("Left out on this machine:", *reasons, sep="\n  ")
    else:
        print("Nothing was left out.")
    return bool(reasons)


if __name__ == "__main__":
    sys.exit(main())
