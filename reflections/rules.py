"""When a week begins and ends, when its mail is due, and which way a delivery may go. Pure Python, no clock."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from accounts.rules import DigestLevel
from common.dates import (
    local_day,
    parse_week_label,
    resolve_local,
    start_of_local_day,
    week_label,
    week_start,
)

THOUGHT_MAX: Final = 2_000
THOUGHTS_PER_REFLECTION_MAX: Final = 50
REPORT_WORDS_MAX: Final = 500
RULE_MAX: Final = 40

# A comfort card fits on a postcard, and is read with one hand.
CARD_PART_MAX: Final = 320
CARD_LINES_MAX: Final = 7
CARD_DRAWN_FROM: Final = timedelta(days=365)  # children change
CARD_LINK_DAYS: Final = (1, 7, 30, 90)
CARD_LINKS_MAX: Final = 8
# A link that ended is forgotten with the next one that is made, after this long.
CARD_LINK_KEPT: Final = timedelta(days=30)

PAGE_SIZE: Final = 20
PAGE_SIZE_MAX: Final = 100

SHORTEST_TRANSITION_DAYS: Final = 4
# No week is longer: a transition has ten days at most, and moving between the zones at the ends of the world adds one.
WEEK_MAX: Final = timedelta(days=12)
# Moments may be noted for days before the household was made; weeks reach back for them, but not for ever.
BACKFILL_WEEKS_MAX: Final = 260

# Phones get this long to bring what was noted offline before a week is told.
SYNC_GRACE: Final = timedelta(hours=6)
SLOT_LAST: Final = time(20, 30)
JITTER_MAX: Final = timedelta(minutes=45)

# A planner that was down looks back this far; a digest nobody could send in time stays in the app only.
PLAN_WINDOW: Final = timedelta(days=8)
STALE_AFTER: Final = timedelta(hours=72)
LEASE: Final = timedelta(minutes=5)
RETRY_LADDER: Final = (
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=45),
    timedelta(hours=2),
    timedelta(hours=6),
)
GIVE_UP_AFTER: Final = timedelta(hours=24)
# A tick nudges what can be sent until the next one: the rest would still wait in the queue when it is named again.
TICK: Final = timedelta(minutes=5)
# A sender waits this long for its place in the line, and otherwise comes back at its time.
PATIENCE: Final = timedelta(seconds=10)
SENDS_PER_HOUSEHOLD: Final = 2  # at once
# After five failures to connect within a minute nobody tries for five minutes; then one does, for everybody.
BREAKER_FAILURES: Final = 5
BREAKER_WINDOW: Final = timedelta(seconds=60)
BREAKER_REST: Final = timedelta(minutes=5)
PROBE_TIME: Final = timedelta(seconds=60)
# What lies further ahead than it can was written by a clock that was wrong, and holds nobody up.
CLOCKS_APART: Final = LEASE
# A delivery takes seconds; one that hangs is ended well within its lease, so that nobody else tries it meanwhile.
DELIVERY_LIMIT: Final = timedelta(seconds=60)
# How long the readable bytes of a delivery that ended, or waits in quarantine, are kept at most.
BYTES_KEPT: Final = timedelta(days=30)


# Households compiled at a time: about 1.7 times the cost of all at once, measured, and memory that stays bounded.
CHUNK_SIZE: Final = 1_000
# A worker that takes a chunk and dies holds it this long: as long as a task may take. Twice is once.
CHUNK_LEASE: Final = timedelta(minutes=10)
CHUNK_ATTEMPTS: Final = 3
# How long it can be looked up what a finished pass did.
RUNS_KEPT: Final = timedelta(days=30)


# --- Weeks -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Week:
    """`[starts_at, ends_at)`, from the local day `start_on` up to, not including, `end_on` in `timezone`."""

    start_on: date
    end_on: date
    timezone: str
    starts_at: datetime
    ends_at: datetime
    label: str


def week_holding(instant: datetime, *, timezone: str, week_starts_on: int) -> Week:
    """The regular week around an instant: how a household's first week is found."""
    start_on = week_start(local_day(instant, timezone), week_starts_on)
    return _week(start_on, start_on + timedelta(days=7), timezone)


def week_after(previous: Week, *, timezone: str, week_starts_on: int) -> Week:
    """The next week by the household's settings of today. It begins exactly where the last one ended.

    A moved week start makes one transition week of 4 to 10 days; a moved zone makes one week longer or shorter by the
    hours between the zones. Weeks already stored are never recomputed, so what was told stays as it was told.
    """
    start_on = previous.end_on
    days = (week_starts_on - start_on.weekday()) % 7
    end_on = start_on + timedelta(days=days if days >= SHORTEST_TRANSITION_DAYS else days + 7)
    label = week_label(start_on)
    second = str(parse_week_label(previous.label)._replace(second=False)) == label
    return Week(
        start_on=start_on,
        end_on=end_on,
        timezone=timezone,
        starts_at=previous.ends_at,
        ends_at=start_of_local_day(end_on, timezone),
        label=week_label(start_on, second=second),
    )


def week_before(first: Week) -> Week:
    """The week before a household's first one, for moments noted from memory."""
    start_on = first.start_on - timedelta(days=7)
    return Week(
        start_on=start_on,
        end_on=first.start_on,
        timezone=first.timezone,
        starts_at=start_of_local_day(start_on, first.timezone),
        ends_at=first.starts_at,
        label=week_label(start_on),
    )


def weeks_until(instant: datetime, *, last: Week, timezone: str, week_starts_on: int) -> Iterator[Week]:
    """The weeks that follow `last`, up to and with the one that holds `instant`."""
    while last.ends_at <= instant:
        last = week_after(last, timezone=timezone, week_starts_on=week_starts_on)
        yield last


def weeks_back_to(instant: datetime, *, first: Week) -> Iterator[Week]:
    """The weeks before `first`, latest first, back to the one that holds `instant`."""
    for _ in range(BACKFILL_WEEKS_MAX):
        if first.starts_at <= instant:
            return
        first = week_before(first)
        yield first


def _week(start_on: date, end_on: date, timezone: str) -> Week:
    return Week(
        start_on=start_on,
        end_on=end_on,
        timezone=timezone,
        starts_at=start_of_local_day(start_on, timezone),
        ends_at=start_of_local_day(end_on, timezone),
        label=week_label(start_on),
    )


# --- When the mail is due ----------------------------------------------------------------------------------------
def send_slot(*, closes_at: datetime, timezone: str, hour: int, weekday: int | None) -> datetime:
    """When the digest of a week that closes at `closes_at` is due, in UTC.

    It is the first `hour` o'clock on the member's own clock that lies at least six hours after the close, on `weekday`
    (0 = Monday) if the member chose one. The *closing day* is the day whose first instant closes the week: Sunday for a
    household whose weeks start on Sunday, Monday for one whose weeks start on Monday. With the default hour of 18 that
    is Sunday 18:00 and Monday 18:00. (Sunday 18:00 for a Monday week would fall before its close, and tell a week
    that still has its Sunday evening to come.) Clocks change only at night, so the hour exists once on every day.
    """
    earliest = closes_at + SYNC_GRACE
    day = local_day(closes_at, timezone)
    while True:
        slot = resolve_local(datetime.combine(day, time(hour)), timezone)
        if slot >= earliest and weekday in (None, day.weekday()):
            return slot
        day += timedelta(days=1)


def jitter(*, member: str, week: str, hour: int) -> timedelta:
    """How long after the slot this member's mail goes out: the same every time it is asked, never past 20:30."""
    room = min(JITTER_MAX, _minutes_left(hour))
    return timedelta(seconds=seed(member, week, "jitter") % (int(room.total_seconds()) + 1))


def _minutes_left(hour: int) -> timedelta:
    return datetime.combine(date.min, SLOT_LAST) - datetime.combine(date.min, time(hour))


def seed(*parts: str) -> int:
    """A number that depends on nothing but its parts: what looks like chance here is the same on every machine."""
    return int.from_bytes(hashlib.sha256("\x1f".join(parts).encode()).digest()[:6], "big")


def is_first_partial(*, joined_at: datetime, starts_at: datetime) -> bool:
    """Whether a member came in after the week had begun: it has a page, and no mail."""
    return joined_at > starts_at


# --- Comparing ---------------------------------------------------------------------------------------------------
BLOCK: Final = timedelta(days=28)


def is_compared(*, chosen_on: date, start_on: date, end_on: date) -> bool:
    """Whether it is this week's turn to look whether anything changed in the focus that was chosen on that day.

    Once in four weeks, at the end of the second block and of each that follows. Both blocks that are compared begin
    after the day of the choice: whoever chooses what went badly lately would find a change where chance went back to
    normal.
    """

    def blocks_until(day: date) -> int:
        return (day - chosen_on - timedelta(days=1)) // BLOCK

    return blocks_until(end_on) >= 2 and blocks_until(end_on) > blocks_until(start_on)


# --- Quiet weeks -------------------------------------------------------------------------------------------------
class QuietMail(StrEnum):
    """What a week without own entries sends."""

    NOTE = "note"  # the kind short one
    LINE = "line"  # one line: we write monthly until you log again
    MONTHLY = "monthly"
    NONE = "none"  # this week nothing, later perhaps
    STOPPED = "stopped"  # nothing until the member logs again


MONTHLY_WEEKS: Final = 4
MONTHLY_MAILS: Final = 3


def quiet_mail(weeks_quiet: int) -> QuietMail:
    """What the n-th quiet week in a row sends: a note, nothing, one line, then monthly three times, then nothing.

    Raises:
        ValueError: the week is not quiet.
    """
    if weeks_quiet < 1:
        raise ValueError("a week with entries is not quiet")
    if weeks_quiet <= 3:
        return (QuietMail.NOTE, QuietMail.NONE, QuietMail.LINE)[weeks_quiet - 1]
    months, rest = divmod(weeks_quiet - 3, MONTHLY_WEEKS)
    if months > MONTHLY_MAILS or (months == MONTHLY_MAILS and rest):
        return QuietMail.STOPPED
    return QuietMail.NONE if rest else QuietMail.MONTHLY


# --- The comfort card --------------------------------------------------------------------------------------------
class ForWhom(StrEnum):
    """For whom a link to a card was made, so that its author knows which one to end."""

    NURSERY = "nursery"  # or school, or who minds the child
    GRANDPARENTS = "grandparents"
    OTHER_HOME = "other_home"
    SOMEBODY = "somebody"


class Noted(StrEnum):
    """What the erasure ledger is told."""

    CARD_DELETED = "card_deleted"


# --- The delivery ------------------------------------------------------------------------------------------------
class Status(StrEnum):
    """Where the delivery of one week to one member stands; the row is the truth, messages only nudge."""

    PLANNED = "planned"
    READY = "ready"  # composed, its bytes frozen
    SENDING = "sending"  # leased by one sender
    SENT = "sent"
    FAILED_TEMP = "failed_temp"  # the mail server never took it; it waits in the app
    FAILED_PERM = "failed_perm"  # this address takes no mail
    QUARANTINED = (
        "quarantined"  # this row broke the sender or was refused for what it holds; an operator looks
    )
    SUPPRESSED = "suppressed"  # left, unsubscribed, or no verified address
    SKIPPED_EMPTY = "skipped_empty"
    SKIPPED_STALE = (
        "skipped_stale"  # old news: it is in the app, and its code says whether it was tried before
    )


OPEN: Final = frozenset({Status.PLANNED, Status.READY, Status.SENDING})

_NEXT: Final[dict[Status, frozenset[Status]]] = {
    Status.PLANNED: frozenset(
        {Status.READY, Status.SKIPPED_EMPTY, Status.SKIPPED_STALE, Status.SUPPRESSED, Status.QUARANTINED}
    ),
    Status.READY: frozenset(
        {Status.SENDING, Status.PLANNED, Status.SKIPPED_STALE, Status.SUPPRESSED, Status.QUARANTINED}
    ),
    Status.SENDING: frozenset(
        {
            Status.SENT,
            Status.PLANNED,
            Status.READY,
            Status.SENDING,
            Status.FAILED_TEMP,
            Status.FAILED_PERM,
            Status.QUARANTINED,
            Status.SUPPRESSED,
            Status.SKIPPED_STALE,
        }
    ),
    Status.QUARANTINED: frozenset({Status.READY, Status.PLANNED}),
}


def may_become(now: Status, then: Status) -> bool:
    """Whether a delivery may go from one state to the other. Only a quarantine can end, by staff."""
    return then in _NEXT.get(now, frozenset())


class Reply(StrEnum):
    """What the mail server's answer means for the row."""

    ACCEPTED = "accepted"
    LATER = "later"  # 4xx, or no connection
    REFUSED_RECIPIENT = "refused_recipient"
    REFUSED_CONTENT = "refused_content"


def retry_at(*, attempts: int, first_tried_at: datetime, now: datetime) -> datetime | None:
    """When to try again after the n-th attempt failed for now; None once a day has passed since the first."""
    wait = RETRY_LADDER[min(attempts, len(RETRY_LADDER)) - 1]
    return now + wait if now + wait <= first_tried_at + GIVE_UP_AFTER else None


def is_gate_closed(closed_until: datetime | None, *, now: datetime) -> bool:
    """Whether nobody needs to try the mail server yet."""
    return closed_until is not None and now < closed_until <= now + BREAKER_REST + CLOCKS_APART


LEVELS: Final = (
    DigestLevel.DISCREET,
    DigestLevel.COUNTS,
    DigestLevel.FULL,
)  # each tells more than the one before


def is_quieter(level: str, *, than: str) -> bool:
    """Whether a mail of this level tells less than one of the other."""
    return LEVELS.index(DigestLevel(level)) < LEVELS.index(DigestLevel(than))


def is_stale(*, due_at: datetime, now: datetime) -> bool:
    """Whether the mail of that week would now tell old news."""
    return now.astimezone(UTC) - due_at > STALE_AFTER
