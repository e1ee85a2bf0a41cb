"""What a week's page says of the day on which it is read: who may look, who did, where to pause, where help is.

A grant can end any day, and who opened what is nobody's to find in a mailbox: these sentences are stored nowhere and
are in no mail. They are written into a copy of the composed week each time its page is opened.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from reflections.composition import Json, Section, Sentence

FROM_COACH: Final = "from_coach"
# "From your coach" is fifth on a full page: after what was noticed and looked at, before what is the reader's alone.
_AFTER_FROM_COACH: Final = frozenset({"you", "small_thing", "small_print"})


@dataclass(frozen=True, slots=True)
class LetIn:
    """A coach whom the member lets look, and the last local day of it."""

    coach: str
    until: date


@dataclass(frozen=True, slots=True)
class Looked:
    """What one coach opened of the member's own in the days of the week: each kind once, and the ids of moments."""

    coach: str
    kinds: tuple[str, ...]
    moments: tuple[uuid.UUID, ...]


@dataclass(frozen=True, slots=True)
class Today:
    """What is so while the page is read. Coaches are keys of the reader's names, never a name themselves."""

    let_in: tuple[LetIn, ...] = ()
    looked: tuple[Looked, ...] = ()


def with_today(content: Json, today: Today) -> Json:
    """The same week with what is so today; *content* itself stays as it was stored."""
    sections = [_with_today(part, today) for part in content["sections"]]
    if today.looked:
        sections.insert(place_from_coach(part["key"] for part in sections), _from_coach(today).to_json())
    return {**content, "sections": sections}


def place_from_coach(keys: Iterable[str]) -> int:
    """Where "From your coach" belongs among the sections with these keys."""
    known = list(keys)
    return next((place for place, key in enumerate(known) if key in _AFTER_FROM_COACH), len(known))


def _from_coach(today: Today) -> Section:
    return Section(FROM_COACH, tuple(_opened(look) for look in today.looked))


def _opened(look: Looked) -> Sentence:
    opened = [[kind, len(look.moments) if kind == "moment" else 1] for kind in look.kinds]
    return Sentence("coach.opened", {"coach": look.coach, "opened": opened}, look.moments)


def _with_today(part: Json, today: Today) -> Json:
    """The small print with who may look after who sees it, and with where to pause and where help is at its end."""
    if part["key"] != "small_print":
        return part
    let_in = [
        Sentence("print.let_in", {"coach": grant.coach, "until": grant.until.isoformat()}).to_json()
        for grant in today.let_in
    ]
    said: list[Json] = []
    for sentence in part["sentences"]:
        said += [_who_sees(sentence, let_in), *let_in] if sentence["rule"] == "print.who_sees" else [sentence]
    ends = (Sentence("print.pause"), Sentence("print.help"))
    return {**part, "sentences": [*said, *(sentence.to_json() for sentence in ends)]}


def _who_sees(sentence: Json, let_in: Sequence[Any]) -> Json:
    """Nobody else sees the moments only as long as no coach may: whoever is let in is named in the next sentence."""
    return {**sentence, "params": {**sentence["params"], "coaches": len(let_in)}} if let_in else sentence
