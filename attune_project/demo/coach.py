"""A coach whom the demonstration parent lets look at what she notes with one child, and who has looked."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from accounts.services import open_account
from common.dates import local_day
from households.rules import GrantScope
from households.services import accept_grant, load_briefings, offer_grant
from observations.services import look_at_family, look_at_moment

if TYPE_CHECKING:
    from accounts.models import User
    from households.models import Child, Household

BRIEFINGS = Path(__file__).with_name("briefings")
COACH = "cleo@example.org"
LET_IN = timedelta(days=40)
LOOKED = (timedelta(days=12), timedelta(days=5), timedelta(days=1, hours=3))


def let_coach_in(
    *, parent: User, household: Household, child: Child, password: str, zone: str, now: datetime
) -> User:
    """The coach, with a grant of forty days ago and a look every week since."""
    briefings = load_briefings(directory=BRIEFINGS, now=now - LET_IN)
    coach = open_account(email=COACH, password=password, display_name="Cleo", timezone=zone)
    _grant, token = offer_grant(
        actor_id=parent.pk,
        household_id=household.public_id,
        coach_email=coach.email,
        scope=GrantScope.RATINGS_AND_NOTES,
        child_ids=[child.public_id],
        briefing=briefings[0].briefing.label,
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
