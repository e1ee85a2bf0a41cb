"""The signed links of the mail. They have a key of their own, so that nothing else's rotation breaks them."""

from __future__ import annotations

import base64
import uuid
from typing import Final

from django.conf import settings
from django.core import signing

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
