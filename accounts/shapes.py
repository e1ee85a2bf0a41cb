"""What the pages about signing in are told: no secret, and nothing a stranger could use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Device:
    """One browser in which a person is signed in."""

    id: int
    name: str
    is_this: bool
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Passkey:
    """The lock of one of the person's own devices."""

    id: int
    name: str
    added_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class WaysIn:
    """All that opens a person's account. `codes_left` is None where there are no recovery codes."""

    has_password: bool
    passkeys: tuple[Passkey, ...]
    has_app: bool
    codes_left: int | None

    @property
    def has_second_step(self) -> bool:
        return self.has_app or bool(self.passkeys)
