"""Reads of households: who belongs, which children, whose turn it is to see what."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Exists, OuterRef, Prefetch, QuerySet, Subquery

from common.errors import NotVisible, Refused
from households.models import Child, Household, Invitation, Membership
from households.rules import Role
from households.scope import Capability, member_of, still_lives_here
from households.selectors.briefings import (
    count_live_grants,
    find_briefing,
    is_coaching_open,
    list_briefings,
)
from households.selectors.grants import (
    get_given_grant,
    get_grant,
    has_grants,
    list_access,
    list_caseload,
    list_caseloads,
    list_coach_looks,
    list_grants,
    list_grants_here,
    list_live_grants,
    list_seeing_grants,
    name_coaches,
    opened_by,
)

__all__ = [
    "WeekSettings",
    "count_live_grants",
    "find_briefing",
    "get_child",
    "get_given_grant",
    "get_grant",
    "get_household",
    "get_membership",
    "has_grants",
    "has_lived_with",
    "hold_household",
    "is_coaching_open",
    "is_guardian",
    "list_access",
    "list_briefings",
    "list_caseload",
    "list_caseloads",
    "list_child_keys",
    "list_children",
    "list_coach_looks",
    "list_deserted",
    "list_grants",
    "list_grants_here",
    "list_household_ids",
    "list_households",
    "list_invitations",
    "list_live_grants",
    "list_living_somewhere",
    "list_long_deserted",
    "list_members",
    "list_memberships",
    "list_memberships_for_compile",
    "list_seeing_grants",
    "list_week_settings",
    "name_coaches",
    "open_invitations",
    "opened_by",
    "pick_households",
    "require",
]


def list_households(*, actor_id: int) -> QuerySet[Household]:
    """The households the actor lives in, oldest first."""
    return Household.objects.filter(member_of(actor_id, via="")).order_by("created_at", "id")


def get_household(
    *, actor_id: int, household_id: uuid.UUID, capability: Capability = Capability.READ
) -> Household:
    """One household by its public id.

    Raises:
        NotVisible: it does not exist, or the actor is no member.
        Refused: the actor is a member without this capability.
    """
    found = list_households(actor_id=actor_id).filter(public_id=household_id).first()
    if found is None:
        raise NotVisible("household")
    if capability is not Capability.READ:
        require(actor_id=actor_id, household_id=found.pk, capability=capability)
    return found


def list_deserted(*, actor_id: int) -> QuerySet[Household]:
    """Households in which nobody lives any more and which the actor was the last to leave, oldest first."""
    last = Membership.objects.filter(household=OuterRef("pk")).order_by("-left_at", "-id")
    return (
        _deserted()
        .filter(pk__in=Membership.objects.filter(user_id=actor_id).values("household_id"))
        .alias(last_to_leave=Subquery(last.values("user_id")[:1]))
        .filter(last_to_leave=actor_id)
        .order_by("created_at", "id")
    )


def list_long_deserted(*, before: datetime) -> list[int]:
    """The keys of households that everybody left before this moment. Without an actor: for the schedule alone."""
    left_since = Membership.objects.filter(household=OuterRef("pk"), left_at__gte=before)
    return list(_deserted().filter(~Exists(left_since)).order_by("pk").values_list("pk", flat=True))


def _deserted() -> QuerySet[Household]:
    return Household.objects.filter(
        ~Exists(Membership.objects.filter(household=OuterRef("pk"), left_at__isnull=True))
    )


def require(*, actor_id: int, household_id: int, capability: Capability) -> None:
    """Pass if the actor has *capability* in this household (by its primary key).

    Raises:
        Refused: a member without it. NotVisible: no member at all.
    """
    rows = Household.objects.filter(pk=household_id)
    if rows.filter(member_of(actor_id, capability, via="")).exists():
        return
    if rows.filter(member_of(actor_id, via="")).exists():
        raise Refused(f"{capability} needs another role")
    raise NotVisible("household")


def hold_household(*, household_id: int) -> Household:
    """This household (by its primary key), held until the transaction ends: whoever counts in it goes first.

    Whoever holds a person's row as well takes that one before.

    Raises:
        NotVisible: it has just been destroyed.
    """
    # Without the key: a row elsewhere that names this household does not wait for it.
    found = Household.objects.select_for_update(no_key=True).filter(pk=household_id).first()
    if found is None:
        raise NotVisible("household")
    return found


def get_membership(*, actor_id: int, household_id: uuid.UUID) -> Membership:
    """The actor's own live membership of a household, with the household loaded.

    Raises:
        NotVisible: the actor is no member.
    """
    found = (
        Membership.objects.select_related("household")
        .filter(user_id=actor_id, left_at__isnull=True, household__public_id=household_id)
        .first()
    )
    if found is None:
        raise NotVisible("household")
    return found


def list_memberships(*, actor_id: int) -> QuerySet[Membership]:
    """The actor's own live memberships with their households and active children, oldest household first."""
    active = Child.objects.filter(archived_at__isnull=True).order_by("created_at", "id")
    return (
        Membership.objects.filter(user_id=actor_id, left_at__isnull=True)
        .select_related("household")
        .prefetch_related(Prefetch("household__children", queryset=active, to_attr="active_children"))
        .order_by("household__created_at", "household_id")
    )


def list_members(*, actor_id: int, household_id: uuid.UUID) -> QuerySet[Membership]:
    """Everybody who lives in this household now, in the order they joined; empty for a stranger.

    Whoever asked to be erased is not among them any more.
    """
    return (
        Membership.objects.filter(
            member_of(actor_id),
            household__public_id=household_id,
            left_at__isnull=True,
            user__erase_at__isnull=True,
        )
        .select_related("user")
        .order_by("joined_at", "id")
    )


def list_children(*, actor_id: int, household_id: uuid.UUID, archived: bool = False) -> QuerySet[Child]:
    """The children of a household, oldest entry first; empty for a stranger."""
    return Child.objects.filter(
        member_of(actor_id), household__public_id=household_id, archived_at__isnull=not archived
    ).order_by("created_at", "id")


def get_child(
    *,
    actor_id: int,
    child_id: uuid.UUID,
    household_id: uuid.UUID | None = None,
    capability: Capability = Capability.READ,
) -> Child:
    """One child by its public id, with the household loaded; of this household alone, where one is named.

    To RECORD, the id of a profile that the actor's own was copied from names the copy: what a phone noted before its
    owner moved out arrives where they live now.

    Raises:
        NotVisible: it does not exist, or the actor is no member of its household.
        Refused: the actor is a member without this capability.
    """
    rows = Child.objects.select_related("household").filter(public_id=child_id)
    if household_id is not None:
        rows = rows.filter(household__public_id=household_id)
    found = rows.filter(member_of(actor_id, capability)).first()
    if found is None and capability is Capability.RECORD:
        found = _copy_of(child_id, actor_id=actor_id, household_id=household_id)
    if found is not None:
        return found
    if capability is not Capability.READ and rows.filter(member_of(actor_id)).exists():
        raise Refused(f"{capability} needs another role")
    raise NotVisible("child")


def _copy_of(child_id: uuid.UUID, *, actor_id: int, household_id: uuid.UUID | None) -> Child | None:
    rows = Child.objects.select_related("household").filter(
        member_of(actor_id, Capability.RECORD), copied_from=child_id
    )
    if household_id is not None:
        rows = rows.filter(household__public_id=household_id)
    return rows.order_by("-id").first()


def has_lived_with(*, actor_id: int, child_id: uuid.UUID) -> bool:
    """Whether the actor once lived in this child's household, and does no longer."""
    left = Membership.objects.filter(user_id=actor_id, household__children__public_id=child_id)
    return left.exists() and not left.filter(left_at__isnull=True).exists()


def open_invitations(*, now: datetime) -> QuerySet[Invitation]:
    """Every invitation that can be answered: unused, in time, of somebody who lives there and is not about to go."""
    return Invitation.objects.filter(
        still_lives_here("invited_by_id"),
        accepted_at__isnull=True,
        withdrawn_at__isnull=True,
        expires_at__gt=now,
    )


def list_invitations(*, actor_id: int, household_id: uuid.UUID, now: datetime) -> QuerySet[Invitation]:
    """Open invitations of a household, newest first: for guardians only, empty for everybody else."""
    return (
        open_invitations(now=now)
        .filter(member_of(actor_id, Capability.MANAGE), household__public_id=household_id)
        .order_by("-created_at", "-id")
    )


def is_guardian(*, actor_id: int, household_id: int) -> bool:
    """Whether the actor may change this household's settings."""
    return Membership.objects.filter(
        user_id=actor_id, household_id=household_id, left_at__isnull=True, role=Role.GUARDIAN
    ).exists()


# --- For the weekly compile --------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class WeekSettings:
    """What decides a household's weeks."""

    household_id: int
    timezone: str
    week_starts_on: int
    created_at: datetime


def list_week_settings(*, household_ids: Collection[int]) -> list[WeekSettings]:
    """What decides the weeks of these households. Without an actor: for the compile alone."""
    rows = Household.objects.filter(pk__in=household_ids).order_by("pk")
    return [WeekSettings(*row) for row in rows.values_list("pk", "timezone", "week_starts_on", "created_at")]


def pick_households(*, household_ids: Collection[int]) -> QuerySet[Household]:
    """These households, for a read above that hangs its own columns on them. For the compile alone."""
    return Household.objects.filter(pk__in=household_ids).order_by("pk")


def list_household_ids(*, after: int = 0, upto: int | None = None, limit: int | None = None) -> list[int]:
    """Households by key, past *after*, up to and with *upto*, so that work can be cut into chunks. For the compile."""
    rows = Household.objects.filter(pk__gt=after)
    if upto is not None:
        rows = rows.filter(pk__lte=upto)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:limit])


def list_living_somewhere(*, user_ids: Collection[int]) -> set[int]:
    """Which of these people live in a household with a child in it. For the schedule."""
    with_child = Child.objects.filter(household_id=OuterRef("household_id"), archived_at__isnull=True)
    rows = Membership.objects.filter(Exists(with_child), user_id__in=user_ids, left_at__isnull=True)
    return set(rows.values_list("user_id", flat=True))


def list_memberships_for_compile(*, household_ids: Collection[int]) -> QuerySet[Membership]:
    """Who lives in these households now, with the person, in a fixed order. For the compile alone."""
    return (
        Membership.objects.filter(
            household_id__in=household_ids,
            left_at__isnull=True,
            user__is_active=True,
            user__erase_at__isnull=True,
        )
        .select_related("user")
        .only("household_id", "public_id", "joined_at", *(f"user__{name}" for name in _COMPILED_OF_USER))
        .order_by("household_id", "joined_at", "id")
    )


_COMPILED_OF_USER: Final = (
    "public_id",
    "language",
    "timezone",
    "digest_level",
    "digest_weekday",
    "digest_hour",
)


# --- For moving a person's rows from one household to another ----------------------------------------------------
def list_child_keys(*, household_id: int, public_ids: Collection[str]) -> set[int]:
    """The primary keys of those of these children that are this household's. For estates alone."""
    rows = Child.objects.filter(household_id=household_id, public_id__in=public_ids)
    return set(rows.values_list("pk", flat=True))


def map_child_ids(children: Mapping[int, int]) -> dict[str, str]:
    """The public ids of these children and of their copies, from their primary keys. For estates alone."""
    keys = {*children, *children.values()}
    ids = dict(Child.objects.filter(pk__in=keys).order_by("pk").values_list("pk", "public_id"))
    return {str(ids[child]): str(ids[copy]) for child, copy in children.items()}
