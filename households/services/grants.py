"""Letting a coach see one's own moments: offering, renewing, changing and withdrawing a grant.

A grant is its author's alone. No other member of the household sees it, counts it or ends it, and the coach who loses
it is told no reason.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.selectors import get_user
from common import ledger
from common.dates import local_day
from common.errors import NotVisible, Refused
from households.models import Child, Grant, GrantChild, Household, Membership
from households.rules import (
    GRANT_FROM_EARLIEST,
    GRANT_LIFETIME,
    GRANT_OFFER_LIFETIME,
    GRANTS_MAX,
    INVITATION_KEPT,
    INVITATIONS_PER_DAY,
    GrantScope,
    Noted,
)
from households.scope import Capability, member_of, visible_to
from households.selectors import get_grant, get_household
from households.services.briefings import briefing_read, check_still_briefed
from households.services.invitations import checked_address, hash_token

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def offer_grant(
    *,
    actor_id: int,
    household_id: uuid.UUID,
    coach_email: str,
    scope: str,
    child_ids: Collection[uuid.UUID],
    briefing: str,
    from_on: date | None = None,
    now: datetime,
) -> tuple[Grant, str]:
    """An offer to let whoever reads *coach_email* see the actor's own moments, and the token for its mail.

    It covers these children from *from_on* (a local day; None for today) on, for 180 days from its acceptance. The
    token is known nowhere else. *briefing* is the label of what the actor read about coaches in the coach's country.

    Raises:
        NotVisible: not a member, or no such child in this household.
        ValidationError: on `coach_email`, `scope`, `children`, `from_on` or `briefing`, or too many grants.
    """
    # Two offers may be made at once, or one while its author leaves: whoever holds the author's row goes first.
    author = get_user(user_id=actor_id, for_update=True)
    household = get_household(actor_id=actor_id, household_id=household_id, capability=Capability.RECORD)
    today = local_day(now, household.timezone)
    address = _checked_coach(coach_email, author=author, household=household)
    checked_scope = _checked_scope(scope)
    children = _checked_children(child_ids, actor_id=actor_id, household=household)
    first_day = _checked_from_on(from_on or today, today=today)
    read = briefing_read(briefing)
    _room_for_one_more(author, now)
    token = secrets.token_urlsafe(32)
    grant = Grant.objects.create(
        household=household,
        author=author,
        coach_email=address,
        author_email=author.email,
        scope=checked_scope,
        from_on=first_day,
        briefing=read,
        token_sha256=hash_token(token),
        offered_at=now,
        offer_expires_at=now + GRANT_OFFER_LIFETIME,
    )
    _cover(grant, children)
    return grant, token


@transaction.atomic
def renew_grant(*, actor_id: int, grant_id: uuid.UUID, now: datetime) -> Grant:
    """Another 180 days from now, for a grant of the actor's that is about to end.

    Raises:
        NotVisible: no such live grant of the actor's own.
        ValidationError: it has long to go, or there is nothing to read for its country any more, or never was.
    """
    grant = _load_own(actor_id, grant_id, now)
    if grant.expires_at is None:
        raise NotVisible("grant")
    check_still_briefed(grant.briefing)
    if not grant.is_renewable_at(now):
        raise ValidationError(_("It can be renewed in its last two weeks."), code="early")
    grant.expires_at = now + GRANT_LIFETIME
    grant.save(update_fields=["expires_at"])
    return grant


@transaction.atomic
def change_grant(
    *,
    actor_id: int,
    grant_id: uuid.UUID,
    scope: str | None = None,
    child_ids: Collection[uuid.UUID] | None = None,
    from_on: date | None = None,
    may_widen: bool = False,
    now: datetime,
) -> Grant:
    """Change what is given of the actor's own grant, at once; keep the rest.

    *may_widen*: the actor proved a moment ago that it is they. Showing less needs no proof, showing more does.

    Raises:
        NotVisible: no such grant of the actor's own that is offered or live, or no such child in its household.
        Refused: it would show more, without the proof. ValidationError: on `scope`, `children` or `from_on`.
    """
    grant = _load_own(actor_id, grant_id, now)
    today = local_day(now, grant.household.timezone)
    covered = [item.child for item in grant.children.select_related("child").order_by("id")]
    new_scope = GrantScope(grant.scope) if scope is None else _checked_scope(scope)
    new_day = grant.from_on if from_on is None else _checked_from_on(from_on, today=today)
    children: Sequence[Child] = covered
    if child_ids is not None:
        children = _checked_children(child_ids, actor_id=actor_id, household=grant.household)
    added = [child for child in children if child not in covered]
    more = grant.scope != new_scope and new_scope in GrantScope(grant.scope).and_wider
    is_wider = more or bool(added) or new_day < grant.from_on
    if is_wider and not may_widen:
        raise Refused("showing more needs a fresh proof")
    gone = [child for child in covered if child not in children]
    _note_narrowing(grant, scope=new_scope, from_on=new_day, gone=gone, now=now)
    grant.scope, grant.from_on = new_scope, new_day
    grant.save(update_fields=["scope", "from_on"])
    GrantChild.objects.filter(grant=grant).exclude(child__in=children).delete()
    _cover(grant, added)
    changed = get_grant(actor_id=actor_id, grant_id=grant_id, now=now)
    changed.is_wider = is_wider
    return changed


@transaction.atomic
def withdraw_grant(*, actor_id: int, grant_id: uuid.UUID, now: datetime) -> None:
    """End the actor's own grant or offer at once. The coach's next request finds nothing.

    Raises:
        NotVisible: no such grant of the actor's own.
    """
    own = Grant.objects.filter(visible_to(actor_id, Capability.RECORD), public_id=grant_id)
    if not _withdraw(Grant.objects.filter(pk__in=own.values("pk")), now):
        raise NotVisible("grant")


def withdraw_grants_of(*, person_id: int, household_pk: int, now: datetime) -> int:
    """End every grant and offer of somebody who leaves a household; how many. For the use cases of leaving.

    Nothing of theirs is shown any more from that second on. Withdrawing as well means that coming back one day lets
    nobody in who was let in before. What others here had let them see as a coach ends too: it slept while they lived
    here, and their leaving must not wake it.
    """
    theirs = Q(author_id=person_id) | Q(coach_id=person_id)
    return _withdraw(Grant.objects.filter(theirs, household_id=household_pk), now)


def _withdraw(grants: QuerySet[Grant], now: datetime) -> int:
    """End those of *grants* that go on, so that no restored backup takes them up again; how many."""
    open_ones = grants.filter(withdrawn_at__isnull=True).order_by("pk")
    ended = list(open_ones.select_for_update().values_list("pk", "public_id"))
    for _pk, public_id in ended:
        ledger.note(Noted.GRANT_ENDED, public_id, now)
    return Grant.objects.filter(pk__in=[pk for pk, _id in ended], withdrawn_at__isnull=True).update(
        withdrawn_at=now
    )


@transaction.atomic
def forget_old_grants(*, now: datetime) -> int:
    """Destroy grants and offers that ended, one way or another, thirty days ago; how many went. For the schedule."""
    since = now - INVITATION_KEPT
    ended = Q(withdrawn_at__lt=since) | Q(returned_at__lt=since) | Q(expires_at__lt=since)
    nobody_came = Q(accepted_at__isnull=True, offer_expires_at__lt=since)
    _total, by_model = Grant.objects.filter(ended | nobody_came).delete()
    return by_model.get("households.Grant", 0)


# --- What the use cases share ------------------------------------------------------------------------------------
def _load_own(actor_id: int, grant_id: uuid.UUID, now: datetime) -> Grant:
    """The actor's own grant that is offered or live, its row locked."""
    own = Grant.objects.filter(visible_to(actor_id, Capability.RECORD), public_id=grant_id)
    # The lock first, by key alone: a join to the memberships cannot be locked with it.
    Grant.objects.select_for_update().filter(pk__in=own.values("pk")).first()
    return get_grant(actor_id=actor_id, grant_id=grant_id, now=now)


def _note_narrowing(
    grant: Grant, *, scope: GrantScope, from_on: date, gone: Sequence[Child], now: datetime
) -> None:
    """What a grant shows no longer, no restored backup shows again."""
    if scope != grant.scope and grant.scope in scope.and_wider:
        ledger.note(Noted.GRANT_SCOPE, f"{grant.public_id}:{scope}", now)
    if from_on > grant.from_on:
        ledger.note(Noted.GRANT_FROM, f"{grant.public_id}:{from_on}", now)
    for child in gone:
        ledger.note(Noted.GRANT_CHILD, f"{grant.public_id}:{child.public_id}", now)


def _cover(grant: Grant, children: Sequence[Child]) -> None:
    GrantChild.objects.bulk_create(
        GrantChild(household_id=grant.household_id, grant=grant, child=child) for child in children
    )


def _room_for_one_more(author: User, now: datetime) -> None:
    own = Grant.objects.filter(author=author)
    if own.filter(offered_at__gt=now - timedelta(days=1)).count() >= INVITATIONS_PER_DAY:
        raise ValidationError(
            _("That is enough offers for today. Please try again tomorrow."), code="too_many"
        )
    going_on = Q(accepted_at__isnull=True, offer_expires_at__gt=now) | Q(expires_at__gt=now)
    if own.filter(going_on, withdrawn_at__isnull=True, returned_at__isnull=True).count() >= GRANTS_MAX:
        raise ValidationError(
            _("That is as many coaches as Attune can keep for you. Please end one first."), code="too_many"
        )


def _checked_coach(email: str, *, author: User, household: Household) -> str:
    """The address, if it is nobody's who lives here: they see what is shared with the household, and no more."""
    address = checked_address(email, field="coach_email")
    here = Membership.objects.filter(
        household=household, user__email=address, left_at__isnull=True, user__erase_at__isnull=True
    )
    if address == author.email or here.exists():
        message = _("A coach is somebody from outside the household.")
        raise ValidationError({"coach_email": ValidationError(message, "member")})
    return address


def _checked_scope(scope: str) -> GrantScope:
    if scope not in list(GrantScope):
        raise ValidationError({"scope": ValidationError(_("Please choose what they see."), "choice")})
    return GrantScope(scope)


def _checked_children(
    child_ids: Collection[uuid.UUID], *, actor_id: int, household: Household
) -> Sequence[Child]:
    wanted = set(child_ids)
    if not wanted:
        message = _("Please choose at least one child.")
        raise ValidationError({"children": ValidationError(message, "required")})
    found = Child.objects.filter(
        member_of(actor_id, Capability.RECORD), household=household, public_id__in=wanted
    )
    children = list(found.order_by("created_at", "id"))
    if len(children) < len(wanted):
        raise NotVisible("child")
    return children


def _checked_from_on(day: date, *, today: date) -> date:
    if not GRANT_FROM_EARLIEST <= day <= today + GRANT_LIFETIME:
        raise ValidationError({"from_on": ValidationError(_("Please choose another day."), "range")})
    return day
