"""How passwords are kept, and which are taken: long ones that are hard to guess, made of whatever one likes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from zxcvbn import matching, scoring

from accounts.rules import PASSWORD_GUESSES_MIN, PASSWORD_MIN


class PasswordHasher(Argon2PasswordHasher):
    """Argon2id that costs two cores about a fifth of a second, and 64 MiB.

    RFC 9106 (4, second recommended option) with one more pass; OWASP asks for 19 MiB and two passes at least.
    """

    time_cost = 4
    memory_cost = 64 * 1024
    parallelism = 2


# --- Which are taken ---------------------------------------------------------------------------------------------
class LongEnough:
    """At least so many characters, of any kind. There is no most: whatever is sent is kept whole."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) < PASSWORD_MIN:
            missing = PASSWORD_MIN - len(password)
            message = ngettext(
                "It needs one character more. A few words in a row are easy to remember.",
                "It needs %(missing)d characters more. A few words in a row are easy to remember.",
                missing,
            )
            raise ValidationError(message, "password_too_short", {"missing": missing})

    def get_help_text(self) -> str:
        return _("At least %(min)d characters.") % {"min": PASSWORD_MIN}


class HardToGuess:
    """Not on a list of known passwords, and not one that a guesser comes to early. Nothing of it leaves this machine.

    Wheeler, "zxcvbn: Low-Budget Password Strength Estimation", USENIX Security 2016: how many guesses it takes somebody
    who knows words, names, dates, keyboards and sequences, and what this person is called and where they get mail.
    """

    def __init__(self) -> None:
        self._known = CommonPasswordValidator()

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) < PASSWORD_MIN:
            return  # `LongEnough` says so, and one thing at a time is enough
        if password.strip().lower() in self._known.passwords:
            raise ValidationError(_WHAT_HELPS["dictionary"], "password_too_common")
        weakness = find_weakness(password, personal=_personal(user))
        if weakness:
            raise ValidationError(_WHAT_HELPS.get(weakness, _ANYTHING_ELSE), "password_guessable")

    def get_help_text(self) -> str:
        return _("Not one that others use too, and nothing that can be read off your name or address.")


_ANYTHING_ELSE: Final = gettext_lazy(
    "This one would be guessed early. One or two more words that have nothing to do with each other make it strong."
)
_WHAT_HELPS: Final = {
    "dictionary": gettext_lazy(
        "Many people use this one or one like it, so it is tried first. Three or four words that have nothing to do "
        "with each other are better."
    ),
    "personal": gettext_lazy(
        "This one is close to your name or your address, which others know. Words that have nothing to do with you are "
        "better."
    ),
    "repeat": gettext_lazy("Repeating something adds little. Three or four different words make it strong."),
    "sequence": gettext_lazy(
        "Letters or numbers in their order are tried first. Three or four words that have nothing to do with each "
        "other are better."
    ),
    "spatial": gettext_lazy(
        "Keys that lie side by side are tried first. Three or four words that have nothing to do with each other are "
        "better."
    ),
    "date": gettext_lazy("Dates and years are tried first. Three or four words make it strong."),
}

# --- How hard ----------------------------------------------------------------------------------------------------
# What is looked at of a long one: its two ends. Whoever guesses the whole has to guess either. The library's work grows
# with the cube of the length, and with every letter that a digit or sign could stand for.
PIECE: Final = 24
_SIGNS_MAX: Final = 5
_REST_MIN: Final = 6
_STANDS_FOR: Final = str.maketrans("4@8({[<3691!|0$5+7%2", "aabcccceggiiiossttxz")

_MATCHERS: Final = (
    matching.dictionary_match,
    matching.reverse_dictionary_match,
    matching.spatial_match,
    matching.repeat_match,
    matching.sequence_match,
    matching.regex_match,
    matching.date_match,
)


def find_weakness(password: str, *, personal: Iterable[str] = ()) -> str:
    """What makes *password* easy to guess for somebody who knows *personal*; '' when it is hard.

    One of `dictionary`, `personal`, `repeat`, `sequence`, `spatial`, `date`, or another pattern of the library's.
    """
    # A copy: the library's own front door keeps the last person's words in a table that all threads share.
    known = {
        **matching.RANKED_DICTIONARIES,
        "user_inputs": matching.build_ranked_dict([word.lower() for word in personal]),
    }
    if _mostly(password.lower(), known["user_inputs"]):
        return "personal"
    found = ""
    for piece in _pieces(password):
        guesses, pattern = min(_estimate(text, known) for text in _readings(piece))
        if guesses >= PASSWORD_GUESSES_MIN:
            return ""
        found = found or pattern
    return found


def _mostly(password: str, words: Iterable[str]) -> bool:
    """Whether little is left of it without these words. An address is longer than what is looked at of a password."""
    rest = password
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    return len(rest) < min(len(password), _REST_MIN)


def _pieces(password: str) -> list[str]:
    """What of it is looked at: both ends, or what is repeated from the beginning to the end."""
    unit = next((at for at in range(1, PIECE + 1) if password[at:] == password[:-at]), 0)
    if 0 < unit * 2 <= len(password):
        return [password[: unit * 2]]
    return [password[:PIECE], password[-PIECE:]] if len(password) > PIECE else [password]


def _readings(piece: str) -> list[str]:
    """The piece as it stands; and, where many signs stand for letters, as those letters."""
    return [piece] if _few_signs(piece) else [piece, piece.translate(_STANDS_FOR)]


def _few_signs(piece: str) -> bool:
    return len({sign for sign in piece if ord(sign) in _STANDS_FOR}) <= _SIGNS_MAX


def _estimate(piece: str, known: dict[str, dict[str, int]]) -> tuple[float, str]:
    """How many guesses the piece takes, and the pattern that covers most of it."""
    # To try every way of reading signs as letters takes seconds where there are many of them.
    matchers = (*_MATCHERS, matching.l33t_match) if _few_signs(piece) else _MATCHERS
    matches = [match for matcher in matchers for match in matcher(piece, _ranked_dictionaries=known)]
    best = scoring.most_guessable_match_sequence(piece, sorted(matches, key=lambda m: (m["i"], m["j"])))
    longest = max(best["sequence"], key=lambda match: len(match["token"]))
    is_personal = longest.get("dictionary_name") == "user_inputs"
    return float(best["guesses"]), "personal" if is_personal else str(longest["pattern"])


def _personal(user: Any) -> list[str]:
    """What others know of the person, whole and in parts. A new account is not one yet: it has what was typed."""
    known = [str(getattr(user, name, "") or "")[: PIECE * 4] for name in ("email", "display_name")]
    parts = [part for text in known for part in re.split(r"[\W_]+", text) if len(part) > 2]
    return [*filter(None, known), *parts, "attune"]
