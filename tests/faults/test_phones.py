"""What becomes of an outbox when the server dies under it, and of a server when a phone comes back from a drawer."""

from __future__ import annotations

import http.client
import json
import random
import statistics
import threading
import time
import urllib.error
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.faults.phone_server import COUNT, PREPARE, Server, Wire, phone_server
from tests.phone import FINAL, Phone

BROKEN = (urllib.error.URLError, http.client.HTTPException, OSError)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with phone_server(tmp_path) as here:
        yield here


def sign_in(server: Server, who: dict[str, str]) -> Phone:
    return Phone(Wire(server.port, who["session"])).start()


def fill_outbox(phone: Phone, child: str, moments: int) -> None:
    """Each moment and one change of it: a chain of two."""
    now = datetime.now(UTC)
    for number in range(moments):
        op = phone.write("create", child=child, tone="in_tune", at=now, note=f"one {number}")
        phone.write("update", moment_id=op["moment_id"], base={"op": op["op_id"]}, note=f"two {number}")


def send_until_empty(phone: Phone, batch: int, seen: dict[str, int]) -> None:
    """As the page does: what has no final result is sent again, whatever happened to the answer."""
    while phone.queue:
        seen["requests"] += 1
        try:
            results = phone.send(phone.queue[:batch])
        except BROKEN:
            seen["broken"] += 1
            time.sleep(0.05)
            continue
        final = {result["op_id"] for result in results if result["status"] in FINAL}
        phone.queue = [op for op in phone.queue if op["op_id"] not in final]
        seen["answered"] += 1


def kill_often(server: Server, stop: threading.Event, kills: list[int], seen: dict[str, int]) -> None:
    """A worker after each few answers, at a moment that chance finds: a new one has to come up in between."""
    rng = random.Random(9)
    answered = 0
    while not stop.wait(rng.uniform(0, 0.3)):
        if seen["answered"] > answered and server.kill_a_worker(rng.randrange(2)):
            kills.append(1)
            answered = seen["answered"] + rng.randrange(2)


def send_under_fire(server: Server, *, moments: int, batch: int) -> dict[str, Any]:
    people = json.loads(server.shell(PREPARE))
    server.start()
    phone = sign_in(server, people[0])
    fill_outbox(phone, people[0]["child"], moments)
    stop, kills, seen = threading.Event(), [], {"requests": 0, "broken": 0, "answered": 0}
    killer = threading.Thread(target=kill_often, args=(server, stop, kills, seen))
    killer.start()
    try:
        send_until_empty(phone, batch, seen)
    finally:
        stop.set()
        killer.join()
    return {**seen, "kills": len(kills), "queue": len(phone.queue), **json.loads(server.shell(COUNT))}


@pytest.mark.postgres
@pytest.mark.timeout(300)  # with the making of its database, beside whatever else the machine does
def test_a_worker_that_is_killed_loses_and_doubles_nothing(server: Server) -> None:
    found = send_under_fire(server, moments=30, batch=10)
    assert (found["moments"], found["edited_once"], found["operations"]) == (30, 30, 60)
    assert (found["links"], found["drafts"], found["queue"]) == (60, 0, 0)


@pytest.mark.drill
@pytest.mark.postgres
@pytest.mark.timeout(1800)
def test_two_thousand_operations_under_thirty_kills(server: Server) -> None:
    found = send_under_fire(server, moments=1_000, batch=20)
    print(f"kill -9 of web workers: {found}")
    assert found["kills"] >= 30
    assert (found["moments"], found["edited_once"], found["operations"]) == (1_000, 1_000, 2_000)
    assert (found["links"], found["drafts"], found["queue"]) == (2_000, 0, 0)


@pytest.mark.drill
@pytest.mark.postgres
@pytest.mark.timeout(1800)
def test_ten_thousand_operations_from_one_drawer(server: Server) -> None:
    people = json.loads(server.shell(PREPARE))
    server.start()
    phone, other = (sign_in(server, who) for who in people)
    quiet = [_timed(other) for _ in range(40)]
    fill_outbox(phone, people[0]["child"], 100)
    send_until_empty(phone, 100, {"requests": 0, "broken": 0, "answered": 0})
    before = server.memory()
    fill_outbox(phone, people[0]["child"], 4_900)
    stop, loud = threading.Event(), []

    def look() -> None:
        while not stop.wait(0.2):
            loud.append(_timed(other))

    watcher = threading.Thread(target=look)
    watcher.start()
    batches = []
    while phone.queue:
        began = time.perf_counter()
        results = phone.send(phone.queue[:100])
        batches.append(time.perf_counter() - began)
        final = {result["op_id"] for result in results if result["status"] in FINAL}
        assert len(final) == len(results)
        phone.queue = phone.queue[100:]
    stop.set()
    watcher.join()
    grown = (server.memory() - before) / 2**20
    found = json.loads(server.shell(COUNT))
    print(
        f"10,000 operations: {found}; {len(batches)} batches, p95 {_p95(batches):.2f} s; workers grew {grown:.1f} MB; "
        f"another person's kit: p95 {_p95(loud) / _p95(quiet):.1f} times that without it"
    )
    assert (found["moments"], found["edited_once"], found["operations"]) == (5_000, 5_000, 10_000)
    assert grown < 50


def _timed(phone: Phone) -> float:
    began = time.perf_counter()
    assert phone.client.get("/api/v1/sync/kit").status_code == 200
    return time.perf_counter() - began


def _p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]
