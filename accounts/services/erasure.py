"""Erasing a person: asked for, hidden at once, seven quiet days, and then everything goes, and somebody makes sure.

For seven days signing in takes it back, without a word to anybody: the request may not have been the person's own will.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import User
from accounts.rules import ERASURE_DELAY, Noted
from accounts.selectors import get_user, list_addresses, list_due_erasures
from common import ledger
from common.estates import list_estates
from common.person_keys import destroy_person_key
from common.traces import count_traces

logger = logging.getLogger(__name__)


class ErasureIncomplete(Exception):
    """Something still names a person who should be gone. `left` says how many rows in which column."""

    def __init__(self, left: Mapping[str, int]) -> None:
        super().__init__(", ".join(f"{column}: {count}" for column, count in sorted(left.items())))
        self.left = dict(left)


def confirmation_word() -> str:
    """What somebody types to say that they mean it."""
    return pgettext("typed to confirm", "erase")


# --- Asking, and coming back -------------------------------------------------------------------------------------
@transaction.atomic
def ask_to_be_erased(*, actor_id: int, confirmation: str, now: datetime) -> User:
    """From this commit on nobody else sees anything of the actor; in seven days it is destroyed. Nobody is told.

    Asking again changes nothing. The door signs the actor out.

    Raises:
        ValidationError: on `confirmation`, when it is not the word.
    """
    user = get_user(user_id=actor_id, for_update=True)
    if confirmation.strip().casefold() != confirmation_word().casefold():
        message = _("Please type the word “%(word)s”.") % {"word": confirmation_word()}
        raise ValidationError({"confirmation": ValidationError(message, "confirmation")})
    if user.erase_at is None:
        user.erase_at = now + ERASURE_DELAY
        user.save(update_fields=["erase_at"])
        for estate in list_estates():
            estate.withdraw_offers(user.pk, now)
            estate.refresh_presence(user.pk, now)
        ledger.note(Noted.ERASURE_ASKED, user.public_id, now)
    return user


@transaction.atomic
def take_back_erasure(*, user_id: int, now: datetime) -> bool:
    """Everything is as it was before the person asked to be erased; whether they had. For the sign-in."""
    # Once its time has come it goes on: part of it may be destroyed already.
    user = User.objects.select_for_update().filter(pk=user_id, is_active=True, erase_at__gt=now).first()
    if user is None:
        return False
    user.erase_at = None
    user.save(update_fields=["erase_at"])
    for estate in list_estates():
        estate.refresh_presence(user.pk, now)
    ledger.note(Noted.ERASURE_CANCELLED, user.public_id, now)
    return True


# --- Carrying it out ---------------------------------------------------------------------------------------------
def erase_due(*, now: datetime) -> int:
    """Erase everybody whose seven days are over; how many are gone. For the schedule.

    Whoever could not be erased is logged, stays in the queue and stops nobody else.
    """
    gone = 0
    for user_id in list_due_erasures(now=now):
        try:
            gone += erase_person(user_id=user_id, now=now)
        except ErasureIncomplete as error:
            logger.error("user %s is not erased, there is left: %s", user_id, error)
        except Exception:
            logger.exception("user %s is not erased", user_id)
    return gone


def erase_person(*, user_id: int, now: datetime) -> bool:
    """Destroy a person's key, then all that is theirs, and in the end the person; False if it is not time.

    Every step is a transaction of its own and may be taken again: a crash leaves the person in the queue, closed, and
    the next run goes on. The last step holds only if nothing in any table names the person any more.

    Raises:
        ErasureIncomplete: something does. All but the account itself is gone then, and the account stays in the queue.
    """
    if not User.objects.filter(pk=user_id, erase_at__lte=now).update(is_active=False):
        return False
    addresses = list_addresses(user_id=user_id)
    # First of all: from here on no copy of a note anywhere can be read, whatever happens to the rest.
    destroy_person_key(owner_id=user_id)
    for estate in list_estates():
        estate.erase(user_id)
    return _go(user_id, addresses, now)


@transaction.atomic
def _go(user_id: int, addresses: list[str], now: datetime) -> bool:
    user = User.objects.select_for_update().filter(pk=user_id).first()
    if user is None:
        return False
    left = {model: count for estate in list_estates() for model, count in estate.count_left(user_id).items()}
    ledger.note(Noted.PERSON_ERASED, user.public_id, now)
    user.delete()
    left |= count_traces(person_id=user_id, names=[*addresses, str(user.public_id)])
    if left:
        raise ErasureIncomplete(left)
    return True
