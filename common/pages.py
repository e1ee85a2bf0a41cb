"""One page of a list, and the opaque place where the next begins.

A cursor names the last row shown by its internal key, which must not leave the server (gaps between keys would
tell of rows the reader may not see), so it is sealed, and sealed for one reader and one list.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from common import sealing

Row = TypeVar("Row")
ModelRow = TypeVar("ModelRow", bound=Model)

_KEY_DIGITS = 19  # as many as the largest key of a table has

Take = Callable[[QuerySet[ModelRow], int], tuple[list[ModelRow], ModelRow | None]]
"""How a page is filled: at most so many rows, and the last one looked at if there may be more."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """`items` in order, and the cursor of the next page ('' when this is the last)."""

    items: Sequence[Row]
    next_cursor: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a list ordered by `(instant, key)`, both descending."""

    at: datetime
    key: int


def write_cursor(place: Place, *, reader_id: int, list_name: str) -> str:
    """*place* as an opaque string that only this reader can use, for this list.

    Always of the same length: the number of a key's digits would tell how much others have written.
    """
    text = json.dumps([place.at.isoformat(timespec="microseconds"), f"{place.key:0{_KEY_DIGITS}d}"])
    sealed = sealing.seal(text.encode(), table="cursor", row=str(reader_id), field=list_name)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def read_cursor(cursor: str, *, reader_id: int, list_name: str) -> Place | None:
    """The place in *cursor*, None for ''.

    Raises:
        ValidationError: on `cursor`, when it is damaged or was made for another reader or list.
    """
    if not cursor:
        return None
    try:
        sealed = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        at, key = json.loads(sealing.unseal(sealed, table="cursor", row=str(reader_id), field=list_name))
        return Place(datetime.fromisoformat(at), int(key))
    except (UnicodeEncodeError, binascii.Error, sealing.SealBroken, ValueError, IndexError) as error:
        raise ValidationError(
            {
                "cursor": ValidationError(
                    _("This list has moved on. Please start again from the top."), "cursor"
                )
            }
        ) from error


def take_first(rows: QuerySet[ModelRow], limit: int) -> tuple[list[ModelRow], ModelRow | None]:
    """The first *limit* rows, and the last of them if there are more."""
    taken = list(rows[: limit + 1])
    return taken[:limit], taken[limit - 1] if len(taken) > limit else None


def page_of(
    rows: QuerySet[ModelRow],
    *,
    by: str,
    cursor: str,
    limit: int,
    reader_id: int,
    list_name: str,
    take: Take[ModelRow] = take_first,
) -> Page[ModelRow]:
    """The page of *rows* at *cursor*, latest first by the instant *by*, then by key.

    Raises:
        ValidationError: on `cursor`, when it is not one of this reader's for this list.
    """
    place = read_cursor(cursor, reader_id=reader_id, list_name=list_name)
    rows = rows.order_by(f"-{by}", "-pk")
    if place is not None:
        rows = rows.filter(Q(**{f"{by}__lt": place.at}) | Q(**{by: place.at, "pk__lt": place.key}))
    found, last = take(rows, limit)
    if last is None:
        return Page(found)
    here = Place(getattr(last, by), last.pk)
    return Page(found, write_cursor(here, reader_id=reader_id, list_name=list_name))
