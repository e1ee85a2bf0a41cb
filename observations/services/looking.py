"""A coach looks: reading what live grants show, and writing down for its author that it was read.

One use case does both, so that nothing can be shown that was not written down.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from households.rules import Opened, Reader
from households.scope import granted_to
from households.selectors import list_grants_here
from households.services import note_access
from observations.models import Observation
from observations.selectors import Shown, get_granted, show_granted

if TYPE_CHECKING:
    from households.models import Grant


@dataclass(frozen=True, slots=True)
class Family:
    """One household as its coach sees it: the live grants, and what they show. There is at least one grant."""

    grants: Sequence[Grant]
    shown: Shown


@transaction.atomic
def look_at_family(*, coach_id: int, household_id: uuid.UUID, cursor: str = "", now: datetime) -> Family:
    """What this coach may see of a household now; each author who let them in is told that they looked.

    Raises:
        NotVisible: no such household, or no live grant. ValidationError: on `cursor`.
    """
    grants = list_grants_here(coach_id=coach_id, household_id=household_id, now=now)
    household = grants[0].household
    shown = show_granted(
        sight=granted_to(coach_id, now=now),
        household=household,
        reader_id=coach_id,
        cursor=cursor,
        now=now,
    )
    note_access(
        reader_id=coach_id,
        reader_kind=Reader.COACH,
        opened=Opened.SUMMARY,
        household_pk=household.pk,
        author_ids=[grant.author_id for grant in grants],
        now=now,
    )
    return Family(grants, shown)


@transaction.atomic
def look_at_moment(
    *, coach_id: int, household_id: uuid.UUID, moment_id: uuid.UUID, now: datetime
) -> Observation:
    """One moment or self-check that this coach may see now; its author is told that they looked.

    Raises:
        NotVisible: there is none in a live grant.
    """
    moment = get_granted(sight=granted_to(coach_id, now=now), household_id=household_id, moment_id=moment_id)
    note_access(
        reader_id=coach_id,
        reader_kind=Reader.COACH,
        opened=Opened.MOMENT,
        household_pk=moment.household_id,
        author_ids=[moment.author_id],
        subject_id=moment.public_id,
        now=now,
    )
    return moment
