"""Which weeks get a mail, and what is in it: planned from rows, frozen as bytes when its hour has come."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils import translation

from accounts.rules import DigestLevel
from checklists.selectors import get_content
from households.selectors import list_memberships_for_compile
from observations.selectors import latest_own_for_compile, list_told_keys
from reflections.composition import Kind
from reflections.mail import Letter, build_message, message_id_for, told_moments
from reflections.models import Digest, DigestWeek, Reflection
from reflections.phrases import Words
from reflections.rules import (
    OPEN,
    PLAN_WINDOW,
    QuietMail,
    Status,
    is_first_partial,
    jitter,
    quiet_mail,
    send_slot,
)
from reflections.services.compiling import compile_weeks, ensure_weeks
from reflections.services.reports import without_hidden
from reflections.services.rows import end, end_if_stale, refusal_of, take_row

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

    The week is compiled afresh, under the rights of this moment. What is due but old news ends here, however far it
    had come. Preparing anything else that is not planned any more, or not due yet, changes nothing.
    """
    digest = take_row(digest_id)
    if digest.status not in OPEN or digest.next_at > now or end_if_stale(digest, now):
        return digest
    if digest.status != Status.PLANNED:
        return digest
    if refusal := refusal_of(digest):
        return end(digest, Status.SUPPRESSED, code=refusal, now=now)
    own = Reflection.objects.filter(member_id=digest.membership_id, week_id=digest.week_id)
    # The mail tells what is there now: what came after its hour and before this is in it, so it is not late.
    own.update(told_at=now)
    compile_weeks([digest.week], now)
    reflection = own.get()
    quiet = _quiet_step(digest, reflection)
    if quiet in SILENT:
        return end(digest, Status.SKIPPED_EMPTY, code=str(quiet), now=now)
    return _freeze(digest, reflection, quiet, now=now)


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
    # Even the same words get another date: whatever is frozen anew is another mail, and says so.
    digest.edition += 1
    digest.message_id = message_id_for(
        membership=membership.public_id, label=week.label, edition=digest.edition
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
        content=without_hidden(reflection),
        words=words,
        message_id=digest.message_id,
        written_at=now,
        quiet=quiet,
    )
    digest.message = build_message(letter)
    digest.sources = list_told_keys(
        actor_id=membership.user_id, household_id=week.household_id, moment_ids=told_moments(letter)
    )
    digest.sha256 = hashlib.sha256(digest.message).hexdigest()
    digest.level, digest.recipient, digest.revision = user.digest_level, user.email, reflection.revision
    digest.status = Status.READY
    digest.save()
    return digest
