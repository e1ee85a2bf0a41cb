"""What waits here as a phone sent it: under the key of its author, over the seal that it came in.

Two keys are needed to read it. Destroying its author's ends it, in every backup too, as it ends their notes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Final

from django.db import transaction
from django.db.models import BinaryField, Q, QuerySet
from django.db.models.functions import Substr

from accounts.selectors import get_user
from common.person_keys import FORMAT
from common.sealed import SealedText, is_readable
from observations.models import Draft, SyncOp
from observations.rules import DraftKind, OpStatus

logger = logging.getLogger(__name__)

Row = SyncOp | Draft

_WAITS: Final[tuple[tuple[type[Row], SealedText, Q], ...]] = (
    (SyncOp, SyncOp.held, Q(status=OpStatus.DEFERRED)),
    (Draft, Draft.shut, Q(kind=DraftKind.SHUT)),
)


class KeyMissing(Exception):
    """The key of its author does not open it right now; it stays as it is."""


def held_of(row: SyncOp) -> str:
    """What a held operation was sent as.

    Raises:
        KeyMissing: see there.
    """
    return _read(row, SyncOp.held)


def shut_of(row: Draft) -> str:
    """What a draft that no key of the installation opened was sent as.

    Raises:
        KeyMissing: see there.
    """
    return _read(row, Draft.shut)


def seal_bare(*, chunk: int = 1_000) -> int:
    """Seal to its author what a process of the version before still wrote bare; how many. For the schedule.

    Each is tried once, so that those which cannot be sealed right now stand in nobody's way.
    """
    return sum(
        _try_to_seal(model, text, key)
        for model, text, waits in _WAITS
        for key in _keys_of(_bare(model, text.column).filter(waits), chunk)
    )


def _read(row: Row, text: SealedText) -> str:
    sealed = _bytes_of(row, text)
    if _is_bare(sealed):
        return sealed.decode()
    found: str = getattr(row, text.name)
    if not is_readable(found):
        raise KeyMissing
    return found


def _bytes_of(row: Row, text: SealedText) -> bytes:
    return bytes(getattr(row, text.column))


def _is_bare(sealed: bytes) -> bool:
    return not sealed.startswith(FORMAT)


def _bare(model: type[Row], column: str) -> QuerySet[Row]:
    """Those whose author stays: of whoever asked to be erased nothing is written any more."""
    head = Substr(column, 1, len(FORMAT), output_field=BinaryField())
    staying = model._default_manager.filter(author__is_active=True, author__erase_at__isnull=True)
    return staying.alias(head=head).exclude(head=FORMAT).exclude(**{column: b""}).order_by("pk")


def _keys_of(rows: QuerySet[Row], chunk: int) -> Iterator[int]:
    after = 0
    while found := list(rows.filter(pk__gt=after).values_list("pk", flat=True)[:chunk]):
        yield from found
        after = found[-1]


def _try_to_seal(model: type[Row], text: SealedText, key: int) -> bool:
    try:
        return _seal_again(model, text, key)
    except Exception:
        logger.exception("%s of row %s could not be sealed to its author", model._meta.label, key)
        return False


@transaction.atomic
def _seal_again(model: type[Row], text: SealedText, key: int) -> bool:
    found = model._default_manager.filter(pk=key)
    author_id = found.values_list("author_id", flat=True).first()
    if author_id is None:  # discarded meanwhile
        return False
    # Whoever writes holds the author's row first.
    get_user(user_id=author_id, for_update=True)
    row = found.first()
    if row is None or not (sealed := _bytes_of(row, text)) or not _is_bare(sealed):
        return False
    setattr(row, text.column, b"")
    setattr(row, text.name, sealed.decode())
    row.save(update_fields=[text.column])
    return True
