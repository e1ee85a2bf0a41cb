"""The signed links of the mail. They have a key of their own, so that nothing else's rotation breaks them."""

from __future__ import annotations

import uuid
from typing import Final

from django.conf import settings
from django.core import signing

from common.errors import NotVisible

_SALT: Final = "attune.unsubscribe"
_LIST: Final = "digest"
_VERSION: Final = 1


def unsubscribe_token(*, user_id: uuid.UUID) -> str:
    """A link that stops this person's weekly mail. It names purpose, person, list and version, and never expires."""
    return _signer().sign_object({"u": str(user_id), "l": _LIST, "v": _VERSION})


def read_unsubscribe_token(token: str) -> uuid.UUID:
    """Whose weekly mail the link stops.

    Raises:
        NotVisible: it was not signed here, or for another purpose.
    """
    try:
        said = _signer().unsign_object(token)
        if (said["l"], said["v"]) != (_LIST, _VERSION):
            raise NotVisible("subscription")
        return uuid.UUID(said["u"])
    except (signing.BadSignature, ValueError, KeyError, TypeError) as error:
        raise NotVisible("subscription") from error


def _signer() -> signing.Signer:
    return signing.Signer(key=settings.UNSUBSCRIBE_KEY, salt=_SALT, fallback_keys=[])
