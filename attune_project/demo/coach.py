"""A coach whom the demonstration parent lets look at what she notes with one child, and who has looked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from accounts.services import open_account
from common.dates import local_day
from households.rules import GrantScope
from households.services import accept_grant, offer_grant
from observations.services import look_at_family, look_at_moment

if TYPE_CHECKING:
    from accounts.models import User
    from households.models import Child, Household

COACH = "cleo@example.org"
LET_IN = timedelta(days=40)
LOOKED = (timedelta(days=12), timedelta(days=5), timedelta(days=1, hours=3))


def let_coach_in(
    *, parent: User, household: Household, child: Child, password: str, zone: str, now: datetime
) -> User:
    """The coach, with a grant of forty days ago and a look every week since."""
    coach = open_account(email=COACH, password=password, display_name="Cleo", timezone=zone)
    _grant, token = offer_grant(
        actor_id=parent.pk,
        household_id=household.public_id,
        coach_email=coach.email,
        scope=GrantScope.RATINGS_AND_NOTES,
        child_ids=[child.public_id],
        from_on=local_day(now - LET_IN, zone),
        now=now - LET_IN,
    )
    accept_grant(actor_id=coach.pk, token=token, email=coach.email, now=now - LET_IN + timedelta(hours=5))
    for ago in LOOKED:
        family = look_at_family(coach_id=coach.pk, household_id=household.public_id, now=now - ago)
        there = [row for row in family.shown.page.items if row.received_at < now - ago]
        for row in there[:2]:
            look_at_moment(
                coach_id=coach.pk,
                household_id=household.public_id,
                moment_id=row.public_id,
                now=now - ago + timedelta(minutes=2),
            )
    return coach
