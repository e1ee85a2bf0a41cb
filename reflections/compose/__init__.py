"""From facts to a reflection: which sentences are said, in which order, and from which moments each one came.

Pure: it chooses rules and numbers, `reflections.phrases` puts them into words and says when each rule speaks. A
sentence has a rule id that never changes its meaning, its parameters (keys and numbers, never free text or names), and
the moments it rests on. The order and what may be said follow docs/glossary.md ("reflection") and the gates of
`reflections.statistics`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from reflections.compose.focus import focus
from reflections.compose.hard import hard, keep_too, way_back_first
from reflections.compose.week import (
    back,
    keep,
    late,
    noticed,
    quiet,
    shared_only,
    small_print,
    small_thing,
    you,
)
from reflections.composition import Composition, Kind, Section
from reflections.facts import WeekFacts
from reflections.rules import seed

__all__ = ["compose"]

Write = Callable[[WeekFacts], Section | None]

_WEEK: Final[Sequence[Write]] = (keep, late, noticed, back, focus, you, small_thing, small_print)
_PARTS: Final[Mapping[Kind, Sequence[Write]]] = {
    Kind.WEEK: _WEEK,
    Kind.MISSED: _WEEK,
    # The way back comes before everything else, and what one noticed after it.
    Kind.HARD: (hard, way_back_first, keep_too, late, noticed, back, focus, you, small_thing, small_print),
    Kind.QUIET: (quiet, shared_only, small_print),
}


def compose(facts: WeekFacts) -> Composition:
    """The reflection of one member's week. The same facts always give the same reflection."""
    kind = _kind(facts)
    sections = (part(facts) for part in _PARTS[kind])
    return Composition(
        kind=kind,
        seed=seed(str(facts.member), facts.label),
        sections=tuple(section for section in sections if section is not None),
    )


def _kind(facts: WeekFacts) -> Kind:
    if facts.is_quiet:
        return Kind.QUIET
    if facts.is_hard:
        return Kind.HARD
    return Kind.MISSED if facts.is_only_missed else Kind.WEEK
