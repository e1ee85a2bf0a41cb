"""What a comfort card says, line by line: what was ticked, turned into words for another adult who cares for the child.

What has no words here is never drafted: an argument of the adults, or a screen that ended, is nothing for a card.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from reflections.comfort import Line, Part, Rule

HEADINGS: Final[Mapping[Part, Any]] = {
    Part.HARD: _("When it gets hard"),
    Part.HELPS: _("What helps"),
    Part.BACK: _("If it goes wrong between you"),
    Part.ALSO: _("Good to know"),
}

LINES: Final[Mapping[Rule, Mapping[str, Any]]] = {
    Rule.WHEN: {
        "waking": _("Waking up can be hard."),
        "meals": _("Meals can be hard."),
        "leaving_arriving": _("Saying goodbye and arriving can be hard."),
        "play": _("It can come up in the middle of a game."),
        "bath": _("Bath time can be hard."),
        "bedtime": _("Bedtime can be hard."),
        "night": _("Nights can be hard."),
        "hurt_ill": _("Being hurt or ill, even a little."),
        "sibling": _("Brothers, sisters or other children can be too much."),
        "homework": _("Schoolwork can be hard."),
        "limit_set": _("Hearing “no” can be hard."),
        "out_in_public": _("Places with many people can be hard."),
    },
    Rule.SHOWS: {
        "sad": _("You may see sadness."),
        "hurt": _("You may hear that something hurts."),
        "afraid": _("You may see fear."),
        "angry": _("It can look like anger."),
        "frustrated": _("It can look like frustration."),
        "ashamed": _("It can look like shame: hiding, going quiet."),
        "jealous": _("It can look like jealousy."),
        "overwhelmed": _("It can all be too much at once."),
        "tired": _("Often it is tiredness."),
    },
    Rule.HELPS: {
        "came_close": _("Come close, and get down to eye level."),
        "waited": _("Wait a few seconds before you speak."),
        "named_feeling": _("Put the feeling into words, as a guess."),
        "let_feeling_be": _("Let the feeling be there. It need not be fixed."),
        "matched_then_calmed": _("Meet the energy first, then slow down together."),
        "smiled_back": _("Answer a face, a sound, a gesture."),
        "asked_open": _("Ask something open, and listen."),
        "followed_lead": _("Join in with what is being played or told."),
        "short_echo": _("Small signs are enough: a nod, “mm”, “I am here”."),
        "held": _("Offer your arms. A hug helps when it is wanted."),
        "kept_limit_kindly": _("Keep the limit, and let there be tears about it."),
        "phone_away": _("Put other things down for a moment."),
        "asked_for_help": _("Someone else who is trusted may comfort, too."),
    },
    Rule.BACK: {
        "said_sorry": _("Say sorry plainly, without a “but”."),
        "went_back": _("Go back to it later. Later still works."),
        "named_my_part": _("Say what your own part in it was."),
        "listened_again": _("Listen once more to what it was about."),
        "child_reached_out": _("Often the child reaches out first: answer that."),
        "played_again": _("Play together again."),
    },
}

_WHY: Final[Mapping[Rule, Any]] = {
    Rule.WHEN: _("You ticked “%(label)s” in %(n)d moments of comfort or of coming back."),
    Rule.SHOWS: _("You saw “%(label)s” in %(n)d moments of comfort or of coming back."),
    Rule.HELPS: _(
        "You ticked “%(label)s” in %(n)d moments of comfort, and never wrote that it hardly arrived there."
    ),
    Rule.BACK: _("You ticked “%(label)s” in %(n)d moments of coming back."),
}


def sayable() -> Mapping[Rule, frozenset[str]]:
    """What there are words for, by rule."""
    return {rule: frozenset(words) for rule, words in LINES.items()}


def heading(part: Part) -> str:
    """What stands over a part, in the active language."""
    return str(HEADINGS[part])


def say_line(line: Line) -> str:
    """A drafted line, in the active language."""
    return str(LINES[line.rule][line.key])


def say_why(line: Line, *, label: str) -> str:
    """Why the line is in the draft, in the active language; *label* is what the library calls what was ticked."""
    return str(_WHY[line.rule] % {"label": label, "n": len(line.moments)})
