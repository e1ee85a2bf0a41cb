"""What somebody outside the household sees, in words: the same for a coach and for the author who looks beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from checklists.rules import Occasion, Tone
from frontend.words import AnswerShown, answers_in_words, own_in_words, ticks_in_words, week_in_words
from observations.rules import Kind, TickKind
from observations.selectors import Shown

if TYPE_CHECKING:
    from observations.models import Observation


@dataclass(frozen=True, slots=True)
class NoteShown:
    """A moment or a self-check with everything in it that may be seen, in words. `tone` is '' for a self-check."""

    row: Observation
    author: str
    tone: str
    week: str
    cues: Sequence[str]
    contexts: Sequence[str]
    feelings: Sequence[str]
    answers: Sequence[AnswerShown]


@dataclass(frozen=True, slots=True)
class WeekShown:
    """What one author shared in one week: how often each tone, in the order of the tones."""

    author: str
    words: str
    tones: Sequence[tuple[str, int]]
    label: str
    grant_id: object = None  # the grant that shows it, where it can be opened by itself


@dataclass(frozen=True, slots=True)
class FamilyShown:
    weeks: Sequence[WeekShown]
    notes: Sequence[NoteShown]
    next_cursor: str


def shown_in_words(
    shown: Shown, *, names: Mapping[int, Any], grants: Mapping[int, Any] | None = None
) -> FamilyShown:
    """*names* says how each author is called, by their key; *grants* which of theirs shows it, to a coach."""
    return FamilyShown(
        weeks=[
            WeekShown(
                author=str(names.get(week.author_id, "")),
                words=week_in_words(week.first_day, week.last_day),
                tones=[(tone, week.tones[tone]) for tone in Tone if week.tones.get(tone)],
                label=week.label,
                grant_id=(grants or {}).get(week.author_id),
            )
            for week in shown.weeks
        ],
        notes=[note_in_words(row) for row in shown.page.items],
        next_cursor=shown.page.next_cursor,
    )


def note_in_words(row: Observation) -> NoteShown:
    is_check = row.kind == Kind.SELF_CHECK
    return NoteShown(
        row=row,
        author=row.author.called,
        tone=row.tone,
        week=_week_of(row) if is_check else "",
        cues=ticks_in_words(row, TickKind.CUE),
        contexts=ticks_in_words(row, TickKind.CONTEXT),
        feelings=ticks_in_words(row, TickKind.FEELING),
        answers=[
            *answers_in_words(row, Occasion.WEEK if is_check else Occasion.MOMENT),
            *own_in_words(row),
        ],
    )


def _week_of(check: Observation) -> str:
    return week_in_words(check.occurred_on, check.occurred_on + timedelta(days=6))
