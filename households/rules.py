"""Bounds and choices of households. Pure Python."""

from __future__ import annotations

import re
from datetime import date, timedelta
from enum import StrEnum

HOUSEHOLD_NAME_MAX = 60
NICKNAME_MAX = 30
EMOJI_MAX = 16
CHILDREN_MAX = 12
MEMBERS_MAX = 12
HOUSEHOLDS_PER_PERSON_MAX = 6
# Where a session keeps which household it is about, by its public id.
SESSION_HOUSEHOLD = "household"
# A second tap on "Go on" comes within this time, and founds no second household of that name.
FOUNDED_ONCE_WITHIN = timedelta(minutes=1)
# How long a household in which nobody lives any more waits for whoever left last, before it is erased.
DESERTED_KEPT = timedelta(days=7)
INVITATION_LIFETIME = timedelta(hours=72)
INVITATIONS_PER_DAY = 20
# So long it takes to send one: a moment more or less would tell whether a mail has left.
SENDING_TAKES = timedelta(seconds=1)
# How long an invitation that was accepted, withdrawn or ran out can still be looked up.
INVITATION_KEPT = timedelta(days=30)

# How long a coach may take to accept, and how long they may look before the author is asked again.
GRANT_OFFER_LIFETIME = timedelta(days=7)
GRANT_LIFETIME = timedelta(days=180)
GRANTS_MAX = 10
# A grant that has no more than this left can be renewed; nobody is asked earlier, and nobody renews for years ahead.
GRANT_RENEWED_WITHIN = timedelta(days=14)
# Moments before this day were noted nowhere.
GRANT_FROM_EARLIEST = date(2000, 1, 1)

# What an author reads before letting a coach in: a country, or a part of one that has laws of its own.
COUNTRY = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?")
COUNTRY_MAX = 6
COUNTRY_NAME_MAX = 60
BRIEFING_TEXT_MAX = 3_000
BRIEFING_LABEL_MAX = 12
# Laws change: after so long somebody has to look again whether it still holds.
BRIEFING_CHECKED_WITHIN = timedelta(days=365)

# Opening the same thing again within this time is one look, and one line in the list of who looked.
ONE_LOOK = timedelta(minutes=15)
ACCESS_PAGE_SIZE = 30

# A child's book may begin before the birth, and end when the child is grown.
BIRTH_MONTHS_AHEAD_MAX = 9
CHILD_AGE_YEARS_MAX = 25

COLOURS = ("moss", "clay", "dusk", "honey", "slate", "berry")


class Role(StrEnum):
    """Guardians are equals; helpers log and read what is shared, and change no settings."""

    GUARDIAN = "guardian"
    HELPER = "helper"


class GrantScope(StrEnum):
    """How much of an author's moments a coach sees: counts by week; what was ticked and answered; the notes too."""

    SUMMARY = "summary"
    RATINGS = "ratings"
    RATINGS_AND_NOTES = "ratings_and_notes"

    @property
    def and_wider(self) -> tuple[GrantScope, ...]:
        """This scope and those that show more."""
        scopes = tuple(GrantScope)
        return scopes[scopes.index(self) :]


class GrantState(StrEnum):
    """Where a grant stands, as its author reads it. A withdrawn one is in no list."""

    OFFERED = "offered"
    LIVE = "live"
    ENDED = "ended"  # it ran out, or the coach gave it back


class Reader(StrEnum):
    """Who can stand in an author's list of who looked. The other adults of the household never do."""

    COACH = "coach"
    OPERATOR = "operator"


class Opened(StrEnum):
    """What somebody looked at."""

    SUMMARY = "summary"  # the household's page: counts, and the list of moments where the grant has them
    MOMENT = "moment"
    REFLECTION = "reflection"
    SHEET = "sheet"  # a coach's sheet for a session, on the screen
    SHEET_FILE = "sheet_file"  # the same, taken along as a file
    ACCOUNT = "account"  # an operator: the account's settings, which hold no words of a moment


class Noted(StrEnum):
    """What the erasure ledger is told of a household."""

    MEMBERSHIP_ENDED = "membership_ended"
    GRANT_ENDED = "grant_ended"
    GRANT_SCOPE = "grant_scope"  # narrowed to this one
    GRANT_FROM = "grant_from"  # narrowed to moments of this day and later
    GRANT_CHILD = "grant_child"  # narrowed by this child


def months_between(earlier: date, later: date) -> int:
    """Whole calendar months from one first-of-month to another; negative when *later* is earlier."""
    return (later.year - earlier.year) * 12 + later.month - earlier.month
