"""Sheets that were left half-typed: one draft for each sheet, until what it says is saved or thrown away.

A sheet is known by the first draft that was written of it, which its later ones name. Without that (a page of before)
a draft takes the place of what it says itself.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from observations.models import Draft
from observations.rules import DraftKind
from observations.sync.drafts import content_of, discard, keep_words

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

    One without any words takes it away: its author chose to leave the moment as it is.
    """
    sheet = _name_of_sheet(first or op_id)
    half = _half_typed(author_id, moment_id)
    if not (said := _fields_of(content)):
        discard(half.filter(op_id=sheet) if first else half, now=now)
        return
    covered = [draft.pk for draft in half if draft.op_id == sheet or _says_no_more(draft, said)]
    half.filter(pk__in=covered).delete()
    keep_words(DraftKind.HALF, content, author_id=author_id, moment_id=moment_id, op_id=sheet, now=now)


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


def _says_no_more(draft: Draft, later: Fields) -> bool:
    """Whether whoever said *later* went on where this draft was, or chose anew what it had chosen."""
    said = _fields_of(content_of(draft))
    return bool(said) and all(
        name in later and _goes_on(value, later[name]) if name in ("note", "ratings") else name in later
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
