"""Taking what a phone sends: each operation once for its author, however often, in whatever order it comes.

Its row, its effect and its result are written in one transaction: what a crash leaves is either all of it or nothing,
and the phone, which was not told, sends it again. A few share a transaction, each behind a savepoint (ADR 38).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.db import OperationalError, transaction
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce, Length

from accounts.selectors import get_user, holding_user
from common.errors import Conflict, NotVisible, Refused
from observations.feed import one_change
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
from observations.sync.applying import Job, Outcome, apply, keep, record_together
from observations.sync.as_sent import KeyMissing, held_of
from observations.sync.drafts import NoRoom
from observations.sync.hpke import NotOpened
from observations.sync.keys import KeyRing
from observations.sync.patience import Busy, impatient, wait_no_longer
from observations.sync.plaintext import Clock, Plain, Unfit, as_content, read_plaintext
from observations.sync.tray import Tray

logger = logging.getLogger(__name__)

# How many share a transaction: the author's own pages wait for its end.
TOGETHER: Final = 25

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


def take_ops(*, actor_id: int, ops: Sequence[SentOp], client_now: datetime, now: datetime) -> list[OpResult]:
    """The result of each operation, in their order. One that fails stops no other.

    Raises:
        OperationalError: the database does not answer; what was taken stays taken.
    """
    account = account_of(get_user(user_id=actor_id).public_id)
    sender = Sender(actor_id, account, Clock(now=now, client_now=client_now))
    return [
        result
        for start in range(0, len(ops), TOGETHER)
        for result in _take_together(ops[start : start + TOGETHER], sender)
    ]


def forget_ops(*, now: datetime, limit: int = 5_000) -> int:
    """Destroy what is known of operations that came long ago, at most *limit*; how many. For the schedule."""
    old = SyncOp.objects.exclude(status=OpStatus.DEFERRED).filter(received_at__lt=now - OPS_KEPT)
    gone, _by_model = SyncOp.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:limit])).delete()
    return gone


# --- A few at a time ---------------------------------------------------------------------------------------------
def _take_together(ops: Sequence[SentOp], sender: Sender) -> list[OpResult]:
    """The results of a few operations in one transaction; where that does not hold, of each in its own."""
    if len(ops) > 1:
        try:
            with impatient():
                return _take_all(ops, sender)
        except (Busy, OperationalError):
            pass
        except Exception:
            logger.exception("operations of user %s broke off together", sender.actor_id)
    return [_take_alone(sent, sender) for sent in ops]


def _take_alone(sent: SentOp, sender: Sender) -> OpResult:
    try:
        with impatient():
            return _take_all([sent], sender)[0]
    except Busy:
        return _result(sent, OpStatus.DEFERRED, code="busy", now=sender.clock.now)
    except OperationalError:
        raise
    except Exception:
        logger.exception("operation %s of user %s broke off", sent.op_id, sender.actor_id)
        return _result(sent, OpStatus.DEFERRED, code="failed", now=sender.clock.now)


@transaction.atomic
def _take_all(ops: Sequence[SentOp], sender: Sender) -> list[OpResult]:
    wait_no_longer()
    # Whoever writes holds the author's row first, here and in `keep_shut`.
    with holding_user(user_id=sender.actor_id), one_change(at=sender.clock.now):
        tray = Tray.of(ops, author_id=sender.actor_id)
        new = _take_new(ops, sender, tray)
        return [_take_one(sent, sender, tray, result=new.pop(sent.op_id, None)) for sent in ops]


def _take_new(ops: Sequence[SentOp], sender: Sender, tray: Tray) -> dict[uuid.UUID, OpResult]:
    """The results of those that begin a moment, which most of a backlog do: all in one go, or none of them."""
    begun: dict[uuid.UUID, SentOp] = {}
    for sent in ops:
        begun.setdefault(sent.moment_id, sent)
    fresh = [(_row_of(sent, sender), sent) for sent in begun.values() if tray.find(sent.op_id) is None]
    jobs = [
        (row, job)
        for row, sent in fresh
        if (job := _simple_job(row, sent, sender=sender, tray=tray)) is not None
    ]
    if len(jobs) < 2:  # nothing is saved by it
        return {}
    try:
        with transaction.atomic():
            outcomes = record_together([job for _row, job in jobs])
            for (row, _job), outcome in zip(jobs, outcomes, strict=True):
                _settle(row, outcome)
            SyncOp.objects.bulk_create([row for row, _job in jobs])
    except (Conflict, NotVisible, Refused, ValidationError):
        return {}
    for row, _job in jobs:
        tray.keep(row)
    return {row.op_id: _told(row) for row, _job in jobs}


def _simple_job(row: SyncOp, sent: SentOp, *, sender: Sender, tray: Tray) -> Job | None:
    """A new moment with one child; None for anything else, and for what does not open or is not as it has to be."""
    try:
        opened = open_sent(sent, account=sender.account, keys=tray.keys)
        plain = read_plaintext(as_content(opened), clock=sender.clock)
    except (NotOpened, Unfit):
        return None
    is_simple = plain.type is OpType.CREATE and len(plain.children) == 1
    return _job(row, plain, tray, clock=sender.clock) if is_simple else None


# --- One operation -----------------------------------------------------------------------------------------------
def _take_one(sent: SentOp, sender: Sender, tray: Tray, *, result: OpResult | None = None) -> OpResult:
    """The result of one operation. Those that were held for it are tried after it, and those held for them."""
    result = result or _try(sent, sender, tray)
    if result.status in (OpStatus.DEFERRED, OpStatus.UNDECRYPTABLE):
        return result
    then = replace(sender, clock=Clock(now=sender.clock.now, client_now=sender.clock.now))
    came = [sent.op_id]
    for op_id in came:
        for row in tray.pop_waiting_for(op_id):
            try:
                _try(sent_then(row), then, tray)
            except KeyMissing:
                continue  # it is tried by the hour
            came.append(row.op_id)
    return result


def _try(sent: SentOp, sender: Sender, tray: Tray) -> OpResult:
    """As `_take`; what goes wrong with this operation is its result, and leaves nothing else behind."""
    try:
        return _take(sent, sender, tray)
    except NotOpened:
        status, code = OpStatus.UNDECRYPTABLE, ""
    except NoRoom:
        status, code = OpStatus.DEFERRED, "slow_down"
    except OperationalError:
        raise
    except Exception:
        logger.exception("operation %s of user %s broke off", sent.op_id, sender.actor_id)
        status, code = OpStatus.DEFERRED, "failed"
    tray.forget(sent.op_id)
    return _result(sent, status, code=code, now=sender.clock.now)


def take_again(row: SyncOp, *, now: datetime) -> OpResult:
    """Try an operation that was held.

    Raises:
        KeyMissing: its author's key does not open it right now.
    """
    sender = Sender(row.author_id, account_of(row.author.public_id), Clock(now=now, client_now=now))
    return _take_alone(sent_then(row), sender)


def sent_then(row: SyncOp) -> SentOp:
    """A held operation as it came.

    Raises:
        KeyMissing: its author's key does not open it right now.
    """
    return SentOp(row.op_id, row.moment_id, row.kid, held_of(row))


@transaction.atomic
def _take(sent: SentOp, sender: Sender, tray: Tray) -> OpResult:
    row = tray.find(sent.op_id) or _row_of(sent, sender)
    if bytes(row.sha256) != sent.sha256:
        return _result(sent, OpStatus.REUSED, now=sender.clock.now)
    if row.status not in ("", OpStatus.DEFERRED):
        return _told_again(row)
    clock = sender.clock
    if row.client_now is not None:  # held: what its phone's clock said when it first came is what counts
        clock = Clock(now=clock.now, client_now=clock.now - (row.received_at - row.client_now))
    outcome = _do(row, open_sent(sent, account=sender.account, keys=tray.keys), tray, clock=clock)
    if outcome is None:
        _hold(row, sent, clock=clock)
        tray.keep(row)
        return _result(sent, OpStatus.DEFERRED, code="base", now=row.received_at)
    _settle(row, outcome)
    row.save()
    tray.keep(row)
    return _told(row)


def _row_of(sent: SentOp, sender: Sender) -> SyncOp:
    """Of one that comes for the first time; not saved yet."""
    return SyncOp(
        author_id=sender.actor_id,
        op_id=sent.op_id,
        moment_id=sent.moment_id,
        sha256=sent.sha256,
        received_at=sender.clock.now,
    )


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


def _do(row: SyncOp, opened: bytes, tray: Tray, *, clock: Clock) -> Outcome | None:
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
        base = tray.find(plain.base_op)
        if base is None or base.status == OpStatus.DEFERRED:
            if clock.now - row.received_at <= HELD_MAX:
                return None
            base = None
    job = _job(row, plain, tray, base=base, clock=clock)
    return keep(job, DraftKind.RESCUED, unfit) if unfit else apply(job)


def _job(row: SyncOp, plain: Plain, tray: Tray, *, base: SyncOp | None = None, clock: Clock) -> Job:
    return Job(row.author_id, row.op_id, row.moment_id, plain, base, tray.half_typed, clock.now)


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


# --- What is told ------------------------------------------------------------------------------------------------
def _told(row: SyncOp) -> OpResult:
    return OpResult(row.op_id, OpStatus(row.status), row.rev, row.code, row.received_at)


def _told_again(row: SyncOp) -> OpResult:
    told = _told(row)
    return replace(told, status=OpStatus.DUPLICATE) if told.status in _QUIET else told


def _result(sent: SentOp, status: OpStatus, *, code: str = "", now: datetime) -> OpResult:
    return OpResult(sent.op_id, status, None, code, now)
