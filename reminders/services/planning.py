"""Who is prompted today, and when: decided from rows, in a fixed number of queries for a thousand people."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction

from common.dates import local_day, start_of_local_day
from households.selectors import list_living_somewhere
from observations.selectors import latest_received
from reflections.selectors import list_ready_weeks
from reminders.models import Prompt, ReminderChoices
from reminders.news import list_latest
from reminders.rules import WEEK_WAITS, Kind, Slot, Wish, daily_slot, day_slot, is_due
from reminders.selectors import list_days_taken, list_to_plan, list_told_news, list_told_weeks

BATCH: Final = 500
# The local days of two people at the same instant lie at most this far apart.
_APART: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Known:
    """What planning needs to know of everybody in a chunk."""

    living: set[int]
    taken: set[tuple[int, date]]
    noted: Mapping[int, datetime]
    ready: Mapping[int, str]
    told: set[tuple[int, str]]
    news: Mapping[int, datetime]
    told_news: Mapping[int, datetime]


@transaction.atomic
def plan_prompts(*, choice_ids: Collection[int], now: datetime) -> int:
    """Plan the prompts of these people whose time has come; how many there are.

    It looks at what is, not at when it was last asked: run late, twice or from two places, nobody has two on one day.
    """
    people = list_to_plan(choice_ids=choice_ids, now=now)
    known = _know(people, now)
    rows = [row for choices in people if (row := _planned(choices, known, now)) is not None]
    Prompt.objects.bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)
    return len(rows)


def _know(people: Sequence[ReminderChoices], now: datetime) -> Known:
    user_ids = [choices.user_id for choices in people]
    wants_news = [choices.user_id for choices in people if choices.something_new]
    ready = list_ready_weeks(user_ids=user_ids, since=now - WEEK_WAITS, now=now)
    return Known(
        living=list_living_somewhere(user_ids=user_ids),
        taken=list_days_taken(user_ids=user_ids, since=now.date() - _APART),
        noted=latest_received(author_ids=user_ids, since=now - _APART),
        ready=ready,
        told=list_told_weeks(user_ids=user_ids, labels=set(ready.values())),
        news=list_latest(user_ids=wants_news, now=now) if wants_news else {},
        told_news=list_told_news(user_ids=wants_news) if wants_news else {},
    )


def _planned(choices: ReminderChoices, known: Known, now: datetime) -> Prompt | None:
    user_id, wish = choices.user_id, choices.as_rule()
    day = local_day(now, wish.timezone)
    rests = choices.resting_until is not None and day < choices.resting_until
    if rests or (user_id, day) in known.taken:
        return None
    return _about_notes(choices, known, now) or _about_news(choices, known, now)


def _about_news(choices: ReminderChoices, known: Known, now: datetime) -> Prompt | None:
    """That there is something new, whether or not this person has a household: nothing more is ever said."""
    at, told_at = known.news.get(choices.user_id), known.told_news.get(choices.user_id)
    if at is None or (told_at is not None and at <= told_at):
        return None
    slot = day_slot(Kind.NEWS, choices.as_rule(), now)
    return _row(choices.user_id, slot) if slot is not None else None


def _about_notes(choices: ReminderChoices, known: Known, now: datetime) -> Prompt | None:
    """The week that is ready, or else what the day brings."""
    user_id, wish = choices.user_id, choices.as_rule()
    day = local_day(now, wish.timezone)
    if user_id not in known.living:
        return None
    label = known.ready.get(user_id, "") if choices.week_ready else ""
    if label and (user_id, label) not in known.told and (slot := day_slot(Kind.WEEK, wish, now)) is not None:
        return _row(user_id, slot, label)
    slot = daily_slot(wish, day)
    if slot is None or not is_due(slot, now):
        return None
    if slot.kind is Kind.EVENING and has_noted(wish, day, known.noted.get(user_id)):
        return None
    return _row(user_id, slot)


def has_noted(wish: Wish, day: date, latest: datetime | None) -> bool:
    """Whether what somebody noted last arrived on this local day."""
    return latest is not None and latest >= start_of_local_day(day, wish.timezone)


def _row(user_id: int, slot: Slot, label: str = "") -> Prompt:
    return Prompt(
        user_id=user_id,
        day=slot.day,
        kind=slot.kind,
        label=label,
        due_at=slot.due_at,
        expires_at=slot.expires_at,
    )
