"""Numbering what changes: one counter for each household, so that no reader of the feed ever misses a change.

The counter is bumped under its row lock by whoever writes, and held to the end of that transaction: numbers become
visible in their order and without gaps. (A sequence does not do that: it counts when a transaction asks, not when it
commits, so a reader may pass a number that appears later.)

What others see is numbered apart from what the author sees. It has a new number only when what *they* would see is
different, so that nobody learns that an author came back to their own words.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.rules import Visibility
from accounts.selectors import hold_user
from checklists.rules import AUTHOR_ONLY
from households.scope import still_lives_here
from observations.history import state_of
from observations.models import FeedCounter, FeedEntry, Observation
from observations.rules import CURSOR_KEPT

_CHUNK: Final = 500
_PURPOSE: Final = b"attune.feed.1"
_READ: Final = ("ticks", "ratings", "own_answers__question")  # what `state_of` reads beside the row
_WRITTEN: Final = ("number", "is_gone", "shown_number", "shown_since", "shown_as", "changed_at")


States = Mapping[int, Mapping[str, Any]]

_together: ContextVar[dict[int, Observation] | None] = ContextVar("together", default=None)


@contextmanager
def one_change(*, at: datetime) -> Iterator[None]:
    """What is written in this block is one change of each observation, and none for others where they see it as before.

    The observations are of one author, and the caller holds the transaction. All that is written has *at* as its time.
    """
    token = _together.set({})
    try:
        yield
    finally:
        written = _together.get() or {}
        _together.reset(token)
    # What was rolled back meanwhile was not written: its row has another time.
    rows = Observation.objects.filter(pk__in=list(written), changed_at=at).select_related(
        "household", "child", "author", "repairs"
    )
    # Counters are held in the order of their households, by everybody.
    in_order = rows.prefetch_related(*_READ).order_by("household_id", "pk")
    for _household, those in groupby(in_order, key=attrgetter("household_id")):
        note_changes(list(those), at=at)


def note_changes(
    rows: Sequence[Observation], *, at: datetime, states: States = MappingProxyType({}), follow: bool = True
) -> None:
    """These observations of one author in one household were just written; *states* as in `record.add_links`.

    A came-back names the miss it mends as long as a reader may see that: with *follow*, those change along.
    """
    together = _together.get()
    if together is not None:
        together.update({row.pk: row for row in rows})
        return
    if not rows:
        return
    first = rows[0]
    # What they look like is made before the counter is held: everybody in the household waits for that.
    links = _shown_links(rows)
    shown = {row.public_id: _shown_as(row, states.get(row.pk), links=links) for row in rows}
    counter = _hold(first.household_id)
    known = FeedEntry.objects.filter(
        household_id=first.household_id, author_id=first.author_id, public_id__in=list(shown)
    )
    entries = {entry.public_id: entry for entry in known}
    changed = [row for row in rows if _number(row, counter, entries, shown_as=shown[row.public_id], at=at)]
    _save(counter, entries.values())
    if follow and changed:
        _follow(changed, at=at)


def refresh_presence(person_id: int, *, at: datetime) -> None:
    """Whether others see this person's rows may have changed: where they live now they do, elsewhere no longer."""
    theirs = FeedEntry.objects.filter(author_id=person_id)
    for household_id in theirs.order_by("household_id").values_list("household_id", flat=True).distinct():
        own = Observation.objects.filter(author_id=person_id, household_id=household_id)
        if own.filter(still_lives_here("author_id")).exists():
            hidden = theirs.filter(household_id=household_id, shown_as=b"")
            _show(own.filter(_IS_SHARED, public_id__in=hidden.values("public_id")), at=at)
        else:
            _hide(theirs.filter(household_id=household_id), at=at)


def hide_entries(person_id: int, *, household_id: int, at: datetime) -> None:
    """Others see nothing of the person's rows in this household any more, as if they had only left it."""
    _hide(FeedEntry.objects.filter(author_id=person_id, household_id=household_id), at=at)


def move_entries(person_id: int, *, source_id: int, target_id: int, at: datetime) -> None:
    """The person's rows are in another household now: here, hidden already, they are gone; there they are new."""
    left = FeedEntry.objects.filter(author_id=person_id, household_id=source_id)
    left.filter(shown_number__isnull=True).delete()
    left.update(is_gone=True, changed_at=at)
    _show(Observation.objects.filter(author_id=person_id, household_id=target_id), at=at)


def restart_feeds(household_ids: Collection[int] | None = None) -> int:
    """End every place that readers hold in the feeds of these households, or of all: they load everything anew."""
    counters = FeedCounter.objects.all()
    if household_ids is not None:
        counters = counters.filter(pk__in=household_ids)
    return sum(
        FeedCounter.objects.filter(pk=key).update(epoch=uuid.uuid4())
        for key in counters.order_by("pk").values_list("pk", flat=True)
    )


def forget_changes(*, now: datetime, limit: int = 5_000) -> int:
    """Destroy the entries of what is long gone: no reader's place is that old. For the schedule."""
    old = FeedEntry.objects.filter(is_gone=True, changed_at__lt=now - CURSOR_KEPT).values_list(
        "pk", flat=True
    )
    gone, _by_model = FeedEntry.objects.filter(pk__in=list(old[:limit])).delete()
    return gone


# --- What nobody numbered ----------------------------------------------------------------------------------------
def number_late(*, now: datetime, since: datetime | None = None) -> int:
    """Number what was written past the counter; how many. *since*: only what changed after that. For the schedule.

    During an upgrade processes of a version without a feed still write: what they noted, changed and deleted is told
    late, but told. And so is what they let somebody lose by leaving.
    """
    late = _late()
    if since is not None:
        late = late.filter(changed_at__gte=since)
    groups: dict[tuple[int, int], list[int]] = {}
    for household_id, author_id, key in late.order_by("pk").values_list("household_id", "author_id", "pk"):
        groups.setdefault((household_id, author_id), []).append(key)
    return sum(
        _number_late(author_id, keys[start : start + _CHUNK], at=now)
        for (_household_id, author_id), keys in groups.items()
        for start in range(0, len(keys), _CHUNK)
    ) + sum(_hide_late(author_id, at=now) for author_id in _list_left())


def _late() -> QuerySet[Observation]:
    told = FeedEntry.objects.filter(
        household_id=OuterRef("household_id"),
        author_id=OuterRef("author_id"),
        public_id=OuterRef("public_id"),
        changed_at__gte=OuterRef("changed_at"),
    )
    # Of whoever left, others see nothing: there is nothing to tell until they are back.
    return Observation.objects.filter(still_lives_here("author_id")).exclude(Exists(told))


@transaction.atomic
def _number_late(author_id: int, keys: Collection[int], *, at: datetime) -> int:
    # Whoever writes holds the author's row first.
    hold_user(user_id=author_id)
    late = _late().filter(pk__in=keys).select_related("household", "child", "author", "repairs")
    rows = list(late.prefetch_related(*_READ).order_by("pk"))
    note_changes(rows, at=at)
    return len(rows)


def _list_left() -> list[int]:
    """Whoever is told of as living where they do not live any more."""
    told = FeedEntry.objects.exclude(shown_as=b"").exclude(still_lives_here("author_id"))
    return list(told.order_by("author_id").values_list("author_id", flat=True).distinct())


@transaction.atomic
def _hide_late(author_id: int, *, at: datetime) -> int:
    hold_user(user_id=author_id)
    shown = FeedEntry.objects.filter(author_id=author_id).exclude(shown_as=b"")
    before = shown.count()
    refresh_presence(author_id, at=at)
    return before - shown.count()


# --- Numbering ---------------------------------------------------------------------------------------------------
def _hold(household_id: int) -> FeedCounter:
    counter, _is_new = FeedCounter.objects.select_for_update().get_or_create(household_id=household_id)
    return counter


def _number(
    row: Observation,
    counter: FeedCounter,
    entries: dict[uuid.UUID, FeedEntry],
    *,
    shown_as: bytes,
    at: datetime,
) -> bool:
    """Give this row the next number, and whether others see something else of it than before."""
    counter.last += 1
    entry = entries.setdefault(
        row.public_id,
        FeedEntry(household_id=row.household_id, author_id=row.author_id, public_id=row.public_id),
    )
    entry.number, entry.is_gone, entry.changed_at = counter.last, row.deleted_at is not None, at
    return _show_as(entry, shown_as, number=counter.last)


def _show_as(entry: FeedEntry, shown_as: bytes, *, number: int) -> bool:
    was = bytes(entry.shown_as)
    if shown_as == was:
        return False
    if not was:
        entry.shown_since = number
    entry.shown_number, entry.shown_as = number, shown_as
    return True


def _save(counter: FeedCounter, entries: Collection[FeedEntry]) -> None:
    new = [entry for entry in entries if entry._state.adding]
    known = [entry for entry in entries if not entry._state.adding]
    FeedEntry.objects.bulk_create(new)
    FeedEntry.objects.bulk_update(known, _WRITTEN)
    counter.save(update_fields=["last"])


def _show(own: Any, *, at: datetime) -> None:
    rows = own.select_related("household", "child", "author", "repairs").prefetch_related(*_READ)
    keys = list(own.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), _CHUNK):
        note_changes(list(rows.filter(pk__in=keys[start : start + _CHUNK]).order_by("pk")), at=at)


def _hide(entries: Any, *, at: datetime) -> None:
    """Others see nothing of these any more."""
    keys = list(entries.exclude(shown_as=b"").order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), _CHUNK):
        chunk = list(FeedEntry.objects.filter(pk__in=keys[start : start + _CHUNK]).order_by("pk"))
        counter = _hold(chunk[0].household_id)
        for entry in chunk:
            counter.last += 1
            # `changed_at` stays: the row itself did not change, and `number_late` looks at that.
            _show_as(entry, b"", number=counter.last)
        _save(counter, chunk)
        hidden = Observation.objects.filter(
            author_id=chunk[0].author_id, public_id__in=[entry.public_id for entry in chunk]
        )
        _follow(list(hidden), at=at)


def _follow(changed: Sequence[Observation], *, at: datetime) -> None:
    """The came-backs that mend one of these change along, each for its own author and household.

    But for those of whoever left: others see nothing of them any more.
    """
    linked = Observation.objects.filter(
        still_lives_here("author_id"), repairs__in=changed, deleted_at__isnull=True
    )
    rows = linked.select_related("household", "child", "author", "repairs").order_by(
        "household_id", "author_id", "pk"
    )
    groups: dict[tuple[int, int], list[Observation]] = {}
    for row in rows:
        groups.setdefault((row.household_id, row.author_id), []).append(row)
    for group in groups.values():
        note_changes(group, at=at, follow=False)


# --- What others see ---------------------------------------------------------------------------------------------
_IS_SHARED: Final = Q(visibility=Visibility.HOUSEHOLD, deleted_at__isnull=True)


def _is_shared(row: Observation) -> bool:
    return row.visibility == Visibility.HOUSEHOLD and row.deleted_at is None


def _shown_links(rows: Collection[Observation]) -> set[int]:
    """The misses that others see these rows come back to, by what they are told of them: nothing of whoever left."""
    misses = [row.repairs for row in rows if row.repairs is not None and row.comes_back_to(row.repairs)]
    shared = {(miss.author_id, miss.public_id): miss.pk for miss in misses if _is_shared(miss)}
    told = FeedEntry.objects.filter(
        household_id__in={miss.household_id for miss in misses},
        public_id__in=[public_id for _author, public_id in shared],
    ).exclude(shown_as=b"")
    known = told.values_list("author_id", "public_id") if shared else ()
    return {shared[place] for place in known if place in shared}


def _shown_as(row: Observation, fields: Mapping[str, Any] | None, *, links: Collection[int]) -> bytes:
    """What stands for all that others see of *row*, under its own salt; b"" when they see nothing."""
    if not _is_shared(row):
        return b""
    seen = dict(state_of(row).fields if fields is None else fields)
    seen.pop("about_adult", None)
    seen.pop("own", None)  # its author's alone
    seen["ratings"] = {name: value for name, value in seen["ratings"].items() if name not in AUTHOR_ONLY}
    if row.repairs_id not in links:
        seen["repairs"] = None
    seen["note"] = Observation.note.fingerprint(row)
    text = json.dumps(seen, sort_keys=True, default=str)
    return hmac.digest(bytes(row.salt), _PURPOSE + text.encode(), hashlib.sha256)
