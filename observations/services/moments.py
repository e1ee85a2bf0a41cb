"""Recording a moment, editing, deleting and restoring it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.rules import Visibility
from accounts.selectors import get_user
from checklists.rules import Occasion, Tone
from checklists.selectors import get_content
from common.errors import Conflict, NotVisible
from common.text import clean_text
from households.scope import Capability, visible_to
from households.selectors import get_child
from observations.details import TICK_FIELDS, Details, write_circle, write_own, write_ratings, write_ticks
from observations.history import State, bare_state_of, keep_revision, state_of, tell_ledger
from observations.models import Observation
from observations.record import add_link, add_links, new_salt
from observations.rules import NOTE_MAX, RESTORE_WINDOW, Act, Kind, Noted, Precision
from observations.services.leftovers import settle_deleted
from observations.when import Said, place_in_time

if TYPE_CHECKING:
    from accounts.models import User
    from households.models import Child

BESIDE = {*TICK_FIELDS, "ratings", "own"}  # the details that are kept in rows of their own
MENDING = {"child_id", "occurred", "tone"}  # the details that decide which miss a moment can come back to


@dataclass(frozen=True, slots=True)
class NewMoment:
    """What an author says of a moment that is to be recorded. Without *occurred* it happened just now."""

    moment_id: uuid.UUID
    child_id: uuid.UUID
    tone: str
    occurred: Said | None = None
    details: Details = field(default_factory=Details)


def record_moment(
    *,
    actor_id: int,
    moment_id: uuid.UUID,
    child_id: uuid.UUID,
    tone: str,
    occurred: Said | None = None,
    details: Details | None = None,
    now: datetime,
) -> Observation:
    """A new moment, saved. Recording the same *moment_id* again returns the moment already there.

    Raises: as `record_moments`.
    """
    new = NewMoment(moment_id, child_id, tone, occurred, details or Details())
    return record_moments(actor_id=actor_id, new=[new], now=now)[0]


@transaction.atomic
def record_moments(*, actor_id: int, new: Sequence[NewMoment], now: datetime) -> list[Observation]:
    """New moments, saved, in their order; all of them or none. Their ids are distinct.

    One whose id was recorded before is returned as it is. Without a visibility in its details a missed moment is
    private and any other follows the author's standing choice.

    Raises:
        NotVisible: no such child for this actor.
        Conflict: an id belongs to another moment of this author, or to one deleted since.
        ValidationError: on the field of the details, or on `tone` or `occurred_at`.
    """
    # Held before anything is read: an author who moves into another household at this moment goes first or second.
    author = get_user(user_id=actor_id, for_update=True)
    children = {
        child_id: get_child(actor_id=actor_id, child_id=child_id, capability=Capability.RECORD)
        for child_id in dict.fromkeys(one.child_id for one in new)
    }
    own = Observation.objects.filter(author_id=actor_id, public_id__in=[one.moment_id for one in new])
    there = {moment.public_id: moment for moment in own}
    moments = []
    for one in new:
        child = children[one.child_id]
        if (moment := there.get(one.moment_id)) is not None:
            _refuse_other(moment, child_id=child.public_id, tone=one.tone)
        else:
            moment = _compose(one, author=author, child=child, now=now)
        moments.append(moment)
    _save_new([(moment, one.details) for moment, one in zip(moments, new, strict=True) if moment.is_new], now)
    return moments


def _compose(one: NewMoment, *, author: User, child: Child, now: datetime) -> Observation:
    """The row, not saved yet."""
    tone = _checked_tone(one.tone)
    said = one.occurred or Said(at=now)
    zone = child.household.timezone
    when = place_in_time(said, zone=zone, born=child.birth_month, now=now)
    moment = Observation(
        household=child.household,
        child=child,
        author=author,
        public_id=one.moment_id,
        kind=Kind.MOMENT,
        tone=tone,
        occurred_at=when.at,
        occurred_on=when.on,
        precision=when.precision,
        occurred_src=said.source or "",
        clock_skew=said.skew,
        timezone=zone,
        visibility=starting_visibility(tone, author.standing_visibility),
        checklist_version_id=get_content(author.language).version.id,
        salt=new_salt(),
        received_at=now,
        changed_at=now,
    )
    moment.is_new = True
    _apply(moment, actor_id=author.pk, details=one.details, now=now)
    return moment


def _save_new(new: Sequence[tuple[Observation, Details]], now: datetime) -> None:
    rows = [moment for moment, _details in new]
    Observation.objects.bulk_create(rows)
    for moment, details in new:
        _apply_beside(moment, details)
    states = {row.pk: bare_state_of(row).fields for row, details in new if BESIDE.isdisjoint(details)}
    # Each household has a record of its own. In this order, as everybody holds them.
    for household_id in sorted({row.household_id for row in rows}):
        those = [row for row in rows if row.household_id == household_id]
        add_links(those, Act.RECORDED, at=now, states=states)


def _refuse_other(moment: Observation, *, child_id: uuid.UUID, tone: str) -> None:
    """Pass if *moment* was recorded as this child and tone, whatever it was edited to since."""
    if moment.kind != Kind.MOMENT:
        raise Conflict(_("This id belongs to something else."))
    first = moment.revisions.order_by("number").first()
    was = first.state if first else state_of(moment).fields
    if (was["child"], was["tone"]) != (str(child_id), tone):
        raise Conflict(_("This id belongs to another moment."))
    if moment.deleted_at is not None:
        raise Conflict(_("This moment was deleted since."))


def starting_visibility(tone: str, standing: str) -> str:
    """Who sees a new moment before its author says otherwise: a missed one nobody, another as they always choose."""
    return Visibility.PRIVATE if tone == Tone.MISSED else standing


@dataclass(frozen=True, slots=True)
class Edit:
    """What an edit did: the moment as it is now, and its state before and after."""

    moment: Observation
    was: State
    became: State

    @property
    def is_change(self) -> bool:
        return self.was != self.became

    @property
    def revision_then(self) -> int:
        """Its revision before."""
        return self.moment.revision - self.is_change


def edit_moment(
    *, actor_id: int, moment_id: uuid.UUID, details: Details, revision: int | None = None, now: datetime
) -> Observation:
    """Change what *details* names of the actor's own moment, and keep what it was as a revision.

    Raises: as `compare_edit`.
    """
    edit = compare_edit(actor_id=actor_id, moment_id=moment_id, details=details, revision=revision, now=now)
    return edit.moment


@transaction.atomic
def compare_edit(
    *, actor_id: int, moment_id: uuid.UUID, details: Details, revision: int | None = None, now: datetime
) -> Edit:
    """`edit_moment`, for a door that has to know what it changed.

    Raises:
        NotVisible: no such moment of the actor's own. Conflict: *revision* is not the current one.
        ValidationError: on the field of *details*.
    """
    moment = _load_own(actor_id, moment_id, kind=Kind.MOMENT)
    _refuse_stale(moment, revision)
    was = state_of(moment)
    if "child_id" in details or "occurred" in details:
        _move(moment, actor_id=actor_id, details=details, now=now)
    if "tone" in details:
        moment.tone = _checked_tone(details["tone"])
    # Only what the author changes here drops a link: the miss may be another's, and changed where nobody may see it.
    if details.keys() & MENDING and moment.repairs and not moment.comes_back_to(moment.repairs):
        moment.repairs = None
    _apply(moment, actor_id=actor_id, details=details, now=now)
    _apply_beside(moment, details)
    became = state_of(moment, beside=was if BESIDE.isdisjoint(details) else None)
    edit = Edit(moment, was, became)
    if edit.is_change:
        keep_revision(moment, was, now=now)
        moment.save()
        add_link(moment, Act.EDITED, at=now, fields=became.fields)
    return edit


@transaction.atomic
def delete_moment(
    *, actor_id: int, moment_id: uuid.UUID, revision: int | None = None, now: datetime
) -> Observation:
    """Hide the actor's own moment from everybody at once; for seven days its author may restore it.

    Raises:
        NotVisible: no such moment of the actor's own. Conflict: *revision* is not the current one.
    """
    moment = _load_own(actor_id, moment_id, kind=Kind.MOMENT)
    _refuse_stale(moment, revision)
    moment.deleted_at = moment.changed_at = now
    moment.revision += 1
    moment.save(update_fields=["deleted_at", "changed_at", "revision"])
    settle_deleted(author_id=actor_id, moment_id=moment_id, now=now)
    add_link(moment, Act.DELETED, at=now)
    tell_ledger(Noted.DELETED, moment, now=now)
    return moment


@transaction.atomic
def restore_moment(*, actor_id: int, moment_id: uuid.UUID, now: datetime) -> Observation:
    """Bring back a moment the actor deleted within the last seven days. Restoring twice changes nothing.

    Raises:
        NotVisible: no such moment, or its time to be restored is over.
    """
    moment = _load_own(actor_id, moment_id, kind=Kind.MOMENT, deleted_after=now - RESTORE_WINDOW)
    if moment.deleted_at is not None:
        moment.deleted_at, moment.changed_at = None, now
        moment.revision += 1
        moment.save(update_fields=["deleted_at", "changed_at", "revision"])
        add_link(moment, Act.RESTORED, at=now)
        tell_ledger(Noted.RESTORED, moment, now=now)
    return moment


# --- What the use cases share ------------------------------------------------------------------------------------
def _load_own(
    actor_id: int, moment_id: uuid.UUID, *, kind: Kind, deleted_after: datetime | None = None
) -> Observation:
    """The actor's own row, locked, and the actor with it. A deleted one only where it was after *deleted_after*."""
    author = get_user(user_id=actor_id, for_update=True)
    rows = Observation.objects.filter(visible_to(actor_id, Capability.RECORD), public_id=moment_id, kind=kind)
    live = rows.filter(deleted_at__isnull=True)
    if deleted_after is not None:
        live = live | rows.filter(deleted_at__gte=deleted_after)
    found = live.select_related("child").select_for_update(of=("self",)).first()
    if found is None:
        raise NotVisible("moment")
    found.author = author
    return found


def _refuse_stale(moment: Observation, revision: int | None) -> None:
    if revision is not None and revision != moment.revision:
        raise Conflict(_("This moment has changed since you looked."))


def _move(moment: Observation, *, actor_id: int, details: Details, now: datetime) -> None:
    """Another child of the same household, or another time."""
    child = moment.child
    if "child_id" in details:
        child = get_child(actor_id=actor_id, child_id=details["child_id"], capability=Capability.RECORD)
        if child.household_id != moment.household_id:
            raise NotVisible("child")
        moment.child = child
    said = details.get("occurred") or Said(at=moment.occurred_at, precision=Precision(moment.precision))
    when = place_in_time(said, zone=moment.timezone, born=child.birth_month, now=now)
    if "occurred" in details:
        moment.occurred_src, moment.clock_skew = said.source or "", said.skew
    moment.occurred_at, moment.occurred_on, moment.precision = (when.at, when.on, when.precision)


def _apply(moment: Observation, *, actor_id: int, details: Details, now: datetime) -> None:
    """Everything that is added to the row itself; the caller saves it."""
    if "note" in details:
        moment.note = clean_text(details["note"], field="note", max_length=NOTE_MAX, multiline=True)
    write_circle(moment, details, now=now)
    if "repairs" in details:
        moment.repairs = _repairable(moment, actor_id=actor_id, missed_id=details["repairs"])


def _apply_beside(moment: Observation, details: Details) -> None:
    """Everything that is added to a saved row in rows of its own."""
    if BESIDE.isdisjoint(details):
        return
    content = get_content(moment.author.language)
    write_ticks(moment, details, content)
    write_ratings(moment, details.get("ratings", {}), content=content, occasion=Occasion.MOMENT)
    write_own(moment, details.get("own", {}))


def _repairable(moment: Observation, *, actor_id: int, missed_id: uuid.UUID | None) -> Observation | None:
    """The earlier missed moment of the same child that the actor may see."""
    if missed_id is None:
        return None
    missed = (
        Observation.objects.filter(
            visible_to(actor_id, Capability.READ),
            public_id=missed_id,
            child_id=moment.child_id,
            tone=Tone.MISSED,
            deleted_at__isnull=True,
            occurred_at__lte=moment.occurred_at,
        )
        .order_by("id")
        .first()
    )
    if missed is None or moment.tone != Tone.CAME_BACK:
        raise ValidationError(
            {
                "repairs": ValidationError(
                    _("Coming back can be linked to an earlier missed moment only."), "choice"
                )
            }
        )
    return missed


def _checked_tone(tone: str) -> Tone:
    if tone not in list(Tone):
        raise ValidationError({"tone": ValidationError(_("Please choose how it was between you."), "choice")})
    return Tone(tone)
