"""The disk of PostgreSQL fills up while a phone, a program and a page write moments, and has room again later."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest

from tests.faults.delivering import OwnPostgres
from tests.faults.phone_server import PREPARE, PlainWire, Server
from tests.phone import FINAL, V1, Phone
from tests.servers import wait_until

pytestmark = [pytest.mark.drill, pytest.mark.postgres, pytest.mark.timeout(1800)]

SIZE_MB = {"tables": 96, "everything": 256}
WORDS = "words that no log may hold "
GOOD = {200, 201, 303}
BACK_WITHIN = 60
FOUND = """
import json
from observations.models import FeedEntry, Observation, RecordLink, SyncOp
links = RecordLink.objects.filter(observation__isnull=False)
print(json.dumps({
    "moments": [str(id) for id in Observation.objects.values_list("public_id", flat=True)],
    "links": [str(id) for id in links.values_list("observation__public_id", flat=True)],
    "feed": [str(id) for id in FeedEntry.objects.values_list("public_id", flat=True)],
    "operations": [str(id) for id in SyncOp.objects.filter(status="applied").values_list("moment_id", flat=True)],
    "notes": sum(bool(row.note) for row in Observation.objects.all()),
    "loose": RecordLink.objects.filter(observation=None).count() + SyncOp.objects.exclude(status="applied").count(),
}))
"""


# --- A disk that can be full -------------------------------------------------------------------------------------
class SmallDisk:
    """A file system of its own, in memory, that belongs to PostgreSQL."""

    def __init__(self, place: Path, megabytes: int) -> None:
        self.place, self.ballast = place, place / "ballast"
        options = (
            f"size={megabytes}m,mode=0700,uid={shutil._get_uid('postgres')},gid={shutil._get_gid('postgres')}"
        )
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=True, capture_output=True
        )

    def fill(self) -> None:
        """Takes all room that is left."""
        with self.ballast.open("ab", buffering=0) as file, suppress(OSError):
            while file.write(b"x" * 4096):
                pass

    def make_room(self) -> None:
        self.ballast.unlink()

    def remove(self) -> None:
        subprocess.run(["umount", "-l", self.place], check=True)


def small_disk(place: Path, megabytes: int) -> SmallDisk:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    try:
        return SmallDisk(place, megabytes)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a small disk cannot be mounted here")


@contextmanager
def cluster_on_small_disk(what: str) -> Iterator[tuple[OwnPostgres, SmallDisk, str]]:
    """A cluster with its *tables*, or *everything*, its log of writes included, on a small disk; and its database."""
    if not OwnPostgres.is_here():
        pytest.skip("there is no initdb to make a cluster with")
    cluster = OwnPostgres()
    with ExitStack() as stack:
        place = cluster.data
        if what == "tables":
            place = Path(tempfile.mkdtemp(prefix="attune-disk-"))
            stack.callback(place.rmdir)
        disk = small_disk(place, SIZE_MB[what])
        stack.callback(disk.remove)
        cluster.create()
        stack.callback(lambda: cluster.control("stop", "-m", "immediate"))
        with psycopg.connect(cluster.url, autocommit=True) as server:
            if what == "tables":
                inside = place / "tables"
                inside.mkdir()
                shutil.chown(inside, "postgres", "postgres")
                server.execute(f"CREATE TABLESPACE small LOCATION '{inside}'")
            server.execute(f"CREATE DATABASE attune {'TABLESPACE small' if what == 'tables' else ''}")
        yield cluster, disk, cluster.url.removesuffix("postgres") + "attune"
    shutil.rmtree(cluster.data, ignore_errors=True)


# --- Who writes --------------------------------------------------------------------------------------------------
@dataclass
class Writer:
    """Sends moments one after the other, each until it is taken, and remembers what was answered."""

    name: str
    send: Callable[[str], tuple[int, bool]]
    answers: Counter[int] = field(default_factory=Counter)
    taken: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    broken: list[str] = field(default_factory=list)

    def run(self) -> None:
        while not self.stop.is_set() and not self.broken:
            moment_id = str(uuid.uuid4())
            while not self.broken and not self._is_taken(moment_id):
                time.sleep(0.1)

    def _is_taken(self, moment_id: str) -> bool:
        try:
            status, is_taken = self.send(moment_id)
        except Exception as error:  # noqa: BLE001 (the thread of the test tells it)
            self.broken.append(repr(error))
            return False
        self.answers[status] += 1
        if is_taken:
            self.taken.append(moment_id)
        return is_taken


def note() -> str:
    return (WORDS * 80).strip()  # so long that the tables grow quickly


def by_phone(phone: Phone, child: str) -> Callable[[str], tuple[int, bool]]:
    def send(moment_id: str) -> tuple[int, bool]:
        if not phone.queue:
            now = datetime.now(UTC)
            phone.write("create", moment_id=moment_id, child=child, tone="missed", at=now, note=note())
        answer = phone.post(phone.queue)
        if answer.status_code != 200:
            return answer.status_code, False
        (result,) = answer.json()["results"]
        is_taken = result["status"] in FINAL
        if is_taken:
            phone.queue.clear()
        return 200, is_taken

    return send


def by_program(wire: PlainWire, child: str, token: str) -> Callable[[str], tuple[int, bool]]:
    def send(moment_id: str) -> tuple[int, bool]:
        body = {"id": moment_id, "child": child, "tone": "in_tune", "note": note()}
        body["occurred_at"] = datetime.now(UTC).isoformat()
        headers = {"X-CSRFToken": token}
        answer = wire.post(
            f"{V1}/moments/", json.dumps(body), content_type="application/json", headers=headers
        )
        return answer.status_code, answer.status_code in GOOD

    return send


def by_page(wire: PlainWire, child: str, token: str) -> Callable[[str], tuple[int, bool]]:
    def send(moment_id: str) -> tuple[int, bool]:
        sheet = {"moment_id": moment_id, "child": child, "tone": "came_back", "note": note()}
        body = urlencode({**sheet, "opened_at": datetime.now(UTC).isoformat(), "csrfmiddlewaretoken": token})
        answer = wire.post("/log/", body, content_type="application/x-www-form-urlencoded")
        if answer.status_code == 503:
            assert note() in answer.content.decode(), "the words are not on the page"
        return answer.status_code, answer.status_code == 303

    return send


def by_reading(wire: PlainWire, path: str) -> Callable[[str], tuple[int, bool]]:
    def send(_moment_id: str) -> tuple[int, bool]:
        time.sleep(0.5)
        return wire.get(path).status_code, True

    return send


# --- The drill ---------------------------------------------------------------------------------------------------
@contextmanager
def writing(server: Server) -> Iterator[list[Writer]]:
    people = json.loads(server.shell(PREPARE))
    server.start()
    wires = [PlainWire(server.port, who["session"]) for who in people]
    first, second = (Phone(wire).start() for wire in wires)
    token, child = second.session["csrf"], people[1]["child"]
    writers = [
        Writer("phone", by_phone(first, people[0]["child"])),
        Writer("program", by_program(wires[1], child, token)),
        Writer("page", by_page(wires[1], child, token)),
    ]
    everybody = [
        *writers,
        Writer("list by program", by_reading(wires[1], f"{V1}/moments/")),
        Writer("list as page", by_reading(wires[1], "/moments/")),
    ]
    threads = [threading.Thread(target=one.run) for one in everybody]
    for thread in threads:
        thread.start()
    try:
        yield everybody
    finally:
        for one in everybody:
            one.stop.set()
        for thread in threads:
            thread.join(120)


def each(writers: list[Writer], count: Callable[[Writer], int], more: int, seconds: float) -> bool:
    """Whether *count* grew by so much for each of them in time."""
    before = [count(writer) for writer in writers]
    return wait_until(
        lambda: all(count(writer) >= was + more for writer, was in zip(writers, before, strict=True)), seconds
    )


def crash_for_want_of_room(url: str) -> bool:
    """Ask for new segments of the log of writes until there is none to be had; whether PostgreSQL gave up over it."""
    for _ in range(50):
        try:
            with psycopg.connect(url, autocommit=True, connect_timeout=5) as server:
                server.execute(
                    "SELECT pg_logical_emit_message(false, 'x', repeat('x', 1000000)), pg_switch_wal()"
                )
        except psycopg.errors.DiskFull:
            time.sleep(0.2)
        except psycopg.OperationalError:
            return True
    return False


def bring_back(cluster: OwnPostgres) -> bool:
    """Starts the cluster where it gave up; whether that was needed."""

    def answers() -> bool:
        with suppress(psycopg.Error), psycopg.connect(cluster.url, connect_timeout=2):
            return True
        return False

    if wait_until(answers, 5):
        return False
    cluster.control("start")
    return True


@pytest.mark.parametrize("what", ["tables", "everything"])
def test_a_full_disk_loses_nothing_and_is_forgotten_within_a_minute(what: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        cluster, disk, database = stack.enter_context(cluster_on_small_disk(what))
        server = Server(database, tmp_path)
        server.log = tmp_path / "server.log"
        server.migrate()
        stack.callback(server.stop)
        with writing(server) as everybody:
            writers = everybody[:3]  # what only reads may go on
            assert each(writers, lambda one: len(one.taken), 10, 120), [one.broken for one in writers]
            disk.fill()
            assert each(writers, lambda one: one.answers[503], 20, 300), [one.answers for one in writers]
            if what == "everything":
                assert crash_for_want_of_room(database)
                assert each(writers, lambda one: one.answers[503], 20, 120), [one.answers for one in writers]
            disk.make_room()
            began = time.monotonic()
            was_started = bring_back(cluster)
            assert each(writers, lambda one: len(one.taken), 1, 120), [one.answers for one in writers]
            back_after = time.monotonic() - began
            assert each(writers, lambda one: len(one.taken), 10, 120)
        found = json.loads(server.shell(FOUND))
        log = server.log.read_text()
    report(
        what, everybody, found, log, f"writing again after {back_after:.1f} s, started anew: {was_started}"
    )
    assert back_after <= BACK_WITHIN
    assert_whole(everybody, found, log)


def report(what: str, everybody: list[Writer], found: dict[str, Any], log: str, then: str) -> None:
    answers = {one.name: dict(sorted(one.answers.items())) for one in everybody}
    counts = {name: len(value) if isinstance(value, list) else value for name, value in found.items()}
    print(f"\n{what} on a full disk: {answers}; {then}; {counts}; {len(log.splitlines())} lines in the log")
    print("\n".join(sorted({line.split(" ", 4)[-1].split(";")[0] for line in log.splitlines()})))


def assert_whole(everybody: list[Writer], found: dict[str, Any], log: str) -> None:
    """No other answer; what was taken is there once with all that belongs to it, and nothing else is."""
    writers = everybody[:3]
    assert not [one.broken for one in everybody if one.broken]
    answers = sum((one.answers for one in everybody), Counter())
    assert set(answers) <= {*GOOD, 503}
    taken = sorted(moment for one in writers for moment in one.taken)
    for kind in ("moments", "links", "feed"):
        assert sorted(found[kind]) == taken, kind
    assert sorted(found["operations"]) == sorted(writers[0].taken)
    assert (found["loose"], found["notes"]) == (0, len(taken))
    assert WORDS not in log
    assert len([line for line in log.splitlines() if "out of service" in line]) == len(log.splitlines())
    assert len(log.splitlines()) == answers[503]
