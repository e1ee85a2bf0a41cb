"""Who may touch which family row, as query conditions. Every load in every app goes through one of these.

Loading is authorising: a condition on live rows cannot be stale, so what was withdrawn is gone with the next query.
"""

from __future__ import annotations

from enum import StrEnum

from django.db.models import Q

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

    READ: one's own, and what others share with the household. RECORD: one's own only, for nobody edits
    another author's words.
    """
    own = Q(**{author: actor_id})
    may_touch = own | Q(visibility=Visibility.HOUSEHOLD) if capability is Capability.READ else own
    return member_of(actor_id, capability) & may_touch
