"""What an operation does, once it is opened and read: through the same use cases as every other door."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile

from django.core.exceptions import ValidationError
from django.db import transaction

from common.errors import Conflict, NotVisible, Refused
from households.scope import Capability, visible_to
from households.selectors import has_lived_with
from observations.details import Details
from observations.models import Draft, Observation, SyncOp
from observations.rules import DraftKind, Kind, OpStatus, OpType
from observations.services import (
    NewMoment,
    compare_edit,
    delete_moment,
    edit_moment,
    record_moment_with_each,
    record_moments,
    settle_deleted,
    undo_capture,
)
from observations.sync.drafts import content_of, fold_in, keep_words, settle_deleted_draft
from observations.sync.half_typed import put_half_typed, settle_half_typed
from observations.sync.plaintext import Clock, Plain, Unfit, read_plaintext
from observations.sync.tray import Tray
from observations.sync.versions import chain_of, changed_by_others, differing, flat, made_by_chain, widens

KEPT_AS = {
    DraftKind.RESCUED: OpStatus.RESCUED,
    DraftKind.TWO: OpStatus.CONFLICT,
    DraftKind.GONE: OpStatus.GONE,
    DraftKind.LEFT: OpStatus.PRIVATE_ONLY,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an operation; `made` is the revision that it made, if it changed anything."""

    status: OpStatus
    rev: int | None = None
    code: str = ""
    trunk: int | None = None
    made: int | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One operation that is to have its effect now. The caller holds the author's row."""

    actor_id: int
    op_id: uuid.UUID
    moment_id: uuid.UUID
    plain: Plain
    base: SyncOp | None
    tray: Tray
    now: datetime


class _Overlaps(Exception):
    """The same field was changed elsewhere."""


def apply(job: Job) -> Outcome:
    """Do it, or keep its words for their author. Nothing that was said is lost either way."""
    outcome = _done(job)
    # Whatever became of it, the chain goes on from where it began.
    if outcome.trunk is None and job.plain.type in (OpType.UPDATE, OpType.DELETE):
        return replace(outcome, trunk=_trunk(job))
    return outcome


def _done(job: Job) -> Outcome:
    try:
        return _DOES[job.plain.type](job)
    except Unfit as error:
        return keep(job, DraftKind.RESCUED, error)
    except ValidationError as error:
        return keep(job, DraftKind.RESCUED, _unfit(error))
    except (Conflict, Refused):
        return keep(job, DraftKind.RESCUED, Unfit("id", "taken"))


def keep(job: Job, kind: DraftKind, unfit: Unfit | None = None) -> Outcome:
    """Keep the words of an operation that cannot have its effect."""
    keep_words(
        kind,
        job.plain.content,
        author_id=job.actor_id,
        moment_id=job.moment_id,
        op_id=job.op_id,
        field=unfit.field if unfit else "",
        code=unfit.code if unfit else "",
        now=job.now,
    )
    return Outcome(KEPT_AS[kind], code=unfit.reason[:40] if unfit else "")


# --- Each type ---------------------------------------------------------------------------------------------------
def record_together(jobs: Sequence[Job]) -> list[Outcome]:
    """The outcomes of new moments of one author, each with one child, all at once. The caller holds a savepoint.

    Raises:
        Conflict, NotVisible, Refused, ValidationError: one of them is not as simple, and all are to be rolled back.
    """
    new = [_new_moment(job) for job in jobs]
    moments = record_moments(actor_id=jobs[0].actor_id, new=new, now=jobs[0].now)
    if not all(moment.is_new for moment in moments):
        raise Conflict
    return [_recorded(job, moment) for job, moment in zip(jobs, moments, strict=True)]


def _create(job: Job) -> Outcome:
    if not job.plain.children:
        raise Unfit("child", "required")
    new = _new_moment(job)
    try:
        moments = record_moment_with_each(
            actor_id=job.actor_id,
            moment_id=new.moment_id,
            child_ids=job.plain.children,
            tone=new.tone,
            occurred=new.occurred,
            details=new.details,
            now=job.now,
        )
    except (Conflict, NotVisible) as error:
        return _not_recorded(job, error)
    if not moments[0].is_new and len(moments) == 1:
        return _also_there(job)
    return _recorded(job, moments[0])


def _new_moment(job: Job) -> NewMoment:
    """As for the first of its children."""
    details = Details(**job.plain.details)
    tone = details.pop("tone", "")
    return NewMoment(job.moment_id, job.plain.children[0], tone, job.plain.occurred, details)


def _recorded(job: Job, moment: Observation) -> Outcome:
    _settle_half_typed(job, moment)
    revision = moment.revision
    return Outcome(OpStatus.APPLIED, rev=revision, trunk=revision, made=revision if moment.is_new else None)


def _not_recorded(job: Job, error: Conflict | NotVisible) -> Outcome:
    there = _find(job)
    if there is not None and len(job.plain.children) == 1:
        return _also_there(job)
    if isinstance(error, NotVisible):
        if any(has_lived_with(actor_id=job.actor_id, child_id=child) for child in job.plain.children):
            return keep(job, DraftKind.LEFT)
        raise Unfit("child", "choice") from error
    if there is not None and there.deleted_at is not None:
        return keep(job, DraftKind.GONE)
    raise error


def _also_there(job: Job) -> Outcome:
    """Another door was faster with the same moment: what this says besides is an edit of it."""
    return _edit(job, trunk=1, made=set())


def _update(job: Job) -> Outcome:
    if (kept := _kept_of_base(job)) is not None:
        made = _narrow(job) if kept.kind == DraftKind.TWO else None
        if kept.content_unreadable:  # it may open again: what comes later is kept beside it
            return replace(keep(job, DraftKind(kept.kind)), made=made)
        fold_in(kept, job.plain.content, now=job.now)
        status = KEPT_AS[DraftKind(kept.kind)]
        return Outcome(status, code=kept.code if status is OpStatus.RESCUED else "", made=made)
    return _edit(job, trunk=_trunk(job), made=made_by_chain(job.base, find=job.tray.find))


def _trunk(job: Job) -> int:
    """The revision that the phone knew when its chain began."""
    if job.base is not None and job.base.trunk is not None:
        return job.base.trunk
    return job.plain.base_rev or 1


def _edit(job: Job, *, trunk: int, made: set[int]) -> Outcome:
    """Change what was not changed elsewhere since *trunk*; otherwise both versions stay, for the author to choose."""
    try:
        with transaction.atomic():
            edit = compare_edit(
                actor_id=job.actor_id, moment_id=job.moment_id, details=job.plain.changes, now=job.now
            )
            others = changed_by_others(edit, trunk=trunk, made=made)
            before, after = flat(edit.was), flat(edit.became)
            # Words that were written as private are not shown to others by somebody who has not seen them.
            if differing(before, after) & others or (others and widens(before, after)):
                raise _Overlaps
    except _Overlaps:
        narrowed = _narrow(job)
        return replace(keep(job, DraftKind.TWO), made=narrowed)
    except NotVisible as error:
        return _not_edited(job, error)
    _settle_half_typed(job, edit.moment)
    revision = edit.moment.revision
    status = OpStatus.MERGED if others else OpStatus.APPLIED
    return Outcome(status, rev=revision, trunk=trunk, made=revision if edit.is_change else None)


def _not_edited(job: Job, error: NotVisible) -> Outcome:
    moment = _find(job)
    if moment is None and job.plain.base_op is not None and job.base is None:
        raise Unfit("base", "missing") from error
    if moment is None or moment.deleted_at is not None:
        return keep(job, DraftKind.GONE)
    if not _is_reachable(job, moment):
        return keep(job, DraftKind.LEFT)
    raise Unfit("child" if "child_id" in job.plain.changes else "id", "choice") from error


def _narrow(job: Job) -> int | None:
    """Have fewer people see it at once, where its author said so, however long the rest waits to be chosen.

    The revision that this made, if any.
    """
    moment = _find(job)
    if moment is None or moment.deleted_at is not None or not _is_reachable(job, moment):
        return None
    said = job.plain.changes
    details = Details()
    if said.get("about_adult") and not moment.about_adult:
        details["about_adult"] = True
    elif "visibility" in said and widens(
        {"visibility": said["visibility"]}, {"visibility": moment.visibility}
    ):
        details["visibility"] = said["visibility"]
    if not details:
        return None
    own = edit_moment(actor_id=job.actor_id, moment_id=job.moment_id, details=details, now=job.now)
    return own.revision


def _delete(job: Job) -> Outcome:
    """Delete wins over whatever was changed elsewhere; for a week its author can take that back."""
    if (kept := _kept_of_base(job)) is not None:
        settle_deleted_draft(kept, now=job.now)
    moment = _find(job)
    settle_deleted(author_id=job.actor_id, moment_id=job.moment_id, now=job.now)
    if moment is None or moment.deleted_at is not None:
        return Outcome(OpStatus.APPLIED, rev=moment.revision if moment else None)
    if not _is_reachable(job, moment):
        return Outcome(OpStatus.PRIVATE_ONLY)
    undo: Callable[..., object] = undo_capture if job.plain.whole else delete_moment
    undo(actor_id=job.actor_id, moment_id=job.moment_id, now=job.now)
    moment.refresh_from_db(fields=["revision"])
    return Outcome(OpStatus.APPLIED, rev=moment.revision, made=moment.revision)


def _draft(job: Job) -> Outcome:
    """Keep what is half-typed; one that comes after its moment was saved is kept if it says something else."""
    moment = _find(job)
    is_empty = not job.plain.content.get("fields")
    if is_empty or moment is None or moment.deleted_at is not None or not _says_the_same(job, moment):
        job.tray.half_typed.add(job.moment_id)
        put_half_typed(
            job.plain.content,
            author_id=job.actor_id,
            moment_id=job.moment_id,
            op_id=job.op_id,
            first=job.plain.base_op,
            now=job.now,
        )
    return Outcome(OpStatus.APPLIED, rev=moment.revision if moment else None)


_DOES: dict[OpType, Callable[[Job], Outcome]] = {
    OpType.CREATE: _create,
    OpType.UPDATE: _update,
    OpType.DELETE: _delete,
    OpType.DRAFT: _draft,
}


# --- What they share ---------------------------------------------------------------------------------------------
def _find(job: Job) -> Observation | None:
    """The author's own moment of this id, wherever it is, locked."""
    own = Observation.objects.filter(author_id=job.actor_id, public_id=job.moment_id)
    moment = own.select_for_update().first()
    if moment is not None and moment.kind != Kind.MOMENT:
        raise Unfit("id", "taken")
    return moment


def _is_reachable(job: Job, moment: Observation) -> bool:
    """Whether the author still lives where this moment does, and may write there."""
    return Observation.objects.filter(visible_to(job.actor_id, Capability.RECORD), pk=moment.pk).exists()


def _kept_of_base(job: Job) -> Draft | None:
    """What is kept of the operations that this one builds on, where the last of them could not have its effect."""
    without = takewhile(lambda op: op.status in KEPT_AS.values(), chain_of(job.base, find=job.tray.find))
    if not (op_ids := [op.op_id for op in without]):
        return None
    kept = Draft.objects.filter(author_id=job.actor_id, op_id__in=op_ids, kind__in=list(KEPT_AS))
    return kept.order_by("pk").last()


def _says_the_same(job: Job, moment: Observation) -> bool:
    """Whether what is half-typed is all in the moment already."""
    if not job.plain.is_fit:
        return False
    try:
        with transaction.atomic():
            edited = edit_moment(
                actor_id=job.actor_id, moment_id=job.moment_id, details=job.plain.changes, now=job.now
            )
            if edited.revision != moment.revision:
                raise _Overlaps
    except (_Overlaps, ValidationError, NotVisible):
        return False
    return True


def _settle_half_typed(job: Job, moment: Observation) -> None:
    """What was half-typed of this moment and is saved now waits no longer."""
    if job.moment_id not in job.tray.half_typed:
        return

    def is_there(draft: Draft) -> bool:
        if not (content := content_of(draft)):  # it may open again
            return False
        plain = read_plaintext(content, clock=Clock(now=job.now, client_now=None))
        return _says_the_same(replace(job, plain=plain), moment)

    settle_half_typed(
        {**job.plain.content.get("fields", {})},
        author_id=job.actor_id,
        moment_id=job.moment_id,
        note=str(moment.note),
        is_there=is_there,
    )


def _unfit(error: ValidationError) -> Unfit:
    """The first field that a use case refused."""
    if not hasattr(error, "error_dict"):
        return Unfit("all", str(error.error_list[0].code or "invalid"))
    field, errors = next(iter(error.error_dict.items()))
    return Unfit("child" if field == "child_id" else field, str(errors[0].code or "invalid"))
