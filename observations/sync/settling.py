"""What an author does about the words that wait for them: goes on, mends, chooses, or lets go."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from accounts.selectors import get_user
from common.errors import NotVisible
from observations.details import Details
from observations.feed import one_change
from observations.history import State, keep_revision, state_of
from observations.models import Draft, Observation
from observations.record import add_link
from observations.rules import DRAFTS_SHOWN, Act, DraftKind, Precision
from observations.selectors import find_own_moments
from observations.services import edit_moment, record_moment
from observations.sync.drafts import content_of, discard
from observations.sync.plaintext import Clock, Unfit, read_plaintext
from observations.when import Said

# Those of its fields that a page asks for again; the others come along as they are, or not at all.
ASKED: Final = ("child", "children", "tone", "note", "visibility", "when", "picked", "precision")


@dataclass(frozen=True, slots=True)
class Waiting:
    """One draft, opened for its author: `said` are its fields as sent, `moment` is what it is a version of."""

    draft: Draft
    said: dict[str, Any]
    occurred_at: datetime | None
    moment: Observation | None

    @property
    def kind(self) -> DraftKind:
        """Why it waits: with no moment left, there is nothing to choose between."""
        kind = DraftKind(self.draft.kind)
        return DraftKind.GONE if kind is DraftKind.TWO and self.moment is None else kind

    @property
    def note(self) -> str:
        note = self.said.get("note")
        return note if isinstance(note, str) else ""


def list_waiting(*, actor_id: int) -> Sequence[Waiting]:
    """What waits for the actor, the latest first, and no more than somebody can look through at once."""
    own = Draft.objects.filter(author_id=actor_id).order_by("-received_at", "-id")
    drafts = list(own[:DRAFTS_SHOWN])
    Draft.content.fetch_keys(drafts)
    moments = find_own_moments(actor_id=actor_id, moment_ids={draft.moment_id for draft in drafts})
    return [_opened(draft, moments.get(draft.moment_id)) for draft in drafts]


def count_waiting(*, actor_id: int) -> int:
    """How much of it there is."""
    return Draft.objects.filter(author_id=actor_id).count()


def get_waiting(*, actor_id: int, draft_id: uuid.UUID) -> Waiting:
    """One of them.

    Raises:
        NotVisible: the actor has none of this id.
    """
    draft = Draft.objects.filter(author_id=actor_id, public_id=draft_id).first()
    if draft is None:
        raise NotVisible("draft")
    moments = find_own_moments(actor_id=actor_id, moment_ids=[draft.moment_id])
    return _opened(draft, moments.get(draft.moment_id))


@transaction.atomic
def let_go(*, actor_id: int, draft_id: uuid.UUID, now: datetime) -> None:
    """Destroy it, and have it stay so, whatever backup is restored.

    Raises:
        NotVisible: the actor has none of this id.
    """
    get_user(user_id=actor_id, for_update=True)
    if not discard(Draft.objects.filter(author_id=actor_id, public_id=draft_id), now=now):
        raise NotVisible("draft")


@transaction.atomic
def save_waiting(
    *, actor_id: int, draft_id: uuid.UUID, child_id: uuid.UUID, corrected: Details, now: datetime
) -> Observation:
    """A moment of what waited, as its author corrected it; ticks and answers that were sent along stay where they can.

    It becomes the moment that it was meant for; where that was deleted meanwhile, a new one.

    Raises:
        NotVisible: no such draft, or no such child. ValidationError: on the field of *corrected*.
    """
    get_user(user_id=actor_id, for_update=True)
    waiting = get_waiting(actor_id=actor_id, draft_id=draft_id)
    details: Details = {**_rest(waiting), **corrected}
    if waiting.moment is not None:
        details["child_id"] = child_id
        saved = edit_moment(actor_id=actor_id, moment_id=waiting.draft.moment_id, details=details, now=now)
    else:
        saved = _record(waiting, actor_id=actor_id, child_id=child_id, details=details, now=now)
    waiting.draft.delete()
    return saved


@transaction.atomic
def choose_version(*, actor_id: int, draft_id: uuid.UUID, this_one: bool, now: datetime) -> Observation:
    """Of two versions the actor chooses the one that waits, or what is there; the other stays in the history.

    Raises:
        NotVisible: no such draft, or its moment is gone. ValidationError: what waits cannot be kept as it is.
    """
    get_user(user_id=actor_id, for_update=True)
    waiting = get_waiting(actor_id=actor_id, draft_id=draft_id)
    if waiting.moment is None:
        raise NotVisible("moment")
    details = other_version(waiting)
    with one_change(at=now):
        if this_one:
            chosen = edit_moment(
                actor_id=actor_id, moment_id=waiting.draft.moment_id, details=details, now=now
            )
        else:
            chosen = _keep_what_is_there(waiting.moment, details, actor_id=actor_id, now=now)
    waiting.draft.delete()
    return chosen


def _keep_what_is_there(
    moment: Observation, details: Details, *, actor_id: int, now: datetime
) -> Observation:
    """The history says that it was the other version and is what it was again; the moment itself stays as it is.

    To edit it there and back would not do: what sets a mark of another adult begins a new night and a day with it.
    """
    rows = Observation.objects.select_related("household", "child", "author", "repairs")
    own = rows.select_for_update(of=("self",)).get(pk=moment.pk)
    other = preview_edit(actor_id=actor_id, moment_id=own.public_id, details=details, now=now)
    kept = state_of(own)
    if other == kept:
        return own
    keep_revision(own, kept, now=now)
    own.note = other.note
    add_link(own, Act.EDITED, at=now, fields=other.fields)
    keep_revision(own, other, now=now)
    own.note = kept.note
    add_link(own, Act.EDITED, at=now, fields=kept.fields)
    own.save(update_fields=["revision", "changed_at"])
    return own


def other_version(waiting: Waiting) -> Details:
    """What the version that waits says, as an edit.

    Raises:
        ValidationError: it is not as it has to be.
    """
    try:
        return read_plaintext(content_of(waiting.draft), clock=_then(waiting.draft)).changes
    except Unfit as error:
        raise error.as_refusal() from error


def preview_edit(*, actor_id: int, moment_id: uuid.UUID, details: Details, now: datetime) -> State:
    """What the actor's own moment would be after such an edit. Nothing is changed.

    Raises:
        NotVisible: no such moment, or no such child. ValidationError: on the field of *details*.
    """
    with transaction.atomic():
        edited = edit_moment(actor_id=actor_id, moment_id=moment_id, details=details, now=now)
        edited = Observation.objects.select_related("child", "repairs").get(pk=edited.pk)
        state = state_of(edited)
        transaction.set_rollback(True)
    return state


# --- What they share ---------------------------------------------------------------------------------------------
def _opened(draft: Draft, moment: Observation | None) -> Waiting:
    content = content_of(draft)
    fields = content.get("fields")
    said = dict(fields) if isinstance(fields, dict) else {}
    if "raw" in content:
        said["note"] = str(content["raw"])
    return Waiting(draft, said, _time_of(content, draft), moment)


def _time_of(content: dict[str, Any], draft: Draft) -> datetime | None:
    """When it was, as it was said; None where that says nothing."""
    try:
        bare = {"type": "draft.put", **{k: content.get(k) for k in ("occurred_at", "occurred_src")}}
        occurred = read_plaintext(bare, clock=_then(draft)).occurred
    except Unfit:
        return None
    return occurred.at if occurred else None


def _then(draft: Draft) -> Clock:
    return Clock(now=draft.received_at, client_now=None)


def _rest(waiting: Waiting) -> Details:
    """The fields that no page asks for again, but for the one that was wrong."""
    left = {
        name: value
        for name, value in waiting.said.items()
        if name not in ASKED and name != waiting.draft.field
    }
    content = {"type": "update", "fields": left}
    try:
        return read_plaintext(content, clock=_then(waiting.draft)).details
    except Unfit:
        return {}


def _record(
    waiting: Waiting, *, actor_id: int, child_id: uuid.UUID, details: Details, now: datetime
) -> Observation:
    rest = dict(details)
    used = Observation.objects.filter(author_id=actor_id, public_id=waiting.draft.moment_id).exists()
    return record_moment(
        actor_id=actor_id,
        moment_id=uuid.uuid4() if used else waiting.draft.moment_id,
        child_id=child_id,
        tone=str(rest.pop("tone", "")),
        occurred=rest.pop("occurred", Said(at=now, precision=Precision.ABOUT)),  # type: ignore[arg-type]
        details=rest,  # type: ignore[arg-type]
        now=now,
    )
