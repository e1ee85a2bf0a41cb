"""People's keys taken out of the database and put back, apart from everything else in it.

A dump is a line of JSON for each person, with their key as it is sealed in the database, and a last line that counts
them: one that was cut off is noticed. Without the field keys it opens nothing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from django.contrib.auth import get_user_model
from django.db import transaction

from common.models import PersonKey

CHUNK: Final = 500


class BadDump(Exception):
    """The lines are no dump of keys, or not a whole one."""


@dataclass(frozen=True, slots=True)
class Restored:
    """How many keys were put back, how many people had one already, and how many are not in this database."""

    count: int = 0
    had_one: int = 0
    unknown: int = 0


def dump_keys() -> Iterator[str]:
    """Every key there is, as one moment saw them; destroyed ones too, for they have to stay destroyed."""
    count = 0
    rows = PersonKey.objects.order_by("pk").values_list("pk", "wrapped")
    for owner_id, wrapped in rows.iterator(CHUNK):
        count += 1
        yield json.dumps({"person": owner_id, "key": base64.b64encode(wrapped).decode()})
    yield json.dumps({"keys": count})


@transaction.atomic
def restore_keys(lines: Iterable[str]) -> Restored:
    """Give the people of this database their keys back, where they have none. All of them, or none.

    Whoever signed up after the data was saved is passed by. A key that is there is never replaced.

    Raises:
        BadDump: nothing was restored.
    """
    keys = _read(lines)
    owner_ids = sorted(keys)
    known, there = set[int](), set[int]()
    for start in range(0, len(owner_ids), CHUNK):
        chunk = owner_ids[start : start + CHUNK]
        known |= set(get_user_model()._default_manager.filter(pk__in=chunk).values_list("pk", flat=True))
        there |= set(PersonKey.objects.filter(pk__in=chunk).values_list("pk", flat=True))
    missing = sorted(known - there)
    PersonKey.objects.bulk_create(
        [PersonKey(pk=owner_id, wrapped=keys[owner_id]) for owner_id in missing], batch_size=CHUNK
    )
    return Restored(len(missing), len(there), len(keys) - len(known))


def _read(lines: Iterable[str]) -> dict[int, bytes]:
    keys: dict[int, bytes] = {}
    try:
        *rows, end = (json.loads(line) for line in lines if line.strip())
        keys |= {int(row["person"]): base64.b64decode(row["key"], validate=True) for row in rows}
        whole = end["keys"] == len(rows) == len(keys)
    except (ValueError, KeyError, TypeError) as error:
        raise BadDump("This is no dump of keys, or it was cut off.") from error
    if not whole:
        raise BadDump("Lines of this dump are missing.")
    return keys
