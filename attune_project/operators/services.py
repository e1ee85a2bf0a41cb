"""The use cases of an operator, each written down: for its owner, in the admin's log, in the security log."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.selectors import find_account, get_account, get_account_state
from accounts.services import close_account, reopen_account, sign_out_everywhere
from accounts.shapes import AccountState
from common.errors import NotVisible
from common.security import Event, tell
from households.selectors import list_households
from households.services import note_account_opened
from reflections.selectors import count_digests


class Reason(StrEnum):
    """Why an operator opens an account. A choice and not free text: nobody's name gets into a log."""

    ASKED = "asked"  # its owner asked for help
    DELIVERY = "delivery"  # mail does not arrive
    ABUSE = "abuse"  # somebody reported it
    LEGAL = "legal"  # a court or an authority asked


class Change(StrEnum):
    """What an operator may do to an account."""

    CLOSE = "close"
    REOPEN = "reopen"
    SIGN_OUT = "sign_out"


_CHANGES: Final[Mapping[Change, Callable[..., Any]]] = {
    Change.CLOSE: close_account,
    Change.REOPEN: reopen_account,
    Change.SIGN_OUT: sign_out_everywhere,
}


@dataclass(frozen=True, slots=True)
class OpenedAccount:
    """What an operator sees of an account: how it stands, in how many households, and its mails by state."""

    state: AccountState
    households: int
    mails: Mapping[str, int]


@transaction.atomic
def open_for_operator(*, operator_id: int, email: str, reason: str, now: datetime) -> uuid.UUID:
    """The public id of the account with exactly this address. That it was opened is told to its owner.

    Raises:
        Refused: the one who asks is no operator.
        ValidationError: on `email`, when no family's account has it, or on `reason`.
    """
    if reason not in list(Reason):
        raise ValidationError({"reason": ValidationError(_("Please say why."), "choice")})
    found = find_account(operator_id=operator_id, email=email)
    if found is None:
        message = _("No account signs in with exactly this address.")
        raise ValidationError({"email": ValidationError(message, "unknown")})
    note_account_opened(reader_id=operator_id, person_id=found.pk, now=now)
    _write_down(operator_id, found, f"opened: {reason}")
    return found.public_id


@transaction.atomic
def change_for_operator(*, operator_id: int, account_id: uuid.UUID, change: str, reason: str) -> None:
    """Do one of `Change` to the account.

    Raises:
        Refused, NotVisible: see `close_account`; NotVisible also for what is no change.
    """
    if change not in list(Change):
        raise NotVisible("change")
    user = _CHANGES[Change(change)](operator_id=operator_id, account_id=account_id)
    _write_down(operator_id, user, f"{change}: {reason}")


def look_at(*, operator_id: int, account_id: uuid.UUID, now: datetime) -> OpenedAccount:
    """What there is to see of an account.

    Raises:
        Refused, NotVisible: see `get_account`.
    """
    person = get_account(operator_id=operator_id, account_id=account_id)
    return OpenedAccount(
        state=get_account_state(operator_id=operator_id, account_id=account_id, now=now),
        households=list_households(actor_id=person.pk).count(),
        mails=count_digests(user_id=person.pk),
    )


def _write_down(operator_id: int, account: Any, what: str) -> None:
    """In the log that operators cannot change. An account stands there as "user 12"."""
    LogEntry.objects.log_actions(operator_id, [account], CHANGE, change_message=what, single_object=True)
    tell(Event.OPERATOR_ACTED, operator=operator_id, user=account.pk, did=what.replace(": ", "."))
