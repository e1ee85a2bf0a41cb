"""`python -m benchmarks.weekly_work ROLE …`: one process of `benchmarks.weekly`, on the database of the environment.

`fill N` makes the families; `reset` undoes what a compile did; `floor`, `copy` and `compile` do the work that is
compared, `compile` together with as many others as there are; `mails N PORT` renders and hands over. The last line
that each prints is what it found, as JSON.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "attune_project.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from benchmarks.families import LABEL, NOW, fill  # noqa: E402
from checklists.services import load_library  # noqa: E402
from reflections.models import CompileRun, DigestWeek, Reflection  # noqa: E402
from reflections.services import open_run, work_chunk  # noqa: E402

Found = dict[str, Any]
KIBI: Final = 1024


def make(households: str) -> Found:
    call_command("migrate", verbosity=0)
    load_library(now=NOW)
    began = time.perf_counter()
    fill(int(households))
    return {"seconds": time.perf_counter() - began}


def reset() -> Found:
    """As before the compile: the week of everybody is closed, and nobody looked at it."""
    CompileRun.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM reflections_reflection USING reflections_digestweek week "
            "WHERE week.id = week_id AND label = %s",
            [LABEL],
        )
        cursor.execute("UPDATE reflections_digestweek SET compiled_at = NULL WHERE label = %s", [LABEL])
        cursor.execute("VACUUM ANALYZE reflections_reflection")
        cursor.execute("VACUUM ANALYZE reflections_digestweek")
        cursor.execute("CHECKPOINT")
    return {}


# --- The floor ---------------------------------------------------------------------------------------------------
_IN_ITS_WEEK: Final = """FROM reflections_digestweek week
    JOIN observations_observation noted ON noted.household_id = week.household_id
        AND noted.occurred_at >= week.starts_at AND noted.occurred_at < week.ends_at AND noted.deleted_at IS NULL"""
AGGREGATES: Final = (
    f"""SELECT noted.household_id, author_id, tone, count(*), count(DISTINCT occurred_on) {_IN_ITS_WEEK}
        WHERE week.label = %s GROUP BY 1, 2, 3""",
    f"""SELECT noted.household_id, author_id, rating.dimension, count(*), avg(rating.value) {_IN_ITS_WEEK}
        JOIN observations_rating rating ON rating.observation_id = noted.id
        WHERE week.label = %s GROUP BY 1, 2, 3""",
    f"""SELECT noted.household_id, author_id, tick.kind, tick.key, count(*) {_IN_ITS_WEEK}
        JOIN observations_tick tick ON tick.observation_id = noted.id
        WHERE week.label = %s GROUP BY 1, 2, 3, 4""",
)
MEMBERS: Final = """SELECT week.household_id, member.id, week.id,
        EXISTS (SELECT FROM observations_observation noted WHERE noted.household_id = week.household_id
            AND noted.author_id = member.user_id AND noted.occurred_at >= week.starts_at
            AND noted.occurred_at < week.ends_at)
    FROM reflections_digestweek week JOIN households_membership member USING (household_id)
    WHERE week.label = %s ORDER BY 1, 2"""


def floor(sizes: str, *, insert: Callable[[list[Any], Found], None] | None = None) -> Found:
    """Aggregate what the week holds, and insert as many rows as the compile does, each as large, in a thousand at once.

    *sizes*: how many bytes a quiet week has and how many one with moments.
    """
    quiet, busy = (filler(int(size)) for size in sizes.split(","))
    with measuring() as found:
        with connection.cursor() as cursor:
            for statement in AGGREGATES:
                cursor.execute(statement, [LABEL])
                found["groups"] = found.get("groups", 0) + len(cursor.fetchall())
            found["aggregates"] = time.perf_counter() - found["began"]
            cursor.execute(MEMBERS, [LABEL])
            members = cursor.fetchall()
        for start in range(0, len(members), 1000):
            rows = [(*keys, busy if moments else quiet) for *keys, moments in members[start : start + 1000]]
            with transaction.atomic():
                (insert or by_bulk_create)(rows, found)
        found["rows"] = len(members)
    return found


def filler(size: int) -> Found:
    """JSON that is stored in about this many bytes, and does not compress better than a composition does."""
    entry = '{"rule": "noticed.count", "params": {"moments": 3, "days": 2}, "mail": "counts"}'
    return {"said": [json.loads(entry)] * max(1, size // len(entry))}


def by_bulk_create(rows: list[Any], _found: Found) -> None:
    Reflection.objects.bulk_create(
        [
            Reflection(household_id=home, member_id=member, week_id=week, content=content, **STATIC)
            for home, member, week, content in rows
        ],
        batch_size=500,
    )


STATIC: Final[Found] = {"revision": 1, "compiled_at": NOW, "told_at": NOW, "source_digest": "0" * 64}


def by_copy(rows: list[Any], _found: Found) -> None:
    columns = "household_id, member_id, week_id, content, revision, compiled_at, told_at, source_digest"
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(f"COPY reflections_reflection ({columns}) FROM STDIN") as copy,
    ):
        for home, member, week, content in rows:
            copy.write_row((home, member, week, json.dumps(content), *STATIC.values()))


# --- The product -------------------------------------------------------------------------------------------------
def compile_all(gate: str, upto: str = "0") -> Found:
    """Work on the pass until nothing is left of it; *upto*: on the households up to that key alone."""
    run = open_run(now=NOW)
    if int(upto):
        run.chunks.filter(first__gt=int(upto)).delete()
    work_once_ready(gate)
    with measuring() as found:
        while work_chunk(run_id=run.pk, now=NOW):
            found["chunks"] = found.get("chunks", 0) + 1
    run.refresh_from_db()
    assert run.broken == 0
    return {**found, "written": run.written}


def work_once_ready(gate: str) -> None:
    """Say that this process has started, and begin when the file is there: starting Python is not measured."""
    connection.ensure_connection()
    print("ready", flush=True)
    while gate and not Path(gate).exists():
        time.sleep(0.01)


def sizes() -> Found:
    """How large what was compiled is, by whether anything was noted."""
    stored = DigestWeek.objects.filter(label=LABEL).values("pk")
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT content->>'kind' = 'quiet', round(avg(length(content::text))), count(*)
                FROM reflections_reflection WHERE week_id IN ({stored.query.sql_with_params()[0]}) GROUP BY 1""",
            [LABEL],
        )
        found = {is_quiet: (int(size), count) for is_quiet, size, count in cursor.fetchall()}
        cursor.execute("SELECT count(*) FROM observations_observation")
        (observations,) = cursor.fetchone()
    return {
        "quiet": found.get(True, (0, 0)),
        "busy": found.get(False, (0, 0)),
        "observations": observations,
    }


# --- Measuring ---------------------------------------------------------------------------------------------------
class measuring:  # noqa: N801 (reads as a statement)
    """Seconds, processor seconds of this process and of its database connection's, queries, and the peak memory."""

    def __enter__(self) -> Found:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self.server = Path(f"/proc/{cursor.fetchone()[0]}/stat")
        self.queries = 0
        self.counting = connection.execute_wrapper(self._count)
        self.counting.__enter__()
        self.cpu, self.server_cpu = time.process_time(), self._server_cpu()
        self.found: Found = {"began": time.perf_counter(), "at": time.time()}
        return self.found

    def __exit__(self, *_error: object) -> None:
        self.found["seconds"] = time.perf_counter() - self.found.pop("began")
        self.found["until"] = time.time()
        self.found["cpu"] = time.process_time() - self.cpu
        self.found["server_cpu"] = self._server_cpu() - self.server_cpu
        self.counting.__exit__(None, None, None)
        self.found["queries"] = self.queries
        self.found["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIBI

    def _count(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        self.queries += 1
        return execute(*arguments)

    def _server_cpu(self) -> float:
        """proc(5): user and system time, in ticks. Nought where the database is on another machine."""
        if not self.server.exists():
            return 0.0
        fields = self.server.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


ROLES: Final[dict[str, Callable[..., Found]]] = {
    "fill": make,
    "reset": reset,
    "floor": floor,
    "copy": lambda sizes: floor(sizes, insert=by_copy),
    "compile": compile_all,
    "sizes": sizes,
}


if __name__ == "__main__":
    if sys.argv[1] == "mails":
        from benchmarks.weekly_mails import mails

        ROLES["mails"] = mails
    print(json.dumps(ROLES[sys.argv[1]](*sys.argv[2:])))
