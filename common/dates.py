"""Local days and weeks: the one place that knows what "today" and "this week" mean in a time zone.

Instants are aware datetimes in UTC; days are plain dates; a zone is an IANA name (or a ZoneInfo). Nothing here reads
the clock. Midnight is never assumed to exist: in a year like 2026 it does not on some day in the Azores, Cairo, Beirut,
Santiago and Havana, and in the Azores and Havana it also happens twice.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

__all__ = [
    "WeekLabel",
    "is_zone",
    "local_day",
    "parse_week_label",
    "resolve_local",
    "start_of_local_day",
    "week_label",
    "week_start",
    "zone_names",
]

# Files of the zone database that name no place; "localtime" would even mean another zone on each server.
_NOT_PLACES: Final = frozenset({"Factory", "localtime", "posixrules", "leapseconds"})
_LABEL: Final = re.compile(r"(?P<year>[0-9]{4})-W(?P<week>[0-9]{2})(?P<second>b?)")
_MIDDLE: Final = timedelta(days=3)


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Every time zone name that a person or household may choose."""
    return frozenset(available_timezones()) - _NOT_PLACES


def is_zone(name: str) -> bool:
    return name in zone_names()


def start_of_local_day(day: date, zone: str | tzinfo) -> datetime:
    """The first instant, in UTC, that bears the date `day` (or a later one, for a day the zone skipped altogether).

    Where clocks jump over midnight this is the jump itself; where midnight happens twice it is the first of the two.
    """
    place = _zone(zone)
    midnight = datetime.combine(day, time.min)
    first = midnight.replace(tzinfo=place, fold=0).astimezone(UTC)
    if first.astimezone(place).replace(tzinfo=None) == midnight:
        return first
    # Midnight is missing: the jump lies between the two readings of it (PEP 495: fold=1 reads with the later offset).
    before = midnight.replace(tzinfo=place, fold=1).astimezone(UTC)
    return _first_instant(day, place, between=(before, first))


def _first_instant(day: date, place: tzinfo, *, between: tuple[datetime, datetime]) -> datetime:
    """Bisect to the second: the first of `between` is still on an earlier date, the second is not."""
    earlier, later = (int(end.timestamp()) for end in between)
    while later - earlier > 1:
        middle = (earlier + later) // 2
        if datetime.fromtimestamp(middle, place).date() < day:
            earlier = middle
        else:
            later = middle
    return datetime.fromtimestamp(later, UTC)


def local_day(instant: datetime, zone: str | tzinfo) -> date:
    """The date on the wall calendar in `zone` at that instant."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(_zone(zone)).date()


def resolve_local(local: datetime, zone: str | tzinfo) -> datetime:
    """The instant, in UTC, of a wall-clock time as a person would type it.

    A time that the clocks skipped is moved forward by the length of the gap (02:30 becomes 03:30); of a time that
    happened twice the first is meant. Raises ValueError for an aware datetime and for one off the calendar.
    """
    if local.tzinfo is not None:
        raise ValueError("a wall-clock time has no time zone of its own")
    try:
        return local.replace(tzinfo=_zone(zone), fold=0).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("this time is off the calendar") from error


def week_start(day: date, week_starts_on: int) -> date:
    """The first day of the week that holds `day`; `week_starts_on` is 0 for Monday to 6 for Sunday."""
    if not 0 <= week_starts_on <= 6:
        raise ValueError("a week starts on a day from 0 (Monday) to 6 (Sunday)")
    return day - timedelta(days=(day.weekday() - week_starts_on) % 7)


class WeekLabel(NamedTuple):
    """`2026-W46` or, for the second of two weeks with the same middle week, `2026-W46b`."""

    year: int
    week: int
    second: bool = False

    def __str__(self) -> str:
        return f"{self.year:04d}-W{self.week:02d}{'b' if self.second else ''}"

    @property
    def middle(self) -> date:
        """The Thursday of the ISO week: a day that every regular week with this label holds or touches."""
        return date.fromisocalendar(self.year, self.week, 4)


def week_label(first_day: date, *, second: bool = False) -> str:
    """The label of the week that starts on `first_day`, as it stands in /reflections/<label>/.

    It is the ISO 8601 week of the fourth day. For a Monday-start household that is the ISO week itself (its Thursday
    decides); for any other start it is the ISO week that holds most of the seven days, so Sunday 8 November 2026 to
    Saturday the 14th is 2026-W46, like Monday the 9th to Sunday the 15th. Regular weeks start seven days apart, so a
    label never repeats within a household. Only a short transition week (a household that moves its week from Sunday
    to Thursday, say) can share its ISO week with the next; the later of the two is then stored with `second`.
    """
    year, week, _ = (first_day + _MIDDLE).isocalendar()
    return str(WeekLabel(year, week, second))


def parse_week_label(label: str) -> WeekLabel:
    """Raises ValueError for anything that `week_label` would not write (week 53 of a year with 52, other digits)."""
    match = _LABEL.fullmatch(label)
    if match is None:
        raise ValueError("a week is written like 2026-W46")
    parsed = WeekLabel(int(match["year"]), int(match["week"]), bool(match["second"]))
    date.fromisocalendar(parsed.year, parsed.week, 4)
    return parsed


def _zone(zone: str | tzinfo) -> tzinfo:
    return ZoneInfo(zone) if isinstance(zone, str) else zone
