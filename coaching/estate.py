"""What coaching holds of a person: what they wrote, what was written to them, and how they present themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.selectors import list_addresses
from coaching.models import Ask, Comment, Focus, FocusAnswer, HandOver, Mute, Reply, Snooze
from coaching.rules import Slot
from common.estates import Estate, Holding, Table, erase_rows, in_chunks


class CoachingEstate(Estate):
    """Words between two people are both people's: they go with whoever of the two is erased first (ADR 30)."""

    holdings = (
        Holding("coaching.Reply", ("author", "comment__coach")),
        Holding("coaching.Comment", ("coach", "author")),
        Holding("coaching.Ask", ("author", "coach")),
        Holding("coaching.Mute", ("author", "coach")),
        Holding("coaching.FocusAnswer", ("author",)),
        Holding("coaching.Focus", ("author", "coach")),
        Holding("coaching.Snooze", ("author", "coach")),
        Holding("coaching.HandOver", ("author", "coach")),
        Holding("coaching.CoachProfile", ("coach",)),
    )

    def export(self, person_id: int, now: datetime) -> Iterator[Table]:
        yield Table(
            "coachs_words",
            _("What coaches wrote to you on your moments and weeks."),
            _TO_YOU,
            lambda: _to_you(person_id),
        )
        yield Table("coach_replies", _("What you answered."), _REPLY, lambda: _replies(person_id))
        yield Table(
            "coach_asks", _("Which moments you asked a coach to look at."), _ASK, lambda: _asks(person_id)
        )
        yield Table(
            "coach_focuses",
            _("What coaches suggested to you to try, and what you said."),
            _FOCUS,
            lambda: _focuses(person_id),
        )
        yield Table(
            "own_comments",
            _("Where you are the coach: your own words, and nothing of whom they were for."),
            _OWN,
            lambda: _own(person_id),
        )

    def erase(self, person_id: int) -> None:
        # A colleague who was suggested is named by their address alone.
        erase_rows(HandOver.objects.filter(colleague_email__in=list_addresses(user_id=person_id)))
        super().erase(person_id)

    def move(self, person_id: int, *, source_id: int, target_id: int, children: Mapping[int, int]) -> None:
        own = {"household_id": source_id, "author_id": person_id}
        for model in (Comment, Reply, Ask, Mute, Snooze, HandOver, Focus, FocusAnswer):
            model._default_manager.filter(**own).update(household_id=target_id)

    def holds_words(self, household_id: int) -> bool:
        return Comment.objects.filter(household_id=household_id).exists()


_SLOTS = tuple(str(slot) for slot in Slot)
_TO_YOU = ("id", "household_id", "observation_id", "week", *_SLOTS, "unreadable", "written_at", "read_at")
_REPLY = ("id", "comment_id", "text", "text_unreadable", "written_at")
_ASK = ("household_id", "observation_id", "wish", "asked_at", "answered_at")
_FOCUS = ("id", "household_id", "practice", "weeks", "suggested_at", "answer", "from_on", "until_on")
_OWN = ("id", *_SLOTS, "unreadable", "written_at")


def _words(comment: Comment) -> tuple[str, ...]:
    return tuple(str(getattr(comment, slot)) for slot in _SLOTS)


def _to_you(person_id: int) -> Iterator[tuple[Any, ...]]:
    rows = Comment.objects.filter(author_id=person_id).select_related("household", "observation")
    for row in in_chunks(rows):
        yield (
            row.public_id,
            row.household.public_id,
            row.observation.public_id if row.observation else None,
            row.week,
            *_words(row),
            row.unreadable,
            row.written_at,
            row.read_at,
        )


def _replies(person_id: int) -> Iterator[tuple[Any, ...]]:
    rows = Reply.objects.filter(author_id=person_id).select_related("comment")
    for row in in_chunks(rows):
        yield (
            row.public_id,
            row.comment.public_id,
            str(row.text),
            row.text_unreadable,
            row.written_at,
        )


def _asks(person_id: int) -> Iterator[tuple[Any, ...]]:
    rows = Ask.objects.filter(author_id=person_id).select_related("household", "observation")
    for row in in_chunks(rows):
        yield row.household.public_id, row.observation.public_id, row.wish, row.asked_at, row.answered_at


def _focuses(person_id: int) -> Iterator[tuple[Any, ...]]:
    for row in in_chunks(Focus.objects.filter(author_id=person_id).select_related("household")):
        yield row.public_id, row.household.public_id, *(getattr(row, name) for name in _FOCUS[2:])


def _own(person_id: int) -> Iterator[tuple[Any, ...]]:
    for row in in_chunks(Comment.objects.filter(coach_id=person_id)):
        yield row.public_id, *_words(row), row.unreadable, row.written_at
