"""Why a coach would look at somebody now: a reason, never a rating. Pure: facts in, a reason out.

Every fact is of what this coach may see or did themselves. Silence is neither a good nor a bad sign, and says so.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from coaching.rules import reply_due_on
from common.dates import local_day

NEW_FOR: Final = timedelta(days=14)
ENDS_WITHIN: Final = timedelta(days=14)
# A way back is the easiest thing to say something kind about; after so long it has been.
CAME_BACK_WITHIN: Final = timedelta(days=14)
QUIET_FOR: Final = timedelta(days=14)
QUIET_WEEKS: Final = 4  # before that, of which so many had something:
QUIET_WEEKS_ACTIVE: Final = 3
LOOK_BACK: Final = QUIET_FOR + QUIET_WEEKS * timedelta(days=7)


class Lane(StrEnum):
    """The reasons to look, in the order in which they are read."""

    ASKED = "asked"  # for you: a question, an answer to you, "please look"
    HELP_CARD = "help_card"  # shared that the card with where to find help came up
    NEW = "new"  # let you in of late, and you have not written yet
    CAME_BACK = "came_back"
    OWED = "owed"  # the time you promised is over
    ENDS_SOON = "ends_soon"
    QUIET = "quiet"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one author to one coach. Days are the household's; `shared_on` holds those with something."""

    now: datetime
    timezone: str
    reply_days: int
    accepted_at: datetime
    expires_at: datetime
    asked_at: datetime | None = None  # the earliest of what waits for an answer, and so below
    help_card_at: datetime | None = None
    wrote_back_at: datetime | None = None
    said_at: datetime | None = None  # the coach's latest comment to them
    came_back_on: date | None = None  # the latest
    shared_on: Collection[date] = ()

    @property
    def today(self) -> date:
        return local_day(self.now, self.timezone)

    def due_on(self, at: datetime) -> date:
        return reply_due_on(at, working_days=self.reply_days, timezone=self.timezone)

    def is_overdue(self, at: datetime | None) -> bool:
        return at is not None and self.due_on(at) < self.today


@dataclass(frozen=True, slots=True)
class Reason:
    """Why somebody stands where they stand: since when, and until when a reply is promised if one is."""

    lane: Lane
    since: date
    due_on: date | None = None


def reason_of(facts: Facts) -> Reason:
    """The first reason to look that holds, in the order of the lanes.

    What was asked comes first however old it is. An answer to the coach is a question to them until the promised time
    is over; from then on it is owed, and so is a first word to somebody who let them in longer than two weeks ago.
    """
    waits = _waiting(facts)
    if waits is not None:
        return waits
    came_back = _came_back(facts)
    if came_back is not None:
        return came_back
    owed = _owed(facts)
    if owed is not None:
        return owed
    if facts.expires_at - facts.now <= ENDS_WITHIN:
        return Reason(Lane.ENDS_SOON, local_day(facts.expires_at, facts.timezone))
    if _is_quiet(facts):
        return Reason(Lane.QUIET, max(facts.shared_on))
    return Reason(Lane.NOTHING, max(facts.shared_on, default=local_day(facts.accepted_at, facts.timezone)))


def _waiting(facts: Facts) -> Reason | None:
    wrote_back = None if facts.is_overdue(facts.wrote_back_at) else facts.wrote_back_at
    asked = min((at for at in (facts.asked_at, wrote_back) if at is not None), default=None)
    if asked is not None:
        return _since(Lane.ASKED, asked, facts)
    if facts.help_card_at is not None:
        return _since(Lane.HELP_CARD, facts.help_card_at, facts)
    if facts.said_at is None and facts.now - facts.accepted_at < NEW_FOR:
        return _since(Lane.NEW, facts.accepted_at, facts)
    return None


def _came_back(facts: Facts) -> Reason | None:
    """A way back that was shared of late, and nothing said since."""
    on = facts.came_back_on
    if on is None or facts.today - on >= CAME_BACK_WITHIN:
        return None
    is_answered = facts.said_at is not None and local_day(facts.said_at, facts.timezone) >= on
    return None if is_answered else Reason(Lane.CAME_BACK, on)


def _owed(facts: Facts) -> Reason | None:
    if facts.is_overdue(facts.wrote_back_at) and facts.wrote_back_at is not None:
        return _since(Lane.OWED, facts.wrote_back_at, facts)
    if facts.said_at is None and facts.shared_on:
        return _since(Lane.OWED, facts.accepted_at, facts)
    return None


def _since(lane: Lane, at: datetime, facts: Facts) -> Reason:
    return Reason(lane, local_day(at, facts.timezone), facts.due_on(at))


def _is_quiet(facts: Facts) -> bool:
    """Something in at least three of the four weeks before the last fourteen days, and nothing in those."""
    quiet_from = facts.today - QUIET_FOR + timedelta(days=1)
    if any(day >= quiet_from for day in facts.shared_on):
        return False
    weeks = {(quiet_from - day - timedelta(days=1)).days // 7 for day in facts.shared_on}
    return len(weeks & set(range(QUIET_WEEKS))) >= QUIET_WEEKS_ACTIVE
