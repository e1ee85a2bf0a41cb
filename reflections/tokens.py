"""What a mail carries signed: its links, and where it comes back to; and how a card's link is stored.

What is signed has a key of its own, so that nothing else's rotation breaks it.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from typing import Final

from django.conf import settings
from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

from common.errors import NotVisible

# Purpose, list and version: a link made for anything else does not open here.
_SALT: Final = "attune.unsubscribe.digest.1"


def unsubscribe_token(*, user_id: uuid.UUID) -> str:
    """A link that stops this person's weekly mail. It never expires and is always the same."""
    named = base64.urlsafe_b64encode(user_id.bytes).decode().rstrip("=")
    return _signer().sign(named)


def read_unsubscribe_token(token: str) -> uuid.UUID:
    """Whose weekly mail the link stops.

    Raises:
        NotVisible: it was not signed here, or for another purpose.
    """
    try:
        return uuid.UUID(bytes=base64.urlsafe_b64decode(_signer().unsign(token) + "=="))
    except (signing.BadSignature, ValueError) as error:
        raise NotVisible("subscription") from error


def _signer() -> signing.Signer:
    return signing.Signer(key=settings.UNSUBSCRIBE_KEY, sep=".", salt=_SALT, fallback_keys=[])


def return_token(digest_id: int) -> str:
    """The part of the envelope sender that says which delivery came back. Fit for a mail address of any case."""
    return f"{digest_id}-{_returns(digest_id)}"


def read_return_token(token: str) -> int:
    """The delivery that came back.

    Raises:
        NotVisible: it was not signed here.
    """
    number, _, signature = token.lower().partition("-")
    if not number.isdecimal() or len(number) > 18:
        raise NotVisible("digest")
    if not constant_time_compare(signature, _returns(int(number))):
        raise NotVisible("digest")
    return int(number)


def _returns(digest_id: int) -> str:
    mac = salted_hmac("attune.return.1", str(digest_id), secret=settings.UNSUBSCRIBE_KEY, algorithm="sha256")
    return mac.hexdigest()[:20]


def hash_token(token: str) -> str:
    """How the token of a card's link is stored and found: SHA-256 in hex, enough for 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
