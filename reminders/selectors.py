"""Reads of reminders: a person's own, and, for the schedule, who is to be asked."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from datetime import date, datetime

from django.contrib.sessions.models import Session
from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from accounts.devices import in_words
from common.dates import local_day
from reminders.models import Prompt, PushAddress, ReminderChoices
from reminders.push import key_name
from reminders.rules import CHUNK_SIZE, LEASE, TICK_MOST, Kind, State, every_days
from reminders.shapes import ReachedDevice, Standing


# --- A person's own ----------------------------------------------------------------------------------------------
def find_choices(*, actor_id: int) -> ReminderChoices | None:
    """What the actor asked for; None while they never asked for anything."""
    return ReminderChoices.objects.select_related("user").filter(user_id=actor_id).first()


def get_standing(*, actor_id: int, now: datetime) -> Standing:
    """How often the actor is asked now."""
    choices = find_choices(actor_id=actor_id)
    if choices is None:
        return Standing(every_days=1, resting_until=None)
    rests = choices.resting_until is not None and choices.resting_until > local_day(
        now, choices.user.timezone
    )
    return Standing(every_days(choices.ignored), choices.resting_until if rests else None)


def list_reached(*, actor_id: int, session_key: str, now: datetime) -> list[ReachedDevice]:
    """Where the actor is reached: the device that asks first, then the others as they were added."""
    rows = (
        live_addresses(now=now).filter(user_id=actor_id).select_related("session").order_by("bound_at", "pk")
    )
    devices = [
        ReachedDevice(row.pk, in_words(row.session.user_agent), row.session.session_key == session_key)
        for row in rows
    ]
    return sorted(devices, key=lambda device: not device.is_this)


def live_addresses(*, now: datetime) -> QuerySet[PushAddress]:
    """Addresses whose person is signed in there still, and that were made for the key we sign with.

    A condition on live rows: signing out, here or from elsewhere, or a session that ran out, ends the prompts at once.
    """
    sessions = Session.objects.filter(session_key=OuterRef("session__session_key"), expire_date__gt=now)
    return PushAddress.objects.filter(
        Exists(sessions),
        key_name=key_name(),
        user__is_active=True,
        user__erase_at__isnull=True,
    )


# --- For the schedule --------------------------------------------------------------------------------------------
def list_chunks(*, size: int = CHUNK_SIZE) -> Iterator[list[int]]:
    """Everybody who asked for anything, by key, in chunks that are planned apart."""
    after = 0
    wished = ReminderChoices.objects.filter(
        Q(evening_at__isnull=False)
        | Q(moment_from__isnull=False)
        | Q(week_ready=True)
        | Q(something_new=True)
    ).order_by("pk")
    while chunk := list(wished.filter(pk__gt=after).values_list("pk", flat=True)[:size]):
        yield chunk
        after = chunk[-1]


def list_to_plan(*, choice_ids: Collection[int], now: datetime) -> list[ReminderChoices]:
    """Those of these who can be reached now, with their person, in a fixed order."""
    reached = live_addresses(now=now).filter(user_id=OuterRef("user_id"))
    rows = ReminderChoices.objects.filter(Exists(reached), pk__in=choice_ids)
    return list(rows.select_related("user").order_by("pk"))


def list_days_taken(*, user_ids: Collection[int], since: date) -> set[tuple[int, date]]:
    """On which days from *since* on each of these people has a prompt, whatever became of it."""
    rows = Prompt.objects.filter(user_id__in=user_ids, day__gte=since)
    return set(rows.values_list("user_id", "day"))


def list_told_weeks(*, user_ids: Collection[int], labels: Collection[str]) -> set[tuple[int, str]]:
    """Which of these weeks each of these people was prompted about already."""
    rows = Prompt.objects.filter(user_id__in=user_ids, label__in=labels)
    return set(rows.values_list("user_id", "label"))


def list_told_news(*, user_ids: Collection[int]) -> dict[int, datetime]:
    """When each of these people was last to be told that there is something new, whatever became of it."""
    rows = Prompt.objects.filter(user_id__in=user_ids, kind=Kind.NEWS)
    return dict(rows.order_by().values_list("user_id").annotate(at=Max("due_at")))


def list_due_prompt_ids(*, now: datetime, most: int = TICK_MOST) -> list[int]:
    """What is to be sent by now, or was claimed by a sender that went silent; longest due first."""
    due = Q(state=State.PLANNED, due_at__lte=now) | Q(state=State.SENDING, claimed_at__lte=now - LEASE)
    return list(Prompt.objects.filter(due).order_by("due_at", "pk").values_list("pk", flat=True)[:most])


def find_prompt(*, secret: str) -> Prompt | None:
    """The prompt that went out with this secret; None where there is none."""
    return Prompt.objects.filter(secret_digest=digest_of(secret)).exclude(secret_digest="").first()


def count_addresses(*, key: str) -> int:
    """How many devices gave their address for another key than this one. For operators."""
    return PushAddress.objects.exclude(key_name=key).count()


def digest_of(secret: str) -> str:
    """What stands for a secret in the database. It is random and long: a plain digest cannot be tried out."""
    return hashlib.sha256(secret.encode()).hexdigest()
