"""When somebody may be prompted, and when not. Pure Python, no clock.

A prompt belongs to one local day of its person, and to no day belongs more than one. All times a person chooses are
times on their wall clock; hours are compared as instants, so that a day on which the clocks change needs no exception.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from common.dates import local_day, resolve_local, start_of_local_day

# --- What may be chosen ------------------------------------------------------------------------------------------
STEP: Final = timedelta(minutes=30)
EVENING_FIRST: Final = time(17, 0)
EVENING_LAST: Final = time(22, 30)
# From five to eight most families eat, bathe and bring to bed: nothing comes then unless somebody chooses just that.
EVENING_FREE_FROM: Final = time(20, 0)
HOURS_FIRST: Final = time(7, 0)
HOURS_LAST: Final = time(22, 0)
HOURS_SHORTEST: Final = timedelta(hours=1)
# "Your week is ready" and "something new" come by day, and outside of the hours above.
DAY_HOURS: Final = ((time(9, 0), time(17, 0)), (time(20, 0), time(21, 30)))
REST: Final = timedelta(days=30)

# --- How often ---------------------------------------------------------------------------------------------------
IGNORED_BEFORE_LESS: Final = 3
EVERY_DAYS_MAX: Final = 8
SNOOZE: Final = timedelta(hours=1)
SNOOZES_MAX: Final = 2
# Later than this a prompt does not come at all: a nudge for the evening is none at midnight.
LATE_MAX: Final = timedelta(minutes=45)
WEEK_WAITS: Final = timedelta(days=3)

# --- Where to ----------------------------------------------------------------------------------------------------
ADDRESSES_MAX: Final = 10
ENDPOINT_MAX: Final = 1_000
POINT_BYTES: Final = 65  # a P-256 point, uncompressed
AUTH_BYTES: Final = 16  # RFC 8291, 3.2
HTTPS_PORT: Final = 443
_HOST: Final = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")

# --- Sending -----------------------------------------------------------------------------------------------------
RETRY_LADDER: Final = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
LEASE: Final = timedelta(minutes=5)
SEND_LIMIT: Final = timedelta(seconds=60)
CONNECT_SECONDS: Final = 3.05
READ_SECONDS: Final = 5.0
PROMPTS_KEPT: Final = timedelta(days=30)
CHUNK_SIZE: Final = 1_000
TICK: Final = timedelta(minutes=5)
# A tick nudges what can be sent until the next one.
TICK_MOST: Final = 2_000


class Kind(StrEnum):
    EVENING = "evening"
    MOMENT = "moment"  # at a random time inside the hours somebody chose
    WEEK = "week"
    NEWS = "news"  # somebody wrote something for them


class State(StrEnum):
    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"  # a push service took it; its day is not over
    OVER = "over"  # its day is over, and it is counted
    DROPPED = "dropped"  # nothing was shown, and nothing will be


class Said(StrEnum):
    """What a phone says of a prompt, or its person with a tap."""

    SHOWN = "shown"
    OPENED = "opened"
    LATER = "later"
    NOTHING = "nothing"  # nothing to note today: a full answer


@dataclass(frozen=True, slots=True)
class Wish:
    """What one person asked for. `moment` and `quiet` are hours of a day, from and until."""

    seed: str
    timezone: str
    evening_at: time | None = None
    moment: tuple[time, time] | None = None
    quiet: tuple[time, time] | None = None
    ignored: int = 0


@dataclass(frozen=True, slots=True)
class Slot:
    """When a prompt is due, and from when on it does not come any more."""

    kind: Kind
    day: date
    due_at: datetime
    expires_at: datetime


Span = tuple[datetime, datetime]


# --- How often ---------------------------------------------------------------------------------------------------
def every_days(ignored: int) -> int:
    """Every how many days somebody is asked who left so many prompts in a row without an answer."""
    return min(1 << ignored // IGNORED_BEFORE_LESS, EVERY_DAYS_MAX)


def is_asking_day(wish: Wish, day: date) -> bool:
    """Whether *day* is among the days that are left; always the same ones, whoever asks and however often."""
    return (day.toordinal() + _number(wish.seed, "phase")) % every_days(wish.ignored) == 0


def kind_of(wish: Wish, day: date) -> Kind | None:
    """What is asked on *day*: of two wishes one, by a coin that falls the same each time."""
    kinds = [
        kind
        for kind, wished in ((Kind.EVENING, wish.evening_at), (Kind.MOMENT, wish.moment))
        if wished is not None
    ]
    return kinds[_number(wish.seed, f"kind {day}") % len(kinds)] if kinds else None


# --- When --------------------------------------------------------------------------------------------------------
def daily_slot(wish: Wish, day: date) -> Slot | None:
    """The evening or random prompt of *day*; None where there is none."""
    if not is_asking_day(wish, day):
        return None
    match kind_of(wish, day):
        case Kind.EVENING:
            return _evening(wish, day)
        case Kind.MOMENT:
            return _moment(wish, day)
    return None


def _evening(wish: Wish, day: date) -> Slot | None:
    if wish.evening_at is None:
        return None
    due_at = resolve_local(datetime.combine(day, wish.evening_at), wish.timezone)
    ends = end_of_day(wish, day)
    return Slot(Kind.EVENING, day, due_at, ends) if due_at < ends and not is_quiet(wish, due_at) else None


def _moment(wish: Wish, day: date) -> Slot | None:
    """Any instant of the hours is as likely as any other, whatever the clocks do that day.

    But for those after the last tick inside of them: what is due then would come too late to be sent.
    """
    spans = free_spans(wish, day)
    before_last_tick = sum(((until - since) for since, until in spans), -TICK)
    if before_last_tick <= timedelta(0):
        return None
    offset = before_last_tick * (_number(wish.seed, f"moment {day}") % 10**9) / 10**9
    for since, until in spans:
        if offset < until - since:
            return Slot(Kind.MOMENT, day, since + offset, spans[-1][1])
        offset -= until - since
    return None


def day_slot(kind: Kind, wish: Wish, now: datetime) -> Slot | None:
    """Whether what has no time of its own may come now: by day, and not in hours kept free."""
    day = local_day(now, wish.timezone)
    open_now = any(_holds(_span(wish, day, hours), now) for hours in DAY_HOURS)
    if not open_now or is_quiet(wish, now):
        return None
    return Slot(kind, day, now, end_of_day(wish, day))


def is_due(slot: Slot, now: datetime) -> bool:
    """Whether the time for *slot* has come and is not over."""
    return slot.due_at <= now < min(slot.expires_at, slot.due_at + LATE_MAX)


def later_today(wish: Wish, now: datetime, *, expires_at: datetime) -> datetime | None:
    """When to come back with a prompt that was put off, inside its own window; None when it has no time left."""
    at = now + SNOOZE
    at = quiet_until(wish, at) or at
    return at if at < expires_at else None


def retry_at(attempts: int, *, now: datetime, wait: timedelta, expires_at: datetime) -> datetime | None:
    """When to try again what no push service took, at the earliest after *wait*; None when there is no point."""
    if attempts > len(RETRY_LADDER):
        return None
    at = now + max(RETRY_LADDER[attempts - 1], wait)
    return at if at < expires_at else None


# --- Hours kept free ---------------------------------------------------------------------------------------------
def is_quiet(wish: Wish, instant: datetime) -> bool:
    """Whether *instant* lies in the hours that this person keeps free of the phone."""
    return quiet_until(wish, instant) is not None


def quiet_until(wish: Wish, instant: datetime) -> datetime | None:
    """When the hours kept free end, if *instant* lies in them."""
    if wish.quiet is None:
        return None
    span = _span(wish, local_day(instant, wish.timezone), wish.quiet)
    return span[1] if _holds(span, instant) else None


def free_spans(wish: Wish, day: date) -> list[Span]:
    """The hours for random prompts on *day*, without those kept free; in order, and none of them empty."""
    if wish.moment is None:
        return []
    since, until = _span(wish, day, wish.moment)
    spans = [(since, until)]
    if wish.quiet is not None:
        begins, ends = _span(wish, day, wish.quiet)
        spans = [(since, min(until, begins)), (max(since, ends), until)]
    return [span for span in spans if span[0] < span[1]]


def end_of_day(wish: Wish, day: date) -> datetime:
    """The local midnight after *day*, in UTC."""
    return start_of_local_day(day + timedelta(days=1), wish.timezone)


def _span(wish: Wish, day: date, hours: tuple[time, time]) -> Span:
    since, until = (resolve_local(datetime.combine(day, hour), wish.timezone) for hour in hours)
    return since, until


def _holds(span: Span, instant: datetime) -> bool:
    return span[0] <= instant < span[1]


def minutes_left(moment: tuple[time, time], quiet: tuple[time, time] | None) -> int:
    """How many minutes of a usual day random prompts may come in."""
    since, until = map(_minutes, moment)
    taken = 0
    if quiet is not None:
        begins, ends = map(_minutes, quiet)
        taken = max(0, min(until, ends) - max(since, begins))
    return until - since - taken


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


# --- Where to ----------------------------------------------------------------------------------------------------
def is_allowed(endpoint: str, hosts: tuple[str, ...]) -> bool:
    """Whether prompts may be sent to *endpoint*: over https, to a host of the list, as it stands there with its port.

    A browser says where it is reached, so whoever speaks for one could name any address: those inside of a data centre
    among them. An entry that begins with a dot allows every name below it.
    """
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        return False
    host = (parts.hostname or "").lower()
    if parts.scheme != "https" or "@" in parts.netloc or len(endpoint) > ENDPOINT_MAX:
        return False
    if not _HOST.fullmatch(host):  # another program might read a stranger one as another host
        return False
    if not endpoint.isascii() or any(sign <= " " for sign in endpoint):
        return False
    place = host if port in (None, HTTPS_PORT) else f"{host}:{port}"
    return any(
        place == entry or (entry.startswith(".") and place.endswith(entry) and place != entry)
        for entry in hosts
    )


def _number(seed: str, purpose: str) -> int:
    """A number that looks random and is always the same for this seed and purpose."""
    return int.from_bytes(hashlib.sha256(f"{seed} {purpose}".encode()).digest()[:8])
