"""Which question a member is asked by default."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.selectors import get_user
from checklists.rules import Dimension
from households.selectors import get_membership
from observations.models import FocusDimension


@transaction.atomic
def choose_focus(*, actor_id: int, household_id: uuid.UUID, dimension: str, now: datetime) -> None:
    """From now on the actor is asked about *dimension* by default; '' for no focus.

    Raises:
        NotVisible: the actor is no member. ValidationError: on `dimension`.
    """
    get_user(user_id=actor_id, for_update=True)
    membership = get_membership(actor_id=actor_id, household_id=household_id)
    if dimension not in ("", *Dimension):
        raise ValidationError({"dimension": ValidationError(_("Please choose one of these."), "choice")})
    chosen = FocusDimension.objects.filter(household=membership.household, member_id=actor_id)
    latest = chosen.order_by("-chosen_at", "-id").first()
    if (latest.dimension if latest else "") != dimension:
        FocusDimension.objects.create(
            household=membership.household, member_id=actor_id, dimension=dimension, chosen_at=now
        )
