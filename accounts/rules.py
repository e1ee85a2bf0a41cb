"""Bounds and choices of a person's account. Pure Python."""

from __future__ import annotations

from enum import StrEnum

EMAIL_MAX = 254  # the longest address a mail can be sent to (RFC 5321, 4.5.3.1.3)
DISPLAY_NAME_MAX = 60
TOKEN_NAME_MAX = 60
TOKEN_DAYS_MAX = 365
TOKEN_DAYS_DEFAULT = 90
TOKENS_MAX = 20

# A digest leaves between these local hours: no phone lights up at night.
DIGEST_HOUR_FIRST = 6
DIGEST_HOUR_LAST = 20
DIGEST_HOUR_DEFAULT = 18


class DigestLevel(StrEnum):
    """How much of a week the mail itself holds. Free text is in none of them."""

    DISCREET = "discreet"
    COUNTS = "counts"
    FULL = "full"
    NONE = "none"


class Visibility(StrEnum):
    """Who sees what an author wrote, from the fewest to the most: the author; their coaches too; the household too.

    A coach sees what a live grant of the author names, and of that only what is not private.
    """

    PRIVATE = "private"
    COACHES = "coaches"
    HOUSEHOLD = "household"


class TokenScope(StrEnum):
    READ = "read"
    WRITE = "write"
