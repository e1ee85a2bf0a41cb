"""How a coach presents themselves."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.selectors import get_user
from coaching.models import CoachProfile
from coaching.rules import INTRODUCTION_MAX, NAME_MAX, PRACTICE_MAX, REPLY_DAYS_MAX, REPLY_DAYS_MIN
from common.text import clean_text, required_text
from households.selectors import find_briefing


@transaction.atomic
def present_oneself(
    *,
    actor_id: int,
    name: str,
    practice: str = "",
    introduction: str = "",
    reply_days: int,
    country: str = "",
) -> CoachProfile:
    """The actor's profile as a coach: whoever lets them in reads it, and so does whoever they invite.

    Raises:
        ValidationError: on `name`, `practice`, `introduction`, `reply_days` or `country`.
    """
    get_user(user_id=actor_id, for_update=True)
    if not REPLY_DAYS_MIN <= reply_days <= REPLY_DAYS_MAX:
        raise ValidationError(
            {"reply_days": ValidationError(_("Please choose from one to ten working days."), "range")}
        )
    if country and find_briefing(country=country) is None:
        message = _("There is nothing written down for that country.")
        raise ValidationError({"country": ValidationError(message, "choice")})
    values = {
        "name": required_text(name, field="name", max_length=NAME_MAX),
        "practice": clean_text(practice, field="practice", max_length=PRACTICE_MAX),
        "introduction": clean_text(introduction, field="introduction", max_length=INTRODUCTION_MAX),
        "reply_days": reply_days,
        "country": country,
    }
    profile, _is_new = CoachProfile.objects.update_or_create(coach_id=actor_id, defaults=values)
    return profile
