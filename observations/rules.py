"""Bounds and choices of observations. Pure Python: every door names these, none repeats them."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

NOTE_MAX = 5_000
TICKS_MAX = 40
SEARCH_MAX = 100
PAGE_SIZE = 30
PAGE_SIZE_MAX = 200
REPAIRABLE_SHOWN = 3
THREADS_SHOWN = 6

# A phone's clock may run ahead a little; nobody notes tomorrow.
AHEAD_MAX = timedelta(minutes=10)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)

# What is also about another adult is its author's alone for a night and a day before anybody else may see it.
COOLING_OFF = timedelta(hours=24)

# Deleted rows stay this long for the author to restore, then their purge destroys them.
RESTORE_WINDOW = timedelta(days=7)

# How far back a coach's summary counts. A week in which nothing was shared is not told: it is no zero.
GRANTED_WEEKS = 12

# Text search opens sealed notes one by one: at most this many for one page of results.
SEARCH_SCAN_MAX = 2_000

# When only "last night" is known, this local hour stands for it; the precision says that it is only the day.
LAST_NIGHT = time(21, 0)
MORNING = time(7, 0)

# A self-check looks back a short time, for long recall of frequent acts is unreliable: this week and two before.
SELF_CHECK_WEEKS_BACK = 2

# After this many moments on an empty tank within the window, the soft card offers help (PRODUCT.md, section 3).
EMPTY_TANK_VALUE = 1
EMPTY_TANK_MOMENTS = 3
EMPTY_TANK_WINDOW = timedelta(days=7)
# What a comfort card is drafted from at most: the latest.
COMFORTED_READ_MAX = 300


# --- What a phone sends later (docs/adr/0020) --------------------------------------------------------------------
# 2: what a phone seals may say when it last heard the time from here (`heard`). The envelope is that of 1.
PROTOCOL_MIN = 1
PROTOCOL_MAX = 2
OPS_MAX = 100
BATCH_BYTES_MAX = 1024 * 1024

# How long one operation is known again, so that however late a phone sends it once more it has one effect.
OPS_KEPT = timedelta(days=400)

# A key takes new moments this long; what was sealed with it opens for as long as a phone may lie in a drawer.
SEALING_KEY_USED = timedelta(days=90)
SEALING_KEY_KEPT = timedelta(days=400)

# What came before the operation it builds on waits for it this long.
HELD_MAX = timedelta(days=5)

# A clock that is further off is corrected for, and the moment says so.
SKEW_MAX = timedelta(seconds=120)
# Beyond this no clock that is a little wrong explains it.
FUTURE_MAX = timedelta(hours=24)

# Words for a moment that was deleted elsewhere are kept this long, for their author alone.
GONE_KEPT = timedelta(days=30)

# What is kept for one person beside their moments ends somewhere; above it the phone keeps what it has and comes again.
HELD_OPS_MAX = 500
HELD_BYTES_MAX = 20 * 1024 * 1024
DRAFTS_MAX = 2_000
DRAFTS_SHOWN = 50
DRAFT_BYTES_MAX = 50 * 1024 * 1024

# Sealed bytes that no key opened: kept for whoever sent them, and not without end.
SHUT_MAX = 500
SHUT_BYTES_MAX = 64 * 1024
SEALED_CHARS_MAX = 200_000

# How long a place in the feed of changes can be come back to.
CURSOR_KEPT = timedelta(days=400)


# What an older version wrote into no feed is looked for as far back as this every hour, and wholly every night.
LATE_SEEN = timedelta(days=2)


class OpStatus(StrEnum):
    """What became of one operation. All but the last three are final: whoever sent it can forget it."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    MERGED = "merged"
    CONFLICT = "conflict"
    GONE = "gone"
    PRIVATE_ONLY = "private_only"
    RESCUED = "rescued"
    REUSED = "op_id_reused"
    UNDECRYPTABLE = "undecryptable"
    DEFERRED = "deferred"


class OpType(StrEnum):
    """What an operation does to its moment."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    DRAFT = "draft.put"


class TimeSource(StrEnum):
    """Where a time came from: the phone's clock, or a person's hand."""

    AUTO = "auto"
    TYPED = "typed"


class DraftKind(StrEnum):
    """Why these words wait for their author."""

    HALF = "half"  # half-typed
    RESCUED = "rescued"  # something in it has to be mended first
    TWO = "two"  # the same was changed elsewhere: two versions, choose
    GONE = "gone"  # its moment was deleted elsewhere
    LEFT = "left"  # about a household that the author does not live in any more
    SHUT = "shut"  # sealed, and no key opens it yet


class Kind(StrEnum):
    MOMENT = "moment"
    SELF_CHECK = "self_check"


class Precision(StrEnum):
    """How exactly the author knows when it was."""

    EXACT = "exact"  # typed
    ABOUT = "about"  # just now, as the sheet opened
    DAY = "day"  # only the day


class Noted(StrEnum):
    """What the erasure ledger is told of a moment, a self-check, or words that waited."""

    DELETED = "moment_deleted"
    RESTORED = "moment_restored"
    PRIVATE = "moment_private"
    COACHES = "moment_coaches"
    DISCARDED = "draft_discarded"
    LET_GO = "draft_let_go"  # what it was to become was deleted: it goes in a week


class Act(StrEnum):
    """What a link of a record says was done."""

    RECORDED = "recorded"
    EDITED = "edited"
    NARROWED = "narrowed"  # others stopped seeing it, by something else that its author did
    DELETED = "deleted"
    RESTORED = "restored"
    # About the record itself:
    MOVED = "moved"  # into another household, where its children have other ids
    PURGED = "purged"  # what these links spoke of is destroyed, a week after its author deleted it


class TickKind(StrEnum):
    CUE = "cue"
    CONTEXT = "context"
    FEELING = "feeling"


class OwnKind(StrEnum):
    """How a question of an author's own is answered."""

    STEPS = "steps"  # five steps from one end to the other, with words for both ends
    YES_NO = "yes_no"


# What can be answered to each kind. Left open is no answer: never asked.
OWN_ANSWERS: dict[OwnKind, tuple[str, ...]] = {
    OwnKind.STEPS: ("1", "2", "3", "4", "5", "not_seen"),
    OwnKind.YES_NO: ("yes", "no", "not_seen"),
}
# One question is asked and six are a tap away: what is added stays few, or nobody answers any.
OWN_QUESTIONS_MAX = 3
# How many wordings one moment can have answers to: what was asked before stays answered.
OWN_ANSWERS_MAX = 20


class When(StrEnum):
    """How the sheet asks for the time."""

    JUST_NOW = "just_now"
    EARLIER_TODAY = "earlier_today"
    LAST_NIGHT = "last_night"
    PICK = "pick"


def sibling_id(moment_id: uuid.UUID, child_id: uuid.UUID) -> uuid.UUID:
    """The id of the moment with another child that came with the same tap. It does not lead back to *moment_id*."""
    # Marked as random like every other id: a mark of its own would tell whoever may see this one that there is another.
    return uuid.UUID(bytes=uuid.uuid5(moment_id, str(child_id)).bytes, version=4)


def guess_earlier_today(opened: datetime) -> datetime:
    """A local time for "earlier today": half-way from the morning to when the sheet was opened.

    *opened* is local wall-clock time without zone; before the morning it is the sheet's own time.
    """
    morning = datetime.combine(opened.date(), MORNING)
    return morning + (opened - morning) / 2 if opened > morning else opened


def guess_last_night(opened_on: date) -> datetime:
    """A local time for "last night", seen from the day on which the sheet was opened."""
    return datetime.combine(opened_on - timedelta(days=1), LAST_NIGHT)
