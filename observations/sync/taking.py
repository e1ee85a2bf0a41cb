"""Taking what a phone sends: each operation once for its author, however often, in whatever order it comes.

Each has a transaction of its own, in which its row, its effect and its result are written together: what a crash leaves
is either all of it or nothing, and the phone, which was not told, sends it again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import OperationalError, transaction
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce, Length

from accounts.selectors import get_user
from observations.models import SyncOp
from observations.rules import (
    HELD_BYTES_MAX,
    HELD_MAX,
    HELD_OPS_MAX,
    OPS_KEPT,
    DraftKind,
    OpStatus,
    OpType,
)
from observations.sync.applying import Job, Outcome, apply, keep
from observations.sync.as_sent import KeyMissing, held_of
from observations.sync.drafts import NoRoom
from observations.sync.hpke import NotOpened
from observations.sync.keys import open_with
from observations.sync.patience import Busy, impatient, wait_no_longer
from observations.sync.plaintext import Clock, Plain, Unfit, as_content, read_plaintext

logger = logging.getLogger(__name__)

# What is told again as `duplicate`; of the others the phone may have something to say to its owner once more.
_QUIET: Final = (OpStatus.APPLIED, OpStatus.MERGED)


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


def take_ops(*, actor_id: int, ops: Sequence[SentOp], client_now: datetime, now: datetime) -> list[OpResult]:
    """The result of each operation, in their order. One that fails stops no other.

    Raises:
        OperationalError: the database does not answer; what was taken stays taken.
    """
    account = account_of(get_user(user_id=actor_id).public_id)
    clock = Clock(now=now, client_now=client_now)
    return [_take_one(sent, actor_id=actor_id, account=account, clock=clock) for sent in ops]


def forget_ops(*, now: datetime, limit: int = 5_000) -> int:
    """Destroy what is known of operations that came long ago, at most *limit*; how many. For the schedule."""
    old = SyncOp.objects.exclude(status=OpStatus.DEFERRED).filter(received_at__lt=now - OPS_KEPT)
    gone, _by_model = SyncOp.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:limit])).delete()
    return gone


# --- One operation -----------------------------------------------------------------------------------------------
def _take_one(sent: SentOp, *, actor_id: int, account: str, clock: Clock) -> OpResult:
    """The result of one operation. Those that were held for it are tried after it, and those held for them."""
    result, is_awaited = _try(sent, actor_id=actor_id, account=account, clock=clock)
    then = Clock(now=clock.now, client_now=clock.now)
    came = [sent.op_id] if is_awaited else []
    for op_id in came:
        held = SyncOp.objects.filter(author_id=actor_id, base_op=op_id, status=OpStatus.DEFERRED)
        for row in held.order_by("pk"):
            try:
                again = sent_then(row)
            except KeyMissing:
                continue  # it is tried by the hour
            _told, is_awaited = _try(again, actor_id=actor_id, account=account, clock=then)
            if is_awaited:
                came.append(row.op_id)
    return result


def _try(sent: SentOp, *, actor_id: int, account: str, clock: Clock) -> tuple[OpResult, bool]:
    """As `_take`; what goes wrong with this operation is its result."""
    try:
        with impatient():
            return _take(sent, actor_id=actor_id, account=account, clock=clock)
    except NotOpened:
        return _result(sent, OpStatus.UNDECRYPTABLE, now=clock.now), False
    except Busy:
        return _result(sent, OpStatus.DEFERRED, code="busy", now=clock.now), False
    except NoRoom:
        return _result(sent, OpStatus.DEFERRED, code="slow_down", now=clock.now), False
    except OperationalError:
        raise
    except Exception:
        logger.exception("operation %s of user %s broke off", sent.op_id, actor_id)
        return _result(sent, OpStatus.DEFERRED, code="failed", now=clock.now), False


def take_again(row: SyncOp, *, now: datetime) -> OpResult:
    """Try an operation that was held.

    Raises:
        KeyMissing: its author's key does not open it right now.
    """
    return _take_one(
        sent_then(row),
        actor_id=row.author_id,
        account=account_of(row.author.public_id),
        clock=Clock(now=now, client_now=now),
    )


def sent_then(row: SyncOp) -> SentOp:
    """A held operation as it came.

    Raises:
        KeyMissing: its author's key does not open it right now.
    """
    return SentOp(row.op_id, row.moment_id, row.kid, held_of(row))


@transaction.atomic
def _take(sent: SentOp, *, actor_id: int, account: str, clock: Clock) -> tuple[OpResult, bool]:
    """The result of one operation, and whether others wait for it."""
    wait_no_longer()
    # Whoever writes holds the author's row first, here and in `keep_shut`.
    get_user(user_id=actor_id, for_update=True)
    row, is_first = _claim(sent, actor_id=actor_id, clock=clock)
    if bytes(row.sha256) != sent.sha256:
        return _result(sent, OpStatus.REUSED, now=clock.now), False
    if not is_first and row.status != OpStatus.DEFERRED:
        return _told_again(sent, row), False
    if row.client_now is not None:  # held: what its phone's clock said when it first came is what counts
        clock = Clock(now=clock.now, client_now=clock.now - (row.received_at - row.client_now))
    opened = open_sent(sent, account=account)
    outcome = _do(row, opened, clock=clock)
    if outcome is None:
        _hold(row, sent, clock=clock)
        return _result(sent, OpStatus.DEFERRED, code="base", now=row.received_at), False
    _settle(row, outcome)
    waits = SyncOp.objects.filter(author_id=actor_id, base_op=row.op_id, status=OpStatus.DEFERRED).exists()
    return OpResult(sent.op_id, outcome.status, outcome.rev, outcome.code, row.received_at), waits


def _claim(sent: SentOp, *, actor_id: int, clock: Clock) -> tuple[SyncOp, bool]:
    """The row of this operation, held, and whether it was just made: another delivery waits here for its end."""
    row = SyncOp(
        author_id=actor_id,
        op_id=sent.op_id,
        moment_id=sent.moment_id,
        sha256=sent.sha256,
        received_at=clock.now,
    )
    SyncOp.objects.bulk_create([row], ignore_conflicts=True)
    kept = SyncOp.objects.select_for_update().get(author_id=actor_id, op_id=sent.op_id)
    return kept, kept.status == ""


def open_sent(sent: SentOp, *, account: str) -> bytes:
    """What the phone sealed.

    Raises:
        NotOpened: no key that is known opens it.
    """
    aad = f"v1|{account}|{sent.op_id}|{sent.moment_id}|{sent.kid}".encode()
    try:
        sealed = base64.urlsafe_b64decode(sent.sealed.encode("ascii") + b"=" * (-len(sent.sealed) % 4))
    except (UnicodeEncodeError, binascii.Error) as error:
        raise NotOpened from error
    return open_with(sent.kid, sealed, aad=aad)


def _do(row: SyncOp, opened: bytes, *, clock: Clock) -> Outcome | None:
    """The effect of an operation; None while it has to wait for another."""
    content = as_content(opened)
    unfit: Unfit | None = None
    try:
        plain = read_plaintext(content, clock=clock)
    except Unfit as error:
        plain, unfit = Plain(type=OpType.DRAFT, content=content), error
    base = None
    row.base_op = plain.base_op
    if plain.base_op is not None and plain.type in (OpType.UPDATE, OpType.DELETE):
        base = SyncOp.objects.filter(author_id=row.author_id, op_id=plain.base_op).first()
        if base is None or base.status == OpStatus.DEFERRED:
            if clock.now - row.received_at <= HELD_MAX:
                return None
            base = None
    job = Job(row.author_id, row.op_id, row.moment_id, plain, base, clock.now)
    return keep(job, DraftKind.RESCUED, unfit) if unfit else apply(job)


def _hold(row: SyncOp, sent: SentOp, *, clock: Clock) -> None:
    if row.status != OpStatus.DEFERRED:
        held = SyncOp.objects.filter(author_id=row.author_id, status=OpStatus.DEFERRED)
        kept = held.aggregate(rows=Count("pk"), size=Coalesce(Sum(Length("held_sealed")), 0))
        if kept["rows"] >= HELD_OPS_MAX or kept["size"] >= HELD_BYTES_MAX:
            raise NoRoom
        row.status, row.kid, row.client_now = OpStatus.DEFERRED, sent.kid, clock.client_now
        row.held = sent.sealed
        row.save()


def _settle(row: SyncOp, outcome: Outcome) -> None:
    row.status, row.rev, row.code = outcome.status, outcome.rev, outcome.code
    row.trunk, row.made = outcome.trunk, outcome.made
    row.kid, row.held_sealed, row.client_now = "", b"", None
    row.save()


# --- What is told ------------------------------------------------------------------------------------------------
def _told_again(sent: SentOp, row: SyncOp) -> OpResult:
    status = OpStatus(row.status)
    return OpResult(
        sent.op_id,
        OpStatus.DUPLICATE if status in _QUIET else status,
        row.rev,
        row.code,
        row.received_at,
    )


def _result(sent: SentOp, status: OpStatus, *, code: str = "", now: datetime) -> OpResult:
    return OpResult(sent.op_id, status, None, code, now)
