"""The feed of changes: what is different since a place that a reader holds, as they may see it now."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import merge
from typing import TYPE_CHECKING, Final

from django.db.models import Q, QuerySet

from common import sealing
from common.errors import NotVisible
from households.scope import Capability, visible_to
from households.selectors import get_membership, list_memberships
from observations.models import FeedCounter, FeedEntry, Observation
from observations.rules import CURSOR_KEPT
from observations.selectors.visible import with_details

if TYPE_CHECKING:
    from households.models import Membership

_DIGITS: Final = 19
_START: Final = uuid.UUID(int=0)


class CursorExpired(Exception):
    """The place is too old, somebody else's, or of a time before a restore: begin again, with everything."""


@dataclass(frozen=True, slots=True)
class Change:
    """One observation that is different now; without a row it is not the reader's to see any more."""

    id: uuid.UUID
    author: uuid.UUID
    row: Observation | None


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Changes in the order in which they happened, the place behind them, and whether there are more already."""

    items: Sequence[Change]
    next: str
    has_more: bool


@dataclass(frozen=True, slots=True)
class _Place:
    """Behind which change of which household a reader is, since which of their memberships."""

    household_id: int
    membership_id: int
    epoch: uuid.UUID
    number: int


def list_changes(
    *, actor_id: int, household_id: uuid.UUID | None = None, cursor: str = "", limit: int, now: datetime
) -> ChangePage:
    """What changed behind *cursor*, or everything, in the household that it names: *household_id*, or the first.

    Raises:
        NotVisible: the actor does not live there. CursorExpired: begin again without a cursor.
    """
    place = _read(cursor, actor_id=actor_id, now=now) if cursor else None
    membership = _membership(actor_id, household_id, place)
    counter = FeedCounter.objects.filter(household_id=membership.household_id).first()
    # Read first: whatever is committed later has a higher number, so nothing between two queries is passed over.
    last, epoch = (counter.last, counter.epoch) if counter else (0, _START)
    if place is None:
        place = _Place(membership.household_id, membership.pk, epoch, 0)
    if place.epoch != epoch or place.number > last:
        raise CursorExpired
    found = _entries(actor_id, place, last=last, limit=limit)
    has_more = len(found) > limit
    here = found[limit - 1][0] if has_more else last
    items = _with_rows([entry for _number, entry in found[:limit]], actor_id=actor_id, place=place)
    cursor = _write(_Place(place.household_id, place.membership_id, epoch, here), actor_id=actor_id, now=now)
    return ChangePage(items, cursor, has_more)


def _membership(actor_id: int, household_id: uuid.UUID | None, place: _Place | None) -> Membership:
    """The membership that the feed is read by; whoever left and came back begins again."""
    if place is not None:
        mine = list_memberships(actor_id=actor_id).filter(
            pk=place.membership_id, household_id=place.household_id
        )
        found = mine.first()
        if found is None or household_id not in (None, found.household.public_id):
            raise CursorExpired
        return found
    if household_id is not None:
        return get_membership(actor_id=actor_id, household_id=household_id)
    first = list_memberships(actor_id=actor_id).first()
    if first is None:
        raise NotVisible("household")
    return first


def _entries(actor_id: int, place: _Place, *, last: int, limit: int) -> list[tuple[int, FeedEntry]]:
    """The first entries behind *place*, one more than *limit* if there are, each with the number it has for the reader.

    Only what this reader is told of is looked at, so private writes of others neither fill nor empty a page.
    """
    here = FeedEntry.objects.filter(household_id=place.household_id).select_related("author")
    own = here.filter(author_id=actor_id, number__gt=place.number, number__lte=last)
    if not place.number:
        own = own.filter(is_gone=False)
    # What was shown and taken back behind this place was never told there: it stays untold.
    told = ~Q(shown_as=b"") | Q(shown_since__lte=place.number)
    shown = here.filter(told, shown_number__gt=place.number, shown_number__lte=last).exclude(
        author_id=actor_id
    )
    mine = _first(own.order_by("number"), limit)
    theirs = _first(shown.order_by("shown_number"), limit)
    both = merge(
        ((entry.number, entry) for entry in mine),
        ((entry.shown_number or 0, entry) for entry in theirs),
        key=lambda pair: pair[0],
    )
    return list(both)[: limit + 1]


def _first(entries: QuerySet[FeedEntry], limit: int) -> list[FeedEntry]:
    return list(entries[: limit + 1])


def _with_rows(entries: Sequence[FeedEntry], *, actor_id: int, place: _Place) -> list[Change]:
    """Each with its observation, if the reader may see that at this moment."""
    rows = Observation.objects.filter(
        visible_to(actor_id, Capability.READ),
        household_id=place.household_id,
        deleted_at__isnull=True,
        public_id__in=[entry.public_id for entry in entries],
    )
    seen = {(row.author_id, row.public_id): row for row in with_details(list(rows), actor_id)}
    return [
        Change(entry.public_id, entry.author.public_id, seen.get((entry.author_id, entry.public_id)))
        for entry in entries
    ]


# --- The place ---------------------------------------------------------------------------------------------------
def _write(place: _Place, *, actor_id: int, now: datetime) -> str:
    """Opaque, always of the same length, and another each time: it tells nothing, not even that nothing happened."""
    said = [
        f"{place.household_id:0{_DIGITS}d}",
        f"{place.membership_id:0{_DIGITS}d}",
        place.epoch.hex,
        f"{place.number:0{_DIGITS}d}",
        f"{int(now.timestamp()):0{_DIGITS}d}",
    ]
    sealed = sealing.seal(json.dumps(said).encode(), table="cursor", row=str(actor_id), field="changes")
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def _read(cursor: str, *, actor_id: int, now: datetime) -> _Place:
    """Raises: CursorExpired: it is damaged, another reader's, or too old."""
    try:
        sealed = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        opened = sealing.unseal(sealed, table="cursor", row=str(actor_id), field="changes")
        household, membership, epoch, number, made = json.loads(opened)
        made_at = datetime.fromtimestamp(int(made), UTC)
    except (UnicodeEncodeError, binascii.Error, sealing.SealBroken, ValueError, IndexError) as error:
        raise CursorExpired from error
    if now - made_at > CURSOR_KEPT:
        raise CursorExpired
    return _Place(int(household), int(membership), uuid.UUID(epoch), int(number))
