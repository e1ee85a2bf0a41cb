"""How the weekly mails and the compile stand, as lines that Prometheus reads.

All values come from rows, so every web process says the same and none keeps a registry of its own: what is left of the
text format (version 0.0.4) is a line for each number. No label names a person, a household or a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from reflections.rules import Status
from reflections.selectors import Standing

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


def to_text(standing: Standing, *, now: datetime) -> str:
    return "".join(f"{line}\n" for line in _lines(standing, now))


def _lines(standing: Standing, now: datetime) -> Iterator[str]:
    mails = {f'{{state="{state}"}}': standing.mails.get(state, 0) for state in Status}
    yield from _gauge("attune_digests", "Weekly mails in each state.", mails)
    yield from _gauge("attune_digests_due", "Weekly mails whose time has come.", standing.due)
    lag = standing.lag.total_seconds()
    yield from _gauge("attune_digests_lag_seconds", "How long the one longest due has waited.", lag)
    yield from _gauge("attune_digests_leased", "Weekly mails that a sender holds now.", standing.leased)
    closed = int(standing.closed_until is not None)
    yield from _gauge("attune_mail_gate_closed", "1 while nobody speaks to the mail server.", closed)
    yield from _gauge("attune_mail_gate_failures", "Failures to connect in a row.", standing.failures)
    yield from _gauge(
        "attune_weeks_uncompiled", "Closed weeks that no pass has reached.", standing.uncompiled
    )
    if standing.runs:
        run = standing.runs[0]
        yield from _gauge("attune_compile_households", "Households of the latest pass.", run.households)
        yield from _gauge("attune_compile_done", "Households of it that are compiled.", run.done)
        yield from _gauge("attune_compile_broken", "What it could not compile.", run.broken)
        age = (now - run.asked_at).total_seconds()
        yield from _gauge("attune_compile_age_seconds", "How long ago it was begun.", age)


def _gauge(name: str, about: str, values: float | Mapping[str, float]) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} gauge"
    for labels, value in (values if isinstance(values, Mapping) else {"": values}).items():
        yield f"{name}{labels} {value:g}"
