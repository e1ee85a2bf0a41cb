"""What one member's week is composed from. Frozen values, nothing else: no rows, no notes, no names.

A fact sheet holds the member's own moments in full, and of everybody else only what they share with the household.
What is not on it cannot leak into a page, a mail or a number.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from typing import Any, Final

from checklists.rules import Dimension, Tone
from reflections.statistics import Answers, Weights, carries_change, weigh

# "Not really" and "a little"; of a whole week "hardly ever" and "less than half the time".
LOW: Final = 2
HARD_ANSWERS: Final = 2
HARD_DIMENSIONS: Final = frozenset({Dimension.SAFETY, Dimension.COMFORT})


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered to the question of one dimension: a value from 1 to 5, or why there is none."""

    dimension: Dimension
    value: int | None
    absence: str = ""


@dataclass(frozen=True, slots=True)
class OwnMoment:
    """A moment the member wrote. `day` is local to the week's zone; `mended_by` are came-backs the member may see."""

    id: uuid.UUID
    tone: Tone
    occurred_at: datetime
    day: date
    has_note: bool
    shared: bool
    contexts: tuple[str, ...] = ()
    feelings: tuple[str, ...] = ()
    done: tuple[str, ...] = ()  # cues of the tones in_tune and came_back: what went well
    answers: tuple[Answer, ...] = ()
    repairs_earlier_week: bool = False
    mended_by: tuple[uuid.UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class SharedMoment:
    """A moment somebody else shared with the household, kept by author."""

    id: uuid.UUID
    author: uuid.UUID
    tone: Tone
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """The member's own answers about the whole week, for one child."""

    id: uuid.UUID
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Four weeks of answers to one question, the local day of each value, and the moments they were given in."""

    answers: Answers
    days: tuple[date, ...]
    moments: tuple[uuid.UUID, ...]

    @property
    def is_enough(self) -> bool:
        return carries_change(self.answers.values, self.days)

    @property
    def weights(self) -> Weights:
        return weigh(self.answers.values, self.days)


@dataclass(frozen=True, slots=True)
class Compared:
    """Two blocks that follow each other, both later than the choice of the focus."""

    earlier: Block
    later: Block


@dataclass(frozen=True, slots=True)
class Focus:
    """The dimension the member chose beforehand, and every answer since, within the last four weeks.

    `compared` is set in the one week in four in which it is looked at whether anything changed.
    """

    dimension: Dimension
    since: date
    answers: Answers
    moments: tuple[uuid.UUID, ...]
    compared: Compared | None = None


@dataclass(frozen=True, slots=True)
class PracticeChoice:
    """A practice that may be offered."""

    slug: str
    dimension: Dimension
    contexts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WeekFacts:
    """One member's week. `practices` and `prompts` are what the library offers now, not part of what happened."""

    member: uuid.UUID
    label: str
    start_on: date
    end_on: date
    timezone: str
    own: tuple[OwnMoment, ...] = ()
    checks: tuple[SelfCheck, ...] = ()
    shared: tuple[SharedMoment, ...] = ()
    focus: Focus | None = None
    late: tuple[uuid.UUID, ...] = ()  # own, arrived after the week was first told
    late_before: tuple[uuid.UUID, ...] = ()  # the same of the week before
    joined_on: date | None = None  # set when the member joined in the middle of this week
    practices: tuple[PracticeChoice, ...] = ()
    prompts: tuple[str, ...] = ()

    @property
    def is_quiet(self) -> bool:
        """Nothing of the member's own was written down."""
        return not self.own and not self.checks

    @property
    def is_only_missed(self) -> bool:
        return bool(self.own) and all(moment.tone is Tone.MISSED for moment in self.own)

    @property
    def hard_moments(self) -> tuple[uuid.UUID, ...]:
        """Moments whose answers about safety or comfort were low, where they were so twice and half of the time."""
        answers = [
            (moment.id, answer.value)
            for moment in self.own
            for answer in moment.answers
            if answer.dimension in HARD_DIMENSIONS and answer.value is not None
        ]
        low = [moment for moment, value in answers if value <= LOW]
        return tuple(dict.fromkeys(low)) if len(low) >= HARD_ANSWERS and 2 * len(low) >= len(answers) else ()

    @property
    def is_hard(self) -> bool:
        """Whether the member answered that safety or comfort was low: in moments, or about the week as a whole."""
        of_the_week = (
            answer.value
            for check in self.checks
            for answer in check.answers
            if answer.dimension in HARD_DIMENSIONS and answer.value is not None
        )
        return bool(self.hard_moments) or any(value <= LOW for value in of_the_week)


OFFERED: Final = frozenset({"practices", "prompts"})


def source_digest(facts: WeekFacts, *, schema: int) -> str:
    """SHA-256 of everything that happened: the same facts compile to the same reflection, so nothing is written."""
    text = json.dumps([schema, facts], default=_plain, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    """What JSON has no form for: a part of the sheet is the list of its fields, in their order."""
    fields = _FIELDS.get(type(value))
    return fields(value) if fields else str(value)


# Each sheet asks this of hundreds of values: `dataclasses.asdict` copies all of them, which took half of a compile.
_FIELDS: Final[dict[type, Callable[[Any], tuple[Any, ...]]]] = {
    kind: attrgetter(*(field.name for field in dataclasses.fields(kind) if field.name not in OFFERED))
    for kind in (Answer, OwnMoment, SharedMoment, SelfCheck, Block, Compared, Focus, Answers, WeekFacts)
}
