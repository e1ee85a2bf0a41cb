"""Who sees counts of a coach's work: proposed by the operator, agreed to by the coach, ended by either."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.selectors import find_reader, get_user
from coaching.models import Supervision
from coaching.rules import NOTED_SUPERVISION_ENDED
from common import ledger
from common.errors import NotVisible


@transaction.atomic
def propose_supervision(*, supervisor_email: str, coach_email: str, now: datetime) -> Supervision:
    """The one who reads the first address is to see counts of the other's work. Nothing is seen until they agree.

    Proposed twice is proposed once. For the operator's command.

    Raises:
        NotVisible: nobody has proved to read one of the addresses. ValidationError: both are the same person.
    """
    supervisor_id, coach_id = _reader(supervisor_email), _reader(coach_email)
    if supervisor_id == coach_id:
        raise ValidationError("These two are the same person.", code="same")
    row, _is_new = Supervision.objects.get_or_create(
        supervisor_id=supervisor_id, coach_id=coach_id, defaults={"proposed_at": now}
    )
    return row


@transaction.atomic
def take_back_supervision(*, supervisor_email: str, coach_email: str, now: datetime) -> None:
    """Over, whether or not it was agreed to. For the operator's command.

    Raises:
        NotVisible: there is none.
    """
    rows = Supervision.objects.filter(supervisor_id=_reader(supervisor_email), coach_id=_reader(coach_email))
    _end(rows.first(), now)


@transaction.atomic
def agree_to_supervision(*, actor_id: int, supervision_id: uuid.UUID, now: datetime) -> Supervision:
    """The actor, whose work it is, lets it be counted from now on.

    Raises:
        NotVisible: nothing like it was proposed to the actor.
    """
    get_user(user_id=actor_id, for_update=True)
    row = Supervision.objects.filter(coach_id=actor_id, public_id=supervision_id).first()
    if row is None:
        raise NotVisible("supervision")
    Supervision.objects.filter(pk=row.pk, agreed_at__isnull=True).update(agreed_at=now)
    row.refresh_from_db()
    return row


@transaction.atomic
def end_supervision(*, actor_id: int, supervision_id: uuid.UUID, now: datetime) -> None:
    """The actor, whose work it is, says no, or no more. At once; the supervisor is told no reason.

    Raises:
        NotVisible: there is none of the actor's work.
    """
    _end(Supervision.objects.filter(coach_id=actor_id, public_id=supervision_id).first(), now)


@transaction.atomic
def leave_supervision(*, actor_id: int, supervision_id: uuid.UUID, now: datetime) -> None:
    """The actor sees this coach's counts no more.

    Raises:
        NotVisible: the actor sees none by that name.
    """
    agreed = Supervision.objects.filter(supervisor_id=actor_id, agreed_at__isnull=False)
    _end(agreed.filter(public_id=supervision_id).first(), now)


def _end(row: Supervision | None, now: datetime) -> None:
    if row is None:
        raise NotVisible("supervision")
    # A restored backup must not show again what was ended.
    ledger.note(NOTED_SUPERVISION_ENDED, row.public_id, now)
    row.delete()


def _reader(email: str) -> int:
    found = find_reader(email=email)
    if found is None:
        raise NotVisible("account")
    return found
