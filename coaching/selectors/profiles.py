"""How coaches present themselves to those who let them in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from coaching.models import CoachProfile
from coaching.rules import REPLY_DAYS_DEFAULT
from households.selectors import name_coaches


@dataclass(frozen=True, slots=True)
class Presented:
    """A coach as an author reads them: the name and practice they gave, and the address the author wrote to."""

    address: str
    name: str = ""
    practice: str = ""
    introduction: str = ""
    reply_days: int = REPLY_DAYS_DEFAULT
    country: str = ""

    @property
    def called(self) -> str:
        return self.name or self.address


def find_profile(*, coach_id: int) -> CoachProfile | None:
    """The coach's own profile; None before they wrote one."""
    return CoachProfile.objects.filter(coach_id=coach_id).first()


def present_coach(*, coach_id: int, address: str) -> Presented:
    """How one coach presents themselves to somebody who knows them by this address."""
    return _presented(find_profile(coach_id=coach_id), address)


def present_coaches(*, actor_id: int, coach_ids: Collection[int]) -> Mapping[int, Presented]:
    """These coaches of the actor's, by key; of one whose grant is forgotten no address is known any more."""
    wanted = set(coach_ids)
    addresses = name_coaches(actor_id=actor_id)
    profiles = {profile.coach_id: profile for profile in CoachProfile.objects.filter(coach_id__in=wanted)}
    return {coach_id: _presented(profiles.get(coach_id), addresses.get(coach_id, "")) for coach_id in wanted}


def _presented(profile: CoachProfile | None, address: str) -> Presented:
    if profile is None:
        return Presented(address)
    return Presented(
        address=address,
        name=profile.name,
        practice=profile.practice,
        introduction=profile.introduction,
        reply_days=profile.reply_days,
        country=profile.country,
    )
