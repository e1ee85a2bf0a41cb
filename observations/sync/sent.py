"""What a phone sends, as it came, and what the phone is told of it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime

from observations.models import SyncOp
from observations.rules import OpStatus
from observations.sync.as_sent import held_of
from observations.sync.hpke import NotOpened
from observations.sync.keys import KeyRing
from observations.sync.plaintext import Clock


@dataclass(frozen=True, slots=True)
class SentOp:
    """One operation as it came: nobody knows yet what it says."""

    op_id: uuid.UUID
    moment_id: uuid.UUID
    kid: str
    sealed: str

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(f"{self.moment_id}|{self.kid}|{self.sealed}".encode()).digest()


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose operations they are, and what time it is here and on the phone."""

    actor_id: int
    account: str
    clock: Clock


@dataclass(frozen=True, slots=True)
class OpResult:
    """What the phone is told of one operation."""

    op_id: uuid.UUID
    status: OpStatus
    rev: int | None
    code: str
    received_at: datetime


def account_of(public_id: uuid.UUID) -> str:
    """What an account is called in an outbox: the same for life, and it leads back to nobody."""
    digest = hashlib.sha256(f"attune account {public_id}".encode()).digest()
    return "a_" + base64.urlsafe_b64encode(digest).decode()[:22]


def sent_then(row: SyncOp) -> SentOp:
    """A held operation as it came.

    Raises:
        KeyMissing: its author's key does not open it right now.
    """
    return SentOp(row.op_id, row.moment_id, row.kid, held_of(row))


def open_sent(sent: SentOp, *, account: str, keys: KeyRing) -> bytes:
    """What the phone sealed.

    Raises:
        NotOpened: no key that is known opens it.
    """
    aad = f"v1|{account}|{sent.op_id}|{sent.moment_id}|{sent.kid}".encode()
    try:
        sealed = base64.urlsafe_b64decode(sent.sealed.encode("ascii") + b"=" * (-len(sent.sealed) % 4))
    except (UnicodeEncodeError, binascii.Error) as error:
        raise NotOpened from error
    return keys.open(sent.kid, sealed, aad=aad)
