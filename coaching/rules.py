"""Bounds and choices of coaching, and when a reply is due. Pure Python, no clock."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from common.dates import local_day, resolve_local, week_start

# --- Words -------------------------------------------------------------------------------------------------------
SLOT_MAX: Final = 1_000
REPLY_MAX: Final = 2_000
COMMENTS_ON_ONE_MAX: Final = 20  # by one coach, on one moment or week
REPLIES_TO_ONE_MAX: Final = 20
PAGE_SIZE: Final = 30
# The same words on the same thing within this time are one comment: a second tap, or a replay after a broken line.
SAID_ONCE_WITHIN: Final = timedelta(minutes=5)
# Over how many of their latest comments a coach sees how often all three slots were filled.
HINT_OVER: Final = 20

# --- The coach ---------------------------------------------------------------------------------------------------
NAME_MAX: Final = 60
PRACTICE_MAX: Final = 80
INTRODUCTION_MAX: Final = 600
REPLY_DAYS_MIN, REPLY_DAYS_DEFAULT, REPLY_DAYS_MAX = 1, 3, 10

# --- Asking a family ---------------------------------------------------------------------------------------------
FAMILY_INVITATION_LIFETIME: Final = timedelta(days=7)
FAMILY_INVITATIONS_PER_DAY: Final = 20

# --- The caseload ------------------------------------------------------------------------------------------------
SNOOZE_REASON_MAX: Final = 200
SNOOZE_DAYS: Final = (2, 7, 14, 28)
HAND_OVER_SHOWN_FOR: Final = timedelta(days=30)
# What is recommended for weekly home visiting (45 CFR 1302.22(b)): said above every list, enforced nowhere.
RECOMMENDED_LOAD: Final = (10, 12)

# --- What a supervisor sees --------------------------------------------------------------------------------------
# A count below this could be somebody: of fewer families nothing is said at all, and of a count that it is small.
FEW: Final = 5
REPLIES_OVER: Final = timedelta(days=56)
NOTED_SUPERVISION_ENDED: Final = "supervision_ended"  # what the erasure ledger is told

# --- Sessions, and a coach's own notes ---------------------------------------------------------------------------
# The weeks that a sheet for a session holds besides the running one, where no session was marked; and at most.
SHEET_WEEKS_DEFAULT: Final = 4
SHEET_WEEKS_MAX: Final = 11
SHEET_MOMENTS_MAX: Final = 80
OWN_NOTE_MAX: Final = 4_000
OWN_LABEL_MAX: Final = 60
OWN_NOTES_MAX: Final = 2_000  # of one coach
NOTED_OWN_NOTE_DELETED: Final = "own_note_deleted"  # what the erasure ledger is told

# --- Telling by mail ---------------------------------------------------------------------------------------------
# On the reader's own clock: no phone lights up at night because of a coach.
TELL_FROM, TELL_UNTIL = time(7, 0), time(20, 30)
# What nobody could be told of in this time is old news: it waits on the page.
TELL_WITHIN: Final = timedelta(hours=72)
# How many people one tick tells: what is left comes five minutes later, whoever waits longest first.
TELL_AT_MOST: Final = 200


# --- A focus -----------------------------------------------------------------------------------------------------
FOCUS_WEEKS: Final = (1, 2, 3, 4)
FOCUSES_SHOWN: Final = 12


# How many questions a coach may suggest to one author in these days, and how many a coach's page lists.
QUESTIONS_WAITING_MAX: Final = 3
QUESTIONS_WITHIN: Final = timedelta(days=7)
QUESTIONS_SHOWN: Final = 12


class Answer(StrEnum):
    """What an author says to a focus that a coach suggested."""

    WAITING = ""
    ACCEPTED = "accepted"
    DECLINED = "declined"


class Tried(StrEnum):
    """Whether an author tried the practice of a focus in a moment; not asked is no answer."""

    YES = "yes"
    NOT_HERE = "not_here"


class Slot(StrEnum):
    """The three parts of a comment, and the fourth that needs the first: see `services.comments`."""

    SAW = "saw"  # what I saw you do
    GIVES = "gives"  # what that gives
    CHILD = "child"  # what your child did then
    MORE = "more"  # a question or a suggestion


THREE: Final = (Slot.SAW, Slot.GIVES, Slot.CHILD)


class Wish(StrEnum):
    """What an author asks a coach for, in one tap."""

    LOOK = "look"  # please look at this moment
    HELP_CARD = "help_card"  # the card with where to find help came up, and I want you to know


def reply_due_on(asked_at: datetime, *, working_days: int, timezone: str) -> date:
    """The last day, in *timezone*, on which a reply to what came at *asked_at* keeps the promise.

    Counted from the next working day on (Monday to Friday: holidays differ by place, and are the coach's to say): what
    comes on a Friday evening with a promise of three days is due on Wednesday.
    """
    day, left = local_day(asked_at, timezone), working_days
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day


def working_days_between(asked_at: datetime, answered_at: datetime, *, timezone: str) -> int:
    """After how many working days (Monday to Friday) something was answered: 0 on the day itself, or on a weekend."""
    day, last, days = local_day(asked_at, timezone), local_day(answered_at, timezone), 0
    while day < last:
        day += timedelta(days=1)
        days += day.weekday() < 5
    return days


def sheet_since(last_session: date | None, *, today: date, first_day: int) -> date:
    """The first day of a sheet: of the week of the last session, else four weeks before the running one.

    Weeks are whole, as they are counted everywhere, and no more than a dozen. *first_day* is the household's.
    """
    this_week = week_start(today, first_day)
    if last_session is None:
        return this_week - timedelta(weeks=SHEET_WEEKS_DEFAULT)
    return max(week_start(last_session, first_day), this_week - timedelta(weeks=SHEET_WEEKS_MAX))


def may_tell(now: datetime, *, timezone: str) -> bool:
    """Whether a mail may go out now, by the clock of whoever gets it."""
    today = local_day(now, timezone)
    first, last = (resolve_local(datetime.combine(today, hour), timezone) for hour in (TELL_FROM, TELL_UNTIL))
    return first <= now < last
