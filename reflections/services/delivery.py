"""Delivering the digest: the row is the job, its bytes are frozen before the first try, and a claim has a lease.

Exactly once is impossible across a mail server and a database, so it is at least once, with the same bytes and the
same Message-ID: a lost mail would be silent, a rare second copy is the same mail. Nothing here holds a transaction
while the mail server is spoken to.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from time import sleep
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from accounts.rules import MailReturn
from accounts.services import note_returned_mail
from common.errors import Conflict, NotVisible
from observations.selectors import are_still_told
from reflections.mail import envelope_sender, hand_over, is_about_recipient, is_out_of_reach
from reflections.models import Digest, Reflection
from reflections.rules import (
    LEASE,
    PATIENCE,
    SENDS_PER_HOUSEHOLD,
    Reply,
    Status,
    is_quieter,
    may_become,
    retry_at,
)
from reflections.services.compiling import compile_weeks
from reflections.services.gate import note_contact, take_turn
from reflections.services.planning import prepare_digest
from reflections.services.rows import end, end_if_stale, refusal_of, take_row

logger = logging.getLogger(__name__)


# --- Claiming ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Claim:
    """The right to send one digest until the lease ends. Only the holder of the latest fence may say how it went."""

    digest_id: int
    fence: int
    message: bytes
    recipient: str
    attempts: int
    first_tried_at: datetime


@transaction.atomic
def claim_digest(*, digest_id: int, now: datetime) -> Claim | None:
    """Take a ready delivery, or one whose sender went silent; None when there is nothing to take.

    Guards are asked again here, on live rows: who left or unsubscribed gets nothing, old news ends, and a mail whose
    level, address or week changed goes back to be written anew. One that was tried may have arrived: it stays the same
    mail, unless something it tells was withdrawn.
    """
    digest = take_row(digest_id)
    if digest.status not in (Status.READY, Status.SENDING) or digest.next_at > now:
        return None
    if end_if_stale(digest, now):
        return None
    if refusal := refusal_of(digest):
        end(digest, Status.SUPPRESSED, code=refusal, now=now)
        return None
    if _is_withdrawn(digest, now) if digest.may_have_arrived else _reads_differently(digest, now):
        _again(digest)
        return None
    if _sending_now(digest.household_id, now) >= SENDS_PER_HOUSEHOLD:
        _postpone(digest, now + LEASE)
        return None
    claimed = Digest.objects.filter(pk=digest.pk, fence=digest.fence, status=digest.status).update(
        status=Status.SENDING,
        fence=F("fence") + 1,
        attempts=F("attempts") + 1,
        first_tried_at=Coalesce("first_tried_at", now),
        lease_until=now + LEASE,
        next_at=now + LEASE,
    )
    if not claimed:
        return None
    return Claim(
        digest_id=digest.pk,
        fence=digest.fence + 1,
        message=bytes(digest.message),
        recipient=digest.recipient,
        attempts=digest.attempts + 1,
        first_tried_at=digest.first_tried_at or now,
    )


def _sending_now(household_id: int, now: datetime) -> int:
    """How many mails to one household are on their way: nobody needs to learn who else is written to from the hour."""
    leased = Digest.objects.filter(household_id=household_id, status=Status.SENDING, lease_until__gt=now)
    return leased.count()


def _is_withdrawn(digest: Digest, now: datetime) -> bool:
    """Whether a mail that was tried must not be tried again as it is: it tells, or goes where, it may not any more.

    What came late, or was only changed, is no reason: the page tells it, and a second mail would tell the week twice.
    """
    user = digest.membership.user
    if digest.recipient != user.email or is_quieter(user.digest_level, than=digest.level):
        return True
    if digest.sources is None:
        return _week_changed(digest, now)
    return not are_still_told(actor_id=user.pk, keys=digest.sources)


def _reads_differently(digest: Digest, now: datetime) -> bool:
    """Whether a mail that nobody tried yet would be another one if it were written now."""
    user = digest.membership.user
    return (digest.level, digest.recipient) != (user.digest_level, user.email) or _week_changed(digest, now)


def _week_changed(digest: Digest, now: datetime) -> bool:
    """Whether what the mail was written from was deleted, withdrawn or changed while it waited."""
    own = Reflection.objects.filter(member_id=digest.membership_id, week_id=digest.week_id)
    if own.filter(told_at__gte=now).exists():
        return False  # written at this very moment
    compile_weeks([digest.week], now)
    return not own.filter(revision=digest.revision).exists()


def _again(digest: Digest) -> None:
    """Back to planned: to be composed under the choices of now."""
    digest.status = Status.PLANNED
    digest.message, digest.message_id, digest.sha256, digest.sources = b"", "", "", None
    digest.lease_until = None
    digest.save()


# --- Sending -----------------------------------------------------------------------------------------------------
def deliver_digest(*, digest_id: int, now: datetime) -> Status:
    """Do whatever is due for one delivery, up to handing it over once; the state it ends up in.

    A delivery that breaks what touches it is set apart for an operator, and stops nobody else's. A database that is
    busy or away says nothing about the delivery: the row stays as it is, for the next nudge.

    Raises:
        NotVisible: there is no such delivery. OperationalError: the database did not do it.
    """
    try:
        digest = prepare_digest(digest_id=digest_id, now=now)
        if _is_due(digest, now):
            _send_in_turn(digest, now)
    except (NotVisible, OperationalError):
        raise
    except Exception as error:
        logger.exception("digest %s is quarantined", digest_id)
        _quarantine(digest_id, code=type(error).__name__, now=now)
    return Status(Digest.objects.values_list("status", flat=True).get(pk=digest_id))


def _is_due(digest: Digest, now: datetime) -> bool:
    return digest.status in (Status.READY, Status.SENDING) and digest.next_at <= now


def _send_in_turn(digest: Digest, now: datetime) -> None:
    """Wait for a place in the line of senders, which is short, and hand the mail over; or come back when it is time.

    What waits for the mail server to come back uses up no attempt.
    """
    turn = take_turn(now=now)
    if turn.closed or turn.at > now + PATIENCE:
        _postpone(digest, turn.at)
        return
    claim = claim_digest(digest_id=digest.pk, now=now)
    if claim is None:
        return
    sleep((turn.at - now).total_seconds())
    reply, code = hand_over(claim.message, to=claim.recipient, sender=envelope_sender(digest.pk))
    note_contact(reached=not is_out_of_reach(code), now=now)
    record_reply(claim=claim, reply=reply, code=code, now=now)


def _postpone(digest: Digest, until: datetime) -> None:
    """Come back at *until*, unless somebody else has taken it meanwhile."""
    same = Digest.objects.filter(pk=digest.pk, fence=digest.fence, status=digest.status)
    same.update(next_at=until)


@transaction.atomic
def record_reply(*, claim: Claim, reply: Reply, code: str, now: datetime) -> bool:
    """Store what the mail server said, if the claim still holds; whether it did.

    A sender that was slower than its lease finds a newer fence and leaves the row to its successor.
    """
    columns = _outcome(claim, reply, now)
    held = Digest.objects.filter(pk=claim.digest_id, fence=claim.fence, status=Status.SENDING)
    if not held.update(last_code=code, lease_until=None, **columns):
        return False
    kind = _RETURNS.get(columns["status"])
    if kind and is_about_recipient(code):
        note_returned_mail(email=claim.recipient, kind=kind, now=now)
    return True


# The last answer decides: a mail that failed for a day because our own server was away says nothing of its address.
_RETURNS = {Status.FAILED_PERM: MailReturn.HARD, Status.FAILED_TEMP: MailReturn.SOFT}


def _outcome(claim: Claim, reply: Reply, now: datetime) -> dict[str, Any]:
    # What was sent, or never will be, need not be kept in readable form.
    ended = {"ended_at": now, "message": b"", "sources": None}
    if reply is Reply.ACCEPTED:
        return {"status": Status.SENT, "sent_at": now, **ended}
    if reply is Reply.REFUSED_RECIPIENT:
        return {"status": Status.FAILED_PERM, **ended}
    if reply is Reply.REFUSED_CONTENT:
        return {"status": Status.QUARANTINED, "ended_at": now}
    again = retry_at(attempts=claim.attempts, first_tried_at=claim.first_tried_at, now=now)
    if again is None:
        return {"status": Status.FAILED_TEMP, **ended}
    return {"status": Status.READY, "next_at": again}


@transaction.atomic
def release_digest(*, digest_id: int, now: datetime) -> Digest:
    """Lift a quarantine, for an operator who mended its cause: it is composed and tried again.

    Raises:
        NotVisible: no such delivery. Conflict: it is not in quarantine.
    """
    digest = take_row(digest_id)
    if digest.status != Status.QUARANTINED:
        raise Conflict("this delivery is not in quarantine")
    digest.status = Status.READY if digest.message_id else Status.PLANNED
    digest.due_at = digest.next_at = now
    digest.ended_at, digest.attempts, digest.first_tried_at = None, 0, None
    digest.save()
    return digest


@transaction.atomic
def _quarantine(digest_id: int, *, code: str, now: datetime) -> None:
    digest = take_row(digest_id)
    if may_become(Status(digest.status), Status.QUARANTINED):
        digest.status, digest.last_code, digest.ended_at = Status.QUARANTINED, code[:40], now
        digest.lease_until = None
        digest.save()
