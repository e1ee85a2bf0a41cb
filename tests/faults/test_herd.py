"""Thousands who chose the same hour for their mail: they come apart, and nobody who looks at a page notices."""

from __future__ import annotations

import statistics
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import psycopg
import pytest

from reflections.rules import JITTER_MAX, TICK
from tests.faults.delivering import OPTIONS, empty_database, installation
from tests.faults.phone_server import Server, Wire, pages
from tests.machine import POSTGRES_URL, REDIS_URL
from tests.servers import meanwhile, open_mailbox

WEB_PROCESSES: Final = 2
# One for each process that works for the page or the mail, and one for whoever plans.
CONNECTIONS_MAX: Final = WEB_PROCESSES + int(OPTIONS[OPTIONS.index("--concurrency") + 1]) + 1
# How the planner's own delays become due times that begin now, drawn together to a *share* of their length.
BEGIN = """
UPDATE reflections_digest AS digest
SET due_at = now() + (digest.due_at - first.at) * {share}, next_at = now() + (digest.due_at - first.at) * {share}
FROM (SELECT min(due_at) AS at FROM reflections_digest) AS first
"""
SPAN = "SELECT extract(epoch FROM max(due_at) - min(due_at)) FROM reflections_digest"
FIRST_TO_LAST = "SELECT extract(epoch FROM max(sent_at) - min(sent_at)) FROM reflections_digest"
OPEN = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


class Looking:
    """Somebody who opens the first page again and again, and an operator who counts connections."""

    def __init__(self, server: Server, session: str) -> None:
        self.wire = Wire(server.port, session)
        self.seconds: list[float] = []
        self.most = 0

    def look(self) -> None:
        began = time.perf_counter()
        assert self.wire.get("/").status_code == 200
        self.seconds.append(time.perf_counter() - began)

    def look_and_count(self, rows: psycopg.Connection) -> None:
        self.look()
        (seen,) = rows.execute(OPEN).fetchone() or (0,)
        self.most = max(self.most, seen)

    def p95(self) -> float:
        return statistics.quantiles(self.seconds, n=20)[-1]


@pytest.mark.drill
@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.timeout(5400)
@pytest.mark.parametrize(("members", "share"), [(1_000, 0.1), (10_000, 1.0)])
def test_ten_thousand_of_one_hour_come_over_three_quarters_of_it(
    tmp_path: Path, members: int, share: float
) -> None:
    """At the pace of production. A tenth of the members in a tenth of the time are as many in a minute."""
    with ExitStack() as stack:
        mailbox = stack.enter_context(open_mailbox(thinks_for=0.02))
        database = stack.enter_context(empty_database(POSTGRES_URL))
        found = stack.enter_context(
            installation(
                members, tmp_path, mailbox, database=database, broker=REDIS_URL, a_second=5, load=["planned"]
            )
        )
        server, session = stack.enter_context(pages(found.env["DATABASE_URL"], tmp_path))
        found.start()
        [(planned,)] = found.ask(SPAN)
        before, during = (Looking(server, session) for _ in range(2))
        for _ in range(100):
            before.look()
        found.ask(BEGIN.format(share=share))
        rows = stack.enter_context(psycopg.connect(found.env["DATABASE_URL"], autocommit=True))
        with meanwhile(lambda: during.look_and_count(rows)):
            until = time.monotonic() + 2 * JITTER_MAX.total_seconds() * share + 120
            while found.states() != {"sent": members} and time.monotonic() < until:
                found.nudge()
                time.sleep(TICK.total_seconds() * share)
        [(took,)] = found.ask(FIRST_TO_LAST)
        minutes = float(took) / share / 60
        print(
            f"\n{members} members of one hour, in {share} of the time: planned over {float(planned) / 60:.1f} min, "
            f"sent within {minutes:.1f} min; a page, p95: {during.p95() / before.p95():.2f} times that without it "
            f"({len(during.seconds)} looks); connections at most {during.most} of {CONNECTIONS_MAX}."
        )
        assert found.states() == {"sent": members}
        assert len({str(message["Message-ID"]) for message in mailbox.messages}) == members
        assert len(mailbox.messages) == members
        assert float(planned) <= JITTER_MAX.total_seconds()
        assert 45 <= minutes <= 60
        assert during.most <= CONNECTIONS_MAX
