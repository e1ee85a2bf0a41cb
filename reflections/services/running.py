"""Passes of the compile over all households: cut into chunks, taken by as many workers as there are, told as they go.

The rows are the work: a chunk that is compiled is gone, so whoever is killed loses what was begun and nothing else, and
the next to ask goes on with what is left. A chunk that was compiled and not crossed out is compiled again, which
changes nothing.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet, Sum

from households.selectors import list_household_ids
from reflections.models import CompileChunk, CompileRun
from reflections.rules import CHUNK_ATTEMPTS, CHUNK_LEASE, CHUNK_SIZE, RUNS_KEPT
from reflections.selectors import list_chunks
from reflections.services.compiling import Compiled, compile_closed, compile_week, ensure_weeks

logger = logging.getLogger(__name__)


@transaction.atomic
def open_run(*, label: str = "", now: datetime, size: int = CHUNK_SIZE) -> CompileRun:
    """The unfinished pass for the week of this label, or for whatever closed or changed; a new one if there is none.

    What is left of an unfinished one stays cut as it was.
    """
    run, is_new = CompileRun.objects.get_or_create(
        label=label, ended_at__isnull=True, defaults={"asked_at": now}
    )
    if is_new:
        chunks = [
            CompileChunk(run=run, first=ids[0], last=ids[-1], households=len(ids))
            for ids in list_chunks(size=max(1, size))
        ]
        CompileChunk.objects.bulk_create(chunks)
        run.households = sum(chunk.households for chunk in chunks)
        run.ended_at = None if chunks else now
        run.save()
    else:
        _give_up(run, now)
    return run


def work_chunk(*, run_id: int, now: datetime) -> bool:
    """Compile one chunk that nobody holds; False when there is none.

    Raises:
        Exception: whatever broke the whole chunk. It is free again when its lease has ended, three times in all.
    """
    chunk = _take_chunk(run_id, now)
    if chunk is None:
        return False
    ids = list_household_ids(after=chunk.first - 1, upto=chunk.last)
    if chunk.run.label:
        done = compile_week(household_ids=ids, label=chunk.run.label, now=now)
    else:
        ensure_weeks(household_ids=ids, now=now)
        done = compile_closed(household_ids=ids, now=now)
    _cross_out(chunk, done, now)
    return True


@transaction.atomic
def _take_chunk(run_id: int, now: datetime) -> CompileChunk | None:
    free = _free(now).filter(run_id=run_id, attempts__lt=CHUNK_ATTEMPTS).select_related("run")
    chunk = free.select_for_update(skip_locked=True, of=("self",)).order_by("first").first()
    if chunk is not None:
        chunk.lease_until, chunk.attempts = now + CHUNK_LEASE, chunk.attempts + 1
        chunk.save(update_fields=["lease_until", "attempts"])
    return chunk


def _free(now: datetime) -> QuerySet[CompileChunk]:
    return CompileChunk.objects.filter(Q(lease_until__isnull=True) | Q(lease_until__lte=now))


@transaction.atomic
def _cross_out(chunk: CompileChunk, done: Compiled, now: datetime) -> None:
    """The chunk goes, and the run tells of it: once, even if two workers compiled it."""
    run = CompileRun.objects.select_for_update().get(pk=chunk.run_id)
    deleted, _rows = CompileChunk.objects.filter(pk=chunk.pk).delete()
    if not deleted:
        return
    run.done += chunk.households
    run.written += done.written
    run.unchanged += done.unchanged
    run.broken += len(done.broken)
    _end_if_done(run, now)
    logger.info("compile run %s: %s of %s households", run.pk, run.done, run.households)


def _end_if_done(run: CompileRun, now: datetime) -> None:
    if not run.chunks.exists():
        run.ended_at = now
    run.save()


def _give_up(run: CompileRun, now: datetime) -> None:
    """What broke three times is left to an operator, so that the next pass can begin. Mails compile for themselves."""
    run = CompileRun.objects.select_for_update().get(pk=run.pk)
    hopeless = _free(now).filter(run=run, attempts__gte=CHUNK_ATTEMPTS)
    lost = hopeless.aggregate(households=Sum("households"))["households"]
    if lost:
        logger.error(
            "compile run %s: %s households are left out after %s tries", run.pk, lost, CHUNK_ATTEMPTS
        )
        hopeless.delete()
        run.broken += lost
        _end_if_done(run, now)


@transaction.atomic
def forget_runs(*, now: datetime) -> int:
    """Passes that ended long ago; how many there were."""
    return CompileRun.objects.filter(ended_at__lt=now - RUNS_KEPT).delete()[0]
