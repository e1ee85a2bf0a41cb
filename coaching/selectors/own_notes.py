"""A coach's own notes: read by that coach alone, for as long as there is an account.

Beside whom one lies is told only while that author lets the coach in; after that there are the words and their day.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from coaching.models import OwnNote
from coaching.rules import PAGE_SIZE
from common.errors import NotVisible
from common.pages import Page, page_of
from households.scope import let_in

if TYPE_CHECKING:
    from households.models import Grant


def page_own_notes(*, coach_id: int, cursor: str = "") -> Page[OwnNote]:
    """All of this coach's own notes, latest first, and nothing of beside whom they lie.

    Raises:
        ValidationError: on `cursor`, when it is not one of this reader's.
    """
    page = page_of(
        OwnNote.objects.filter(coach_id=coach_id),
        by="written_at",
        cursor=cursor,
        limit=PAGE_SIZE,
        reader_id=coach_id,
        list_name="own notes",
    )
    OwnNote.text.fetch_keys(page.items)
    return page


def list_own_notes_beside(grant: Grant, *, now: datetime) -> tuple[Sequence[OwnNote], bool]:
    """This coach's own notes beside whoever gave this grant, latest first; none once it is not live.

    And whether there are earlier ones, which had no room.
    """
    rows = OwnNote.objects.filter(
        let_in(now=now),
        coach_id=grant.coach_id,
        household_id=grant.household_id,
        author_id=grant.author_id,
    )
    found = list(rows.order_by("-written_at", "-id")[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    OwnNote.text.fetch_keys(shown)
    return shown, len(found) > PAGE_SIZE


def get_own_note(*, coach_id: int, note_id: uuid.UUID) -> OwnNote:
    """One of this coach's own notes.

    Raises:
        NotVisible: there is none.
    """
    found = OwnNote.objects.filter(coach_id=coach_id, public_id=note_id).first()
    if found is None:
        raise NotVisible("own note")
    return found
