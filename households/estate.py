"""What households hold of a person: where they belong, whom they let in, and who looked."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.selectors import list_addresses
from common.estates import Applier, Estate, Holding, Table, erase_rows, in_chunks, list_estates
from households.models import AccessEntry, Child, Grant, GrantChild, Household, Invitation, Membership
from households.rules import GrantScope, Noted
from households.scope import live_grants


class HouseholdsEstate(Estate):
    """A household belongs to everybody in it: it goes with the last one, and until then it keeps its children."""

    holdings = (
        Holding("households.AccessEntry", ("author",)),
        Holding("households.GrantChild", ("grant__author", "grant__coach")),
        Holding("households.Grant", ("author", "coach")),
        Holding("households.Invitation", ("invited_by",)),
        Holding("households.Membership", ("user",)),
        Holding("households.Briefing", kept_because="the operator's words, the same to everybody"),
        Holding("households.Child", kept_because="a child is the household's: it goes with the household"),
        Holding(
            "households.Household", kept_because="it goes when nobody lives there, and nobody's words do"
        ),
    )

    def export(self, person_id: int, now: datetime) -> Iterator[Table]:
        yield Table(
            "households",
            _("Where you belong or belonged. A household you left is named by its id alone."),
            _HOUSEHOLD,
            lambda: _households(person_id),
        )
        yield Table(
            "children", _("The children of the households you live in."), _CHILD, lambda: _children(person_id)
        )
        yield Table("invitations", _("Whom you invited."), _INVITATION, lambda: _invitations(person_id))
        yield Table(
            "grants",
            _("Which coaches you let see what, and until when."),
            _GRANT,
            lambda: _grants(Grant.objects.filter(author_id=person_id), _GRANT),
        )
        yield Table(
            "coaching",
            _("Where you are the coach: what you are let see now."),
            _GRANT_HELD,
            lambda: _grants(live_grants(now=now).filter(coach_id=person_id), _GRANT_HELD),
        )
        yield Table(
            "who_looked",
            _("Which coach or operator opened something of yours."),
            _LOOK,
            lambda: _looks(person_id),
        )

    def erase(self, person_id: int) -> None:
        # What was sent to their address names them, whoever wrote it there.
        addresses = list_addresses(user_id=person_id)
        erase_rows(Invitation.objects.filter(email__in=addresses))
        erase_rows(Grant.objects.filter(coach_email__in=addresses))
        for household_id in _ever_lived_in(person_id):
            _erase_deserted(household_id, person_id)
        super().erase(person_id)

    def appliers(self) -> Mapping[str, Applier]:
        return {
            Noted.MEMBERSHIP_ENDED: _end_membership,
            Noted.GRANT_ENDED: _end_grant,
            Noted.GRANT_SCOPE: _narrow_scope,
            Noted.GRANT_FROM: _narrow_span,
            Noted.GRANT_CHILD: _uncover_child,
        }

    def close_doors(self, now: datetime) -> Mapping[str, int]:
        unanswered = {"accepted_at": None, "withdrawn_at": None}
        return {
            "open invitations withdrawn": Invitation.objects.filter(**unanswered).update(withdrawn_at=now),
            "open offers withdrawn": Grant.objects.filter(**unanswered).update(withdrawn_at=now),
        }

    def withdraw_offers(self, person_id: int, now: datetime) -> None:
        for offers in (
            Invitation.objects.filter(invited_by_id=person_id),
            Grant.objects.filter(author_id=person_id),
        ):
            offers.filter(accepted_at__isnull=True, withdrawn_at__isnull=True).update(withdrawn_at=now)

    def move(self, person_id: int, *, source_id: int, target_id: int, children: Mapping[int, int]) -> None:
        own = Grant.objects.filter(author_id=person_id, household_id=source_id)
        covered = GrantChild.objects.filter(grant__in=own)
        covered.exclude(child_id__in=children).delete()
        for child_id, copy_id in children.items():
            covered.filter(child_id=child_id).update(child_id=copy_id, household_id=target_id)
        AccessEntry.objects.filter(author_id=person_id, household_id=source_id).update(household_id=target_id)
        own.update(household_id=target_id)


# --- After a restore ---------------------------------------------------------------------------------------------
def _end_membership(subject: str, at: datetime) -> int:
    ended = Membership.objects.filter(public_id=uuid.UUID(subject), left_at__isnull=True)
    return ended.update(left_at=at)


def _end_grant(subject: str, at: datetime) -> int:
    ended = Grant.objects.filter(public_id=uuid.UUID(subject), withdrawn_at__isnull=True)
    return ended.filter(returned_at__isnull=True).update(withdrawn_at=at)


def _narrow_scope(subject: str, _at: datetime) -> int:
    grant, scope = _about_grant(subject)
    wider = GrantScope(scope).and_wider[1:]
    return Grant.objects.filter(public_id=grant, scope__in=wider).update(scope=scope)


def _narrow_span(subject: str, _at: datetime) -> int:
    grant, day = _about_grant(subject)
    from_on = date.fromisoformat(day)
    return Grant.objects.filter(public_id=grant, from_on__lt=from_on).update(from_on=from_on)


def _uncover_child(subject: str, _at: datetime) -> int:
    grant, child = _about_grant(subject)
    covered = GrantChild.objects.filter(grant__public_id=grant, child__public_id=uuid.UUID(child))
    gone, _by_model = covered.delete()
    return gone


def _about_grant(subject: str) -> tuple[uuid.UUID, str]:
    grant, _colon, what = subject.partition(":")
    return uuid.UUID(grant), what


# --- Erasing -----------------------------------------------------------------------------------------------------
def _ever_lived_in(person_id: int) -> list[int]:
    ids = Membership.objects.filter(user_id=person_id).values_list("household_id", flat=True)
    return sorted(set(ids))


@transaction.atomic
def _erase_deserted(household_id: int, person_id: int) -> None:
    """End the person's memberships; destroy the household if nobody lives there now and nobody's words do.

    Locked, so that nobody comes in meanwhile.
    """
    household = Household.objects.select_for_update().filter(pk=household_id).first()
    Membership.objects.filter(household_id=household_id, user_id=person_id).delete()
    lived_in = Membership.objects.filter(household_id=household_id, left_at__isnull=True).exists()
    if household and not lived_in and not any(estate.holds_words(household_id) for estate in list_estates()):
        household.delete()


# --- Taking along ------------------------------------------------------------------------------------------------
_HOUSEHOLD = ("id", "name", "timezone", "week_starts_on", "role", "joined_at", "left_at")
_CHILD = ("id", "household_id", "nickname", "birth_month", "colour", "emoji", "created_at", "archived_at")
_INVITATION = (
    "id",
    "household_id",
    "email",
    "role",
    "created_at",
    "expires_at",
    "accepted_at",
    "withdrawn_at",
)
_GRANT = (
    "id",
    "household_id",
    "children",
    "coach_email",
    "scope",
    "from_on",
    "briefing",
    "offered_at",
    "offer_expires_at",
    "accepted_at",
    "expires_at",
    "withdrawn_at",
    "returned_at",
)
# A coach is told neither that a grant ended nor when: what is over is in no file of theirs.
_GRANT_HELD = tuple(name for name in _GRANT if name not in {"withdrawn_at", "returned_at"})
_LOOK = ("household_id", "at", "reader", "opened", "observation_id")


def _households(person_id: int) -> Iterator[tuple[Any, ...]]:
    """A household that was left is named by its id alone: what it is called now is no longer theirs to know."""
    rows = Membership.objects.filter(user_id=person_id).select_related("household")
    for row in in_chunks(rows):
        here = row.household
        about = (here.name, here.timezone, here.week_starts_on) if row.left_at is None else ("", "", None)
        yield here.public_id, *about, row.role, row.joined_at, row.left_at


def _children(person_id: int) -> Iterator[tuple[Any, ...]]:
    lived_in = Q(household__memberships__user_id=person_id, household__memberships__left_at__isnull=True)
    for row in in_chunks(Child.objects.filter(lived_in).select_related("household")):
        yield (
            row.public_id,
            row.household.public_id,
            row.nickname,
            row.birth_month,
            row.colour,
            row.emoji,
            row.created_at,
            row.archived_at,
        )


def _invitations(person_id: int) -> Iterator[tuple[Any, ...]]:
    rows = Invitation.objects.filter(invited_by_id=person_id).select_related("household")
    return (
        (row.public_id, row.household.public_id, *_columns(row, _INVITATION[2:])) for row in in_chunks(rows)
    )


def _grants(rows: QuerySet[Grant], columns: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    about = rows.select_related("household", "briefing").prefetch_related("children__child")
    for row in in_chunks(about):
        children = sorted(str(covered.child.public_id) for covered in row.children.all())
        columns_of = {"briefing": row.briefing.label if row.briefing else ""}
        values = (columns_of.get(name, getattr(row, name, None)) for name in columns[3:])
        yield row.public_id, row.household.public_id, children, *values


def _looks(person_id: int) -> Iterator[tuple[Any, ...]]:
    rows = AccessEntry.objects.filter(author_id=person_id).select_related("household")
    for row in in_chunks(rows):
        home = row.household.public_id if row.household else None
        yield home, row.at, row.reader_kind, row.opened, row.subject_id


def _columns(row: Any, names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in names)
