"""An author asks a coach to look. Each time it is the author who decides; nothing here asks by itself."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.rules import Visibility
from accounts.selectors import get_user
from coaching.models import Ask
from coaching.rules import Wish
from households.scope import Capability
from households.selectors import list_seeing_grants
from observations.selectors import get_moment


@transaction.atomic
def ask_to_look(*, actor_id: int, moment_id: uuid.UUID, wish: str = Wish.LOOK, now: datetime) -> int:
    """Ask every coach who may see this moment of the actor's to look at it; how many there are.

    Asking shows nothing more than before: a moment that a coach may not see stays unseen, and its author chooses who
    sees it first. Asking twice is asking once, until the coach has answered.

    Raises:
        NotVisible: no such moment of the actor's own.
        ValidationError: on `wish`; or nobody may see it.
    """
    get_user(user_id=actor_id, for_update=True)
    moment = get_moment(actor_id=actor_id, moment_id=moment_id, capability=Capability.RECORD)
    if wish not in list(Wish):
        raise ValidationError({"wish": ValidationError(_("Please choose what you ask for."), "choice")})
    grants = list_seeing_grants(
        actor_id=actor_id,
        household_id=moment.household_id,
        child_id=moment.child_id,
        on=moment.occurred_on,
        now=now,
    )
    is_private = moment.visibility == Visibility.PRIVATE
    coaches = set() if is_private else {grant.coach_id for grant in grants if grant.coach_id is not None}
    if not coaches:
        raise ValidationError(_("No coach of yours may see this moment."), code="unseen")
    asked = Ask.objects.filter(observation=moment, wish=wish, answered_at__isnull=True)
    already = set(asked.values_list("coach_id", flat=True))
    Ask.objects.bulk_create(
        Ask(
            household_id=moment.household_id,
            author_id=actor_id,
            coach_id=coach_id,
            observation=moment,
            wish=wish,
            asked_at=now,
        )
        for coach_id in sorted(coaches - already)
    )
    return len(coaches)
