"""All that can be said in one language: what the golden files hold."""

from __future__ import annotations

from typing import Any

from django.utils import translation

from checklists.selectors import get_content
from reflections.comfort import Line, Part, Rule
from reflections.phrases import PHRASES, Words, offer, phrase, title, why
from reflections.phrases.cards import LINES, heading, say_line
from reflections.phrases.wordings import OFFERS, TITLES
from tests.reflections.rule_examples import EXAMPLES


def readings(language: str) -> dict[str, Any]:
    """Titles, what can be tapped, every rule with its condition and its wordings, and the lines of a card."""
    with translation.override(language):
        words = Words(get_content(language), {"b": "Bela", "c": "cora@example.org"})
        return {
            "titles": {key: title(key) for key in TITLES},
            "offers": {tone: offer(tone) for tone in OFFERS},
            "rules": {rule: {"when": why(rule), "says": _says(rule, words)} for rule in PHRASES},
            "card": {str(part): heading(part) for part in Part},
            "card_lines": {
                str(rule): {key: say_line(Line(rule, key, ())) for key in LINES[rule]} for rule in Rule
            },
        }


def _says(rule: str, words: Words) -> list[list[str]]:
    """For each example, every wording that some seed brings, in the alphabet's order."""
    return [
        sorted({phrase({"rule": rule, "params": params}, seed=seed, words=words) for seed in range(40)})
        for params in EXAMPLES.get(rule, [{}])
    ]
