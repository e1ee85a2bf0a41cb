"""How a moment is told in a list."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django import template

from frontend.words import ticks_in_words
from observations.rules import TickKind

register = template.Library()


@register.filter
def moment_named(moments: Mapping[uuid.UUID, Any], moment_id: uuid.UUID | None) -> Any:
    """The moment of that id, if the reader may still see it."""
    return moments.get(moment_id) if moment_id else None


@register.filter
def context_words(moment: Any) -> list[str]:
    """Where and when it was, in words; nothing for a moment that was loaded without its ticks."""
    return ticks_in_words(moment, TickKind.CONTEXT)
