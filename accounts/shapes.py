"""What pages are told of accounts: no secret, and nothing a stranger could use."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime


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


@dataclass(frozen=True, slots=True)
class AccountState:
    """How an account stands, without a word of what is in it: what an operator is shown."""

    public_id: uuid.UUID
    opened_on: date
    last_signed_in_at: datetime | None
    is_open: bool
    erase_at: datetime | None
    has_proved_address: bool
    mail_stopped_at: datetime | None
    passkeys: int
    has_app: bool
    sessions: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who may sign in to the operator's pages."""

    id: int
    since: date
    has_passkey: bool
