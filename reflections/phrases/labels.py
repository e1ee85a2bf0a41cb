"""How the numbers, keys and days in a sentence are said, in the active language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from checklists.content import Content
from checklists.rules import Dimension, Occasion, OptionKind

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Words:
    """What a reader's language calls things: the library's labels, and the names of authors by public id."""

    content: Content
    names: Mapping[str, str] = field(default_factory=dict)


def _counted(label_of: Callable[[Any, Params, Words], str]) -> Callable[[Any, Params, Words], str]:
    """`[[key, times], …]` as "Bedtime (3) · Meals"; a single time goes without saying."""

    def say(pairs: list[list[Any]], params: Params, words: Words) -> str:
        said = [(label_of(key, params, words), times) for key, times in pairs]
        return " · ".join(label if times == 1 else f"{label} ({times})" for label, times in said)

    return say


def _option(kind: OptionKind) -> Callable[[Any, Params, Words], str]:
    def say(key: str, _params: Params, words: Words) -> str:
        found = words.content.options_of[kind].get(key)
        return found.label if found else key

    return say


def _cue(key: str, _params: Params, words: Words) -> str:
    found = words.content.cue_by_key.get(key)
    return found.label if found else key


def _answer(value: int, params: Params, words: Words) -> str:
    dimension = Dimension(params.get("dimension", Dimension.SELF))
    return words.content.question(dimension, Occasion.MOMENT).label_of(value)


def _practice(slug: str, _params: Params, words: Words) -> str:
    found = words.content.practice_by_slug.get(slug)
    return f"{found.title}. {found.summary}" if found else slug


def _prompt(key: str, _params: Params, words: Words) -> str:
    return next((item.prompt for item in words.content.self_prompts if item.key == key), key)


_OPENED: Final[Mapping[str, Any]] = {
    "summary": gettext_lazy("the weeks and the list"),
    "reflection": gettext_lazy("a week"),
    "sheet": gettext_lazy("a sheet for a session"),
    "sheet_file": gettext_lazy("a sheet for a session, as a file to take along"),
    "account": gettext_lazy("the settings of your account"),
}


def _opened(pairs: list[list[Any]], _params: Params, _words: Words) -> str:
    """What was opened, single moments with their number."""
    return " · ".join(
        ngettext("one of your moments", "%(n)d of your moments", times) % {"n": times}
        if kind == "moment"
        else str(_OPENED[kind])
        for kind, times in pairs
    )


def _number(value: float, _params: Params, _words: Words) -> str:
    return number_format(value, decimal_pos=1)


SPOKEN: Final[Mapping[str, Callable[[Any, Params, Words], str]]] = {
    "day": lambda value, _params, _words: date_format(date.fromisoformat(value), "l"),
    "on": lambda value, _params, _words: date_format(date.fromisoformat(value), "l, j F"),
    "since": lambda value, _params, _words: date_format(date.fromisoformat(value), "j F"),
    "until": lambda value, _params, _words: date_format(date.fromisoformat(value), "j F Y"),
    "coach": lambda value, _params, words: words.names.get(value, _("Somebody whose account is gone")),
    "opened": _opened,
    "author": lambda value, _params, words: words.names.get(value, _("Somebody in your household")),
    "dimension": lambda value, _params, words: words.content.dimensions[Dimension(value)].label,
    "context": _option(OptionKind.CONTEXT),
    "contexts": _counted(_option(OptionKind.CONTEXT)),
    "feelings": _counted(_option(OptionKind.FEELING)),
    "done": _counted(_cue),
    "values": _counted(_answer),
    "practice": _practice,
    "prompt": _prompt,
    "mean": _number,
    "low": _number,
    "high": _number,
}
