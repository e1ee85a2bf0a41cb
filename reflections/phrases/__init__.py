"""The words of a reflection: each rule of `reflections.compose` in one or more wordings, through gettext.

Which wording a week gets follows from its seed, so that weeks read differently and a week always reads the same, on
the page and in the mail. House rules: kind, active, about what was written down; never what anybody "is", never a
direction ("better", "fewer"), never an exclamation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reflections.phrases.labels import SPOKEN, Words
from reflections.phrases.lapses import say_lapse
from reflections.phrases.reasons import REASONS
from reflections.phrases.wordings import OFFERS, PHRASES, TITLES
from reflections.rules import seed as seed_of

__all__ = ["PHRASES", "REASONS", "Words", "offer", "phrase", "say_lapse", "title", "why"]


def phrase(sentence: Mapping[str, Any], *, seed: int, words: Words) -> str:
    """One stored sentence, in the active language.

    Raises:
        KeyError: no release ever had that rule.
    """
    rule, params = sentence["rule"], sentence["params"]
    wordings = PHRASES[rule]
    wording = wordings[seed_of(str(seed), rule) % len(wordings)]
    spoken = {
        name: SPOKEN[name](value, params, words) if name in SPOKEN else value
        for name, value in params.items()
    }
    return str(wording(spoken) if callable(wording) else wording % spoken)


def title(section: str) -> str:
    """The heading of a section, in the active language."""
    return str(TITLES[section])


def offer(tone: str) -> str:
    """What is tapped to write down a moment of that tone, in the active language."""
    return str(OFFERS[tone])


def why(rule: str) -> str:
    """When that rule speaks, in the active language.

    Raises:
        KeyError: no release ever had that rule.
    """
    return str(REASONS[rule])
