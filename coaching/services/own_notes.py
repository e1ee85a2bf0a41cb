"""A coach's own notes: written beside whoever lets them in, kept for as long as the coach likes."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.selectors import get_user
from coaching.models import OwnNote
from coaching.rules import (
    NOTED_OWN_NOTE_DELETED,
    OWN_LABEL_MAX,
    OWN_NOTE_MAX,
    OWN_NOTES_MAX,
    SAID_ONCE_WITHIN,
)
from coaching.selectors import get_own_note
from common import ledger
from common.text import clean_text
from households.selectors import get_given_grant


@transaction.atomic
def write_own_note(
    *, actor_id: int, grant_id: uuid.UUID, text: str, label: str = "", now: datetime
) -> OwnNote:
    """A note of the actor's own, beside the author of this grant, who does not learn of it.

    *label* is what it is called in the actor's list once the grant is over; without one its day stands there. The same
    words again within five minutes are the note that is there.

    Raises:
        NotVisible: no such live grant to the actor. ValidationError: on `text` or `label`; or there are enough.
    """
    get_user(user_id=actor_id, for_update=True)
    grant = get_given_grant(coach_id=actor_id, grant_id=grant_id, now=now)
    words = _checked(text, label)
    own = OwnNote.objects.filter(coach_id=actor_id)
    here = own.filter(household_id=grant.household_id, author_id=grant.author_id)
    for latest in here.filter(written_at__gt=now - SAID_ONCE_WITHIN).order_by("-written_at", "-id")[:1]:
        if (latest.text, latest.label) == words:
            return latest
    if own.count() >= OWN_NOTES_MAX:
        raise ValidationError(_("There is no room for more notes. Please delete some."), code="too_many")
    note = OwnNote(
        coach_id=actor_id,
        household_id=grant.household_id,
        author_id=grant.author_id,
        written_at=now,
        changed_at=now,
    )
    note.text, note.label = words
    note.save()
    return note


@transaction.atomic
def rewrite_own_note(
    *, actor_id: int, note_id: uuid.UUID, text: str, label: str = "", now: datetime
) -> OwnNote:
    """Other words for a note of the actor's own, whether or not they may still look. The earlier ones are gone.

    Raises:
        NotVisible: no such note of the actor's. ValidationError: on `text` or `label`.
    """
    get_user(user_id=actor_id, for_update=True)
    note = get_own_note(coach_id=actor_id, note_id=note_id)
    note.text, note.label = _checked(text, label)
    note.changed_at = now
    note.save(update_fields=["text_sealed", "label_sealed", "changed_at"])
    return note


@transaction.atomic
def delete_own_note(*, actor_id: int, note_id: uuid.UUID) -> None:
    """Gone at once, and for good: no restored backup brings it back.

    Raises:
        NotVisible: no such note of the actor's.
    """
    note = get_own_note(coach_id=actor_id, note_id=note_id)
    ledger.note(NOTED_OWN_NOTE_DELETED, note.public_id)
    note.delete()


def _checked(text: str, label: str) -> tuple[str, str]:
    cleaned = clean_text(text, field="text", max_length=OWN_NOTE_MAX, multiline=True)
    if not cleaned:
        raise ValidationError({"text": ValidationError(_("Please write a word or two."), "required")})
    return cleaned, clean_text(label, field="label", max_length=OWN_LABEL_MAX)
