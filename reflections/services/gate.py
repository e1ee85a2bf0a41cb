"""The gate before the mail server: how fast senders may come, and when nobody needs to try.

All senders share one row, so ten workers keep the same pace as one. The pace is the *virtual scheduling* form of the
generic cell rate algorithm (ITU-T I.371, annex A): whoever comes takes the next free place in an evenly spaced line.
The breaker closes after five failures to connect within a minute; after five minutes one sender tries for everybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from reflections.models import MailGate
from reflections.rules import (
    BREAKER_FAILURES,
    BREAKER_REST,
    BREAKER_WINDOW,
    CLOCKS_APART,
    PATIENCE,
    PROBE_TIME,
    is_gate_closed,
)


@dataclass(frozen=True, slots=True)
class Turn:
    """When this sender may speak to the mail server; *closed*: nobody needs to before then."""

    at: datetime
    closed: bool = False


@transaction.atomic
def take_turn(*, now: datetime) -> Turn:
    """The next free place in the line, taken if it is near enough to wait for.

    While the breaker is open, when it may be asked again, and no place is taken.
    """
    gate = _locked(now)
    if gate.closed_until is not None:
        if is_gate_closed(gate.closed_until, now=now):
            return Turn(gate.closed_until, closed=True)
        # One goes ahead; everybody else waits until it had time to find out.
        gate.closed_until = now + PROBE_TIME
    apart = timedelta(seconds=1 / settings.DIGESTS_PER_SECOND)
    at = gate.next_at if now < gate.next_at <= now + PATIENCE + apart + CLOCKS_APART else now
    if at <= now + PATIENCE:
        gate.next_at = at + apart
    gate.save()
    return Turn(at)


@transaction.atomic
def note_contact(*, reached: bool, now: datetime) -> None:
    """Whether the mail server could be spoken to, whatever it said then."""
    gate = _locked(now)
    if reached:
        if gate.failing_since or gate.closed_until:
            gate.failures, gate.failing_since, gate.closed_until = 0, None, None
            gate.save()
        return
    if gate.failing_since is None or abs(now - gate.failing_since) > BREAKER_WINDOW:
        gate.failures, gate.failing_since = 0, now
    gate.failures += 1
    if gate.closed_until or gate.failures >= BREAKER_FAILURES:
        gate.closed_until = now + BREAKER_REST
    gate.save()


def _locked(now: datetime) -> MailGate:
    MailGate.objects.get_or_create(pk=1, defaults={"next_at": now})
    return MailGate.objects.select_for_update().get(pk=1)
