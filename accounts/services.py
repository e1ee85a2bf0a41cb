"""The use cases of a person's own account: choices about mail and privacy, API tokens."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypedDict

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from knox.models import get_digest_token
from knox.settings import CONSTANTS

from accounts.models import ApiToken, BlockedSender, User
from accounts.rules import (
    DIGEST_HOUR_FIRST,
    DIGEST_HOUR_LAST,
    DISPLAY_NAME_MAX,
    TOKEN_DAYS_DEFAULT,
    TOKEN_DAYS_MAX,
    TOKEN_NAME_MAX,
    TOKENS_MAX,
    DigestLevel,
    TokenScope,
    Visibility,
)
from accounts.selectors import get_user, list_blocked_senders
from common.dates import is_zone
from common.errors import NotVisible
from common.text import clean_text, required_text

Check = Callable[[str, Any], object]
"""Takes a field's name and what was said; gives what to store, or raises ValidationError on the field."""


class Choices(TypedDict, total=False):
    """What a person may choose about their account; a key that is not there stays as it is."""

    display_name: str
    language: str
    timezone: str
    digest_level: str
    digest_weekday: int | None
    digest_hour: int
    standing_visibility: str


@transaction.atomic
def open_account(*, email: str, password: str, display_name: str, timezone: str) -> User:
    """A new account with a verified address, without the mail: for commands, never for a page.

    Raises:
        ValidationError: on `email`, when somebody has it already, or on another field.
    """
    address = email.strip().lower()
    if User.objects.filter(email=address).exists():
        raise ValidationError(
            {"email": ValidationError(_("%(email)s has an account already."), "taken", {"email": address})}
        )
    user = User.objects.create_user(
        address,
        password,
        display_name=_name("display_name", display_name),
        timezone=_zone("timezone", timezone),
    )
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    return user


@transaction.atomic
def change_choices(*, actor_id: int, choices: Choices) -> User:
    """Store what is given of the actor's own choices.

    Raises:
        ValidationError: on the field. NotVisible: the account is closed.
    """
    user = get_user(user_id=actor_id, for_update=True)
    checked = {name: _CHECKS[name](name, value) for name, value in choices.items()}
    for name, value in checked.items():
        setattr(user, name, value)
    user.save(update_fields=list(checked) or None)
    return user


@transaction.atomic
def create_token(
    *, actor_id: int, name: str, scope: str = TokenScope.READ, days: int = TOKEN_DAYS_DEFAULT, now: datetime
) -> tuple[ApiToken, str]:
    """A new API token and its secret, which is shown once and stored nowhere.

    Raises:
        ValidationError: on `name`, `scope` or `days`, or too many tokens.
    """
    label = required_text(name, field="name", max_length=TOKEN_NAME_MAX)
    if scope not in list(TokenScope):
        raise _refuse("scope", _("Please choose what the token may do."))
    if not 1 <= days <= TOKEN_DAYS_MAX:
        raise _refuse("days", _("A token lives for 1 to %(max)d days.") % {"max": TOKEN_DAYS_MAX})
    if ApiToken.objects.filter(user_id=actor_id, expiry__gt=now).count() >= TOKENS_MAX:
        raise ValidationError(
            _("You have as many tokens as we can keep. Please end one first."), code="too_many"
        )
    digest, secret = get_digest_token(settings.REST_KNOX["TOKEN_PREFIX"])
    token = ApiToken(
        digest=digest,
        token_key=secret[: CONSTANTS.TOKEN_KEY_LENGTH],
        user=get_user(user_id=actor_id),
        expiry=now + timedelta(days=days),
        name=label,
        scope=scope,
    )
    token.save(force_insert=True)
    return token, secret


@transaction.atomic
def end_token(*, actor_id: int, digest: str) -> None:
    """End one of the actor's own tokens at once.

    Raises:
        NotVisible: it is not there, or not the actor's.
    """
    ended, _by_model = ApiToken.objects.filter(user_id=actor_id, digest=digest).delete()
    if not ended:
        raise NotVisible("token")


@transaction.atomic
def forget_expired_tokens(*, now: datetime) -> int:
    """Destroy API tokens that open nothing any more; how many went. For the schedule."""
    _total, by_model = ApiToken.objects.filter(expiry__lt=now).delete()
    return by_model.get("accounts.ApiToken", 0)


@transaction.atomic
def block_sender(*, email: str, sender_id: int, known_as: str, now: datetime) -> None:
    """Nothing more that this person sends reaches this address. They are never told; blocking twice changes nothing.

    The caller has made sure that it is the address's owner who asks. *known_as* is how that owner knows the sender, and
    all that their list will ever show.
    """
    BlockedSender.objects.get_or_create(
        email=email.lower(), sender_id=sender_id, defaults={"known_as": known_as, "created_at": now}
    )


@transaction.atomic
def carry_blocks(*, from_email: str, to_email: str) -> None:
    """Whom the old address wants nothing from, the new one does not either. For a person who changed theirs."""
    BlockedSender.objects.bulk_create(
        (
            BlockedSender(
                email=to_email.lower(),
                sender_id=block.sender_id,
                known_as=block.known_as,
                created_at=block.created_at,
            )
            for block in BlockedSender.objects.filter(email=from_email.lower())
        ),
        ignore_conflicts=True,
    )


@transaction.atomic
def unblock_sender(*, actor_id: int, sender_id: uuid.UUID) -> None:
    """Let this person write to the actor's address again.

    Raises:
        NotVisible: nobody with this public id is on the actor's list.
    """
    ended, _by_model = (
        list_blocked_senders(actor_id=actor_id).filter(sender__public_id=sender_id).order_by().delete()
    )
    if not ended:
        raise NotVisible("blocked sender")


@transaction.atomic
def stop_digest(*, user_id: int) -> None:
    """No more weekly mail for this person. For the unsubscribe link, whose signed token stands for the person."""
    User.objects.filter(pk=user_id).update(digest_level=DigestLevel.NONE)


def _refuse(field: str, message: str) -> ValidationError:
    return ValidationError({field: ValidationError(message, "choice")})


def _name(field: str, value: str) -> str:
    return clean_text(value, field=field, max_length=DISPLAY_NAME_MAX)


def _zone(field: str, value: str) -> str:
    if not is_zone(value):
        raise _refuse(field, _("Please choose a time zone from the list."))
    return value


def _one_of(*allowed: object) -> Check:
    def check(field: str, value: Any) -> object:
        if value not in allowed:
            raise _refuse(field, _("Please choose one of these."))
        return value

    return check


_CHECKS: dict[str, Check] = {
    "display_name": _name,
    "timezone": _zone,
    "language": _one_of(*(code for code, _label in settings.LANGUAGES)),
    "digest_level": _one_of(*DigestLevel),
    "digest_weekday": _one_of(None, *range(7)),
    "digest_hour": _one_of(*range(DIGEST_HOUR_FIRST, DIGEST_HOUR_LAST + 1)),
    "standing_visibility": _one_of(*Visibility),
}
