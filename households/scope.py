"""Who may touch which family row, as query conditions. Every load in every app goes through one of these.

Loading is authorising: a condition on live rows cannot be stale, so what was withdrawn is gone with the next query.
"""

from __future__ import annotations

from enum import StrEnum

from django.apps import apps
from django.db.models import Exists, OuterRef, Q

from accounts.rules import Visibility
from households.rules import Role


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
    shared = Q(_still_lives_here(author), visibility=Visibility.HOUSEHOLD)
    return member_of(actor_id, capability) & (own | shared)


def _still_lives_here(author: str) -> Exists:
    """Whether the row's author is a live member of the row's household.

    A subquery and not a join: an author of several households would double the row.
    """
    # By name: conditions lie below the models that are built with them.
    membership = apps.get_model("households", "Membership")
    return Exists(
        membership._default_manager.filter(
            household_id=OuterRef("household_id"), user_id=OuterRef(author), left_at__isnull=True
        )
    )
