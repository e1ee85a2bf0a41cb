"""What reminders hold of a person: their wishes, where their devices are reached, and what they were prompted with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.devices import in_words
from common.estates import Estate, Holding, Table
from reminders.models import Prompt, PushAddress, ReminderChoices

_CHOICES = (
    "evening_at",
    "moment_from",
    "moment_until",
    "week_ready",
    "something_new",
    "quiet_from",
    "quiet_until",
    "resting_until",
)
_PROMPT = ("day", "kind", "state", "due_at", "sent_at", "shown_at", "answered_at")


class RemindersEstate(Estate):
    """Nothing of it lives in a household: it moves nowhere, and nobody else ever sees it."""

    holdings = (
        Holding("reminders.Prompt", ("user",)),
        Holding("reminders.PushAddress", ("user",)),
        Holding("reminders.ReminderChoices", ("user",)),
    )

    def export(self, person_id: int, now: datetime) -> Iterator[Table]:
        yield Table(
            "reminders", _("What you asked to be reminded of."), _CHOICES, lambda: _choices(person_id)
        )
        yield Table(
            "reminder_devices",
            _("Which devices take your reminders: never by which address."),
            ("name", "bound_at"),
            lambda: _devices(person_id),
        )
        yield Table("prompts", _("When you were reminded of late."), _PROMPT, lambda: _prompts(person_id))


def _choices(person_id: int) -> Iterator[tuple[Any, ...]]:
    for row in ReminderChoices.objects.filter(user_id=person_id):
        yield tuple(_said(getattr(row, name)) for name in _CHOICES)


def _said(value: Any) -> Any:
    """A time of day as it stands on a clock: an export knows no other form for it."""
    return f"{value:%H:%M}" if hasattr(value, "hour") else value


def _devices(person_id: int) -> Iterator[tuple[Any, ...]]:
    for row in PushAddress.objects.filter(user_id=person_id).select_related("session").order_by("pk"):
        yield in_words(row.session.user_agent), row.bound_at


def _prompts(person_id: int) -> Iterator[tuple[Any, ...]]:
    return iter(Prompt.objects.filter(user_id=person_id).order_by("day").values_list(*_PROMPT))
