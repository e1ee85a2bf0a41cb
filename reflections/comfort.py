"""The comfort card: how a child likes to be comforted, in one adult's words, on one page. Pure.

A draft is made of what that adult ticked more than once, and names for each line its rule and its moments. It is never
made of a missed moment: a card goes to people outside, and says what helps.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from checklists.rules import Tone


class Part(StrEnum):
    """The parts of a card, in the order in which somebody reads it who holds a crying child."""

    HARD = "hard"  # when it can get hard, and how that looks
    HELPS = "helps"
    BACK = "back"  # when adult and child have missed each other
    ALSO = "also"  # what no tick can say: a name, a song, a toy


class Rule(StrEnum):
    """Why a line is in a draft. Each names what was ticked, in at least `AGAIN` moments of comfort."""

    WHEN = "card.when"  # where or when it was
    SHOWS = "card.shows"  # a hard feeling that was seen
    HELPS = "card.helps"  # what the adult did, where they did not answer that comfort hardly arrived
    BACK = "card.back"  # how the two came back to each other


AGAIN: Final = 2
LINES_MAX: Final = 4  # drafted for one part; a card that says everything is read by nobody
ARRIVED_FROM: Final = (
    3  # "partly": below it comfort hardly arrived, and what was done says nothing about what helps
)

PART_OF: Final[Mapping[Rule, Part]] = {
    Rule.WHEN: Part.HARD,
    Rule.SHOWS: Part.HARD,
    Rule.HELPS: Part.HELPS,
    Rule.BACK: Part.BACK,
}


# --- The words ---------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class CardWords:
    """What stands on a card. `called` is what the child is called on it; '' prints no name at all."""

    called: str = ""
    hard: str = ""
    helps: str = ""
    back: str = ""
    also: str = ""

    @property
    def parts(self) -> tuple[tuple[Part, tuple[str, ...]], ...]:
        """The parts that say something, each with its lines."""
        said = ((part, tuple(self.of(part).splitlines())) for part in Part)
        return tuple((part, lines) for part, lines in said if lines)

    def of(self, part: Part) -> str:
        return str(getattr(self, part))

    def to_text(self) -> str:
        """As one text, which is sealed whole."""
        kept = {"called": self.called, **{str(part): self.of(part) for part in Part}}
        return json.dumps(kept, ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> CardWords:
        """What `to_text` made; of a text that does not open, the empty words."""
        return cls(**json.loads(text)) if text else cls()


# --- The draft ---------------------------------------------------------------------------------------------------
class Seen(NamedTuple):
    """One moment of comfort: what was ticked in it, by rule, and whether comfort arrived as far as anybody said."""

    id: uuid.UUID
    tone: Tone
    ticked: tuple[tuple[Rule, str], ...]
    arrived: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One drafted line: its rule, what was ticked, and the moments it was ticked in."""

    rule: Rule
    key: str
    moments: tuple[uuid.UUID, ...]

    @property
    def part(self) -> Part:
        return PART_OF[self.rule]


def has_arrived(comfort: int | None) -> bool:
    """Whether a moment may say what helps: nobody answered that comfort hardly arrived."""
    return comfort is None or comfort >= ARRIVED_FROM


def draft(seen: Sequence[Seen], *, sayable: Mapping[Rule, Collection[str]]) -> tuple[Line, ...]:
    """The lines these moments carry, part by part, the most frequent first; ties in the alphabet's order.

    *sayable* names what there are words for: what can be ticked and has none, such as an argument of the adults, is
    nothing for a card.
    """
    lines = [line for rule in Rule for line in _lines(rule, seen, sayable[rule])]
    return tuple(line for part in Part for line in _of_part(part, lines))


def _of_part(part: Part, lines: Sequence[Line]) -> list[Line]:
    """A part with two rules has room for half of its lines for each."""
    rules = [rule for rule in Rule if PART_OF[rule] is part]
    room = LINES_MAX // max(len(rules), 1)
    return [line for rule in rules for line in [found for found in lines if found.rule is rule][:room]]


def _lines(rule: Rule, seen: Sequence[Seen], keys: Collection[str]) -> list[Line]:
    says = _SAYS[rule]
    found: dict[str, list[uuid.UUID]] = {}
    for moment in seen:
        for ticked_as, key in moment.ticked:
            if ticked_as is rule and key in keys and says(moment):
                found.setdefault(key, []).append(moment.id)
    lines = [Line(rule, key, tuple(ids)) for key, ids in found.items() if len(ids) >= AGAIN]
    return sorted(lines, key=lambda line: (-len(line.moments), line.key))


def _always(_moment: Seen) -> bool:
    return True


_SAYS: Final[Mapping[Rule, Callable[[Seen], bool]]] = {
    Rule.WHEN: _always,
    Rule.SHOWS: _always,
    Rule.HELPS: lambda moment: moment.arrived,
    Rule.BACK: lambda moment: moment.tone is Tone.CAME_BACK,
}
