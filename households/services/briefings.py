"""Bringing an operator's briefings in, and asking that one was read before anybody is let in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from common.errors import NotVisible
from common.strict import PackError
from households.models import Briefing
from households.packs import BriefingPack, read_briefings
from households.selectors import find_briefing, is_coaching_open


class Outcome(StrEnum):
    """What became of one file."""

    LOADED = "loaded"
    CHECKED = "checked"  # the same words, looked at again
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Loaded:
    """One country's briefing, and what became of it."""

    briefing: Briefing
    outcome: Outcome


@transaction.atomic
def load_briefings(*, directory: Path, now: datetime) -> list[Loaded]:
    """Bring every briefing of *directory* into force. What was read before stays, word for word, with its number.

    A country whose file is gone keeps its briefing: ending one is a use case of its own.

    Raises:
        PackError: a file is not whole, or an example is meant for families; nothing is loaded then.
    """
    packs = read_briefings(directory)
    for pack in packs:
        if pack.is_example and settings.PRODUCTION:
            raise PackError(
                f"{pack.country}.yaml: an example is for one's own machine, and never for families"
            )
    return [_load(pack, now) for pack in packs]


def _load(pack: BriefingPack, now: datetime) -> Loaded:
    versions = Briefing.objects.select_for_update().filter(country=pack.country).order_by("number")
    latest = versions.last()
    current = versions.filter(ended_at__isnull=True).first()
    if current is not None and current.digest == pack.digest:
        if current.checked_on == pack.checked_on:
            return Loaded(current, Outcome.SAME)
        current.checked_on = pack.checked_on
        current.save(update_fields=["checked_on"])
        return Loaded(current, Outcome.CHECKED)
    versions.filter(ended_at__isnull=True).update(ended_at=now)
    made = Briefing.objects.create(
        country=pack.country,
        number=latest.number + 1 if latest else 1,
        digest=pack.digest,
        words=pack.words,
        is_example=pack.is_example,
        checked_on=pack.checked_on,
        loaded_at=now,
    )
    return Loaded(made, Outcome.LOADED)


@transaction.atomic
def end_briefing(*, country: str, now: datetime) -> Briefing:
    """Nobody is let in for this country any more. Who was let in before is not touched by it.

    Raises:
        NotVisible: there is none in force.
    """
    found = Briefing.objects.select_for_update().filter(country=country, ended_at__isnull=True).first()
    if found is None:
        raise NotVisible("briefing")
    found.ended_at = now
    found.save(update_fields=["ended_at"])
    return found


# --- What the use cases of grants share --------------------------------------------------------------------------
def briefing_read(label: str) -> Briefing:
    """The briefing with this label, if it is the one in force.

    Raises:
        ValidationError: on `briefing`; it was not read, or says something else by now.
    """
    if not is_coaching_open():
        raise ValidationError({"briefing": ValidationError(closed(), "closed")})
    found = find_briefing(country=label.partition(".")[0])
    if found is None or found.label != label:
        message = _("Please read first what is said about coaches in that country.")
        raise ValidationError({"briefing": ValidationError(message, "unread")})
    return found


def check_still_briefed(briefing: Briefing | None) -> None:
    """Raises:
    ValidationError: nothing is in force any more for the country of *briefing*, or nothing was ever read.
    """
    if briefing is None:
        message = _("This was given before there was anything to read. It has to be offered anew.")
        raise ValidationError(message, code="unread")
    if find_briefing(country=briefing.country) is None:
        message = _(
            "There is nothing to read about coaches in that country at the moment. Please ask anew later."
        )
        raise ValidationError(message, code="closed")


def closed() -> str:
    """Why nobody is let in here yet, in clear words."""
    return _(
        "Coaches cannot be let in here yet. First whoever runs this service has to write down what a coach must "
        "report by law, how fast replies come, and that nobody watches at night."
    )
