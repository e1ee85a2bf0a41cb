"""`make bench`: capture and timeline against bare floors: same machine, same run, same server, same database engine.

Prints the tables of docs/performance.md. Only ratios carry over from one machine to another.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import secrets
import socket
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

from attune_project.probe import web_answers
from benchmarks import weekly
from benchmarks.load import CLIENTS, Connection, Measured, Target, measure, request
from benchmarks.targets import floor_targets, product_targets
from tests.machine import POSTGRES_URL, missing

ROOT = Path(__file__).resolve().parent.parent
ROWS = 1500
SECONDS = 1.5
WORKERS = 2
START_SECONDS = 20
FLOOR, PRODUCT = "floor", "product"
APPLICATIONS = {
    FLOOR: ("benchmarks.floor.settings", "benchmarks.floor.seed", "benchmarks.floor.wsgi:application"),
    PRODUCT: ("attune_project.settings", "benchmarks.product", "attune_project.wsgi:application"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the product against bare floors.")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="per figure, over all rounds")
    parser.add_argument("--rows", type=int, default=ROWS, help="moments that are there before it begins")
    parser.add_argument("--only", choices=["sqlite", "postgres", "weekly"], help="one engine, or the weeks")
    weekly.add_options(parser)
    options = parser.parse_args()
    if options.only != "weekly":
        measure_requests(options)
    if options.only in (None, "weekly"):
        weekly.measure(options)


def measure_requests(options: argparse.Namespace) -> None:
    """Capture and timeline, on each database engine."""
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, gunicorn {WORKERS} x 8 threads, "
        f"{options.rows} moments, {options.seconds:g} s per figure."
    )
    with tempfile.TemporaryDirectory(prefix="attune-bench-") as folder:
        if options.only != "postgres":
            urls = {name: f"sqlite:///{folder}/{name}.sqlite3" for name in APPLICATIONS}
            measure_on("SQLite", urls, folder=folder, options=options)
        if options.only == "sqlite":
            return
        if reason := missing("postgres"):
            print(f"\nPostgreSQL: left out. {reason}.")
            return
        with postgres_databases() as urls:
            measure_on("PostgreSQL", urls, folder=folder, options=options)


def measure_on(engine: str, urls: dict[str, str], *, folder: str, options: argparse.Namespace) -> None:
    """Both tables for one database engine, on databases that are empty before."""
    with contextlib.ExitStack() as stack:
        ports, sign_ins = {}, {}
        for name in APPLICATIONS:
            env = environment(name, urls[name], folder)
            sign_ins[name] = seed(name, env, options.rows)
            ports[name] = stack.enter_context(serving(name, env))
        floors = floor_targets(ports[FLOOR], sign_ins[FLOOR])
        products = product_targets(ports[PRODUCT], sign_ins[PRODUCT])
        found: dict[str, tuple[Measured, Measured | None]] = {}
        for name, floor in floors.items():
            product = products.get(name)
            measured = measure(
                [floor, product] if product else [floor], seconds=options.seconds, cpu_seconds=cpu_seconds
            )
            found[name] = (measured[0], measured[1] if product else None)
        memory = {name: worker_megabytes(port) for name, port in ports.items()}
    print_floors(engine, found)
    print_products(found, products, sign_ins[PRODUCT]["queries"])
    print(
        f"\nMemory per worker after the run: floor {memory[FLOOR]} MB, product {memory[PRODUCT]} MB.",
        flush=True,
    )


def environment(name: str, url: str, folder: str) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": APPLICATIONS[name][0],
        "DATABASE_URL": url,
        "FLOOR_SECRET": secrets.token_urlsafe(32),
        "ATTUNE_MODE": "local",
        "ALLOWED_HOSTS": "127.0.0.1",
        "REDIS_URL": "",
        "EMAIL_URL": "",
        "LOG_LEVEL": "ERROR",
        # One person does in three minutes what a family does in years.
        "RATE_LIMIT_FACTOR": "1000000",
        "VAR_DIR": f"{folder}/var",
        "STATIC_ROOT": str(ROOT / "var" / "static"),
        "WEB_CONCURRENCY": str(WORKERS),
    }


def seed(name: str, env: dict[str, str], rows: int) -> dict[str, Any]:
    """Fills an empty database; what a client needs to sign in."""
    command = [sys.executable, "-m", APPLICATIONS[name][1], str(rows)]
    done = subprocess.run(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@contextlib.contextmanager
def serving(name: str, env: dict[str, str]) -> Iterator[int]:
    """The application under gunicorn, as in production; its port."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-c", "python:attune_project.gunicorn"]
    server = subprocess.Popen(
        [*command, "--bind", f"127.0.0.1:{port}", APPLICATIONS[name][2]], env=env, cwd=ROOT
    )
    SERVERS[port] = server
    try:
        wait_for(name, port, server)
        yield port
    finally:
        server.terminate()
        server.wait(20)


SERVERS: dict[int, subprocess.Popen[bytes]] = {}


def wait_for(name: str, port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        with contextlib.suppress(OSError):
            if name == PRODUCT:
                if web_answers(port=port):
                    return
            else:
                connection = Connection(port)
                connection.ask(request("GET", "/empty/"))
                connection.close()
                return
        time.sleep(0.1)
    raise SystemExit(f"The {name} server did not start.")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def postgres_databases() -> Iterator[dict[str, str]]:
    """Two empty databases that are gone afterwards."""
    names = {name: f"attune_bench_{name}_{os.getpid()}" for name in APPLICATIONS}
    with psycopg.connect(POSTGRES_URL, autocommit=True) as server:
        for database in names.values():
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        try:
            yield {
                name: urlsplit(POSTGRES_URL)._replace(path=f"/{database}").geturl()
                for name, database in names.items()
            }
        finally:
            for database in names.values():
                server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))


def workers(port: int) -> list[Path]:
    """The folders in /proc of the processes that answer on this port (Linux; none elsewhere)."""
    server = SERVERS[port].pid
    children = Path(f"/proc/{server}/task/{server}/children")
    return [Path("/proc") / pid for pid in children.read_text().split()] if children.exists() else []


def cpu_seconds(port: int) -> float:
    # proc(5): after the name in brackets, the 12th and 13th fields are user and system time in ticks.
    fields = [(folder / "stat").read_text().rpartition(")")[2].split() for folder in workers(port)]
    return sum(int(field[11]) + int(field[12]) for field in fields) / os.sysconf("SC_CLK_TCK")


def worker_megabytes(port: int) -> int:
    """The memory of the largest worker; what it shares with others is counted by its share."""
    sizes = [
        int(line.split()[1])
        for folder in workers(port)
        for line in (folder / "smaps_rollup").read_text().splitlines()
        if line.startswith("Pss:")
    ]
    return round(max(sizes, default=0) / 1024)


Found = dict[str, tuple[Measured, Measured | None]]


def print_floors(engine: str, found: Found) -> None:
    print(f"\n### {engine}\n")
    print(f"| floor | p50 at 1 client | requests/s at {CLIENTS} | CPU each | bytes |\n|---|--:|--:|--:|--:|")
    for name, (floor, _product) in found.items():
        print(f"| {name} | {figures(floor)} |")


def print_products(found: Found, products: dict[str, Target], queries: dict[str, int]) -> None:
    print(f"\n| product | queries | p50 at 1 client | requests/s at {CLIENTS} | CPU each | bytes |")
    print("|---|--:|--:|--:|--:|--:|")
    pairs = [(name, floor, product) for name, (floor, product) in found.items() if product]
    for name, _floor, product in pairs:
        print(f"| {products[name].name} | {queries[products[name].name]} | {figures(product)} |")
    print("\n| product | its floor | p50 | requests/s | CPU |\n|---|---|--:|--:|--:|")
    for name, floor, product in pairs:
        print(
            f"| {products[name].name} | {name} | {product.p50_ms / floor.p50_ms:.1f} times as long "
            f"| {floor.per_second / product.per_second:.1f} times fewer "
            f"| {product.cpu_ms / max(floor.cpu_ms, 0.001):.1f} times as much |"
        )


def figures(one: Measured) -> str:
    return f"{one.p50_ms:.1f} ms | {one.per_second:,.0f} | {one.cpu_ms:.1f} ms | {one.answer_bytes:,}"


if __name__ == "__main__":
    main()
