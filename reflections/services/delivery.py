"""Delivering the digest: the row is the job, its bytes are frozen before the first try, and a claim has a lease.

Exactly once is impossible across a mail server and a database, so it is at least once, with the same bytes and the
same Message-ID: a lost mail would be silent, a rare second copy is the same mail. Nothing here holds a transaction
while the mail server is spoken to.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import OperationalError, transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import translation

from accounts.rules import DigestLevel
from accounts.selectors import list_mailable_ids
from checklists.selectors import get_content
from common.errors import Conflict, NotVisible
from households.selectors import list_memberships_for_compile
from observations.selectors import latest_own_for_compile
from reflections.composition import Kind
from reflections.mail import Letter, build_message, hand_over, message_id_for
from reflections.models import Digest, DigestWeek, Reflection
from reflections.phrases import Words
from reflections.rules import (
    LEASE,
    PLAN_WINDOW,
    QuietMail,
    Reply,
    Status,
    is_first_partial,
    is_stale,
    jitter,
    may_become,
    quiet_mail,
    retry_at,
    send_slot,
)
from reflections.services.compiling import compile_weeks, ensure_weeks

logger = logging.getLogger(__name__)

BATCH: Final = 500
SILENT: Final = frozenset({QuietMail.NONE, QuietMail.STOPPED})


# --- Planning ----------------------------------------------------------------------------------------------------
@transaction.atomic
def plan_digests(*, household_ids: Collection[int], now: datetime) -> int:
    """Plan the mail of every week that closed within eight days, for whoever gets one; how many were planned.

    It looks at what is, not at when it was last asked: run it late, twice or from two places, the rows are the same.
    Nobody gets a mail for a week they joined in the middle of.
    """
    ensure_weeks(household_ids=household_ids, now=now)
    weeks = DigestWeek.objects.filter(
        household_id__in=household_ids, ends_at__gt=now - PLAN_WINDOW, ends_at__lte=now
    ).order_by("household_id", "starts_at")
    planned = set(Digest.objects.filter(week__in=weeks).values_list("membership_id", "week_id"))
    members: dict[int, list[Any]] = {}
    for membership in list_memberships_for_compile(household_ids=household_ids):
        members.setdefault(membership.household_id, []).append(membership)
    rows = [
        _planned(membership, week)
        for week in weeks
        for membership in members.get(week.household_id, [])
        if (membership.pk, week.pk) not in planned and _gets_mail(membership, week)
    ]
    Digest.objects.bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)
    return len(rows)


def _gets_mail(membership: Any, week: DigestWeek) -> bool:
    partial = is_first_partial(joined_at=membership.joined_at, starts_at=week.starts_at)
    return not partial and membership.user.digest_level != DigestLevel.NONE


def _planned(membership: Any, week: DigestWeek) -> Digest:
    user = membership.user
    slot = send_slot(
        closes_at=week.ends_at, timezone=user.timezone, hour=user.digest_hour, weekday=user.digest_weekday
    )
    due_at = slot + jitter(member=str(membership.public_id), week=week.label, hour=user.digest_hour)
    return Digest(
        household_id=week.household_id, membership_id=membership.pk, week=week, due_at=due_at, next_at=due_at
    )


# --- Preparing ---------------------------------------------------------------------------------------------------
@transaction.atomic
def prepare_digest(*, digest_id: int, now: datetime) -> Digest:
    """Turn a planned delivery into the bytes that will be sent, or into the reason why nothing will be.

    The week is compiled afresh, under the rights of this moment. Preparing what is not planned any more, or not due
    yet, changes nothing.
    """
    digest = _locked(digest_id)
    if digest.status != Status.PLANNED or digest.next_at > now:
        return digest
    if is_stale(due_at=digest.due_at, now=now):
        return _end(digest, Status.SKIPPED_STALE, code="stale", now=now)
    if refusal := _refusal(digest):
        return _end(digest, Status.SUPPRESSED, code=refusal, now=now)
    own = Reflection.objects.filter(member_id=digest.membership_id, week_id=digest.week_id)
    # The mail tells what is there now: what came after its hour and before this is in it, so it is not late.
    own.update(told_at=now)
    compile_weeks([digest.week], now)
    reflection = own.get()
    quiet = _quiet_step(digest, reflection)
    if quiet in SILENT:
        return _end(digest, Status.SKIPPED_EMPTY, code=str(quiet), now=now)
    return _freeze(digest, reflection, quiet, now=now)


def _refusal(digest: Digest) -> str:
    """Why this person gets no mail now; '' when they do."""
    membership = digest.membership
    user = membership.user
    if membership.left_at is not None or not user.is_active:
        return "left"
    if user.digest_level == DigestLevel.NONE:
        return "unsubscribed"
    return "" if user.pk in list_mailable_ids(user_ids=[user.pk]) else "unverified"


def _quiet_step(digest: Digest, reflection: Reflection) -> QuietMail | None:
    """Where on the quiet ladder this week stands; None when something of the member's own was written down."""
    if reflection.content["kind"] != Kind.QUIET:
        return None
    membership, week = digest.membership, digest.week
    latest = latest_own_for_compile(household_ids=[week.household_id], before=week.ends_at)
    since = latest.get((week.household_id, membership.user_id), membership.joined_at)
    quiet = DigestWeek.objects.filter(
        household_id=week.household_id,
        starts_at__gt=since,
        starts_at__gte=membership.joined_at,
        starts_at__lte=week.starts_at,
    ).count()
    return quiet_mail(max(quiet, 1))


def _freeze(digest: Digest, reflection: Reflection, quiet: QuietMail | None, *, now: datetime) -> Digest:
    membership, week, user = digest.membership, digest.week, digest.membership.user
    digest.message_id = message_id_for(
        membership=membership.public_id, label=week.label, revision=reflection.revision
    )
    with translation.override(user.language):
        words = Words(get_content(user.language))
    letter = Letter(
        email=user.email,
        user_id=user.public_id,
        household_id=membership.household.public_id,
        language=user.language,
        level=DigestLevel(user.digest_level),
        label=week.label,
        start_on=week.start_on,
        end_on=week.end_on,
        content=reflection.content,
        words=words,
        message_id=digest.message_id,
        written_at=now,
        quiet=quiet,
    )
    digest.message = build_message(letter)
    digest.sha256 = hashlib.sha256(digest.message).hexdigest()
    digest.level, digest.recipient, digest.revision = user.digest_level, user.email, reflection.revision
    digest.status = Status.READY
    digest.save()
    return digest


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

    Guards are asked again here, on live rows: who left or unsubscribed gets nothing, and a mail whose level or address
    changed goes back to be written anew.
    """
    digest = _locked(digest_id)
    if digest.status not in (Status.READY, Status.SENDING) or digest.next_at > now:
        return None
    if refusal := _refusal(digest):
        _end(digest, Status.SUPPRESSED, code=refusal, now=now)
        return None
    user = digest.membership.user
    if (digest.level, digest.recipient) != (user.digest_level, user.email):
        _again(digest)
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


def _again(digest: Digest) -> None:
    """Back to planned: to be composed under the choices of now."""
    digest.status = Status.PLANNED
    digest.message, digest.message_id, digest.sha256 = b"", "", ""
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
        claim = (
            claim_digest(digest_id=digest_id, now=now)
            if digest.status in (Status.READY, Status.SENDING)
            else None
        )
        if claim is not None:
            reply, code = hand_over(claim.message, to=claim.recipient)
            record_reply(claim=claim, reply=reply, code=code, now=now)
    except (NotVisible, OperationalError):
        raise
    except Exception as error:
        logger.exception("digest %s is quarantined", digest_id)
        _quarantine(digest_id, code=type(error).__name__, now=now)
    return Status(Digest.objects.values_list("status", flat=True).get(pk=digest_id))


@transaction.atomic
def record_reply(*, claim: Claim, reply: Reply, code: str, now: datetime) -> bool:
    """Store what the mail server said, if the claim still holds; whether it did.

    A sender that was slower than its lease finds a newer fence and leaves the row to its successor.
    """
    columns = _outcome(claim, reply, now)
    held = Digest.objects.filter(pk=claim.digest_id, fence=claim.fence, status=Status.SENDING)
    return bool(held.update(last_code=code, lease_until=None, **columns))


def _outcome(claim: Claim, reply: Reply, now: datetime) -> dict[str, Any]:
    # What was sent, or never will be, need not be kept in readable form.
    ended = {"ended_at": now, "message": b""}
    if reply is Reply.ACCEPTED:
        return {"status": Status.SENT, "sent_at": now, **ended}
    if reply is Reply.NO_SUCH_ADDRESS:
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
    digest = _locked(digest_id)
    if digest.status != Status.QUARANTINED:
        raise Conflict("this delivery is not in quarantine")
    digest.status = Status.READY if digest.message_id else Status.PLANNED
    digest.due_at = digest.next_at = now
    digest.ended_at, digest.attempts, digest.first_tried_at = None, 0, None
    digest.save()
    return digest


# --- What the steps share ----------------------------------------------------------------------------------------
def _locked(digest_id: int) -> Digest:
    found = (
        Digest.objects.select_for_update(of=("self",))
        .select_related("membership__user", "membership__household", "week")
        .filter(pk=digest_id)
        .first()
    )
    if found is None:
        raise NotVisible("digest")
    return found


def _end(digest: Digest, status: Status, *, code: str, now: datetime) -> Digest:
    if not may_become(Status(digest.status), status):
        raise Conflict(f"a delivery that is {digest.status} cannot become {status}")
    digest.status, digest.last_code, digest.ended_at = status, code, now
    digest.message, digest.lease_until = b"", None
    digest.save()
    return digest


@transaction.atomic
def _quarantine(digest_id: int, *, code: str, now: datetime) -> None:
    digest = _locked(digest_id)
    if may_become(Status(digest.status), Status.QUARANTINED):
        digest.status, digest.last_code, digest.ended_at = Status.QUARANTINED, code[:40], now
        digest.lease_until = None
        digest.save()
