"""Where somebody's devices are reached: bound to the session in which they asked for it, and dropped with it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from datetime import datetime

from allauth.usersessions.models import UserSession
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.selectors import get_user
from common.errors import NotVisible, Refused
from reminders.models import PushAddress
from reminders.push import key_name
from reminders.rules import ADDRESSES_MAX, AUTH_BYTES, POINT_BYTES, is_allowed
from reminders.shapes import Target


@transaction.atomic
def bind_address(*, actor_id: int, session_key: str, target: Target, now: datetime) -> PushAddress:
    """The device of this session takes the actor's prompts from now on, and nobody else's.

    One browser has one address: whoever asked for prompts there before loses it. Of more than ten the oldest goes.

    Raises:
        ValidationError: on `endpoint`, `p256dh` or `auth`. NotVisible: the session is over, or not the actor's.
        Refused: this installation sends no prompts.
    """
    if not settings.PUSH_KEY:
        raise Refused("no key to send prompts with")
    get_user(user_id=actor_id, for_update=True)
    _check(target)
    session = UserSession.objects.filter(user_id=actor_id, session_key=session_key).first()
    if session is None:
        raise NotVisible("session")
    digest = hashlib.sha256(target.endpoint.encode()).hexdigest()
    PushAddress.objects.filter(digest=digest).delete()
    PushAddress.objects.filter(session=session).delete()
    address = PushAddress(user_id=actor_id, session=session, digest=digest, key_name=key_name(), bound_at=now)
    address.target = json.dumps({"endpoint": target.endpoint, "p256dh": target.p256dh, "auth": target.auth})
    address.save()
    newest = PushAddress.objects.filter(user_id=actor_id).order_by("-bound_at", "-pk")
    kept = list(newest.values_list("pk", flat=True)[:ADDRESSES_MAX])
    PushAddress.objects.filter(user_id=actor_id).exclude(pk__in=kept).delete()
    return address


def _check(target: Target) -> None:
    if not is_allowed(target.endpoint, tuple(settings.PUSH_HOSTS)):
        raise _refusal("endpoint", _("We do not know the service by which this browser takes reminders."))
    point = _decode(target.p256dh)
    try:
        if len(point) != POINT_BYTES:
            raise ValueError("not an uncompressed point")
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    except ValueError as error:
        raise _refusal("p256dh", _("This browser gave a key that we cannot use.")) from error
    if len(_decode(target.auth)) != AUTH_BYTES:
        raise _refusal("auth", _("This browser gave a key that we cannot use."))


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return b""


def _refusal(field: str, message: str) -> ValidationError:
    return ValidationError({field: ValidationError(message, "address")})


def open_target(address: PushAddress) -> Target | None:
    """Where to send to; None where it cannot be opened any more."""
    return Target(**json.loads(address.target)) if address.target else None


@transaction.atomic
def drop_address(*, actor_id: int, address_id: int) -> None:
    """One of the actor's devices takes no prompts any more.

    Raises:
        NotVisible: it is not there, or not the actor's.
    """
    gone, _by_model = PushAddress.objects.filter(user_id=actor_id, pk=address_id).delete()
    if not gone:
        raise NotVisible("push address")


@transaction.atomic
def drop_session(*, session_key: str) -> None:
    """Nothing comes any more to where this session was. For the sign-out."""
    PushAddress.objects.filter(session__session_key=session_key).delete()
