"""The erasure ledger: what must stay gone when a backup is restored, in a file outside of the database.

A restored database brings back what was deleted, withdrawn or left after it was dumped. So each such act is noted in
the same transaction, the note becomes a line of a file as soon as that transaction holds, and after a restore
`reapply` does it all again. A line is `{"kind", "subject", "at"}`: a kind, a random id and a time, never a word.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Final

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from common.estates import Applier, list_estates
from common.models import LedgerEntry

FLUSHED_AT_ONCE: Final = 1_000
# A line that could not be written for so long is for an operator to look at.
LATE_AFTER: Final = timedelta(minutes=15)
# How long a row stays after its line is on disk.
KEPT: Final = timedelta(days=7)


def appliers() -> Mapping[str, Applier]:
    """Every kind of line, with what it means after a restore."""
    return {kind: apply for estate in list_estates() for kind, apply in estate.appliers().items()}


# --- Writing -----------------------------------------------------------------------------------------------------
def note(kind: str, subject: object, at: datetime | None = None) -> None:
    """Note down that *subject*, a random id, was erased, withdrawn or left. Inside the transaction of the act.

    Without *at* the database says when: for acts that mean the same whenever they were done.

    Raises:
        LookupError: no app knows what this kind would mean after a restore.
    """
    if kind not in appliers():
        raise LookupError(f"nobody applies {kind!r} again after a restore")
    LedgerEntry.objects.create(kind=kind, subject=str(subject), at=at or Now())
    # A disk that is full must not undo what somebody withdrew: the row waits, and the sweep tries again.
    transaction.on_commit(flush, robust=True)


def flush() -> int:
    """Append what waits to the file and to the disk; how many lines. Only then are they marked as written.

    Processes take turns. One that dies between file and mark leaves a line to be written twice, which is harmless.
    """
    path = Path(settings.ERASURE_LEDGER)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600), "a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        waiting = list(LedgerEntry.objects.filter(written_at__isnull=True).order_by("pk")[:FLUSHED_AT_ONCE])
        if not waiting:
            return 0
        file.write(_rest_of_line(file) + b"".join(_line(entry) for entry in waiting))
        file.flush()
        os.fsync(file.fileno())
        LedgerEntry.objects.filter(pk__in=[entry.pk for entry in waiting]).update(written_at=Now())
    return len(waiting)


def forget_written(*, now: datetime) -> int:
    """Destroy the rows whose lines have long been on disk; how many went. For the schedule."""
    gone, _by_model = LedgerEntry.objects.filter(written_at__lt=now - KEPT).delete()
    return gone


def count_late(*, now: datetime) -> int:
    """How many notes have waited too long for their line. For operators."""
    return LedgerEntry.objects.filter(written_at__isnull=True, at__lt=now - LATE_AFTER).count()


def _line(entry: LedgerEntry) -> bytes:
    said = {"kind": entry.kind, "subject": entry.subject, "at": entry.at.isoformat()}
    return json.dumps(said).encode() + b"\n"


def _rest_of_line(file: IO[bytes]) -> bytes:
    """What ends the line before: whoever crashed in the middle of theirs left it open."""
    if not file.seek(0, os.SEEK_END):
        return b""
    file.seek(-1, os.SEEK_END)
    return b"" if file.read(1) == b"\n" else b"\n"


# --- After a restore ---------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Reapplied:
    """How many rows each kind of line changed, and the numbers of lines that say nothing that is known."""

    changed: dict[str, int]
    unread: list[int]


def reapply(lines: Iterable[str]) -> Reapplied:
    """Do again what these lines say, in their order. Twice is once.

    A line that cannot be read stops no other: it may be half of one that was written again after a crash.
    """
    known = appliers()
    changed, unread = dict.fromkeys(known, 0), []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            kind, subject, at = _read(line)
            changed[kind] += known[kind](subject, at)
        except (ValueError, LookupError, TypeError):
            unread.append(number)
    return Reapplied(changed, unread)


def close_doors(*, now: datetime) -> dict[str, int]:
    """End what opens doors by itself and may have been ended since the dump; how many of each. After a restore."""
    return {name: count for estate in list_estates() for name, count in estate.close_doors(now).items()}


def _read(line: str) -> tuple[str, str, datetime]:
    said = json.loads(line)
    at = datetime.fromisoformat(said["at"])
    if timezone.is_naive(at):
        raise ValueError("an instant without its offset")
    return str(said["kind"]), str(said["subject"]), at
