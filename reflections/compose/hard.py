"""A hard week: kind words, the way back before anything else, and where help is.

What was hard stays on the page. A mail may be read by somebody else, perhaps by whom the week was hard with: it says
kind words that fit any week, and no number about safety or comfort.
"""

from __future__ import annotations

from accounts.rules import DigestLevel
from reflections.compose.week import keep, way_back
from reflections.composition import Section, Sentence
from reflections.facts import WeekFacts


def hard(facts: WeekFacts) -> Section | None:
    """Kind words first. Then what they rest on, and the calm suggestion to talk to somebody."""
    seen = "hard.moments" if facts.hard_moments else "hard.check"
    return Section(
        "hard",
        (
            Sentence("hard.kind", mail=DigestLevel.FULL),
            Sentence(seen, moments=facts.hard_moments),
            Sentence("hard.help"),
        ),
    )


def way_back_first(facts: WeekFacts) -> Section | None:
    """A moment of coming back, if there is one; else the practice of it."""
    kept = keep(facts)
    if kept is not None and kept.sentences[0].rule == "keep.came_back":
        return kept
    return way_back(facts, mail=DigestLevel.FULL)


def keep_too(facts: WeekFacts) -> Section | None:
    """A moment in tune, for a hard week has those as well."""
    kept = keep(facts)
    return kept if kept is not None and kept.sentences[0].rule == "keep.in_tune" else None
