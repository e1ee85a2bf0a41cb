"""Reading what is so on the day on which a week's page is opened: whom its reader lets look, and what was opened."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from common.dates import local_day
from households.rules import Opened
from households.selectors import list_coach_looks, list_live_grants
from reflections.compose.today import LetIn, Looked, Today
from reflections.models import DigestWeek


def read_today(*, actor_id: int, week: DigestWeek, now: datetime) -> tuple[Today, Mapping[str, str]]:
    """What is so now about the actor's own in the household of that week, and how the actor knows each coach in it.

    Nothing of anybody else's: a grant is its author's alone to know of, and so is who opened what of theirs.
    """
    grants = list_live_grants(actor_id=actor_id, household_id=week.household_id, now=now)
    names: dict[str, str] = {}
    let_in = []
    for grant in grants:
        if grant.coach is None or grant.expires_at is None:
            continue
        names[str(grant.coach.public_id)] = grant.coach_email
        until = local_day(grant.expires_at, week.timezone)
        let_in.append(LetIn(str(grant.coach.public_id), until))
    looked: dict[str, list[Any]] = defaultdict(list)
    looks: Iterable[Any] = list_coach_looks(
        actor_id=actor_id, household_id=week.household_id, since=week.starts_at, until=week.ends_at
    )
    for entry in looks:
        coach = str(entry.reader.public_id) if entry.reader else ""
        looked[coach].append(entry)
        if entry.reader:
            # By the address that the author let in: what the reader is called is the reader's to choose.
            names.setdefault(coach, entry.known_as or entry.reader.called)
    return Today(tuple(let_in), tuple(_looked(coach, entries) for coach, entries in looked.items())), names


def _looked(coach: str, entries: list[Any]) -> Looked:
    opened = {entry.opened for entry in entries}
    moments: dict[uuid.UUID, None] = dict.fromkeys(entry.subject_id for entry in entries if entry.subject_id)
    return Looked(coach, tuple(kind.value for kind in Opened if kind in opened), tuple(moments))
