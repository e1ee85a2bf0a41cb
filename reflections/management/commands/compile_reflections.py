"""`manage.py compile_reflections`: compile a week now, with the same code that the schedule runs."""

from __future__ import annotations

from argparse import ArgumentParser
from time import sleep
from typing import Any, Final

from celery import current_app
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from common.dates import parse_week_label
from common.queues import COMPILE
from reflections.rules import CHUNK_SIZE
from reflections.selectors import Run, get_run, held_until, list_free_chunks
from reflections.services import open_run, work_chunk

LOOK_SECONDS: Final = 1
TASK: Final = "reflections.tasks.compile_chunk"


class Command(BaseCommand):
    help = (
        "Compile the reflections of a week, for every household. Without --week: of every week that closed, and of "
        "what changed within eight days. Stopped, it goes on where it was when it is run again; run again after that, "
        "it changes nothing. Run it in several places at once and they share the work."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--week", default="", help="such as 2026-W46; the week may still be open")
        parser.add_argument(
            "--chunk", type=int, default=CHUNK_SIZE, help=f"households at a time ({CHUNK_SIZE})"
        )
        parser.add_argument(
            "--queue", action="store_true", help="let the workers do it, and only show how far they are"
        )

    def handle(self, *args: Any, week: str, chunk: int, queue: bool, **options: Any) -> None:
        if week:
            self._check(week)
        run_id = open_run(label=week, now=timezone.now(), size=chunk).pk
        run = get_run(run_id=run_id)
        with tqdm(
            total=run.households, initial=run.done, unit=" households", file=self.stderr, dynamic_ncols=True
        ) as bar:
            if queue:
                self._watch(run_id, bar)
            else:
                self._work(run_id, bar)
        self._tell(get_run(run_id=run_id), run_id)

    def _check(self, week: str) -> None:
        try:
            parse_week_label(week)
        except ValueError as error:
            raise CommandError(f"{week!r} is no week: write it like 2026-W46.") from error

    def _work(self, run_id: int, bar: Any) -> None:
        while work_chunk(run_id=run_id, now=timezone.now()):
            bar.update(get_run(run_id=run_id).done - bar.n)

    def _watch(self, run_id: int, bar: Any) -> None:
        for free in list_free_chunks(now=timezone.now()):
            if free == run_id:
                current_app.send_task(TASK, kwargs={"run_id": run_id}, queue=COMPILE)
        while (run := get_run(run_id=run_id)).ended_at is None:
            bar.update(run.done - bar.n)
            sleep(LOOK_SECONDS)
        bar.update(run.done - bar.n)

    def _tell(self, run: Run, run_id: int) -> None:
        self.stdout.write(f"  {run.written} reflections written, {run.unchanged} unchanged.")
        if run.broken:
            self.stdout.write(f"  {run.broken} could not be compiled; the log names them.")
        if run.ended_at is None and (until := held_until(run_id=run_id)):
            self.stdout.write(
                f"  {run.households - run.done} households are with another worker, or with one that was stopped: "
                f"the schedule goes on with them after {until:%H:%M} UTC, and so does this command."
            )
