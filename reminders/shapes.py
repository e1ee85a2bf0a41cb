"""What pages are told of somebody's reminders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class ReachedDevice:
    """One of the person's own devices that takes prompts."""

    id: int
    name: str
    is_this: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """How often somebody is asked now: every so many days, and until when not at all."""

    every_days: int
    resting_until: date | None


@dataclass(frozen=True, slots=True)
class Target:
    """Where a browser takes prompts, and the keys that only it can open them with (RFC 8291)."""

    endpoint: str
    p256dh: str
    auth: str
