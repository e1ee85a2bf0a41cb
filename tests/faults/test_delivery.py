"""Weekly mails while everything around them is killed: none is lost, and a second copy is the same mail."""

from __future__ import annotations

import random
import time
import urllib.error
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.delivering import (
    Installation,
    OwnPostgres,
    OwnRedis,
    empty_database,
    installation,
)
from tests.faults.phone_server import Wire, pages
from tests.machine import POSTGRES_URL, REDIS_URL
from tests.servers import Mailbox, meanwhile, open_mailbox, wait_until

drill = [pytest.mark.drill, pytest.mark.timeout(3600)]


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with open_mailbox(thinks_for=0.02) as box:
        yield box


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    if not OwnRedis.is_here():
        pytest.skip("there is no redis-server to start")
    server = OwnRedis(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def own_postgres() -> Iterator[OwnPostgres]:
    if not OwnPostgres.is_here():
        pytest.skip("there is no initdb to make a cluster with")
    server = OwnPostgres()
    server.create()
    yield server
    server.remove()


class Reader:
    """Somebody who was signed in before, and opens the first page twice a second."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.seen: list[tuple[float, int]] = []  # when an answer came, and which: 401: a stranger's page

    def look(self) -> None:
        try:
            status = 200 if self.is_signed_in() else 401
        except urllib.error.HTTPError as error:
            status = error.code
        except OSError:
            status = 599  # nobody answered
        self.seen.append((time.monotonic(), status))

    def is_signed_in(self) -> bool:
        """Whether the first page is somebody's Today; a stranger's names no account."""
        return b" data-account=" in self.wire.get("/").content

    def longest_failure(self) -> float:
        """The seconds of the longest time in which every answer was a 5xx, up to the answer that ended it."""
        longest, since = 0.0, None
        for at, status in self.seen:
            if status < 500:
                longest, since = max(longest, at - since if since else 0), None
            elif since is None:
                since = at
        return max(longest, self.seen[-1][0] - since) if since else longest

    def told(self) -> str:
        counted = dict(Counter(status for _at, status in self.seen))
        return f"Pages by answer {counted}, the longest without one {self.longest_failure():.1f} s."


def assert_all_arrived(found: Installation, members: int) -> None:
    """Nobody's mail is lost; every copy is the same mail; there are no more copies than kills."""
    copies = found.copies()
    people = {str(message["To"]) for message in found.mailbox.messages}
    doubles = sum(len(raw) - 1 for raw in copies.values())
    print(
        f"\n{members} mails, {found.kills} kills, {found.starts} starts of the worker: lost {members - len(people)}, "
        f"second copies {doubles}, at most {max(map(len, copies.values()))} of one, Message-IDs {len(copies)}."
    )
    assert found.states() == {"sent": members}
    assert len(people) == len(copies) == members
    assert all(len(set(raw)) == 1 for raw in copies.values())
    assert max(map(len, copies.values())) <= 2
    assert doubles <= found.kills


@pytest.mark.postgres
@pytest.mark.redis
class TestKill9:
    @pytest.mark.parametrize(
        ("members", "kills", "leases"), [(24, 3, True), pytest.param(400, 40, False, marks=drill)]
    )
    def test_workers_and_their_children_may_die_at_any_moment(
        self, mailbox: Mailbox, tmp_path: Path, members: int, kills: int, leases: bool
    ) -> None:
        """Half of the kills end one process at work, half the whole worker with its messages in hand."""
        with ExitStack() as stack:
            database = stack.enter_context(empty_database(POSTGRES_URL))
            found = stack.enter_context(
                installation(members, tmp_path, mailbox, database=database, broker=REDIS_URL, a_second=10)
            )
            found.start()
            while found.kills < kills and found.states()["sent"] < members:
                found.nudge()
                before = len(mailbox.messages)
                wait_until(lambda before=before: len(mailbox.messages) > before, 20)
                time.sleep(random.uniform(0, 0.2))
                if found.kills % 2:
                    found.kill_all()
                    found.start()
                else:
                    found.kill_a_child()
            assert found.kills == kills
            assert found.tick_until_sent(members, seconds=1800 if not leases else 90, leases=leases)
            assert_all_arrived(found, members)


@pytest.mark.postgres
class TestRedis:
    """Messages, and what the web server keeps in its cache, are gone; who is signed in stays so."""

    @pytest.mark.parametrize("members", [pytest.param(200, marks=drill)])
    def test_it_may_lose_every_message_and_be_started_anew(
        self, mailbox: Mailbox, tmp_path: Path, own_redis: OwnRedis, members: int
    ) -> None:
        with ExitStack() as stack:
            database = stack.enter_context(empty_database(POSTGRES_URL))
            found = stack.enter_context(
                installation(members, tmp_path, mailbox, database=database, broker=own_redis.url, a_second=10)
            )
            server, session = stack.enter_context(pages(database, tmp_path, redis=own_redis.url))
            reader = Reader(Wire(server.port, session))
            found.start()
            found.nudge()
            assert wait_until(lambda: len(mailbox.messages) >= members // 8, 300)
            with meanwhile(reader.look):
                assert wait_until(lambda: len(reader.seen) > 2, 60)
                own_redis.flush()
                time.sleep(2)
                own_redis.kill()
                away = time.monotonic()
                found.nudge()
                time.sleep(3)  # somebody looks while it is away
                own_redis.start()
                back = time.monotonic()
                assert found.states()["sent"] < members
                assert found.tick_until_sent(members, seconds=600)
            print(reader.told(), f"Redis was away for {back - away:.1f} s.")
            assert reader.seen[0][1] == 200
            assert {status for at, status in reader.seen if at > back + 30} == {200}
            assert reader.longest_failure() <= 30
            assert Reader(Wire(server.port, session)).is_signed_in()
            assert not Reader(Wire(server.port, "nobody")).is_signed_in()
            assert found.worker is not None
            assert found.worker.poll() is None
            assert_all_arrived(found, members)


@pytest.mark.redis
class TestPostgres:
    @pytest.mark.parametrize("members", [pytest.param(200, marks=drill)])
    def test_it_may_crash_five_times_under_load(
        self, mailbox: Mailbox, tmp_path: Path, own_postgres: OwnPostgres, members: int
    ) -> None:
        with ExitStack() as stack:
            database = stack.enter_context(empty_database(own_postgres.url))
            found = stack.enter_context(
                installation(members, tmp_path, mailbox, database=database, broker=REDIS_URL, a_second=10)
            )
            found.start()
            recovered = []
            for crash in range(5):
                found.nudge()
                wait_until(lambda crash=crash: len(mailbox.messages) > members * crash // 8, 60)
                own_postgres.control("restart", "-m", "immediate")
                found.kills += 1
                began = time.monotonic()
                before = found.states()["sent"]
                found.nudge()
                assert wait_until(lambda before=before: found.states()["sent"] > before, 120), crash
                recovered.append(time.monotonic() - began)
            assert found.tick_until_sent(members, seconds=900)
            assert found.worker is not None
            assert found.worker.poll() is None
            assert_all_arrived(found, members)
            print("Seconds from each restart to the next mail:", [round(each, 1) for each in recovered])
            assert len(recovered) == 5
            assert max(recovered) <= 15
