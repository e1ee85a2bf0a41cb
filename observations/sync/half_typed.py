"""Sheets that were left half-typed: one draft for each sheet, until what it says is saved or thrown away.

A sheet is known by the first draft that was written of it, which its later ones name. Without that (a page of before)
a draft takes the place of what it says itself.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q

from observations.models import Draft, SyncOp
from observations.rules import DraftKind, OpStatus
from observations.sync.drafts import content_of, discard, keep_words, replace_words

Fields = Mapping[str, Any]


def put_half_typed(
    content: dict[str, Any],
    *,
    author_id: int,
    moment_id: uuid.UUID,
    op_id: uuid.UUID,
    first: uuid.UUID | None,
    now: datetime,
) -> None:
    """Keep what a sheet says now in the place of what it said before; *first* names the sheet.

    One without any words takes it away: its author chose to leave the moment as it is. One that comes after a later
    one of its sheet is kept beside that if it has words of its own, for a phone's clock may have been put back.
    """
    sheet = _name_of_sheet(first or op_id)
    half = _half_typed(author_id, moment_id)
    # Of whatever kind: its moment may have been deleted, and then it waits no longer than the others of that.
    own = Draft.objects.filter(author_id=author_id, moment_id=moment_id, op_id=sheet)
    if not (said := _fields_of(content)):
        discard(own if first else half, now=now)
        return
    if _is_overtaken(author_id, moment_id, op_id=op_id, first=first or op_id):
        there = own.first()
        if there is not None and not _goes_on_from(said, _fields_of(content_of(there))):
            keep_words(
                DraftKind.HALF, content, author_id=author_id, moment_id=moment_id, op_id=op_id, now=now
            )
        return
    covered = [draft for draft in half if draft.op_id != sheet and _says_no_more(draft, said)]
    there = own.first() or (covered.pop() if covered else None)
    if there is None:
        keep_words(DraftKind.HALF, content, author_id=author_id, moment_id=moment_id, op_id=sheet, now=now)
    else:
        # The same row: what is noted of it, when it is discarded, is meant for its earlier words in a backup too.
        there.op_id = sheet
        replace_words(there, content, covered=covered, now=now)


def settle_half_typed(
    said: Fields, *, author_id: int, moment_id: uuid.UUID, note: str, is_there: Callable[[Draft], bool]
) -> None:
    """A moment was saved with *said*, and its note is *note* now: what was half-typed of that is done with.

    What another sheet says besides stays. *is_there*: whether all of a draft is in the moment.
    """
    for draft in _half_typed(author_id, moment_id):
        if _says_no_more(draft, {**said, "note": note}) or is_there(draft):
            draft.delete()


def _half_typed(author_id: int, moment_id: uuid.UUID) -> Any:
    return Draft.objects.filter(author_id=author_id, moment_id=moment_id, kind=DraftKind.HALF).order_by("pk")


def _name_of_sheet(first: uuid.UUID) -> uuid.UUID:
    """Beside the ids of operations, which name drafts of other kinds."""
    return uuid.uuid5(first, "sheet")


def _fields_of(content: Mapping[str, Any]) -> Fields:
    fields = content.get("fields")
    return fields if isinstance(fields, dict) else {}


def _is_overtaken(author_id: int, moment_id: uuid.UUID, *, op_id: uuid.UUID, first: uuid.UUID) -> bool:
    """Whether a draft of this sheet that was written later had its effect already, where ids tell the time."""
    if op_id.version != 7:
        return False
    last_then = uuid.UUID(int=op_id.int | ((1 << 80) - 1))  # of the same millisecond
    done = SyncOp.objects.filter(author_id=author_id, moment_id=moment_id, status=OpStatus.APPLIED)
    return done.filter(Q(op_id=first) | Q(base_op=first), op_id__gt=last_then).exists()


def _says_no_more(draft: Draft, later: Fields) -> bool:
    """Whether whoever said *later* went on where this draft was, or chose anew what it had chosen."""
    said = _fields_of(content_of(draft))
    return bool(said) and _goes_on_from(said, later)


def _goes_on_from(said: Fields, later: Fields) -> bool:
    return all(
        name in later and (name not in ("note", "ratings", "own") or _goes_on(value, later[name]))
        for name, value in said.items()
    )


def _goes_on(before: Any, after: Any) -> bool:
    """Whether each word, in its order, is there still; the last may have been half a word. Or each answer."""
    if isinstance(before, dict) and isinstance(after, dict):
        return before.keys() <= after.keys()
    if not isinstance(before, str) or not isinstance(after, str):
        return False
    if not (words := before.split()):
        return True
    rest = iter(after.split())
    return all(word in rest for word in words[:-1]) and any(word.startswith(words[-1]) for word in rest)
