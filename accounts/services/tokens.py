"""API tokens: made, ended, forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from knox.models import get_digest_token
from knox.settings import CONSTANTS

from accounts.models import ApiToken
from accounts.rules import (
    TOKEN_DAYS_DEFAULT,
    TOKEN_DAYS_MAX,
    TOKEN_LEDGER_CHARS,
    TOKEN_NAME_MAX,
    TOKENS_MAX,
    Noted,
    TokenScope,
)
from accounts.selectors import get_user
from accounts.services.choices import refuse_choice
from accounts.services.devices import end_other_devices
from common import ledger
from common.errors import NotVisible
from common.text import required_text


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
        raise refuse_choice("scope", _("Please choose what the token may do."))
    if not 1 <= days <= TOKEN_DAYS_MAX:
        raise refuse_choice("days", _("A token lives for 1 to %(max)d days.") % {"max": TOKEN_DAYS_MAX})
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
    ledger.note(Noted.TOKEN_ENDED, digest[:TOKEN_LEDGER_CHARS])


@transaction.atomic
def end_tokens(*, user_id: int) -> int:
    """End all of this person's tokens at once, and for good, whatever backup is restored; how many.

    The caller knows the person, as with `end_other_devices`.
    """
    own = ApiToken.objects.select_for_update().filter(user_id=user_id).order_by("digest")
    digests = list(own.values_list("digest", flat=True))
    for digest in digests:
        ledger.note(Noted.TOKEN_ENDED, digest[:TOKEN_LEDGER_CHARS])
    ApiToken.objects.filter(digest__in=digests).delete()
    return len(digests)


@transaction.atomic
def end_everything_else(*, user_id: int, session_key: str) -> int:
    """Nothing opens the person's account any more but this session: no other device, and no program with a key.

    How many of both there were. The caller knows the person, as with `end_other_devices`.
    """
    return end_other_devices(user_id=user_id, session_key=session_key) + end_tokens(user_id=user_id)


@transaction.atomic
def forget_expired_tokens(*, now: datetime) -> int:
    """Destroy API tokens that open nothing any more; how many went. For the schedule."""
    _total, by_model = ApiToken.objects.filter(expiry__lt=now).delete()
    return by_model.get("accounts.ApiToken", 0)
