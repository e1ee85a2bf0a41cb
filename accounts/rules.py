"""Bounds and choices of a person's account. Pure Python."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

EMAIL_MAX = 254  # the longest address a mail can be sent to (RFC 5321, 4.5.3.1.3)
DISPLAY_NAME_MAX = 60
TOKEN_NAME_MAX = 60
# Of any kind: length does more than signs and capitals (NIST SP 800-63B-4, 3.1.1.2).
PASSWORD_MIN = 12
# What an attacker needs on average, at a hash that costs a fifth of a second and ten tries in ten minutes.
PASSWORD_GUESSES_MIN = 10**9
TOKEN_DAYS_MAX = 365
TOKEN_DAYS_DEFAULT = 90
TOKENS_MAX = 20
# So much of a token's digest names it in the erasure ledger: 256 bits.
TOKEN_LEDGER_CHARS = 64

# Whoever asked to be erased can still come back for so long: somebody else may have made them ask.
ERASURE_DELAY = timedelta(days=7)

# A session ends when it was not used for the first of these, and in any case after the second (ADR 9).
SESSION_IDLE = timedelta(days=14)
SESSION_LIFETIME = timedelta(days=90)
SESSION_SEEN_EVERY = timedelta(
    hours=1
)  # how exactly "last seen" is known, and how often using it costs a write

# A digest leaves between these local hours: no phone lights up at night.
DIGEST_HOUR_FIRST = 6
DIGEST_HOUR_LAST = 20
DIGEST_HOUR_DEFAULT = 18

# Whoever looks into other people's families proves anew who they are after so long, and after so long without a look.
COACH_SESSION_MAX = timedelta(hours=12)
COACH_IDLE_MAX = timedelta(hours=3)


class DigestLevel(StrEnum):
    """How much of a week the mail itself holds. Free text is in none of them."""

    DISCREET = "discreet"
    COUNTS = "counts"
    FULL = "full"
    NONE = "none"


class MailReturn(StrEnum):
    """How a mail of ours came back."""

    HARD = "hard"  # this address takes no mail
    SOFT = "soft"  # it could not be delivered for now
    COMPLAINT = "complaint"  # whoever reads it calls it unwanted
    NOT_ME = "not_me"  # whoever reads it says that it is not for them


# Mail stops at the first hard return or complaint, and at the third soft one within three weeks.
SOFT_RETURNS_MAX = 3
SOFT_RETURNS_WITHIN = timedelta(weeks=3)


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


class Noted(StrEnum):
    """What the erasure ledger is told of an account."""

    ERASURE_ASKED = "erasure_asked"
    ERASURE_CANCELLED = "erasure_cancelled"
    PERSON_ERASED = "person_erased"
    TOKEN_ENDED = "token_ended"  # noqa: S105
    CHOICE_MADE = "choice_made"  # one that protects


# Choices that protect, from the least to the most: a restored backup takes none of them back.
PROTECTING: dict[str, tuple[str, ...]] = {
    "standing_visibility": tuple(reversed(Visibility)),
    "digest_level": (DigestLevel.FULL, DigestLevel.COUNTS, DigestLevel.DISCREET, DigestLevel.NONE),
    "discreet": ("False", "True"),
}


class Change(StrEnum):
    """What a person is told of by mail besides what django-allauth tells: `account/email/<change>_message.txt`."""

    OTHERS_SIGNED_OUT = "others_signed_out"
    KEY_MADE = "key_made"
    DATA_EXPORTED = "data_exported"
    ERASURE_ASKED = "erasure_asked"
    # What the person did in a household. Nobody else in it is told.
    INVITATION_SENT = "invitation_sent"
    COACH_LET_IN = "coach_let_in"  # offered; what the coach does with it is theirs
    GRANT_WIDENED = "grant_widened"  # shows more, or for longer
    MOVED_OUT = "moved_out"
