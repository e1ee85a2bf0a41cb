"""Who may touch which family row, as query conditions. Every load in every app goes through one of these.

Loading is authorising: a condition on live rows cannot be stale, so what was withdrawn is gone with the next query.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django.apps import apps
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.rules import Visibility
from households.rules import GrantScope, Role

NOT_PRIVATE = (Visibility.COACHES, Visibility.HOUSEHOLD)

Sight = Callable[[GrantScope], Q]
"""Which moments somebody outside the household sees in at least a scope, as a condition on their rows."""


class Capability(StrEnum):
    """What somebody wants to do in a household."""

    READ = "read"  # see what is shared with the household
    RECORD = "record"  # write moments of one's own
    MANAGE = "manage"  # change settings, children, invitations


_ROLES: dict[Capability, tuple[Role, ...]] = {
    Capability.READ: (Role.GUARDIAN, Role.HELPER),
    Capability.RECORD: (Role.GUARDIAN, Role.HELPER),
    Capability.MANAGE: (Role.GUARDIAN,),
}


def member_of(actor_id: int, capability: Capability = Capability.READ, *, via: str = "household") -> Q:
    """Rows of households in which the actor is a member with this capability.

    *via* is the path from the row to its household, '' for the household itself. A person has at most one live
    membership in a household (a database constraint), so the join never doubles a row.
    """
    membership = f"{via}__memberships" if via else "memberships"
    return Q(
        **{
            f"{membership}__user_id": actor_id,
            f"{membership}__left_at__isnull": True,
            f"{membership}__role__in": _ROLES[capability],
        }
    )


def visible_to(actor_id: int, capability: Capability, *, author: str = "author_id") -> Q:
    """Rows with an author and a visibility, as the actor may touch them.

    READ: one's own, and what others share with the household for as long as they live there; whoever leaves
    takes their words along. RECORD: one's own only, for nobody edits another author's words.
    """
    own = Q(**{author: actor_id})
    if capability is not Capability.READ:
        return member_of(actor_id, capability) & own
    shared = Q(still_lives_here(author), visibility=Visibility.HOUSEHOLD)
    return member_of(actor_id, capability) & (own | shared)


# --- From outside ------------------------------------------------------------------------------------------------
def offered_grants(*, now: datetime) -> QuerySet[Any]:
    """The grants that somebody may still accept."""
    return _grants().filter(accepted_at__isnull=True, offer_expires_at__gt=now)


def live_grants(*, now: datetime) -> QuerySet[Any]:
    """The grants that open anything now: accepted, not run out, and to a coach who does not live there themselves."""
    return _grants().filter(
        ~Q(still_lives_here("coach_id")),
        accepted_at__isnull=False,
        returned_at__isnull=True,
        expires_at__gt=now,
    )


def _grants() -> QuerySet[Any]:
    """Not withdrawn, and by an author who lives in the household and did not ask to be erased."""
    return apps.get_model("households", "Grant")._default_manager.filter(
        still_lives_here("author_id"),
        withdrawn_at__isnull=True,
        author__is_active=True,
    )


def let_in(*, now: datetime, via: str = "") -> Exists:
    """Rows that name a household, an author and a coach, for as long as that author lets that coach in there.

    *via* is the path from the row to the one that names them.
    """
    path = f"{via}__" if via else ""
    return Exists(
        live_grants(now=now).filter(
            household_id=OuterRef(f"{path}household_id"),
            author_id=OuterRef(f"{path}author_id"),
            coach_id=OuterRef(f"{path}coach_id"),
        )
    )


def granted_to(coach_id: int | OuterRef, *, now: datetime) -> Sight:
    """What live grants let this coach see: of their authors and children, from their day on, and nothing private.

    The coach may be one that a row of an outer query names.
    """

    def at_least(scope: GrantScope) -> Q:
        grants = live_grants(now=now).filter(
            coach_id=coach_id,
            scope__in=scope.and_wider,
            household_id=OuterRef("household_id"),
            author_id=OuterRef("author_id"),
            from_on__lte=OuterRef("occurred_on"),
            children__child_id=OuterRef("child_id"),
        )
        return Q(Exists(grants), visibility__in=NOT_PRIVATE)

    return at_least


def as_if_granted(author_id: int, *, scope: GrantScope, child_ids: Collection[int], from_on: date) -> Sight:
    """What a grant by this author would let a coach see of their own moments: to look at before it is given."""

    def at_least(wanted: GrantScope) -> Q:
        if scope not in wanted.and_wider:
            return Q(pk__in=())
        return visible_to(author_id, Capability.RECORD) & Q(
            child_id__in=child_ids, occurred_on__gte=from_on, visibility__in=NOT_PRIVATE
        )

    return at_least


def still_lives_here(author: str) -> Exists:
    """Whether the row's author is a live member of the row's household, and did not ask to be erased.

    A subquery and not a join: an author of several households would double the row.
    """
    # By name: conditions lie below the models that are built with them.
    membership = apps.get_model("households", "Membership")
    return Exists(
        membership._default_manager.filter(
            household_id=OuterRef("household_id"),
            user_id=OuterRef(author),
            user__erase_at__isnull=True,
            left_at__isnull=True,
        )
    )
