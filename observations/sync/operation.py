"""One operation: opened, read, and given its effect and its result behind a savepoint of its own."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from typing import Final

from django.db import OperationalError, transaction
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce, Length

from observations.models import SyncOp
from observations.rules import (
    HELD_BYTES_MAX,
    HELD_MAX,
    HELD_OPS_MAX,
    DraftKind,
    OpStatus,
    OpType,
)
from observations.sync.applying import Job, Outcome, apply, keep
from observations.sync.drafts import NoRoom
from observations.sync.hpke import NotOpened
from observations.sync.patience import is_passing
from observations.sync.plaintext import Clock, Plain, Unfit, as_content, read_plaintext
from observations.sync.sent import OpResult, Sender, SentOp, open_sent
from observations.sync.tray import Tray

logger = logging.getLogger(__name__)

# What is told again as `duplicate`; of the others the phone may have something to say to its owner once more.
_QUIET: Final = (OpStatus.APPLIED, OpStatus.MERGED)


def take_one(sent: SentOp, sender: Sender, tray: Tray) -> OpResult:
    """The result of one operation. What goes wrong with it is its result, and leaves nothing else behind.

    Raises:
        OperationalError: the database does not do it, and not because somebody else holds a row.
    """
    try:
        return _take(sent, sender, tray)
    except NotOpened:
        status, code = OpStatus.UNDECRYPTABLE, ""
    except NoRoom:
        status, code = OpStatus.DEFERRED, "slow_down"
    except OperationalError as error:
        if not is_passing(error):
            raise
        status, code = OpStatus.DEFERRED, "busy"
    except Exception:
        logger.exception("operation %s of user %s broke off", sent.op_id, sender.actor_id)
        status, code = OpStatus.DEFERRED, "failed"
    tray.forget(sent.op_id)
    return without_row(sent, status, code=code, now=sender.clock.now)


@transaction.atomic
def _take(sent: SentOp, sender: Sender, tray: Tray) -> OpResult:
    row = tray.find(sent.op_id) or new_row(sent, sender)
    if bytes(row.sha256) != sent.sha256:
        return without_row(sent, OpStatus.REUSED, now=sender.clock.now)
    if row.status not in ("", OpStatus.DEFERRED):
        return _told_again(row)
    clock = sender.clock
    if row.client_now is not None:  # held: what its phone's clock said when it first came is what counts
        clock = Clock(now=clock.now, client_now=clock.now - (row.received_at - row.client_now))
    outcome = _do(row, open_sent(sent, account=sender.account, keys=tray.keys), tray, clock=clock)
    if outcome is None:
        _hold(row, sent, clock=clock)
        tray.keep(row)
        return without_row(sent, OpStatus.DEFERRED, code="base", now=row.received_at)
    settle(row, outcome)
    row.save()
    tray.keep(row)
    return told(row)


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
    job = Job(row.author_id, row.op_id, row.moment_id, plain, base, tray, clock.now)
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


# --- Its row -----------------------------------------------------------------------------------------------------
def new_row(sent: SentOp, sender: Sender) -> SyncOp:
    """Of one that comes for the first time; not saved yet."""
    return SyncOp(
        author_id=sender.actor_id,
        op_id=sent.op_id,
        moment_id=sent.moment_id,
        sha256=sent.sha256,
        received_at=sender.clock.now,
    )


def settle(row: SyncOp, outcome: Outcome) -> None:
    """Write its result into the row; the caller saves it."""
    row.status, row.rev, row.code = outcome.status, outcome.rev, outcome.code
    row.trunk, row.made = outcome.trunk, outcome.made
    row.kid, row.held_sealed, row.client_now = "", b"", None


# --- What is told ------------------------------------------------------------------------------------------------
def told(row: SyncOp) -> OpResult:
    """The result that stands in the row."""
    return OpResult(row.op_id, OpStatus(row.status), row.rev, row.code, row.received_at)


def without_row(sent: SentOp, status: OpStatus, *, code: str = "", now: datetime) -> OpResult:
    """The result of one of which nothing was settled."""
    return OpResult(sent.op_id, status, None, code, now)


def _told_again(row: SyncOp) -> OpResult:
    result = told(row)
    return replace(result, status=OpStatus.DUPLICATE) if result.status in _QUIET else result
