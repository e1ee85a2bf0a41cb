"""Keeping what a phone cannot get rid of otherwise: sealed as it came, for its author alone, and not without end."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import QuerySet

from accounts.selectors import get_user
from observations.models import Draft, SealingKey, SyncOp
from observations.rules import HELD_MAX, SHUT_BYTES_MAX, SHUT_MAX, DraftKind, OpStatus
from observations.sync.as_sent import KeyMissing, shut_of
from observations.sync.drafts import NoRoom, content_of, keep_words
from observations.sync.hpke import NotOpened
from observations.sync.keys import KeyRing
from observations.sync.plaintext import as_content, write_content
from observations.sync.sent import SentOp, account_of, open_sent, sent_then
from observations.sync.taking import take_again

logger = logging.getLogger(__name__)

Row = TypeVar("Row", SyncOp, Draft)


@transaction.atomic
def keep_shut(*, actor_id: int, sent: SentOp, reason: str, now: datetime) -> None:
    """Keep one operation without its effect: its words where it opens, else its bytes. Twice is once.

    One that was held here is settled by it.

    Raises:
        NoRoom: there are too many, or this one is too large.
    """
    user = get_user(user_id=actor_id, for_update=True)
    kept_as = sent.op_id
    op = SyncOp.objects.filter(author_id=actor_id, op_id=sent.op_id).first()
    if op is not None and bytes(op.sha256) != sent.sha256:
        # Another operation has this id already: these words are kept under one that follows from them.
        kept_as = uuid.uuid5(sent.op_id, sent.sha256.hex())
        op = SyncOp.objects.filter(author_id=actor_id, op_id=kept_as).first()
    if op is not None and op.status != OpStatus.DEFERRED:
        return  # it had its effect, or its words are kept
    try:
        content: dict[str, Any] | None = as_content(
            open_sent(sent, account=account_of(user.public_id), keys=KeyRing())
        )
    except NotOpened:
        content = None
    _remember(op, sent, kept_as=kept_as, actor_id=actor_id, now=now)
    if content is None and op is None:  # what was held lies here already
        _check_room(sent, actor_id=actor_id)
    draft = keep_words(
        DraftKind.RESCUED if content is not None else DraftKind.SHUT,
        content if content is not None else {"op_id": str(sent.op_id)},
        author_id=actor_id,
        moment_id=sent.moment_id,
        op_id=kept_as,
        code=reason,
        now=now,
    )
    if content is None:
        draft.kid, draft.shut = sent.kid, _as_text(sent)
        draft.save(update_fields=["kid", "shut_sealed"])


def take_held(*, now: datetime, chunk: int = 100) -> int:
    """Give operations their effect whose predecessor did not come in five days; how many. For the schedule.

    What does not open any more is kept shut. Each is tried once, so that those which fail stand in nobody's way.
    """
    late = SyncOp.objects.filter(
        status=OpStatus.DEFERRED,
        received_at__lt=now - HELD_MAX,
        author__is_active=True,
        author__erase_at__isnull=True,
    )
    return sum(_try_to_settle(row, now=now) for row in _each(late, chunk))


def open_shut(*, chunk: int = 100) -> int:
    """Open what could not be opened when it came and can be now; how many. For the schedule."""
    known = SealingKey.objects.values("kid")
    waiting = Draft.objects.filter(kind=DraftKind.SHUT, kid__in=known)
    return sum(_try_to_open(draft) for draft in _each(waiting, chunk))


def _each(rows: QuerySet[Row], chunk: int) -> Iterator[Row]:
    """Every row that is there, a chunk at a time: one that stays as it is does not come again."""
    after = 0
    while found := list(rows.filter(pk__gt=after).select_related("author").order_by("pk")[:chunk]):
        yield from found
        after = found[-1].pk


def _try_to_settle(row: SyncOp, *, now: datetime) -> bool:
    try:
        return _settle_held(row, now=now)
    except Exception:
        logger.exception("operation %s is held, and could not be tried", row.op_id)
        return False


def _settle_held(row: SyncOp, *, now: datetime) -> bool:
    try:
        sent, result = sent_then(row), take_again(row, now=now)
    except KeyMissing:
        logger.error("operation %s is held, and its author's key does not open it", row.op_id)
        return False
    if result.status is not OpStatus.UNDECRYPTABLE:
        return result.status is not OpStatus.DEFERRED
    try:
        keep_shut(actor_id=row.author_id, sent=sent, reason=OpStatus.UNDECRYPTABLE, now=now)
    except NoRoom:
        logger.warning("operation %s does not open, and its author has no room for it", row.op_id)
        return False
    return True


def _try_to_open(draft: Draft) -> bool:
    try:
        return _open(draft)
    except Exception:
        logger.exception("draft %s could not be tried", draft.pk)
        return False


def _remember(op: SyncOp | None, sent: SentOp, *, kept_as: uuid.UUID, actor_id: int, now: datetime) -> None:
    row = op or SyncOp(author_id=actor_id, op_id=kept_as, moment_id=sent.moment_id, received_at=now)
    row.sha256, row.status = sent.sha256, OpStatus.RESCUED
    row.kid, row.held_sealed, row.client_now = "", b"", None
    row.save()


def _check_room(sent: SentOp, *, actor_id: int) -> None:
    kept = Draft.objects.filter(author_id=actor_id, kind=DraftKind.SHUT).count()
    if kept >= SHUT_MAX or len(_as_text(sent)) > SHUT_BYTES_MAX:
        raise NoRoom


def _as_text(sent: SentOp) -> str:
    """As it came, but for what no text can hold."""
    return sent.sealed.encode("utf-8", "replace").decode()


@transaction.atomic
def _open(draft: Draft) -> bool:
    op_id = content_of(draft).get("op_id")
    if op_id is None:  # its own words do not open right now
        return False
    try:
        sent = SentOp(uuid.UUID(op_id), draft.moment_id, draft.kid, shut_of(draft))
        opened = open_sent(sent, account=account_of(draft.author.public_id), keys=KeyRing())
    except (NotOpened, KeyMissing):
        return False
    draft.content = write_content(as_content(opened))
    draft.kind, draft.shut_sealed, draft.kid = DraftKind.RESCUED, b"", ""
    draft.save(force_update=True)
    return True
