"""A sealed text as an attribute of a model.

Declaring the attribute is registering it: whatever is sealed is found by walking the models.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Self, overload

from django.apps import apps
from django.db.models import Exists, Model, OuterRef

from common import person_keys
from common.models import PersonKey
from common.sealing import SealBroken

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
    """The text in the column `<name>_sealed`, opened when it is read and sealed when it is set, by its author's key.

    One that does not open reads as `Unreadable`; only `open` raises. Setting an empty text there keeps the bytes, since
    whoever was shown nothing said nothing about it; words of one's own replace them.

    *row* gives what the seal is bound to besides table and name: something that never changes and is known before
    the row is saved. *owner* is the path of relations to whoever wrote it, as a query spells it.
    """

    name: str

    def __init__(self, row: Callable[[Any], str], *, owner: str) -> None:
        self._row = row
        self.owner = owner
        self._owner_id: Callable[[Any], int] = attrgetter(f"{owner.replace('__', '.')}_id")

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
        except SealBroken as error:
            self._tell(row, error)
            return Unreadable.of(bytes(getattr(row, self.column)))

    def __set__(self, row: Model, text: str) -> None:
        """Raises: what `person_keys.seal` does."""
        if isinstance(text, Unreadable):
            setattr(row, self.column, text.sealed)
        elif text or is_readable(self.__get__(row, type(row))):
            sealed = person_keys.seal(text, owner_id=self._owner_id(row), **self._place(row))
            setattr(row, self.column, sealed)

    def open(self, row: Model) -> str:
        """The text, for those who have to know.

        Raises:
            SealBroken: see `person_keys.unseal`.
        """
        sealed = bytes(getattr(row, self.column))
        return person_keys.unseal(sealed, owner_id=self._owner_id(row), **self._place(row))

    def fingerprint(self, row: Model) -> str:
        """What stands for the text in a hash: keyed, so that it tells no more than the sealed bytes; '' for no text."""
        text = self.__get__(row, type(row))
        if not is_readable(text):
            return self.fingerprint_shut(row)
        return person_keys.fingerprint(text, owner_id=self._owner_id(row)).hex() if text else ""

    def fingerprint_shut(self, row: Model) -> str:
        """What stands for a text that does not open: its bytes do."""
        return f"shut:{hashlib.sha256(bytes(getattr(row, self.column))).hexdigest()}"

    def fetch_keys(self, rows: Collection[Model]) -> None:
        """One query for the keys of all whose texts are on a page, instead of one for each of them."""
        person_keys.fetch_keys({self._owner_id(row) for row in rows if getattr(row, self.column)})

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


def list_sealed_columns() -> list[SealedColumn]:
    """Every sealed text of every model."""
    return [
        SealedColumn(model, attribute)
        for model in apps.get_models()
        for kind in reversed(model.__mro__)
        for attribute in vars(kind).values()
        if isinstance(attribute, SealedText)
    ]


def count_without_key(column: SealedColumn) -> int:
    """How many rows hold words whose author has no key: they open nowhere. It reads the whole table."""
    keys = PersonKey.objects.filter(pk=OuterRef(column.text.owner)).exclude(wrapped=b"")
    rows = column.model._default_manager.exclude(**{column.text.column: b""})
    return rows.exclude(Exists(keys)).count()
