"""What observations hold of a person: moments and self-checks, all that was said in them, and how they were before."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import F, Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.rules import Visibility
from accounts.selectors import hold_user
from common.estates import CHUNK, Applier, Estate, Holding, Table, in_chunks
from households.selectors import list_child_keys, map_child_ids
from observations.asked import own_tables
from observations.feed import hide_entries, move_entries, refresh_presence, restart_feeds
from observations.models import (
    Draft,
    FeedEntry,
    FocusDimension,
    Observation,
    OwnAnswer,
    OwnPlace,
    OwnQuestion,
    OwnVersion,
    Rating,
    Revision,
    Tick,
)
from observations.record import add_link, add_links, move_record
from observations.rules import Act, DraftKind, Kind, Noted
from observations.selectors.visible import visible
from observations.services import settle_deleted
from observations.sync.drafts import let_go_since


class ObservationsEstate(Estate):
    """Every row here is one author's. What goes is gone with its answers, its ticks and its history."""

    holdings = (
        Holding("observations.RecordLink", ("author",)),
        Holding(
            "observations.RecordHead",
            kept_because="it names nobody once its author is erased: a hash and a day",
        ),
        Holding("observations.Draft", ("author",)),
        Holding("observations.SyncOp", ("author",)),
        Holding("observations.SealingKey", kept_because="it is the installation's, and names nobody"),
        Holding("observations.FeedEntry", ("author",)),
        Holding("observations.FeedCounter", kept_because="it is a household's: how many changes there were"),
        Holding("observations.OwnAnswer", ("observation__author",)),
        Holding("observations.OwnPlace", ("version__author",)),
        Holding("observations.OwnVersion", ("author",)),
        Holding("observations.OwnQuestion", ("author",)),
        Holding("observations.Rating", ("observation__author",)),
        Holding("observations.Tick", ("observation__author",)),
        Holding("observations.Revision", ("observation__author",)),
        Holding("observations.Observation", ("author",)),
        Holding("observations.FocusDimension", ("member",)),
    )

    def erase(self, person_id: int) -> None:
        # Whoever still holds something of theirs loads everything anew: no entry is left that would say what is gone.
        told = FeedEntry.objects.filter(author_id=person_id, shown_number__isnull=False).order_by()
        restart_feeds(list(told.values_list("household_id", flat=True).distinct()))
        super().erase(person_id)

    def export(self, person_id: int, now: datetime) -> Iterator[Table]:
        yield Table(
            "moments",
            _("Every moment you noted, private and recently deleted ones too."),
            (*_COMMON, *_OF_MOMENT),
            lambda: _moments(person_id),
        )
        yield Table("self_checks", _("Your self-checks of a week."), _COMMON, lambda: _self_checks(person_id))
        yield Table(
            "ratings", _("Your answers to the questions in them."), _RATING, lambda: _ratings(person_id)
        )
        yield Table("ticks", _("What you ticked in them."), _TICK, lambda: _ticks(person_id))
        yield Table(
            "revisions", _("How they were before you changed them."), _REVISION, lambda: _revisions(person_id)
        )
        yield Table(
            "drafts",
            _("Words that wait for you: half-typed, to be mended, or another version of a moment."),
            _DRAFT,
            lambda: _drafts(person_id),
        )
        yield Table(
            "focus",
            _("Which question you wanted to be asked, and since when."),
            ("household_id", "dimension", "chosen_at"),
            lambda: _focuses(person_id),
        )
        yield from own_tables(person_id)

    def children_of(self, person_id: int, *, household_id: int) -> set[int]:
        own = Observation.objects.filter(author_id=person_id, household_id=household_id)
        before = Revision.objects.filter(observation__in=own).values_list("state__child", flat=True)
        named = list_child_keys(household_id=household_id, public_ids=set(before.order_by().distinct()))
        return named | set(own.order_by().values_list("child_id", flat=True).distinct())

    def move(self, person_id: int, *, source_id: int, target_id: int, children: Mapping[int, int]) -> None:
        own = Observation.objects.filter(author_id=person_id, household_id=source_id)
        renamed = map_child_ids(children)
        move_record(author_id=person_id, source_id=source_id, target_id=target_id, children=renamed)
        _rename_children(own, renamed)
        now = timezone.now()
        # While the links are there still: whoever came back to a miss of theirs is told as when somebody leaves.
        hide_entries(person_id, household_id=source_id, at=now)
        _cut_links(own)
        for details in (Rating, Tick, Revision):
            details._default_manager.filter(observation__in=own).update(household_id=target_id)
        OwnAnswer.objects.filter(observation__in=own).update(household_id=target_id)
        FocusDimension.objects.filter(member_id=person_id, household_id=source_id).update(
            household_id=target_id
        )
        OwnPlace.objects.filter(version__author_id=person_id, household_id=source_id).update(
            household_id=target_id
        )
        OwnQuestion.objects.filter(author_id=person_id, household_id=source_id).update(household_id=target_id)
        # Leaving ends an offer, and whoever may join later was not thought of when it was made.
        OwnVersion.objects.filter(author_id=person_id, household_id=source_id).update(
            household_id=target_id, is_offered=False
        )
        for child_id, copy_id in children.items():
            own.filter(child_id=child_id).update(child_id=copy_id, household_id=target_id)
        move_entries(person_id, source_id=source_id, target_id=target_id, at=now)

    def refresh_presence(self, person_id: int, now: datetime) -> None:
        refresh_presence(person_id, at=now)

    def close_doors(self, now: datetime) -> Mapping[str, int]:
        offered = OwnVersion.objects.filter(is_offered=True).update(is_offered=False)
        return {"feeds started anew": restart_feeds(), "own questions offered no more": offered}

    def come_back(self, person_id: int, *, household_id: int, now: datetime) -> None:
        OwnVersion.objects.filter(author_id=person_id, household_id=household_id).update(is_offered=False)
        shared = Observation.objects.filter(
            author_id=person_id, household_id=household_id, visibility=Visibility.HOUSEHOLD
        )
        narrowed = list(shared.order_by("pk").values_list("pk", flat=True))
        shared.update(visibility=Visibility.PRIVATE, revision=F("revision") + 1, changed_at=now)
        add_links(list(Observation.objects.filter(pk__in=narrowed).order_by("pk")), Act.NARROWED, at=now)

    def appliers(self) -> Mapping[str, Applier]:
        return {
            Noted.DELETED: lambda subject, at: _again(subject, at, Act.DELETED, deleted_at=at),
            Noted.RESTORED: lambda subject, at: _again(subject, at, Act.RESTORED, deleted_at=None),
            Noted.PRIVATE: lambda subject, at: _again(
                subject, at, Act.NARROWED, visibility=Visibility.PRIVATE
            ),
            Noted.COACHES: lambda subject, at: _again(
                subject, at, Act.NARROWED, visibility=Visibility.COACHES
            ),
            Noted.DISCARDED: lambda subject, _at: _draft(subject).delete()[0],
            Noted.LET_GO: lambda subject, at: let_go_since(_draft(subject).exclude(kind=DraftKind.GONE), at),
        }

    def holds_words(self, household_id: int) -> bool:
        return any(
            model._default_manager.filter(household_id=household_id).exists()
            for model in (Observation, FocusDimension, OwnQuestion)
        )


# --- After a restore ---------------------------------------------------------------------------------------------
@transaction.atomic
def _again(subject: str, at: datetime, act: Act, **columns: Any) -> int:
    """Change a row that is as it was before *at*; one that has changed since says what its author wants itself."""
    author, _colon, public_id = subject.partition(":")
    rows = Observation.objects.filter(author__public_id=uuid.UUID(author), public_id=uuid.UUID(public_id))
    row = rows.filter(changed_at__lt=at).first()
    if row is None:
        return 0
    hold_user(user_id=row.author_id)
    rows.update(changed_at=at, revision=F("revision") + 1, **columns)
    row.refresh_from_db()
    if act is Act.DELETED:
        settle_deleted(author_id=row.author_id, moment_id=row.public_id, now=at)
    add_link(row, act, at=at)
    return 1


def _draft(public_id: str) -> QuerySet[Draft]:
    return Draft.objects.filter(public_id=uuid.UUID(public_id))


# --- Moving ------------------------------------------------------------------------------------------------------
def _rename_children(own: QuerySet[Observation], ids: Mapping[str, str]) -> None:
    """What was written down of earlier versions names the child by its public id."""
    rows = in_chunks(Revision.objects.filter(observation__in=own))
    while chunk := list(islice(rows, CHUNK)):
        for revision in chunk:
            revision.state["child"] = ids.get(revision.state["child"], revision.state["child"])
        Revision.objects.bulk_update(chunk, ["state"])


def _cut_links(own: QuerySet[Observation]) -> None:
    """A came-back and the miss it mends part when their authors do; between one author's rows the link stays."""
    mine = own.values("pk")
    own.filter(repairs__isnull=False).exclude(repairs__in=mine).update(repairs=None)
    Observation.objects.filter(repairs__in=mine).exclude(pk__in=mine).update(repairs=None)


# --- Taking along ------------------------------------------------------------------------------------------------
_COMMON = (
    "id",
    "household_id",
    "child_id",
    "occurred_at",
    "occurred_on",
    "precision",
    "occurred_src",
    "clock_skew",
    "timezone",
    "visibility",
    "note",
    "note_unreadable",
    "content_version",
    "revision",
    "received_at",
    "changed_at",
    "deleted_at",
)
_OF_MOMENT = ("tone", "comes_back_to", "about_adult", "cooling_until")
_RATING = ("observation_id", "household_id", "child_id", "dimension", "question", "value", "absence")
_TICK = ("observation_id", "household_id", "child_id", "kind", "key", "dimension")
_DRAFT = (
    "id",
    "moment_id",
    "kind",
    "field",
    "code",
    "content",
    "content_unreadable",
    "received_at",
    "expires_at",
)
_REVISION = (
    "observation_id",
    "household_id",
    "child_id",
    "number",
    "replaced_at",
    "note",
    "note_unreadable",
    "state",
)


def _own(person_id: int, kind: Kind, *prefetched: Prefetch[Any]) -> Iterator[Observation]:
    rows = Observation.objects.filter(author_id=person_id, kind=kind).prefetch_related(*prefetched)
    return in_chunks(rows.select_related("household", "child", "checklist_version"))


def _common(row: Observation) -> tuple[Any, ...]:
    return (
        row.public_id,
        row.household.public_id,
        row.child.public_id,
        row.occurred_at,
        row.occurred_on,
        row.precision,
        row.occurred_src,
        row.clock_skew,
        row.timezone,
        row.visibility,
        str(row.note),
        row.note_unreadable,
        row.checklist_version.number,
        row.revision,
        row.received_at,
        row.changed_at,
        row.deleted_at,
    )


def _moments(person_id: int) -> Iterator[tuple[Any, ...]]:
    """A miss that a moment comes back to is named as long as the person may see it."""
    shown = Prefetch("repairs", _shown(person_id))
    for row in _own(person_id, Kind.MOMENT, shown):
        missed = row.repairs.public_id if row.repairs else None
        yield *_common(row), row.tone, missed, row.about_adult, row.cooling_until


def _shown(person_id: int) -> QuerySet[Observation]:
    return Observation.objects.filter(Q(author_id=person_id) | Q(pk__in=visible(person_id).values("pk")))


def _self_checks(person_id: int) -> Iterator[tuple[Any, ...]]:
    return (_common(row) for row in _own(person_id, Kind.SELF_CHECK))


def _ratings(person_id: int) -> Iterator[tuple[Any, ...]]:
    rows = Rating.objects.filter(observation__author_id=person_id)
    for row in in_chunks(rows.select_related("observation__household", "observation__child", "question")):
        yield *_of_observation(row.observation), row.dimension, row.question.key, row.value, row.absence


def _ticks(person_id: int) -> Iterator[tuple[Any, ...]]:
    rows = Tick.objects.filter(observation__author_id=person_id)
    for row in in_chunks(rows.select_related("observation__household", "observation__child")):
        yield *_of_observation(row.observation), row.kind, row.key, row.dimension


def _revisions(person_id: int) -> Iterator[tuple[Any, ...]]:
    rows = Revision.objects.filter(observation__author_id=person_id)
    for row in in_chunks(rows.select_related("observation__household", "observation__child")):
        yield (
            *_of_observation(row.observation),
            row.number,
            row.replaced_at,
            str(row.note),
            row.note_unreadable,
            _shown_state(row.state, person_id),
        )


def _shown_state(state: dict[str, Any], person_id: int) -> dict[str, Any]:
    """An earlier version's fields: a miss it was linked to is named as long as the person may see it."""
    missed = state.get("repairs")
    seen = missed and _shown(person_id).filter(public_id=missed).exists()
    return state if not missed or seen else {**state, "repairs": None}


def _of_observation(row: Observation) -> tuple[uuid.UUID, uuid.UUID, uuid.UUID]:
    return row.public_id, row.household.public_id, row.child.public_id


def _drafts(person_id: int) -> Iterator[tuple[Any, ...]]:
    """What no key opened yet is named, and has no content."""
    for row in in_chunks(Draft.objects.filter(author_id=person_id)):
        yield (
            row.public_id,
            row.moment_id,
            row.kind,
            row.field,
            row.code,
            str(row.content),
            row.content_unreadable,
            row.received_at,
            row.expires_at,
        )


def _focuses(person_id: int) -> Iterator[tuple[Any, ...]]:
    rows = FocusDimension.objects.filter(member_id=person_id).select_related("household")
    return ((row.household.public_id, row.dimension, row.chosen_at) for row in in_chunks(rows))
