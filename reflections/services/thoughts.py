"""A member's own words on a week."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.rules import Visibility
from accounts.selectors import get_user
from common.errors import NotVisible
from common.text import clean_text
from reflections.models import Thought
from reflections.rules import THOUGHT_MAX, THOUGHTS_PER_REFLECTION_MAX
from reflections.selectors import own_reflection


@transaction.atomic
def write_thought(
    *,
    actor_id: int,
    label: str,
    text: str,
    visibility: str = Visibility.PRIVATE,
    household_id: uuid.UUID | None = None,
    now: datetime,
) -> Thought:
    """The actor's words on their own reflection of a week.

    Raises:
        NotVisible: the actor has no reflection with that label.
        ValidationError: on `text` or `visibility`.
    """
    get_user(user_id=actor_id, for_update=True)
    reflection = own_reflection(actor_id=actor_id, label=label, household_id=household_id)
    if reflection is None:
        raise NotVisible("reflection")
    cleaned = clean_text(text, field="text", max_length=THOUGHT_MAX, multiline=True)
    if not cleaned:
        raise ValidationError({"text": ValidationError(_("Please write a word or two."), "required")})
    if visibility not in list(Visibility):
        raise ValidationError({"visibility": ValidationError(_("Please choose who sees it."), "choice")})
    if reflection.thoughts.filter(author_id=actor_id).count() >= THOUGHTS_PER_REFLECTION_MAX:
        raise ValidationError(
            {"text": ValidationError(_("This week has no room for more thoughts."), "too_many")}
        )
    thought = Thought(
        household_id=reflection.household_id,
        reflection=reflection,
        author_id=actor_id,
        visibility=visibility,
        written_at=now,
    )
    thought.text = cleaned
    thought.save()
    return thought
