"""What has to become of each operation on one moment, told from who wrote which field since when, and nothing else.

It knows no rows, no drafts and no chain of revisions: places write, and whoever began before another wrote the same
field gets two versions. Written from docs/api.md and docs/adr/0021, to be compared with what the server says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from accounts.rules import Visibility

PAGE: Final = "page"
WIDTHS: Final = list(Visibility)


@dataclass(frozen=True, slots=True)
class Op:
    """One operation of a phone. `base` is a revision, or the id of the operation before it; no `change`: it deletes."""

    op_id: str
    place: str
    base: int | str
    change: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Model:
    """One moment, and who wrote what of it."""

    fields: dict[str, Any]
    rev: int = 1
    is_deleted: bool = False
    written: list[tuple[int, str, set[str]]] = field(default_factory=list)
    ops: dict[str, Op] = field(default_factory=dict)
    settled: dict[str, str] = field(default_factory=dict)
    held: dict[str, Op] = field(default_factory=dict)
    kept_with: dict[str, str] = field(default_factory=dict)
    """The operation under which the words of another of its chain are kept."""
    kept: dict[str, str] = field(default_factory=dict)
    clashes: int = 0

    # --- Writing --------------------------------------------------------------------------------------------------
    def write(self, place: str, change: Mapping[str, Any]) -> None:
        changed = self._differing(change)
        if changed:
            self.fields.update(change)
            self.rev += 1
            self.written.append((self.rev, place, changed))

    def delete(self) -> None:
        self.rev, self.is_deleted = self.rev + 1, True
        self.kept = dict.fromkeys(self.kept, "gone")

    def restore(self) -> None:
        self.rev, self.is_deleted = self.rev + 1, False

    # --- A delivery -----------------------------------------------------------------------------------------------
    def deliver(self, op_ids: Sequence[str]) -> list[str]:
        """What the phone is told of each."""
        return [self._again(op_id) if op_id in self.settled else self._first(op_id) for op_id in op_ids]

    def _again(self, op_id: str) -> str:
        status = self.settled[op_id]
        return "duplicate" if status in ("applied", "merged") else status

    def _first(self, op_id: str) -> str:
        op = self.ops[op_id]
        if isinstance(op.base, str) and op.base not in self.settled:
            self.held[op.base] = op
            return "deferred"
        status = self.settled[op_id] = self._delete(op) if not op.change else self._edit(op)
        if (waiting := self.held.pop(op_id, None)) is not None and waiting.op_id not in self.settled:
            self._first(waiting.op_id)
        return status

    # --- What becomes of it ---------------------------------------------------------------------------------------
    def trunk(self, op: Op) -> int:
        """The revision that its phone knew when the chain began."""
        return op.base if isinstance(op.base, int) else self.trunk(self.ops[op.base])

    def _edit(self, op: Op) -> str:
        if (first := self.kept_with.get(str(op.base))) is not None:
            return self._keep(op, first, self.kept[first])
        if self.is_deleted:
            return self._keep(op, op.op_id, "gone")
        trunk = self.trunk(op)
        others = {name for rev, at, names in self.written if rev > trunk and at != op.place for name in names}
        widens = self._width(op.change) > self._width(self.fields)
        if self._differing(op.change) & others or (others and widens):
            self.clashes += 1
            return self._keep(op, op.op_id, "conflict")
        self.write(op.place, op.change)
        return "merged" if others else "applied"

    def _keep(self, op: Op, first: str, why: str) -> str:
        """Beside the moment; but nobody sees longer than its author wants what is there."""
        if why == "conflict" and not self.is_deleted and self._width(op.change) < self._width(self.fields):
            self.write(op.place, {"visibility": op.change["visibility"]})
        self.kept_with[op.op_id], self.kept[first] = first, why
        return why

    def _delete(self, op: Op) -> str:
        if (first := self.kept_with.get(str(op.base))) is not None:
            self.kept[first] = "gone"
        if not self.is_deleted:
            self.delete()
        return "applied"

    def _differing(self, change: Mapping[str, Any]) -> set[str]:
        return {name for name, value in change.items() if self.fields[name] != value}

    def _width(self, said: Mapping[str, Any]) -> int:
        return WIDTHS.index(Visibility(said.get("visibility", self.fields["visibility"])))
