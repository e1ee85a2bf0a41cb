"""A sealed text as an attribute of a model, and moving every sealed column to the newest key.

Declaring the attribute is registering it: whatever is sealed is found by walking the models.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self, overload

from django.apps import apps
from django.db import transaction
from django.db.models import BinaryField, Model, QuerySet
from django.db.models.functions import Substr

from common import sealing

logger = logging.getLogger(__name__)

SUFFIX = "_sealed"


class Unreadable(str):
    """What stands for a sealed text that does not open: an empty text that still has its bytes.

    One damaged row must not take every page it is on with it, so reading goes on without it. Set on a row, it puts
    the bytes back as they are: they may open again with a key that was only missing.
    """

    __slots__ = ("sealed",)
    sealed: bytes

    @classmethod
    def of(cls, sealed: bytes) -> Self:
        text = cls()
        text.sealed = sealed
        return text


def is_readable(text: str) -> bool:
    """Whether *text*, read from a row, is what was written there."""
    return not isinstance(text, Unreadable)


class SealedText:
    """The text in the column `<name>_sealed`, opened when it is read and sealed when it is set.

    One that does not open reads as `Unreadable`; only `open` raises. Setting an empty text there keeps the bytes, since
    whoever was shown nothing said nothing about it; words of one's own replace them.

    *row* gives what the seal is bound to besides table and name: something that never changes and is known before
    the row is saved. *needs* names the relations it looks at.
    """

    name: str

    def __init__(self, row: Callable[[Any], str], *, needs: tuple[str, ...] = ()) -> None:
        self._row = row
        self.needs = needs

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @property
    def column(self) -> str:
        return f"{self.name}{SUFFIX}"

    @overload
    def __get__(self, row: None, owner: type) -> Self: ...
    @overload
    def __get__(self, row: Model, owner: type) -> str: ...
    def __get__(self, row: Model | None, owner: type) -> Self | str:
        if row is None:
            return self
        try:
            return self.open(row)
        except sealing.SealBroken as error:
            self._tell(row, error)
            return Unreadable.of(bytes(getattr(row, self.column)))

    def __set__(self, row: Model, text: str) -> None:
        if isinstance(text, Unreadable):
            setattr(row, self.column, text.sealed)
        elif text or is_readable(self.__get__(row, type(row))):
            setattr(row, self.column, sealing.seal(text, **self._place(row)))

    def open(self, row: Model) -> str:
        """The text, for those who have to know.

        Raises:
            SealBroken: see `sealing.unseal`.
        """
        return sealing.unseal(bytes(getattr(row, self.column)), **self._place(row))

    def _tell(self, row: Model, error: Exception) -> None:
        """Log a row by its key, once for every time it is loaded: a template looks at one text more than once."""
        told = f"_{self.column}_told"
        if not getattr(row, told, False):
            setattr(row, told, True)
            logger.error("%s.%s of row %s: %s", row._meta.label, self.column, row.pk, error)

    def _place(self, row: Model) -> dict[str, str]:
        return {"table": row._meta.db_table, "row": self._row(row), "field": self.name}


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """One sealed text of one model."""

    model: type[Model]
    text: SealedText

    def __str__(self) -> str:
        return f"{self.model._meta.label}.{self.text.column}"


@dataclass(frozen=True, slots=True)
class Resealed:
    """What one step did: how many rows are on the newest key now, how many did not open, and where it ended."""

    count: int = 0
    broken: int = 0
    last_key: Any = None


def list_sealed_columns() -> list[SealedColumn]:
    """Every sealed text of every model."""
    return [
        SealedColumn(model, attribute)
        for model in apps.get_models()
        for kind in reversed(model.__mro__)
        for attribute in vars(kind).values()
        if isinstance(attribute, SealedText)
    ]


def count_on_old_keys(column: SealedColumn) -> int:
    """How many rows are sealed by a key that is not the newest."""
    return _on_old_keys(column).count()


@transaction.atomic
def reseal(column: SealedColumn, *, limit: int, after: Any = None) -> Resealed:
    """Seal again, with the newest key, up to *limit* rows that are on an older one, beginning behind key *after*.

    The rows are locked meanwhile, so an edit waits for a moment and is not overwritten. A row that does not open
    stays as it is: it is logged by its key and counted.
    """
    rows = _on_old_keys(column).order_by("pk")
    if after is not None:
        rows = rows.filter(pk__gt=after)
    taken = list(rows.select_related(*column.text.needs).select_for_update(of=("self",))[:limit])
    opened = [row for row in taken if _seal_again(row, column)]
    column.model._default_manager.bulk_update(opened, [column.text.column])
    return Resealed(len(opened), len(taken) - len(opened), taken[-1].pk if taken else None)


def _seal_again(row: Model, column: SealedColumn) -> bool:
    try:
        setattr(row, column.text.name, column.text.open(row))
    except sealing.SealBroken as error:
        logger.error("%s of row %s stays on its key: %s", column, row.pk, error)
        return False
    return True


def _on_old_keys(column: SealedColumn) -> QuerySet[Model]:
    """Rows that hold something, and not from the newest key: a sealed value begins with its key's name."""
    newest = sealing.prefix(sealing.current_key_id())
    head = Substr(column.text.column, 1, len(newest), output_field=BinaryField())
    rows = column.model._default_manager.alias(head=head)
    return rows.exclude(head=newest).exclude(**{column.text.column: b""})
