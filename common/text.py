"""The one sanitiser of what people type: plain text in, plain text out."""

from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

# Bidirectional overrides and isolates can make a line read differently from what it says (UTR #36).
_BIDI_CONTROLS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c")
_LINE_BREAKS = str.maketrans(
    {"\u2028": "\n", "\u2029": "\n", "\x0b": "\n", "\x0c": "\n", "\x85": "\n", "\r": "\n"}
)


def clean_text(value: str, *, field: str, max_length: int, multiline: bool = False) -> str:
    """*value* as it may be stored: NFC, trimmed, without control characters.

    Line breaks survive only where *multiline* is set; elsewhere they become spaces. `max_length` counts
    characters after cleaning.

    Raises:
        ValidationError: on *field*, for NUL, a lone surrogate, or too many characters.
    """
    if "\x00" in value or any(0xD800 <= ord(char) <= 0xDFFF for char in value):
        raise ValidationError(
            {
                field: ValidationError(
                    _("This has a character that cannot be stored. Please remove it."), "bad_character"
                )
            }
        )
    value = unicodedata.normalize("NFC", value.replace("\r\n", "\n").translate(_LINE_BREAKS))
    if not multiline:
        value = value.replace("\n", " ")
    kept = (c for c in value if c in "\n\t" or (unicodedata.category(c) != "Cc" and c not in _BIDI_CONTROLS))
    cleaned = "".join(kept).strip()
    if len(cleaned) > max_length:
        over = len(cleaned) - max_length
        raise ValidationError(
            {
                field: ValidationError(
                    ngettext(
                        "This is %(over)d character too long. There is room for %(max)d.",
                        "This is %(over)d characters too long. There is room for %(max)d.",
                        over,
                    ),
                    "too_long",
                    {"over": over, "max": max_length},
                )
            }
        )
    return cleaned


def required_text(value: str, *, field: str, max_length: int) -> str:
    """`clean_text` of one line that may not be empty."""
    cleaned = clean_text(value, field=field, max_length=max_length)
    if not cleaned:
        raise ValidationError({field: ValidationError(_("Please fill this in."), "required")})
    return cleaned
