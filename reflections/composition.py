"""What a reflection consists of, and how it is stored: versioned JSON of rules, numbers and ids, no words.

Own words never enter it: a moment to keep is named by its id, and the page opens the note when it is shown.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from accounts.rules import DigestLevel

SCHEMA: Final = 1

Json = dict[str, Any]


class Kind(StrEnum):
    """The form a week takes."""

    WEEK = "week"
    MISSED = "missed"  # only missed moments: the way back comes first
    HARD = "hard"  # the answers about safety or comfort were low: kind words first, then the way back
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence and where it comes from. `mail` is the lowest level whose mail says it; None: the page alone."""

    rule: str
    params: Json = field(default_factory=dict)
    moments: tuple[uuid.UUID, ...] = ()
    mail: DigestLevel | None = None

    def to_json(self) -> Json:
        return {
            "rule": self.rule,
            "params": self.params,
            "moments": [str(moment) for moment in self.moments],
            "mail": self.mail,
        }


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: sentences, and what a page draws beside them."""

    key: str
    sentences: tuple[Sentence, ...]
    data: Json = field(default_factory=dict)

    def to_json(self) -> Json:
        return {"key": self.key, "sentences": [item.to_json() for item in self.sentences], "data": self.data}


@dataclass(frozen=True, slots=True)
class Composition:
    """A member's week as it is stored and told."""

    kind: Kind
    seed: int
    sections: tuple[Section, ...]

    def to_json(self) -> Json:
        return {
            "schema": SCHEMA,
            "kind": self.kind,
            "seed": self.seed,
            "sections": [section.to_json() for section in self.sections],
        }
