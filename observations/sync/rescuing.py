"""Keeping what a phone cannot get rid of otherwise: sealed as it came, for its author alone, and not without end."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.selectors import get_user
from observations.models import Draft, SealingKey, SyncOp
from observations.rules import SHUT_BYTES_MAX, SHUT_MAX, DraftKind, OpStatus
from observations.sync.drafts import content_of, keep_words
from observations.sync.hpke import NotOpened
from observations.sync.plaintext import as_content, write_content
from observations.sync.taking import SentOp, account_of, open_sent


class NoRoom(Exception):
    """This person has as many unopened things here as are kept; the phone keeps this one."""


@transaction.atomic
def keep_shut(*, actor_id: int, sent: SentOp, reason: str, now: datetime) -> None:
    """Keep one operation without its effect: its words where it opens, else its bytes. Twice is once.

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
        content: dict[str, Any] | None = as_content(open_sent(sent, account=account_of(user.public_id)))
    except NotOpened:
        content = None
    _remember(op, sent, kept_as=kept_as, actor_id=actor_id, now=now)
    if content is None:
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
        draft.kid, draft.shut = sent.kid, _as_bytes(sent)
        draft.save(update_fields=["kid", "shut"])


def open_shut(*, limit: int = 100) -> int:
    """Open what could not be opened when it came and can be now; how many. For the schedule."""
    known = SealingKey.objects.values("kid")
    waiting = Draft.objects.filter(kind=DraftKind.SHUT, kid__in=known).select_related("author").order_by("pk")
    return sum(_open(draft) for draft in waiting[:limit])


def _remember(op: SyncOp | None, sent: SentOp, *, kept_as: uuid.UUID, actor_id: int, now: datetime) -> None:
    row = op or SyncOp(author_id=actor_id, op_id=kept_as, moment_id=sent.moment_id, received_at=now)
    row.sha256, row.status = sent.sha256, OpStatus.RESCUED
    row.kid, row.sealed, row.client_now = "", b"", None
    row.save()


def _check_room(sent: SentOp, *, actor_id: int) -> None:
    kept = Draft.objects.filter(author_id=actor_id, kind=DraftKind.SHUT).count()
    if kept >= SHUT_MAX or len(_as_bytes(sent)) > SHUT_BYTES_MAX:
        raise NoRoom


def _as_bytes(sent: SentOp) -> bytes:
    return sent.sealed.encode("utf-8", "replace")


@transaction.atomic
def _open(draft: Draft) -> bool:
    op_id = uuid.UUID(content_of(draft)["op_id"])
    sent = SentOp(op_id, draft.moment_id, draft.kid, bytes(draft.shut).decode())
    try:
        opened = open_sent(sent, account=account_of(draft.author.public_id))
    except NotOpened:
        return False
    draft.content = write_content(as_content(opened))
    draft.kind, draft.shut, draft.kid = DraftKind.RESCUED, b"", ""
    draft.save()
    return True
