"""Words that are no moment, or not yet: kept for their author alone, so that nothing that was sent is ever lost."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Coalesce, Length

from common import ledger
from observations.models import Draft
from observations.rules import DRAFT_BYTES_MAX, DRAFTS_MAX, GONE_KEPT, RESTORE_WINDOW, DraftKind, Noted
from observations.sync.plaintext import write_content


class NoRoom(Exception):
    """This person has as many things waiting here as are kept; the phone keeps this one."""


def keep_words(
    kind: DraftKind,
    content: dict[str, Any],
    *,
    author_id: int,
    moment_id: uuid.UUID,
    op_id: uuid.UUID | None,
    field: str = "",
    code: str = "",
    now: datetime,
) -> Draft:
    """Store what an operation said: thirty days where its moment was deleted elsewhere, else until it is settled.

    Raises:
        NoRoom: too much waits for this person already.
    """
    _check_room(author_id)
    draft = Draft(
        author_id=author_id,
        moment_id=moment_id,
        kind=kind,
        op_id=op_id,
        field=field[:40],
        code=code[:40],
        received_at=now,
        expires_at=now + GONE_KEPT if kind is DraftKind.GONE else None,
    )
    draft.content = write_content(_as_sent(content))
    draft.save()
    return draft


def content_of(draft: Draft) -> dict[str, Any]:
    """What an operation said; nothing where it cannot be opened."""
    return {name: value for name, value in _stored(draft).items() if name != _EARLIER}


def replace_words(
    draft: Draft, content: dict[str, Any], *, covered: Sequence[Draft] = (), now: datetime
) -> None:
    """Let a draft say this and nothing of what it said before, and take the place of those that it covers.

    Raises:
        NoRoom: too much waits for this person already.
    """
    _check_room(draft.author_id, without=draft.pk)
    draft.covers += [name for row in covered for name in (str(row.public_id), *row.covers)]
    draft.content = write_content(_as_sent(content))
    Draft.objects.filter(pk__in=[row.pk for row in covered]).delete()
    draft.received_at = now
    draft.save(force_update=True)


def fold_in(draft: Draft, content: dict[str, Any], *, now: datetime) -> None:
    """Let a later operation of the same chain go on in the words that are kept; what it replaces stays beside it.

    Raises:
        NoRoom: too much waits for this person already.
    """
    _check_room(draft.author_id, more=0)
    kept = _stored(draft)
    content = _as_sent(content)
    replaced = {name: value for name, value in _fields(kept).items() if name in _fields(content)}
    if replaced:
        kept[_EARLIER] = [*kept.get(_EARLIER, []), replaced]
    later = {name: value for name, value in content.items() if name not in ("type", "base", "fields")}
    fields = {**_fields(kept), **_fields(content)}
    draft.content = write_content(
        {**kept, **{k: v for k, v in later.items() if v is not None}, "fields": fields}
    )
    draft.received_at = now
    draft.save(update_fields=["content_sealed", "received_at"])


def discard(rows: QuerySet[Draft], *, now: datetime) -> int:
    """Destroy these, as their author wishes; how many. No backup brings them back."""
    going = list(rows.order_by("pk").only("public_id", "covers"))
    for draft in going:
        for public_id in (draft.public_id, *draft.covers):
            ledger.note(Noted.DISCARDED, public_id, now)
    Draft.objects.filter(pk__in=[draft.pk for draft in going]).delete()
    return len(going)


def settle_deleted_draft(draft: Draft, *, now: datetime) -> None:
    """Its author deleted what these words were to become: they go as any deleted moment does, in a week."""
    ledger.note(Noted.LET_GO, draft.public_id, now)
    let_go_since(Draft.objects.filter(pk=draft.pk), now)


def let_go_since(rows: QuerySet[Draft], at: datetime) -> int:
    """What these were to become was deleted then; how many."""
    return rows.update(kind=DraftKind.GONE, expires_at=at + RESTORE_WINDOW)


def purge_drafts(*, now: datetime) -> int:
    """Destroy the drafts whose time is over; how many. For the schedule."""
    gone, _by_model = Draft.objects.filter(expires_at__lt=now).delete()
    return gone


def _check_room(author_id: int, *, more: int = 1, without: int | None = None) -> None:
    size = Coalesce(Sum(Length("content_sealed") + Length("shut_sealed")), 0)
    others = Draft.objects.filter(author_id=author_id)
    if without is not None:
        others = others.exclude(pk=without)
    kept = others.aggregate(rows=Count("pk"), size=size)
    if kept["rows"] + more > DRAFTS_MAX or kept["size"] >= DRAFT_BYTES_MAX:
        raise NoRoom


# What is kept beside the words as they were sent: those that they replaced.
_EARLIER: Final = "earlier"


def _as_sent(content: dict[str, Any]) -> dict[str, Any]:
    """*content*, in which nothing that a phone sent is taken for what is kept beside it."""
    return {f"{name}_sent" if name == _EARLIER else name: value for name, value in content.items()}


def _stored(draft: Draft) -> dict[str, Any]:
    text = draft.content
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {}


def _fields(content: dict[str, Any]) -> dict[str, Any]:
    fields = content.get("fields")
    return fields if isinstance(fields, dict) else {}
