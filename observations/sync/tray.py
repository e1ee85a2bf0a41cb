"""What is known of an author's operations while a few of them are taken: asked once, and kept up."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self

from django.db.models import Q, QuerySet

from observations.models import Draft, SyncOp
from observations.rules import DraftKind, OpStatus
from observations.sync.keys import KeyRing


class _Named(Protocol):
    @property
    def op_id(self) -> uuid.UUID: ...


@dataclass(slots=True)
class Tray:
    """The rows of one author's operations in one transaction. Whoever has it holds the author's row: none is added."""

    author_id: int
    known: dict[uuid.UUID, SyncOp | None]
    waiting: dict[uuid.UUID, list[SyncOp]]
    half_typed: set[uuid.UUID]
    """The moments of which something may be half-typed."""
    keys: KeyRing = field(default_factory=KeyRing)

    @classmethod
    def of(cls, ops: Sequence[_Named], *, author_id: int) -> Self:
        """Ready for these operations, and for those that wait for one of them."""
        ids = [op.op_id for op in ops]
        half = Draft.objects.filter(author_id=author_id, kind=DraftKind.HALF)
        tray = cls(
            author_id,
            known=dict.fromkeys(ids),
            waiting={op_id: [] for op_id in ids},
            half_typed=set(half.values_list("moment_id", flat=True)),
        )
        for row in tray._rows(Q(op_id__in=ids) | Q(base_op__in=ids, status=OpStatus.DEFERRED)):
            tray.keep(row)
        return tray

    def find(self, op_id: uuid.UUID) -> SyncOp | None:
        if op_id not in self.known:
            self.known[op_id] = self._rows(Q(op_id=op_id)).first()
        return self.known[op_id]

    def keep(self, row: SyncOp) -> None:
        """This row is in the database now, as it is here."""
        self.known[row.op_id] = row
        if row.status == OpStatus.DEFERRED and row.base_op in self.waiting:
            self.waiting[row.base_op].append(row)

    def forget(self, op_id: uuid.UUID) -> None:
        """What was done to this row did not hold."""
        self.known.pop(op_id, None)

    def pop_waiting_for(self, op_id: uuid.UUID) -> Collection[SyncOp]:
        """Those that were held for this one, oldest first."""
        if op_id not in self.waiting:
            return list(self._rows(Q(base_op=op_id, status=OpStatus.DEFERRED)))
        found, self.waiting[op_id] = self.waiting[op_id], []
        return found

    def _rows(self, which: Q) -> QuerySet[SyncOp]:
        return SyncOp.objects.select_for_update().filter(which, author_id=self.author_id).order_by("pk")
