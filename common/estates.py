"""What each app holds of one person, and what becomes of it: taken along, moved, erased, counted.

An app has one `Estate` in its module `estate` and registers it when it is ready. Whoever exports, separates or erases
asks all of them and knows none: a new model only has to appear in its app's estate, and a test fails until it does.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import Any, ClassVar, Final, TypeVar
from uuid import UUID

from django.apps import apps
from django.db import transaction
from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)

Value = str | int | bool | None | datetime | date | UUID | list[Any] | dict[str, Any]

Applier = Callable[[str, datetime], int]
"""Does again what a line of the ledger says of a subject; how many rows that changed: none, where it still holds."""

CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Table:
    """One table of an export. `rows` starts from the beginning each time it is called, and reads a few at a time."""

    name: str
    about: str  # one sentence for the person, in their language
    columns: tuple[str, ...]
    rows: Callable[[], Iterator[Sequence[Value]]]


@dataclass(frozen=True, slots=True)
class Holding:
    """A model, and the paths from a row of it to the person whose row it is.

    Such rows are erased with the person. A model without a path is nobody's own: it says why it is kept.
    """

    model: str
    owner: tuple[str, ...] = ()
    kept_because: str = ""

    def rows_of(self, person_id: int) -> QuerySet[Any]:
        """The rows of this model that are this person's; none of a model that is nobody's own."""
        rows: QuerySet[Any] = apps.get_model(self.model)._default_manager.all()
        if not self.owner:
            return rows.none()
        return rows.filter(reduce(or_, (Q(**{path: person_id}) for path in self.owner)))


class Estate(ABC):
    """What one app holds of a person. People and households are named by their primary keys."""

    holdings: ClassVar[tuple[Holding, ...]]
    """Every model that this app answers for. They are erased in this order."""

    @abstractmethod
    def export(self, person_id: int, now: datetime) -> Iterator[Table]:
        """All that is the person's own, as tables of plain values; of what others let them see, what is open *now*."""

    def erase(self, person_id: int) -> None:
        """Destroy all that is the person's own. It may be stopped anywhere and called again."""
        for holding in self.holdings:
            erase_rows(holding.rows_of(person_id))

    def count_left(self, person_id: int) -> Mapping[str, int]:
        """How many rows of each model are the person's own; a model without any is left out."""
        counted = {holding.model: holding.rows_of(person_id).count() for holding in self.holdings}
        return {model: count for model, count in counted.items() if count}

    def children_of(self, person_id: int, *, household_id: int) -> set[int]:
        """The children of this household whom the person's own rows are about, or once were: they go along."""
        return set()

    def move(  # noqa: B027  # most apps hold nothing that lives in a household
        self, person_id: int, *, source_id: int, target_id: int, children: Mapping[int, int]
    ) -> None:
        """Take the person's own rows from one household into another, where they are a member already.

        *children* names the copy in the target of every child of the source. The caller holds the transaction.
        """

    def come_back(self, person_id: int, *, household_id: int, now: datetime) -> None:  # noqa: B027
        """The person lives in this household again: what they had shared there is theirs alone again.

        The caller holds the transaction.
        """

    def refresh_presence(self, person_id: int, now: datetime) -> None:  # noqa: B027  # most apps ask live rows
        """The person left a household, asked to be erased, or took that back: who sees their rows may have changed.

        The caller holds the transaction.
        """

    def put_away(self, child_id: int, now: datetime) -> None:  # noqa: B027  # most apps hold nothing open
        """A child was put away: what is open to others because of them ends, and stays ended when they are back.

        The caller holds the transaction.
        """

    def withdraw_offers(self, person_id: int, now: datetime) -> None:  # noqa: B027  # most apps hold none
        """Close what the person holds open to others and nobody has taken yet. For somebody who asked to be erased."""

    def holds_words(self, household_id: int) -> bool:
        """Whether anybody's own rows are in this household, members' or former members'."""
        return False

    def appliers(self) -> Mapping[str, Applier]:
        """The kinds of ledger lines this app writes, each with what does it again: see `common.ledger`."""
        return {}

    def close_doors(self, now: datetime) -> Mapping[str, int]:
        """After a restore: end what may have been ended since the dump and left no line; how many of each."""
        return {}


_registered: dict[str, Estate] = {}


def register(app: str, estate: Estate) -> None:
    """Make *estate* the one of *app*: an app calls this when it is ready."""
    _registered[app] = estate


def list_estates() -> list[Estate]:
    """Every app's estate, from the top of the stack to its bottom: what refers to other rows goes before them."""
    return [_registered[config.label] for config in apps.get_app_configs() if config.label in _registered]


def erase_rows(rows: QuerySet[Any]) -> None:
    """Delete *rows* with what hangs on them, a chunk at a time: no transaction is long, and each is a step done."""
    keys = rows.order_by("pk").values_list("pk", flat=True)
    while chunk := list(keys[:CHUNK]):
        with transaction.atomic():
            rows.model._default_manager.filter(pk__in=chunk).delete()


def in_chunks(rows: QuerySet[Row], size: int = CHUNK) -> Iterator[Row]:
    """*rows* in the order of their keys, read a chunk at a time.

    Each chunk is a short query of its own: a slow reader at the other end holds neither a cursor nor a transaction.
    """
    ordered = rows.order_by("pk")
    chunk = list(ordered[:size])
    while chunk:
        last = chunk[-1].pk  # before they are handed out: whoever takes a row may delete it
        yield from chunk
        chunk = list(ordered.filter(pk__gt=last)[:size])
