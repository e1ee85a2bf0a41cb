"""How a moment is told in a list."""

from __future__ import annotations

from typing import Any

from django import template

from frontend.words import ticks_in_words
from observations.rules import TickKind

register = template.Library()


@register.filter
def context_words(moment: Any) -> list[str]:
    """Where and when it was, in words; nothing for a moment that was loaded without its ticks."""
    return ticks_in_words(moment, TickKind.CONTEXT)
