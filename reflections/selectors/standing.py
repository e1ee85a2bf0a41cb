"""How the weekly reflections stand, for operators: counts, dates and keys of rows, and nothing of what a row holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q

from reflections.models import CompileChunk, CompileRun, Digest, DigestWeek, MailGate
from reflections.rules import OPEN, SYNC_GRACE, Status, is_gate_closed


def count_digests(*, user_id: int | None = None) -> dict[str, int]:
    """How many deliveries, or those to one person, are in each state; one without any is left out. For operators."""
    rows = Digest.objects.all() if user_id is None else Digest.objects.filter(membership__user_id=user_id)
    counted = rows.values_list("status").annotate(times=Count("pk")).order_by("status")
    return dict(counted.values_list("status", "times"))


def list_quarantined_digest_ids() -> list[int]:
    """Deliveries that wait for an operator, in the order they were planned."""
    return list(Digest.objects.filter(status=Status.QUARANTINED).order_by("pk").values_list("pk", flat=True))


@dataclass(frozen=True, slots=True)
class Run:
    """How far one pass of the compile is. `label` is '' for the pass over whatever closed or changed."""

    label: str
    asked_at: datetime
    ended_at: datetime | None
    households: int
    done: int
    written: int
    unchanged: int
    broken: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How the weekly mails and the compile stand at one moment.

    `lag` is how long the delivery that is longest due has been waiting. `closed_until` is set while nobody speaks to
    the mail server; `failures` counts what led there. `uncompiled` are weeks that closed and no pass has reached yet.
    """

    mails: Mapping[str, int]
    due: int
    lag: timedelta
    leased: int
    closed_until: datetime | None
    failures: int
    uncompiled: int
    runs: Sequence[Run]

    @property
    def lag_minutes(self) -> int:
        return int(self.lag.total_seconds() // 60)


def get_standing(*, now: datetime) -> Standing:
    """How it stands at this moment: five queries, none of which grows with what was sent long ago."""
    waiting = Digest.objects.filter(status__in=OPEN, next_at__lte=now).aggregate(
        due=Count("pk"), oldest=Min("due_at")
    )
    gate = MailGate.objects.first()
    closed_until = gate.closed_until if gate else None
    closed_weeks = DigestWeek.objects.filter(compiled_at__isnull=True, ends_at__lte=now - SYNC_GRACE)
    return Standing(
        mails=count_digests(),
        due=waiting["due"],
        lag=max(now - waiting["oldest"], timedelta()) if waiting["oldest"] else timedelta(),
        leased=Digest.objects.filter(status=Status.SENDING, lease_until__gt=now).count(),
        closed_until=closed_until if is_gate_closed(closed_until, now=now) else None,
        failures=gate.failures if gate else 0,
        uncompiled=closed_weeks.count(),
        runs=list_runs(),
    )


def list_runs(*, limit: int = 5) -> list[Run]:
    """The latest passes, latest first."""
    rows = CompileRun.objects.order_by("-asked_at", "-pk").values_list(*Run.__slots__)
    return [Run(*row) for row in rows[:limit]]


def get_run(*, run_id: int) -> Run:
    """How far one pass is."""
    return Run(*CompileRun.objects.values_list(*Run.__slots__).get(pk=run_id))


def list_free_chunks(*, now: datetime, lost_only: bool = False) -> Iterator[int]:
    """For each chunk that nobody holds, the pass it belongs to; *lost_only*: of those that somebody took and let go."""
    free = Q(lease_until__lte=now) if lost_only else Q(lease_until__lte=now) | Q(lease_until__isnull=True)
    rows = CompileChunk.objects.filter(free, run__ended_at__isnull=True).order_by("run_id", "first")
    return iter(rows.values_list("run_id", flat=True))


def held_until(*, run_id: int) -> datetime | None:
    """Until when at least one chunk of this pass is somebody's; None when none is."""
    found: datetime | None = CompileChunk.objects.filter(run_id=run_id).aggregate(first=Min("lease_until"))[
        "first"
    ]
    return found
