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
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from attune_project.probe import web_answers
from benchmarks.load import CLIENTS, Connection, Measured, Target, measure, request
from benchmarks.targets import floor_targets, product_targets
from tests.machine import POSTGRES_URL, missing

ROOT = Path(__file__).resolve().parent.parent
ROWS = 1500
SECONDS = 1.8
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
    parser.add_argument("--only", choices=["sqlite", "postgres"], help="one database engine")
    options = parser.parse_args()
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
            measured = measure([floor, product] if product else [floor], seconds=options.seconds)
            found[name] = (measured[0], measured[1] if product else None)
        memory = {name: worker_megabytes(port) for name, port in ports.items()}
    print_tables(engine, found, products)
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
        "VAR_DIR": f"{folder}/var",
        "STATIC_ROOT": str(ROOT / "var" / "static"),
        "WEB_CONCURRENCY": str(WORKERS),
    }


def seed(name: str, env: dict[str, str], rows: int) -> dict[str, str]:
    """Fills an empty database; what a client needs to sign in."""
    command = [sys.executable, "-m", APPLICATIONS[name][1], str(rows)]
    done = subprocess.run(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
    return {key: str(value) for key, value in json.loads(done.stdout.splitlines()[-1]).items()}


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


def worker_megabytes(port: int) -> int:
    """The memory of one worker, what it shares counted by share (Linux; 0 elsewhere)."""
    children = Path(f"/proc/{SERVERS[port].pid}/task/{SERVERS[port].pid}/children")
    if not children.exists():
        return 0
    sizes = [
        int(line.split()[1])
        for pid in children.read_text().split()
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        if line.startswith("Pss:")
    ]
    return round(max(sizes, default=0) / 1024)


def print_tables(
    engine: str, found: dict[str, tuple[Measured, Measured | None]], products: dict[str, Target]
) -> None:
    print(f"\n### {engine}\n")
    print(f"| floor | p50 at 1 client | requests/s at {CLIENTS} | bytes |\n|---|--:|--:|--:|")
    for name, (floor, _product) in found.items():
        print(f"| {name} | {floor.p50_ms:.1f} ms | {floor.per_second:,.0f} | {floor.answer_bytes:,} |")
    print(
        f"\n| product | p50 at 1 client | requests/s at {CLIENTS} | bytes | stands on | p50 × floor | floor/s ÷ |"
    )
    print("|---|--:|--:|--:|---|--:|--:|")
    for name, (floor, product) in found.items():
        if product:
            print(
                f"| {products[name].name} | {product.p50_ms:.1f} ms | {product.per_second:,.0f} "
                f"| {product.answer_bytes:,} | {name} | {product.p50_ms / floor.p50_ms:.1f} "
                f"| {floor.per_second / product.per_second:.1f} |"
            )


if __name__ == "__main__":
    main()
