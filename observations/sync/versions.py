"""What changed between two revisions of a moment, and by whom: the question behind every merge.

After the trunk and branch of OpenDataKit's offline edits: operations that were made one after another on one phone form
a chain, which begins at the revision that the phone knew (the trunk) and never conflicts with itself.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from accounts.rules import Visibility
from observations.history import State
from observations.models import Revision, SyncOp
from observations.services import Edit

Flat = dict[str, Any]
Find = Callable[[uuid.UUID], SyncOp | None]


def flat(state: State) -> Flat:
    """A state as single fields, each answer one of its own."""
    fields = dict(state.fields)
    ratings = {f"ratings.{name}": value for name, value in fields.pop("ratings").items()}
    own = {f"own.{name}": answer for name, answer in fields.pop("own", {}).items()}
    return {**fields, **ratings, **own, "note": str(state.note)}


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


def changed_by_others(edit: Edit, *, trunk: int, made: set[int]) -> set[str]:
    """The fields that had changed since revision *trunk* before this edit, but for what the chain *made* itself."""
    last = edit.revision_then
    if trunk >= last:
        return set()
    states: dict[int, Flat] = {last: flat(edit.was)}
    kept = Revision.objects.filter(observation=edit.moment, number__range=(trunk, last - 1))
    for revision in kept.select_related("observation"):
        states[revision.number] = flat(State(fields=revision.state, note=revision.note))
    changed: set[str] = set()
    later = states[last]
    # Deleting and restoring count as revisions and change no field: such a step has no row, and no difference.
    for number in range(last - 1, trunk - 1, -1):
        earlier = states.get(number, later)
        if number + 1 not in made:
            changed |= differing(earlier, later)
        later = earlier
    return changed


def widens(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether more people see it afterwards."""
    order = list(Visibility)
    return order.index(Visibility(after["visibility"])) > order.index(Visibility(before["visibility"]))


def made_by_chain(base: SyncOp | None, *, find: Find) -> set[int]:
    """The revisions that *base* and the operations before it on the same phone made."""
    return {op.made for op in chain_of(base, find=find) if op.made is not None}


def chain_of(last: SyncOp | None, *, find: Find) -> Iterator[SyncOp]:
    """*last*, and the operations that it builds on, back to where its phone began; *find* knows them by their ids."""
    seen: set[uuid.UUID] = set()
    while last is not None and last.op_id not in seen:
        seen.add(last.op_id)
        yield last
        if last.base_op is None:
            return
        last = find(last.base_op)
