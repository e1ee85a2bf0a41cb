"""What is known of an author's operations while a few of them are taken: asked once, and kept up."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Self

from django.db.models import QuerySet

from observations.models import Draft, SyncOp
from observations.rules import DraftKind
from observations.sync.keys import KeyRing


@dataclass(slots=True)
class Tray:
    """The rows of one author's operations in one transaction. Whoever has it holds the author's row: none is added."""

    author_id: int
    known: dict[uuid.UUID, SyncOp | None]
    half_typed: set[uuid.UUID]
    """The moments of which something may be half-typed. One too many, as after a rollback, does no harm."""
    keys: KeyRing = field(default_factory=KeyRing)

    @classmethod
    def of(cls, op_ids: Collection[uuid.UUID], *, author_id: int) -> Self:
        """Ready for these operations."""
        half = Draft.objects.filter(author_id=author_id, kind=DraftKind.HALF)
        tray = cls(author_id, dict.fromkeys(op_ids), set(half.values_list("moment_id", flat=True)))
        tray.known.update({row.op_id: row for row in tray._rows(op_ids)})
        return tray

    def find(self, op_id: uuid.UUID) -> SyncOp | None:
        if op_id not in self.known:
            self.known[op_id] = self._rows([op_id]).first()
        return self.known[op_id]

    def keep(self, row: SyncOp) -> None:
        """This row is in the database now, as it is here."""
        self.known[row.op_id] = row

    def forget(self, op_id: uuid.UUID) -> None:
        """What was done to this row did not hold."""
        self.known.pop(op_id, None)

    def _rows(self, op_ids: Collection[uuid.UUID]) -> QuerySet[SyncOp]:
        rows = SyncOp.objects.select_for_update().filter(author_id=self.author_id, op_id__in=op_ids)
        return rows.order_by("pk")
