"""What coaching holds of a person: what they wrote, what was written to them, and how they present themselves."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.selectors import list_addresses
from coaching.models import (
    Ask,
    CoachProfile,
    Comment,
    FamilyInvitation,
    Focus,
    FocusAnswer,
    HandOver,
    Mute,
    OwnNote,
    Reply,
    SessionDay,
    Snooze,
    SuggestedQuestion,
    Supervision,
)
from coaching.rules import NOTED_OWN_NOTE_DELETED, NOTED_SUPERVISION_ENDED, Slot
from common.estates import Applier, Estate, Holding, Table, erase_rows, in_chunks
from common.sealed import is_readable
from households.scope import let_in


class CoachingEstate(Estate):
    """Words between two people are both people's: they go with whoever of the two is erased first (ADR 30)."""

    holdings = (
        Holding("coaching.Reply", ("author", "comment__coach")),
        Holding("coaching.Comment", ("coach", "author")),
        Holding("coaching.Ask", ("author", "coach")),
        Holding("coaching.Mute", ("author", "coach")),
        Holding("coaching.FocusAnswer", ("author",)),
        Holding("coaching.Focus", ("author", "coach")),
        Holding("coaching.SuggestedQuestion", ("author", "coach")),
        Holding("coaching.Snooze", ("author", "coach")),
        Holding("coaching.HandOver", ("author", "coach")),
        Holding("coaching.SessionDay", ("author", "coach")),
        Holding("coaching.OwnNote", ("coach",)),
        Holding("coaching.CoachProfile", ("coach",)),
        Holding("coaching.Supervision", ("supervisor", "coach")),
        Holding("coaching.FamilyInvitation", ("coach",)),
    )

    def export(self, person_id: int, now: datetime) -> Iterator[Table]:
        yield from _as_author(person_id)
        yield from _as_coach(person_id, now)
        yield from _as_colleague(person_id)

    def erase(self, person_id: int) -> None:
        # A colleague who was suggested, and whoever was asked, are named by their address alone.
        addresses = list_addresses(user_id=person_id)
        erase_rows(HandOver.objects.filter(colleague_email__in=addresses))
        erase_rows(FamilyInvitation.objects.filter(email__in=addresses))
        # A coach's own notes are the coach's: they stay, and forget beside whom they lay.
        OwnNote.objects.filter(author_id=person_id).update(household=None, author=None)
        super().erase(person_id)

    def move(self, person_id: int, *, source_id: int, target_id: int, children: Mapping[int, int]) -> None:
        own = {"household_id": source_id, "author_id": person_id}
        words = (Comment, Reply, Ask, Focus, FocusAnswer, SuggestedQuestion)
        for model in (*words, Mute, Snooze, HandOver, SessionDay, OwnNote):
            model._default_manager.filter(**own).update(household_id=target_id)

    def appliers(self) -> Mapping[str, Applier]:
        return {NOTED_SUPERVISION_ENDED: _end_supervision, NOTED_OWN_NOTE_DELETED: _delete_own_note}

    def close_doors(self, now: datetime) -> Mapping[str, int]:
        still_open = FamilyInvitation.objects.filter(answered_at=None, withdrawn_at=None)
        return {"open questions of coaches withdrawn": still_open.update(withdrawn_at=now)}

    def withdraw_offers(self, person_id: int, now: datetime) -> None:
        asked = FamilyInvitation.objects.filter(coach_id=person_id, withdrawn_at=None)
        asked.update(withdrawn_at=now)

    def holds_words(self, household_id: int) -> bool:
        return Comment.objects.filter(household_id=household_id).exists()


_SLOTS = tuple(str(slot) for slot in Slot)
_TO_YOU = ("id", "household_id", "observation_id", "week", *_SLOTS, "unreadable", "written_at", "read_at")
_REPLY = ("id", "comment_id", "text", "text_unreadable", "written_at")
_ASK = ("household_id", "observation_id", "wish", "asked_at", "answered_at")
_FOCUS = ("id", "household_id", "practice", "weeks", "suggested_at", "answer", "from_on", "until_on")
_ANSWER = ("focus_id", "observation_id", "tried")
_MUTE = ("household_id", "since")
_SESSION = ("household_id", "on")
_OWN_NOTE = ("id", "label", "text", "unreadable", "written_at", "changed_at")
_HAND_OVER = ("household_id", "asked_at", "answered_at")
_OWN = ("id", *_SLOTS, "unreadable", "written_at")
_PUT_OFF = ("reason", "reason_unreadable", "until_on")
_QUESTION = ("id", "household_id", "kind", "words", "unreadable", "suggested_at", "answered_at")
_OWN_QUESTION = ("kind", "words", "unreadable", "suggested_at")
_SUGGESTED = ("practice", "weeks", "suggested_at")
_NAMED = ("colleague_email", "asked_at")
_INVITED = ("email", "created_at", "expires_at", "withdrawn_at")
_SUPERVISION = ("as", "proposed_at", "agreed_at")
_PROFILE = ("name", "practice", "introduction", "reply_days", "country")


def _as_author(person_id: int) -> Iterator[Table]:
    """What passed between somebody and their coaches, seen from the author's side."""
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
    yield from _suggested_to(person_id)


def _suggested_to(person_id: int) -> Iterator[Table]:
    """What coaches suggested, and what became of it."""
    yield Table(
        "coach_focuses",
        _("What coaches suggested to you to try, and what you said."),
        _FOCUS,
        lambda: _focuses(person_id),
    )
    yield Table(
        "coach_focus_answers",
        _("In which moments you tried what was suggested."),
        _ANSWER,
        lambda: _answers(person_id),
    )
    yield Table(
        "coaches_muted", _("Where you muted a coach, and since when."), _MUTE, lambda: _mutes(person_id)
    )
    yield Table(
        "coach_hand_overs",
        _("When a coach suggested a colleague to you. The colleague's address is the colleague's."),
        _HAND_OVER,
        lambda: _hand_overs(person_id),
    )
    yield Table(
        "coach_questions",
        _("What coaches suggested to you to ask yourself."),
        _QUESTION,
        lambda: _questions(person_id),
    )
    yield Table(
        "coach_sessions",
        _("On which days a coach marked a session with you."),
        _SESSION,
        lambda: _sessions(person_id),
    )


def _as_coach(person_id: int, now: datetime) -> Iterator[Table]:
    """What is a coach's own: their words, and nothing of whom they were for, or of a grant that ended."""
    yield Table(
        "own_comments",
        _("Where you are the coach: your own words, and nothing of whom they were for."),
        _OWN,
        lambda: _own(person_id),
    )
    yield Table(
        "own_notes",
        _("What you wrote for yourself as a coach, and nothing of beside whom it lay."),
        _OWN_NOTE,
        lambda: _own_notes(person_id),
    )
    yield Table(
        "own_profile",
        _("How you present yourself as a coach."),
        _PROFILE,
        lambda: iter(CoachProfile.objects.filter(coach_id=person_id).values_list(*_PROFILE)),
    )
    yield Table(
        "own_put_off", _("Why you put somebody off, and until when."), _PUT_OFF, lambda: _put_off(person_id)
    )
    # As it stands it may be its author's choice: that is a coach's to read only while they are let in.
    suggested = Focus.objects.filter(let_in(now=now), coach_id=person_id).order_by("pk")
    yield Table(
        "own_focuses",
        _("What you suggested to try, to whoever lets you in now."),
        _SUGGESTED,
        lambda: iter(suggested.values_list(*_SUGGESTED)),
    )
    named = HandOver.objects.filter(coach_id=person_id).order_by("pk")
    yield Table(
        "own_hand_overs",
        _("Which colleagues you suggested, and when."),
        _NAMED,
        lambda: iter(named.values_list(*_NAMED)),
    )


def _as_colleague(person_id: int) -> Iterator[Table]:
    """Whom a coach asked, and who counts whose work."""
    asked = FamilyInvitation.objects.filter(coach_id=person_id).order_by("pk")
    yield Table(
        "own_family_invitations",
        _("Whom you asked to let you in, and when. What became of it is theirs."),
        _INVITED,
        lambda: iter(asked.values_list(*_INVITED)),
    )
    yield Table(
        "supervisions",
        _("Since when somebody sees counts of your work as a coach, or you of theirs."),
        _SUPERVISION,
        lambda: _supervisions(person_id),
    )
    yield Table(
        "own_suggested_questions",
        _("Which questions you suggested as a coach, and nothing of whom they were for."),
        _OWN_QUESTION,
        lambda: _own_questions(person_id),
    )


def _end_supervision(subject: str, _at: datetime) -> int:
    gone, _by_model = Supervision.objects.filter(public_id=uuid.UUID(subject)).delete()
    return gone


def _delete_own_note(subject: str, _at: datetime) -> int:
    gone, _by_model = OwnNote.objects.filter(public_id=uuid.UUID(subject)).delete()
    return gone


def _supervisions(person_id: int) -> Iterator[tuple[Any, ...]]:
    rows = Supervision.objects.filter(
        Q(coach_id=person_id) | Q(supervisor_id=person_id, agreed_at__isnull=False)
    )
    for row in rows.order_by("pk"):
        yield "coach" if row.coach_id == person_id else "supervisor", row.proposed_at, row.agreed_at


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


def _own_notes(person_id: int) -> Iterator[tuple[Any, ...]]:
    for row in in_chunks(OwnNote.objects.filter(coach_id=person_id)):
        yield row.public_id, str(row.label), str(row.text), row.unreadable, row.written_at, row.changed_at


def _put_off(person_id: int) -> Iterator[tuple[Any, ...]]:
    for row in in_chunks(Snooze.objects.filter(coach_id=person_id)):
        yield str(row.reason), not is_readable(row.reason), row.until_on


def _answers(person_id: int) -> Iterator[tuple[Any, ...]]:
    rows = FocusAnswer.objects.filter(author_id=person_id).select_related("focus", "observation")
    for row in in_chunks(rows):
        yield row.focus.public_id, row.observation.public_id, row.tried


def _mutes(person_id: int) -> Iterator[tuple[Any, ...]]:
    for row in in_chunks(Mute.objects.filter(author_id=person_id).select_related("household")):
        yield row.household.public_id, row.since


def _questions(person_id: int) -> Iterator[tuple[Any, ...]]:
    for row in in_chunks(SuggestedQuestion.objects.filter(author_id=person_id).select_related("household")):
        yield row.public_id, row.household.public_id, *_asked(row), row.answered_at


def _own_questions(person_id: int) -> Iterator[tuple[Any, ...]]:
    return (_asked(row) for row in in_chunks(SuggestedQuestion.objects.filter(coach_id=person_id)))


def _asked(row: SuggestedQuestion) -> tuple[Any, ...]:
    return row.kind, str(row.words), not is_readable(row.words), row.suggested_at


def _sessions(person_id: int) -> Iterator[tuple[Any, ...]]:
    for row in in_chunks(SessionDay.objects.filter(author_id=person_id).select_related("household")):
        yield row.household.public_id, row.on


def _hand_overs(person_id: int) -> Iterator[tuple[Any, ...]]:
    for row in in_chunks(HandOver.objects.filter(author_id=person_id).select_related("household")):
        yield row.household.public_id, row.asked_at, row.answered_at
