"""One tap of the sheet for several children: a moment with each of them, and all of them taken back at once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from common.errors import Conflict, NotVisible
from observations.details import Details
from observations.models import Observation
from observations.rules import sibling_id
from observations.selectors import list_captured
from observations.services.moments import NewMoment, delete_moment, record_moments
from observations.when import Said


@transaction.atomic
def record_moment_with_each(
    *,
    actor_id: int,
    moment_id: uuid.UUID,
    child_ids: Sequence[uuid.UUID],
    tone: str,
    occurred: Said | None = None,
    details: Details | None = None,
    now: datetime,
) -> list[Observation]:
    """One moment with each of these children of one household, in their order; all of them or none.

    *details* are said of each of them.

    The first keeps *moment_id*, the others' ids follow from it, so that a replay returns the moments already there.

    Raises:
        NotVisible: no such child for this actor, or one of another household.
        Conflict: the id belongs to another capture of this author, or one of its moments was deleted since.
        ValidationError: on `child_id` without any child; on `tone`, `occurred_at` or the field of *details*.
    """
    ids = list(dict.fromkeys(child_ids))
    if not ids:
        raise ValidationError({"child_id": ValidationError(_("Please choose with whom."), "required")})
    new = [
        NewMoment(
            sibling_id(moment_id, child_id) if place else moment_id,
            child_id,
            tone,
            occurred,
            details or Details(),
        )
        for place, child_id in enumerate(ids)
    ]
    moments = record_moments(actor_id=actor_id, new=new, now=now)
    if len({moment.household_id for moment in moments}) > 1:
        raise NotVisible("child")
    # Partly there: the id was used for fewer children, and adding the others now would not be what was tapped then.
    if len({moment.is_new for moment in moments}) > 1:
        raise Conflict(_("This id belongs to another moment."))
    return moments


@transaction.atomic
def undo_capture(*, actor_id: int, moment_id: uuid.UUID, now: datetime) -> list[Observation]:
    """Take one tap back: the actor's own moment, and those with other children that came with it.

    Each of them can be restored for seven days, like any other deleted moment.

    Raises:
        NotVisible: no such moment of the actor's own.
    """
    captured = list_captured(actor_id=actor_id, moment_id=moment_id)
    return [delete_moment(actor_id=actor_id, moment_id=moment.public_id, now=now) for moment in captured]
