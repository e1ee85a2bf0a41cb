"""`make bench ARGS="--only weekly"`: the weekly compile and its mails against their floors, on PostgreSQL, in one run.

Prints the tables of docs/performance.md, "The weekly reflection". Only ratios carry over to another machine.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.machine import POSTGRES_URL, missing

ROOT = Path(__file__).resolve().parent.parent
HOUSEHOLDS = 10_000
MAILS = 2_000
COMPILES = {"one": 1, "two": 2}
Found = dict[str, Any]


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--households", type=int, default=HOUSEHOLDS, help="the full size is 100000")
    parser.add_argument("--mails", type=int, default=MAILS, help="the full size is 10000")
    parser.add_argument("--rounds", type=int, default=1, help="of the compile; the best of each kind counts")
    parser.add_argument("--database", default="", help="one that an earlier run has filled; it is kept")
    parser.add_argument("--skip", action="append", default=[], choices=["compile", "mails"])


def measure(options: argparse.Namespace) -> None:
    if reason := missing("postgres"):
        print(f"\nThe weekly reflection: left out. {reason}.")
        return
    with contextlib.ExitStack() as stack:
        url = options.database or stack.enter_context(a_database())
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="attune-weekly-"))
        bench = Bench(url, Path(folder))
        if not options.database:
            took = bench.run("fill", options.households)["seconds"]
            print(f"\n{options.households:,} families written in {took:.0f} s.", flush=True)
        if "compile" not in options.skip:
            compile_against_floor(bench, options)
        if "mails" not in options.skip:
            mails_against_floor(bench, options.mails)


class Bench:
    """Processes of `benchmarks.weekly_work` on one database."""

    def __init__(self, url: str, folder: Path) -> None:
        self.folder = folder
        self.env = {
            **os.environ,
            "DATABASE_URL": url,
            "VAR_DIR": str(folder / "var"),
            "ATTUNE_MODE": "local",
            "REDIS_URL": "",
            "EMAIL_URL": "",
            "RETURN_ADDRESS": "bounces@example.org",
            "LOG_LEVEL": "ERROR",
        }

    def run(self, role: str, *arguments: object) -> Found:
        """What one process found."""
        return self._found(self._start(role, *arguments))

    def together(self, count: int, *arguments: object) -> list[Found]:
        """What so many workers found that began to compile at the same moment."""
        gate = self.folder / f"gate-{time.monotonic_ns()}"
        workers = [self._start("compile", gate, *arguments) for _ in range(count)]
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        gate.touch()
        return [self._found(worker) for worker in workers]

    def _start(self, role: str, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "benchmarks.weekly_work", role, *map(str, arguments)]
        return subprocess.Popen(command, env=self.env, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    @staticmethod
    def _found(process: subprocess.Popen[str]) -> Found:
        out, _nothing = process.communicate()
        if process.returncode:
            raise SystemExit("A process of the benchmark failed; see above.")
        found: Found = json.loads(out.splitlines()[-1])
        return found


def compile_against_floor(bench: Bench, options: argparse.Namespace) -> None:
    bench.run("reset")
    tenth = bench.together(1, options.households // 10)  # warms the caches, and shows how memory grows
    bench.run("reset")
    kinds: Found = {}
    rounds: dict[str, list[list[Found]]] = {"one": [], "floor": [], "copy": [], "two": []}
    for _round in range(options.rounds):
        for name, tries in rounds.items():
            if name in COMPILES:
                tries.append(bench.together(COMPILES[name]))
                kinds = bench.run("sizes")
            else:
                tries.append([bench.run(name, f"{kinds['quiet'][0]},{kinds['busy'][0]}")])
            print(f"  {name}: {seconds(tries[-1]):.1f} s", flush=True)
            bench.run("reset")
    best = {name: min(tries, key=seconds) for name, tries in rounds.items()}
    print(
        f"\nOne week of {options.households:,} households, {kinds['observations']:,} observations over a year; "
        f"{kinds['quiet'][1] + kinds['busy'][1]:,} reflections, {kinds['busy'][1]:,} of weeks with moments.\n"
    )
    print_compile(best)
    print(f"Peak memory with a tenth of the households: {tenth[0]['megabytes']:.0f} MB.", flush=True)


def seconds(workers: list[Found]) -> float:
    return float(max(one["until"] for one in workers) - min(one["at"] for one in workers))


def cpu(workers: list[Found]) -> float:
    return float(sum(one["cpu"] + one["server_cpu"] for one in workers))


def print_compile(best: dict[str, list[Found]]) -> None:
    one, two, floor, copy = (best[name] for name in ("one", "two", "floor", "copy"))
    print("| | seconds | of processors | queries | peak memory |\n|---|--:|--:|--:|--:|")
    for name, workers in (
        ("compile, one worker", one),
        ("compile, two workers", two),
        ("floor: aggregates and `bulk_create`", floor),
        ("floor: aggregates and `COPY`", copy),
    ):
        memory = max(worker["megabytes"] for worker in workers)
        queries = sum(worker["queries"] for worker in workers)
        print(f"| {name} | {seconds(workers):.1f} | {cpu(workers):.1f} | {queries:,} | {memory:.0f} MB |")
    print("\n| compared | seconds | of processors |\n|---|--:|--:|")
    for name, base in (("`bulk_create`", floor), ("`COPY`", copy)):
        ratios = seconds(one) / seconds(base), cpu(one) / cpu(base)
        print(f"| compile to its floor with {name} | {ratios[0]:.1f} times | {ratios[1]:.1f} times |")
    print(f"| two workers to one | {seconds(one) / seconds(two):.2f} times as fast | |")
    print(f"\nQueries for a chunk of 1,000 households: {one[0]['queries'] / one[0]['chunks']:.0f}.")


def mails_against_floor(bench: Bench, count: int) -> None:
    bench.together(1, 10_000)  # enough weeks to write mails from
    found = bench.run("mails", count)
    print(f"\n{found['mails']:,} mails, {found['bytes']:,} bytes each on average.\n")
    print("| | ms each | of this processor |\n|---|--:|--:|")
    for name in (
        "product, rendering and hand-over",
        "floor, rendering and hand-over",
        "product, rendering",
        "floor, rendering",
    ):
        wall, processor = found[name]
        print(f"| {name} | {wall:.2f} | {processor:.2f} ms |")
    for what in ("rendering and hand-over", "rendering"):
        product, floor = found[f"product, {what}"], found[f"floor, {what}"]
        print(
            f"| {what}: product to floor | {product[0] / floor[0]:.1f} times | {product[1] / floor[1]:.1f} times |"
        )


@contextlib.contextmanager
def a_database() -> Iterator[str]:
    """An empty database that is gone afterwards."""
    name = f"attune_weekly_{os.getpid()}"
    with psycopg.connect(POSTGRES_URL, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlsplit(POSTGRES_URL)._replace(path=f"/{name}").geturl()
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
