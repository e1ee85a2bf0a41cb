"""Taking what a phone sends: each operation once for its author, however often, in whatever order it comes.

Its row, its effect and its result are written in one transaction: what a crash leaves is either all of it or nothing,
and the phone, which was not told, sends it again. A few share a transaction, each behind a savepoint (ADR 38).
"""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.db import OperationalError, transaction

from accounts.selectors import get_user, holding_user
from common.errors import Conflict, NotVisible, Refused
from observations.feed import one_change
from observations.models import SyncOp
from observations.rules import OPS_KEPT, OpStatus, OpType
from observations.sync.applying import Job, record_together
from observations.sync.as_sent import KeyMissing
from observations.sync.hpke import NotOpened
from observations.sync.operation import new_row, settle, take_one, told, without_row
from observations.sync.patience import Busy, impatient, wait_no_longer
from observations.sync.plaintext import Clock, Unfit, as_content, read_plaintext
from observations.sync.sent import OpResult, Sender, SentOp, account_of, open_sent, sent_then
from observations.sync.tray import Tray

logger = logging.getLogger(__name__)

# How many share a transaction: the author's own pages wait for its end.
TOGETHER: Final = 25

_OPEN: Final = (OpStatus.DEFERRED, OpStatus.UNDECRYPTABLE, OpStatus.REUSED)


def take_ops(*, actor_id: int, ops: Sequence[SentOp], client_now: datetime, now: datetime) -> list[OpResult]:
    """The result of each operation, in their order. One that fails stops no other.

    Raises:
        OperationalError: the database does not answer; what was taken stays taken.
    """
    account = account_of(get_user(user_id=actor_id).public_id)
    sender = Sender(actor_id, account, Clock(now=now, client_now=client_now))
    results = []
    for start in range(0, len(ops), TOGETHER):
        some = _take_together(ops[start : start + TOGETHER], sender)
        _take_what_waited(some, sender)
        results += some
    return results


def take_again(row: SyncOp, *, now: datetime) -> OpResult:
    """Try an operation that was held.

    Raises:
        KeyMissing: its author's key does not open it right now.
    """
    sender = Sender(row.author_id, account_of(row.author.public_id), Clock(now=now, client_now=now))
    result = _take_alone(sent_then(row), sender)
    _take_what_waited([result], sender)
    return result


def forget_ops(*, now: datetime, limit: int = 5_000) -> int:
    """Destroy what is known of operations that came long ago, at most *limit*; how many. For the schedule."""
    old = SyncOp.objects.exclude(status=OpStatus.DEFERRED).filter(received_at__lt=now - OPS_KEPT)
    gone, _by_model = SyncOp.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:limit])).delete()
    return gone


# --- Transactions ------------------------------------------------------------------------------------------------
def _take_together(ops: Sequence[SentOp], sender: Sender) -> list[OpResult]:
    """The results of a few operations in one transaction; where that does not hold, of each in its own."""
    try:
        with impatient():
            return _take_all(ops, sender)
    except Busy:
        return [without_row(sent, OpStatus.DEFERRED, code="busy", now=sender.clock.now) for sent in ops]
    except OperationalError:
        if len(ops) == 1:
            raise
    except Exception:
        logger.exception("%s operations of user %s broke off together", len(ops), sender.actor_id)
        if len(ops) == 1:
            return [without_row(ops[0], OpStatus.DEFERRED, code="failed", now=sender.clock.now)]
    return [_take_alone(sent, sender) for sent in ops]


def _take_alone(sent: SentOp, sender: Sender) -> OpResult:
    (result,) = _take_together([sent], sender)
    return result


def _take_what_waited(results: Collection[OpResult], sender: Sender) -> None:
    """Try what was held for these, each in a transaction of its own, and then what was held for those."""
    then = replace(sender, clock=Clock(now=sender.clock.now, client_now=sender.clock.now))
    came = [result.op_id for result in results if result.status not in _OPEN]
    while came:
        held = SyncOp.objects.filter(author_id=sender.actor_id, status=OpStatus.DEFERRED, base_op__in=came)
        tried = [_try_held(row, then) for row in held.order_by("pk")]
        came = [result.op_id for result in tried if result is not None and result.status not in _OPEN]


def _try_held(row: SyncOp, sender: Sender) -> OpResult | None:
    try:
        return _take_alone(sent_then(row), sender)
    except KeyMissing:
        return None  # it is tried by the hour


@transaction.atomic
def _take_all(ops: Sequence[SentOp], sender: Sender) -> list[OpResult]:
    wait_no_longer()
    # Whoever writes holds the author's row first, here and in `keep_shut`.
    with holding_user(user_id=sender.actor_id), one_change(at=sender.clock.now):
        tray = Tray.of([sent.op_id for sent in ops], author_id=sender.actor_id)
        begun = _take_begun(ops, sender, tray)
        return [begun.get(sent.op_id) or take_one(sent, sender, tray) for sent in ops]


# --- What begins a moment ----------------------------------------------------------------------------------------
def _take_begun(ops: Sequence[SentOp], sender: Sender, tray: Tray) -> dict[uuid.UUID, OpResult]:
    """The results of those that begin a moment, which most of a backlog do: all in one go, or none of them."""
    jobs = _list_begun(ops, sender, tray)
    if len(jobs) < 2:  # nothing is saved by it
        return {}
    rows = [row for row, _job in jobs]
    try:
        with transaction.atomic():
            outcomes = record_together([job for _row, job in jobs])
            for row, outcome in zip(rows, outcomes, strict=True):
                settle(row, outcome)
            SyncOp.objects.bulk_create(rows)
    except (Conflict, NotVisible, Refused, ValidationError):
        return {}
    for row in rows:
        tray.keep(row)
    return {row.op_id: told(row) for row in rows}


def _list_begun(ops: Sequence[SentOp], sender: Sender, tray: Tray) -> list[tuple[SyncOp, Job]]:
    """The first operation of each moment, where it is the only one of its id, new, and does nothing else."""
    times = Counter(sent.op_id for sent in ops)
    first: dict[uuid.UUID, SentOp] = {}
    for sent in ops:
        first.setdefault(sent.moment_id, sent)
    fresh = [sent for sent in first.values() if times[sent.op_id] == 1 and tray.find(sent.op_id) is None]
    return [found for sent in fresh if (found := _begin(sent, sender, tray)) is not None]


def _begin(sent: SentOp, sender: Sender, tray: Tray) -> tuple[SyncOp, Job] | None:
    """A new moment with one child; None for anything else, and for what does not open or is not as it has to be."""
    try:
        opened = open_sent(sent, account=sender.account, keys=tray.keys)
        plain = read_plaintext(as_content(opened), clock=sender.clock)
    except (NotOpened, Unfit):
        return None
    if plain.type is not OpType.CREATE or len(plain.children) != 1:
        return None
    row = new_row(sent, sender)
    row.base_op = plain.base_op
    return row, Job(row.author_id, row.op_id, row.moment_id, plain, None, tray, sender.clock.now)
