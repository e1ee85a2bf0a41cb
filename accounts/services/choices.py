"""The person and what they choose about themselves: name, language, zone, mail, privacy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.rules import (
    DIGEST_HOUR_FIRST,
    DIGEST_HOUR_LAST,
    DISPLAY_NAME_MAX,
    PROTECTING,
    DigestLevel,
    Noted,
    Visibility,
)
from accounts.selectors import get_user
from common import ledger
from common.dates import is_zone
from common.text import clean_text

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
    discreet: bool


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
        _note_protection(user, name, value)
        setattr(user, name, value)
    user.save(update_fields=list(checked) or None)
    return user


def _note_protection(user: User, name: str, value: object) -> None:
    """Have a choice that protects more than the one before stay, whatever backup is restored."""
    steps = PROTECTING.get(name, ())
    if steps and steps.index(str(value)) > steps.index(str(getattr(user, name))):
        ledger.note(Noted.CHOICE_MADE, f"{user.public_id}:{name}={value}")


def refuse_choice(field: str, message: str) -> ValidationError:
    """What to raise about *field*, where something else than was offered was chosen."""
    return ValidationError({field: ValidationError(message, "choice")})


def _name(field: str, value: str) -> str:
    return clean_text(value, field=field, max_length=DISPLAY_NAME_MAX)


def _zone(field: str, value: str) -> str:
    if not is_zone(value):
        raise refuse_choice(field, _("Please choose a time zone from the list."))
    return value


def _yes_or_no(field: str, value: Any) -> object:
    if not isinstance(value, bool):
        raise refuse_choice(field, _("Please choose one of these."))
    return value


def _one_of(*allowed: object) -> Check:
    def check(field: str, value: Any) -> object:
        if value not in allowed:
            raise refuse_choice(field, _("Please choose one of these."))
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
    "discreet": _yes_or_no,
}
