"""When a moment was: what the author said, and the instant, day and precision that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from common.dates import local_day, resolve_local
from observations.rules import (
    AHEAD_MAX,
    EARLIEST,
    Precision,
    TimeSource,
    When,
    guess_earlier_today,
    guess_last_night,
)


@dataclass(frozen=True, slots=True)
class Said:
    """An author's words about the time.

    `at` is an instant: when the sheet was opened, or the moment itself where the client already knows it.
    `picked` is a wall-clock time in the household's zone, for `When.PICK` only. `source` is known of what a phone sent.
    """

    at: datetime
    when: When = When.JUST_NOW
    picked: datetime | None = None
    precision: Precision = Precision.ABOUT
    source: TimeSource | None = None
    skew: int | None = None  # seconds by which `at` was corrected already


@dataclass(frozen=True, slots=True)
class Occurred:
    """The instant (UTC), the household's local day it belongs to, and how exactly it is known."""

    at: datetime
    on: date
    precision: Precision


def place_in_time(said: Said, *, zone: str, born: date, now: datetime) -> Occurred:
    """What *said* means in a household's zone.

    A wall-clock time that the clocks skipped moves forward; of one that came twice, the first counts.

    Raises:
        ValidationError: on `occurred_at`, when it is missing, still to come, or before the child was born.
    """
    at, precision = _instant(said, zone)
    if at > now + AHEAD_MAX:
        raise _refuse(_("That time has not come yet. Please check the date."), "future")
    if at < EARLIEST or local_day(at, zone) < born.replace(day=1):
        raise _refuse(_("That is before the birth month you gave. Please check the date."), "ancient")
    return Occurred(at=at, on=local_day(at, zone), precision=precision)


def _instant(said: Said, zone: str) -> tuple[datetime, Precision]:
    if said.at.tzinfo is None:
        raise _refuse(_("Please give the time with its offset from UTC."), "no_zone")
    try:
        opened = said.at.astimezone(UTC)
        if said.when is When.JUST_NOW:
            return opened, said.precision
        wall_clock = opened.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        if said.when is When.EARLIER_TODAY:
            return resolve_local(guess_earlier_today(wall_clock), zone), Precision.DAY
        if said.when is When.LAST_NIGHT:
            return resolve_local(guess_last_night(wall_clock.date()), zone), Precision.DAY
        if said.picked is None:
            raise _refuse(_("Please pick a day and a time."), "required")
        return resolve_local(said.picked, zone), Precision.EXACT
    except (OverflowError, ValueError) as error:
        raise _refuse(_("This time is not on the calendar."), "calendar") from error


def _refuse(message: str, code: str) -> ValidationError:
    return ValidationError({"occurred_at": ValidationError(message, code)})
