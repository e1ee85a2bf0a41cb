"""A coach suggests a question. Nothing of it comes into a log form before its author published it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.selectors import get_user
from coaching.models import SuggestedQuestion
from coaching.rules import QUESTIONS_WAITING_MAX, QUESTIONS_WITHIN, SAID_ONCE_WITHIN
from coaching.selectors.questions import get_suggested_to
from common.errors import NotVisible
from common.sealed import is_readable
from households.selectors import get_given_grant
from observations.services import adopt_words, compose_words


@transaction.atomic
def suggest_question(
    *,
    actor_id: int,
    grant_id: uuid.UUID,
    kind: str,
    prompt: str,
    labels: Sequence[str] = (),
    now: datetime,
) -> SuggestedQuestion:
    """Suggest to the author of this grant to ask themselves this, too.

    How many of them wait is counted by days and not by what the author did, which the coach is not to learn. The same
    words again within five minutes are the suggestion that is there, whatever became of it.

    Raises:
        NotVisible: no such live grant to the actor. ValidationError: on a field of the words, or too many this week.
    """
    get_user(user_id=actor_id, for_update=True)
    grant = get_given_grant(coach_id=actor_id, grant_id=grant_id, now=now)
    words = compose_words(kind=kind, prompt=prompt, labels=labels)
    place = {"household_id": grant.household_id, "author_id": grant.author_id, "coach_id": actor_id}
    said = SuggestedQuestion.objects.filter(**place, suggested_at__gt=now - SAID_ONCE_WITHIN)
    for latest in said.order_by("-suggested_at", "-id")[:1]:
        if (latest.kind, latest.words) == (kind, words):
            return latest
    lately = SuggestedQuestion.objects.filter(**place, suggested_at__gt=now - QUESTIONS_WITHIN)
    if lately.count() >= QUESTIONS_WAITING_MAX:
        message = _("You suggested %(max)d in the last seven days. That is enough to think about for now.")
        raise ValidationError(
            {"prompt": ValidationError(message, "too_many", {"max": QUESTIONS_WAITING_MAX})}
        )
    suggested = SuggestedQuestion(**place, kind=kind, suggested_at=now)
    suggested.words = words
    suggested.save()
    return suggested


@transaction.atomic
def answer_suggested_question(
    *, actor_id: int, suggested_id: uuid.UUID, is_taken: bool, now: datetime
) -> None:
    """Take it over as a draft of the actor's own, or leave it. The coach is told neither.

    Raises:
        NotVisible: no such suggestion waits for the actor. ValidationError: they have as many as can be asked.
    """
    get_user(user_id=actor_id, for_update=True)
    found = get_suggested_to(actor_id=actor_id, suggested_id=suggested_id, now=now)
    if is_taken:
        if not is_readable(found.words):
            raise NotVisible("suggested question")
        adopt_words(
            actor_id=actor_id,
            household_pk=found.household_id,
            kind=found.kind,
            words=found.words,
            taken_from=found.public_id,
            now=now,
        )
    found.answered_at = now
    found.save(update_fields=["answered_at"])
