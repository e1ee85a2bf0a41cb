"""Reads of grants: an author's own, and what a coach was given. Nobody else is told that there are any."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime

from django.db.models import Exists, Min, OuterRef, Prefetch, Q, QuerySet, Subquery

from common.errors import NotVisible
from common.pages import Page, page_of
from households.models import AccessEntry, Grant, GrantChild
from households.rules import ACCESS_PAGE_SIZE, GrantScope, Reader
from households.scope import Capability, live_grants, visible_to


# --- The author's ------------------------------------------------------------------------------------------------
def list_grants(*, actor_id: int, household_id: uuid.UUID | None = None, now: datetime) -> QuerySet[Grant]:
    """The actor's own grants with their children, newest first: offered, live, and those that ended of themselves.

    What the actor withdrew is gone, and so is an offer that nobody took.
    """
    rows = _own(actor_id).filter(Q(accepted_at__isnull=False) | _open(now))
    if household_id is not None:
        rows = rows.filter(household__public_id=household_id)
    return rows.order_by("-offered_at", "-id")


def get_grant(*, actor_id: int, grant_id: uuid.UUID, now: datetime) -> Grant:
    """One of the actor's own grants that is offered or live, with its children.

    Raises:
        NotVisible: there is none.
    """
    found = _own(actor_id).filter(_open(now) | Q(expires_at__gt=now), public_id=grant_id).first()
    if found is None or found.returned_at is not None:
        raise NotVisible("grant")
    return found


def has_grants(*, actor_id: int, household_id: int | None = None, now: datetime) -> bool:
    """Whether the actor lets a coach in, or offers to: only then do the pages ask about coaches."""
    rows = _own(actor_id).filter(_open(now) | Q(expires_at__gt=now), returned_at__isnull=True)
    return (rows if household_id is None else rows.filter(household_id=household_id)).exists()


def _own(actor_id: int) -> QuerySet[Grant]:
    return _with_children(Grant.objects.filter(visible_to(actor_id, Capability.RECORD))).filter(
        withdrawn_at__isnull=True
    )


def _open(now: datetime) -> Q:
    return Q(accepted_at__isnull=True, offer_expires_at__gt=now)


def _with_children(grants: QuerySet[Grant]) -> QuerySet[Grant]:
    covered = GrantChild.objects.select_related("child").order_by("child__created_at", "child_id")
    return grants.select_related("household", "coach", "briefing").prefetch_related(
        Prefetch("children", queryset=covered, to_attr="covered")
    )


def list_live_grants(*, actor_id: int, household_id: int, now: datetime) -> QuerySet[Grant]:
    """The actor's own grants in one household that open something now, each with its coach, oldest first."""
    rows: QuerySet[Grant] = live_grants(now=now).filter(author_id=actor_id, household_id=household_id)
    return rows.select_related("coach").order_by("accepted_at", "id")


def list_seeing_grants(
    *, actor_id: int, household_id: int, child_id: int, on: date, now: datetime
) -> QuerySet[Grant]:
    """Those of the actor's live grants that show single moments with this child of this local day."""
    return list_live_grants(actor_id=actor_id, household_id=household_id, now=now).filter(
        scope__in=GrantScope.RATINGS.and_wider, children__child_id=child_id, from_on__lte=on
    )


def name_coaches(*, actor_id: int, household_id: int | None = None) -> dict[int, str]:
    """How the actor wrote to each coach they ever let in and whose grant is still known: the address, by key."""
    rows = Grant.objects.filter(author_id=actor_id, coach_id__isnull=False)
    if household_id is not None:
        rows = rows.filter(household_id=household_id)
    return dict(rows.order_by("offered_at", "id").values_list("coach_id", "coach_email"))


# --- The coach's -------------------------------------------------------------------------------------------------
def list_caseload(*, coach_id: int, now: datetime) -> QuerySet[Grant]:
    """The live grants that were given to this coach, with author, household and children, oldest first."""
    rows: QuerySet[Grant] = live_grants(now=now).filter(coach_id=coach_id)
    return _with_children(rows.select_related("author")).order_by("accepted_at", "id")


def list_caseloads(
    *, coach_ids: Collection[int], now: datetime
) -> Iterator[tuple[int, int, int, str, datetime]]:
    """Who lets each of these coaches in, by key and never by name: coach, household, author, time zone, since when."""
    rows = live_grants(now=now).filter(coach_id__in=coach_ids).order_by()
    named = rows.values_list("coach_id", "household_id", "author_id", "household__timezone")
    return iter(named.annotate(since=Min("accepted_at")))


def get_given_grant(*, coach_id: int, grant_id: uuid.UUID, now: datetime) -> Grant:
    """A live grant that was given to this coach, with author, household and children.

    Raises:
        NotVisible: there is none.
    """
    found = list_caseload(coach_id=coach_id, now=now).filter(public_id=grant_id).first()
    if found is None:
        raise NotVisible("grant")
    return found


def list_grants_here(*, coach_id: int, household_id: uuid.UUID, now: datetime) -> Sequence[Grant]:
    """The coach's live grants in one household; there is at least one.

    Raises:
        NotVisible: there is no such household, or no live grant: both look the same.
    """
    found = list(list_caseload(coach_id=coach_id, now=now).filter(household__public_id=household_id))
    if not found:
        raise NotVisible("household")
    return found


def opened_by(reader_id: int) -> Exists:
    """Rows with an author and a public id that this reader opened one by one, as a condition."""
    return Exists(
        AccessEntry.objects.filter(
            household_id=OuterRef("household_id"),
            author_id=OuterRef("author_id"),
            subject_id=OuterRef("public_id"),
            reader_id=reader_id,
        )
    )


# --- Who looked --------------------------------------------------------------------------------------------------
def list_access(
    *, actor_id: int, household_id: uuid.UUID | None = None, cursor: str = ""
) -> Page[AccessEntry]:
    """A page of who looked at what of the actor's own, latest first. The other adults are never in it.

    Who opened the actor's account stands in the list of every household, and in that of an actor who lives in none.
    Each entry knows the reader, and a coach's address as the actor wrote it (`known_as`, None once the grant is gone).

    Raises:
        ValidationError: on `cursor`, when it is not one of this reader's.
    """
    here = visible_to(actor_id, Capability.RECORD)
    if household_id is not None:
        here &= Q(household__public_id=household_id)
    rows = _looks_at(actor_id).filter(here | Q(household__isnull=True)).select_related("household")
    return page_of(
        rows, by="at", cursor=cursor, limit=ACCESS_PAGE_SIZE, reader_id=actor_id, list_name="access"
    )


def list_coach_looks(
    *, actor_id: int, household_id: int, since: datetime, until: datetime
) -> QuerySet[AccessEntry]:
    """What coaches opened of the actor's own in one household in `[since, until)`, first look first.

    Each entry knows the reader, and their address as the actor wrote it (`known_as`), as in `list_access`.
    """
    return (
        _looks_at(actor_id)
        .filter(visible_to(actor_id, Capability.RECORD), household_id=household_id)
        .filter(reader_kind=Reader.COACH, at__gte=since, at__lt=until)
        .order_by("at", "id")
    )


def _looks_at(author_id: int) -> QuerySet[AccessEntry]:
    # By the address that the author let in: what the reader is called is the reader's to choose.
    let_in = Grant.objects.filter(
        author_id=OuterRef("author_id"), coach_id=OuterRef("reader_id"), household_id=OuterRef("household_id")
    ).order_by("-offered_at", "-id")
    rows = AccessEntry.objects.filter(author_id=author_id).select_related("reader")
    return rows.annotate(known_as=Subquery(let_in.values("coach_email")[:1]))
