"""Passes over all households: cut into chunks, shared between workers, taken up again after a kill."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from observations.services import edit_moment
from reflections import tasks
from reflections.models import CompileChunk, CompileRun, Reflection
from reflections.rules import CHUNK_ATTEMPTS, CHUNK_LEASE, RUNS_KEPT
from reflections.selectors import get_run, get_standing, list_free_chunks
from reflections.services import forget_runs, open_run, plan_digests, work_chunk
from reflections.services.compiling import Compiled
from tests.reflections.conftest import CLOSED, EVENING, LABEL

SECOND = timedelta(seconds=1)
WORK = "reflections.services.running.compile_week"


@pytest.fixture
def families(make_family) -> list[Any]:
    found = [make_family(str(number)) for number in range(3)]
    for family in found:
        family.note(family.alice)
    return found


def work(run: CompileRun, *, now=EVENING, chunks: int = 1000) -> int:
    """How many chunks were there to work on."""
    return sum(1 for _ in range(chunks) if work_chunk(run_id=run.pk, now=now))


class TestAPass:
    def test_it_goes_over_everybody_and_counts_as_it_goes(self, families):
        run = open_run(label=LABEL, now=EVENING, size=1)
        told = []
        while work_chunk(run_id=run.pk, now=EVENING):
            told.append(get_run(run_id=run.pk).done)
        assert told == [1, 2, 3]
        run.refresh_from_db()
        assert (run.households, run.done, run.written, run.broken) == (3, 3, 6, 0)
        assert run.ended_at == EVENING
        assert not CompileChunk.objects.exists()

    def test_who_asks_while_it_runs_joins_it(self, families):
        run = open_run(label=LABEL, now=EVENING, size=1)
        work(run, chunks=1)
        assert open_run(label=LABEL, now=EVENING + SECOND, size=2) == run
        assert work(run) == 2
        assert open_run(label=LABEL, now=EVENING + SECOND) != run

    def test_another_week_is_another_pass(self, families):
        assert open_run(label=LABEL, now=EVENING) != open_run(now=EVENING)

    def test_without_households_there_is_nothing_to_do(self, db):
        run = open_run(now=EVENING)
        assert (run.ended_at, work(run)) == (EVENING, 0)

    def test_a_second_pass_writes_nothing(self, families):
        work(open_run(label=LABEL, now=EVENING, size=1))
        before = list(Reflection.objects.order_by("pk").values())
        again = open_run(label=LABEL, now=EVENING + SECOND, size=2)
        work(again, now=EVENING + SECOND)
        again.refresh_from_db()
        assert (again.written, again.unchanged) == (0, 6)
        assert list(Reflection.objects.order_by("pk").values()) == before

    def test_a_large_chunk_costs_no_more_queries_than_a_small_one(self, make_family):
        def queries(size: int) -> int:
            run = open_run(label=LABEL, now=EVENING, size=size)
            with CaptureQueriesContext(connection) as captured:
                work_chunk(run_id=run.pk, now=EVENING)
            work(run)
            return len(captured)

        for number in range(2):
            make_family(f"a{number}")
        few = queries(2)
        for number in range(10):
            make_family(f"b{number}")
        assert queries(12) <= few


class TestAWorkerThatIsKilled:
    @pytest.fixture
    def run(self, families, monkeypatch) -> CompileRun:
        """Three chunks, of which a worker has finished the first and died over the second."""
        run = open_run(label=LABEL, now=EVENING, size=1)
        work(run, chunks=1)

        def dies(**_arguments):
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(WORK, dies)
            with pytest.raises(KeyboardInterrupt):
                work_chunk(run_id=run.pk, now=EVENING)
        return run

    def test_what_was_finished_is_not_begun_again(self, run, monkeypatch):
        worked = []
        monkeypatch.setattr(WORK, lambda **given: worked.extend(given["household_ids"]) or Compiled())
        assert work(run) == 1
        assert work(run, now=EVENING + CHUNK_LEASE) == 1
        assert len(worked) == len(set(worked)) == 2

    def test_the_schedule_goes_on_with_it(self, run, monkeypatch):
        nudged = []
        monkeypatch.setattr(tasks.plan_chunk, "apply_async", lambda **_: None)
        monkeypatch.setattr(tasks.compile_chunk, "apply_async", lambda *, kwargs, **_: nudged.append(kwargs))
        for at in (EVENING, EVENING + CHUNK_LEASE):
            with time_machine.travel(at, tick=False):
                tasks.plan()
        assert nudged == [{"run_id": run.pk}]

    def test_a_slow_worker_that_comes_back_is_not_counted_twice(self, families, monkeypatch):
        run = open_run(label=LABEL, now=EVENING, size=3)

        def slow(**given: Any) -> Compiled:
            monkeypatch.undo()
            assert work(run, now=EVENING + CHUNK_LEASE) == 1  # somebody else, meanwhile
            return Compiled(written=100)

        monkeypatch.setattr(WORK, slow)
        work_chunk(run_id=run.pk, now=EVENING)
        assert (get_run(run_id=run.pk).done, get_run(run_id=run.pk).written) == (3, 6)

    def test_a_chunk_that_breaks_three_times_is_left_out_and_the_next_pass_begins(
        self, families, monkeypatch, caplog
    ):
        run = open_run(label=LABEL, now=EVENING, size=3)
        now = EVENING
        with monkeypatch.context() as patched:
            patched.setattr(WORK, lambda **_: 1 / 0)
            for _ in range(CHUNK_ATTEMPTS):
                with pytest.raises(ZeroDivisionError):
                    work_chunk(run_id=run.pk, now=now)
                now += CHUNK_LEASE
        assert work(run, now=now) == 0
        assert open_run(label=LABEL, now=now) == run
        assert (get_run(run_id=run.pk).broken, get_run(run_id=run.pk).ended_at) == (3, now)
        assert "3 households are left out" in caplog.text
        after = open_run(label=LABEL, now=now)
        assert after != run
        assert work(after, now=now) == 1


class TestTheSchedule:
    def test_every_free_chunk_is_a_message_of_its_own(self, families):
        run = open_run(now=EVENING, size=1)
        assert list(list_free_chunks(now=EVENING)) == [run.pk] * 3
        work(run, chunks=1)
        assert list(list_free_chunks(now=EVENING)) == [run.pk] * 2

    def test_a_pass_finds_weeks_that_closed_and_leaves_none(self, families):
        plan_digests(household_ids=[family.household.pk for family in families], now=CLOSED)
        assert get_standing(now=EVENING).uncompiled > 0
        work(open_run(now=EVENING))
        assert get_standing(now=EVENING).uncompiled == 0

    def test_a_pass_compiles_what_changed_since(self, families):
        moment = families[0].note(families[0].alice)
        work(open_run(now=EVENING))
        edit_moment(
            actor_id=families[0].alice.pk,
            moment_id=moment.public_id,
            details={"contexts": ["play"]},
            now=EVENING + SECOND,
        )
        later = open_run(now=EVENING + 2 * SECOND)
        work(later, now=EVENING + 2 * SECOND)
        assert get_run(run_id=later.pk).written == 1

    def test_passes_of_long_ago_are_forgotten(self, families):
        work(open_run(now=EVENING))
        assert forget_runs(now=EVENING + RUNS_KEPT) == 0
        assert forget_runs(now=EVENING + RUNS_KEPT + SECOND) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="threads have databases of their own there")
class TestManyWorkers:
    def test_no_chunk_is_compiled_twice_and_none_is_left(self, families, monkeypatch):
        run = open_run(label=LABEL, now=EVENING, size=1)
        worked: list[int] = []
        monkeypatch.setattr(WORK, lambda **given: worked.extend(given["household_ids"]) or Compiled())

        def worker(_: int) -> int:
            try:
                return work(run)
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as workers:
            assert sum(workers.map(worker, range(4))) == 3
        assert sorted(worked) == sorted(family.household.pk for family in families)
        assert get_run(run_id=run.pk).ended_at == EVENING
