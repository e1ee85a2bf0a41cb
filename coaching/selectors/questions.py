"""Questions that coaches suggest to authors."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from coaching.models import SuggestedQuestion
from coaching.rules import QUESTIONS_SHOWN
from common.errors import NotVisible
from common.sealed import is_readable
from households.scope import Capability, let_in, visible_to
from observations.rules import OwnKind
from observations.selectors import read_words


@dataclass(frozen=True, slots=True)
class Suggested:
    """One suggested question, opened."""

    id: uuid.UUID
    coach_id: int
    kind: OwnKind
    prompt: str
    options: tuple[tuple[str, str], ...]
    suggested_at: datetime


def list_suggested_to(*, actor_id: int, household_id: uuid.UUID, now: datetime) -> list[Suggested]:
    """What waits for the actor's answer, from coaches who are let in now; the earliest first."""
    rows = _waiting(actor_id, now).filter(household__public_id=household_id)
    return _opened(rows.order_by("suggested_at", "id"))


def get_suggested_to(*, actor_id: int, suggested_id: uuid.UUID, now: datetime) -> SuggestedQuestion:
    """One of them.

    Raises:
        NotVisible: there is none.
    """
    found = _waiting(actor_id, now).filter(public_id=suggested_id).first()
    if found is None:
        raise NotVisible("suggested question")
    return found


def list_suggested_by(
    *, coach_id: int, household_id: int, author_id: int, now: datetime
) -> tuple[list[Suggested], bool]:
    """The coach's own words to an author who still lets them in, latest first: the same whatever became of them.

    And whether there are earlier ones, which had no room.
    """
    rows = SuggestedQuestion.objects.filter(
        let_in(now=now), coach_id=coach_id, household_id=household_id, author_id=author_id
    )
    found = list(rows.order_by("-suggested_at", "-id")[: QUESTIONS_SHOWN + 1])
    return _opened(found[:QUESTIONS_SHOWN]), len(found) > QUESTIONS_SHOWN


def _waiting(actor_id: int, now: datetime) -> QuerySet[SuggestedQuestion]:
    return SuggestedQuestion.objects.filter(
        visible_to(actor_id, Capability.RECORD), let_in(now=now), answered_at__isnull=True
    )


def _opened(rows: Iterable[SuggestedQuestion]) -> list[Suggested]:
    found = list(rows)
    SuggestedQuestion.words.fetch_keys(found)
    return [
        Suggested(row.public_id, row.coach_id, OwnKind(row.kind), *read_words(words), row.suggested_at)
        for row in found
        if is_readable(words := row.words)
    ]
