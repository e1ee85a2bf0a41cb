"""Reads of self-checks."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date

from common.errors import NotVisible
from common.pages import Page, page_of
from observations.models import Observation
from observations.rules import PAGE_SIZE, Kind
from observations.selectors.visible import own_first, visible, with_details


def list_self_checks(
    *, actor_id: int, household_id: uuid.UUID | None = None, cursor: str = ""
) -> Page[Observation]:
    """A page of the self-checks the actor may see, latest week first.

    Raises:
        ValidationError: on `cursor`.
    """
    rows = visible(actor_id, Kind.SELF_CHECK)
    if household_id:
        rows = rows.filter(household__public_id=household_id)
    page = page_of(
        rows, by="occurred_at", cursor=cursor, limit=PAGE_SIZE, reader_id=actor_id, list_name="self_checks"
    )
    return replace(page, items=with_details(page.items, actor_id))


def get_self_check(*, actor_id: int, check_id: uuid.UUID) -> Observation:
    """One self-check with the answers the actor may see; where two authors' checks share the id, the actor's own.

    Raises:
        NotVisible: there is none for this actor.
    """
    rows = visible(actor_id, Kind.SELF_CHECK).filter(public_id=check_id)
    found = rows.order_by(own_first(actor_id), "id").first()
    if found is None:
        raise NotVisible("self-check")
    return with_details([found], actor_id)[0]


def find_own_self_check(*, actor_id: int, child_id: uuid.UUID, first_day: date) -> Observation | None:
    """The actor's own self-check of a child's week, if it was answered."""
    found = (
        visible(actor_id, Kind.SELF_CHECK)
        .filter(author_id=actor_id, child__public_id=child_id, occurred_on=first_day)
        .first()
    )
    return with_details([found], actor_id)[0] if found else None


def list_checked_child_ids(*, actor_id: int, household_id: int, first_day: date) -> set[int]:
    """The children whose week the actor has answered a self-check about."""
    answered = visible(actor_id, Kind.SELF_CHECK).filter(
        household_id=household_id, author_id=actor_id, occurred_on=first_day
    )
    return set(answered.values_list("child_id", flat=True))
