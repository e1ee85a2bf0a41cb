"""What a mail of ours carries signed, so that whoever it reached by mistake can say so without signing in."""

from __future__ import annotations

import base64
import uuid
from typing import Final

from django.conf import settings
from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

from common.errors import NotVisible

# Purpose and version: a link made for anything else does not open here, nor this one elsewhere.
_PURPOSE: Final = "attune.not-me.1"
_UUID_BYTES: Final = 16


def not_me_token(*, user_id: uuid.UUID, email: str) -> str:
    """Says "this address is not theirs" of one person and one address. It names neither, and never expires.

    A mail to an address that the person has left since says nothing of the one they have now.
    """
    named = base64.urlsafe_b64encode(user_id.bytes + _digest(email)).decode().rstrip("=")
    return _signer().sign(named)


def read_not_me_token(token: str) -> tuple[uuid.UUID, bytes]:
    """Of whom the link was made, and the digest of the address, for `is_about`.

    Raises:
        NotVisible: it was not signed here, or for another purpose.
    """
    try:
        named = base64.urlsafe_b64decode(_signer().unsign(token) + "==")
        return uuid.UUID(bytes=named[:_UUID_BYTES]), named[_UUID_BYTES:]
    except (signing.BadSignature, ValueError) as error:
        raise NotVisible("address") from error


def is_about(digest: bytes, *, email: str) -> bool:
    """Whether a link was made for this address."""
    return constant_time_compare(digest, _digest(email))


def _digest(email: str) -> bytes:
    mac = salted_hmac(_PURPOSE, email.lower(), secret=settings.UNSUBSCRIBE_KEY, algorithm="sha256")
    return mac.digest()[:_UUID_BYTES]


def _signer() -> signing.Signer:
    return signing.Signer(key=settings.UNSUBSCRIBE_KEY, sep=".", salt=_PURPOSE, fallback_keys=[])
