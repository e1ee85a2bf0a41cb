"""Who has something new waiting. The apps above say so; what it is, and from whom, nobody here ever learns."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol


class Source(Protocol):
    """For each of these people who have something new: since when its latest waits, in a fixed number of queries."""

    def __call__(self, *, user_ids: Collection[int], now: datetime) -> Mapping[int, datetime]: ...


_SOURCES: dict[str, Source] = {}


def register(label: str, source: Source) -> None:
    """Ask this app too. Called once, when it is ready."""
    _SOURCES[label] = source


def list_latest(*, user_ids: Collection[int], now: datetime) -> Mapping[int, datetime]:
    """Since when the latest of all that is new waits, for each of these people who have anything."""
    latest: dict[int, datetime] = {}
    for source in _SOURCES.values():
        for user_id, at in source(user_ids=user_ids, now=now).items():
            latest[user_id] = max(at, latest.get(user_id, at))
    return latest
