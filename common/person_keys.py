"""The key of each person, which seals whatever that person writes.

It lies in the database, sealed by the newest of `FIELD_KEYS`; so destroying one row makes a person's words unreadable
at once, and a new field key means sealing one small row per person again. It is made when the person first writes.

An opened key is remembered for one request, one task or one step of a command, and never longer: once a destruction is
committed, no later request of any process can read. Outside of these every use asks the database.
"""

from __future__ import annotations

import hmac
import logging
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import BinaryField, QuerySet
from django.db.models.functions import Substr
from django.utils.translation import gettext as _

from common import sealing
from common.errors import Conflict
from common.models import PersonKey

logger = logging.getLogger(__name__)

FORMAT = b"\x01"
"""How every text begins that a person's key sealed: `FORMAT | nonce | ciphertext and tag`."""


@dataclass(frozen=True, slots=True, repr=False)
class _Key:
    """A person's key, opened: for sealing, and one derived from it (as HKDF expands, RFC 5869) for fingerprints."""

    cipher: AESGCM
    for_fingerprints: bytes

    @classmethod
    def of(cls, key: bytes) -> _Key:
        return cls(AESGCM(key), hmac.digest(key, b"attune fingerprint\x01", "sha256"))


# --- Remembering -------------------------------------------------------------------------------------------------
@dataclass(slots=True, repr=False)
class _Memory:
    """The keys that were opened, None for whoever has none.

    A key that was made or destroyed here may yet be rolled back, so it is asked for again each time: words sealed by
    a key that was never committed would be lost.
    """

    keys: dict[int, _Key | None] = field(default_factory=dict)
    unsure: set[int] = field(default_factory=set)


_memory: ContextVar[_Memory | None] = ContextVar("person_keys", default=None)


@contextmanager
def remembering() -> Iterator[None]:
    """Remember opened keys to the end of the block: for one step of a command."""
    token = _memory.set(_Memory())
    try:
        yield
    finally:
        _memory.reset(token)


def begin_remembering(**_signal: Any) -> None:
    """A request or a task begins, and knows of no key that an earlier one opened."""
    _memory.set(_Memory())


def forget_all(**_signal: Any) -> None:
    """A request or a task is over."""
    _memory.set(None)


def fetch_keys(owner_ids: Collection[int]) -> None:
    """Open the keys of all these people in one query, where keys are remembered."""
    memory = _memory.get()
    if memory is not None and (wanted := set(owner_ids) - memory.keys.keys() - memory.unsure):
        rows = dict(PersonKey.objects.filter(pk__in=wanted).values_list("pk", "wrapped"))
        memory.keys |= {owner_id: _opened(owner_id, rows.get(owner_id, b"")) for owner_id in wanted}


def _find(owner_id: int) -> _Key | None:
    """The person's key, None if there is none that opens."""
    memory = _memory.get()
    if memory is not None and owner_id not in memory.unsure:
        fetch_keys([owner_id])
        return memory.keys[owner_id]
    wrapped = PersonKey.objects.filter(pk=owner_id).values_list("wrapped", flat=True).first()
    return _opened(owner_id, wrapped or b"")


def _distrust(owner_id: int) -> None:
    if (memory := _memory.get()) is not None:
        memory.keys.pop(owner_id, None)
        memory.unsure.add(owner_id)


# --- Sealing -----------------------------------------------------------------------------------------------------
def seal(text: str, *, owner_id: int, table: str, row: str, field: str) -> bytes:
    """*text* sealed under its owner's key for this place. Nothing stays nothing, and needs no key.

    Raises:
        Conflict: the key was destroyed, for the owner is being erased.
        SealBroken: the key does not open, and a new one would lose all that it sealed.
    """
    if not text:
        return b""
    key = _find(owner_id) or _make(owner_id)
    return FORMAT + sealing.encrypt(key.cipher, text.encode(), table=table, row=row, field=field)


def unseal(sealed: bytes, *, owner_id: int, table: str, row: str, field: str) -> str:
    """The text in *sealed*.

    Raises:
        SealBroken: its owner's key is gone or does not open, or the text was not sealed for this place, or is damaged.
    """
    if not sealed:
        return ""
    key = _find(owner_id)
    if key is None:
        raise sealing.SealBroken(f"there is no key for {table}.{field}")
    if not sealed.startswith(FORMAT):
        raise sealing.SealBroken(f"{table}.{field} has no known format")
    return sealing.decrypt(key.cipher, sealed[len(FORMAT) :], table=table, row=row, field=field).decode()


def fingerprint(text: str, *, owner_id: int) -> bytes:
    """32 bytes that are the same for the same text of the same person, and that nobody can guess a text from.

    Raises:
        SealBroken: its owner's key is gone or does not open.
    """
    key = _find(owner_id)
    if key is None:
        raise sealing.SealBroken(f"there is no key of user {owner_id}")
    return hmac.digest(key.for_fingerprints, text.encode(), "sha256")


def has_key(*, owner_id: int) -> bool:
    """Whether this person has a key that opens."""
    return _find(owner_id) is not None


def _make(owner_id: int) -> _Key:
    """A key for somebody who has none. Two first words at once make one key: the later waits, and takes the other's."""
    new = PersonKey(pk=owner_id, wrapped=_wrapped(owner_id, os.urandom(sealing.KEY_BYTES)))
    PersonKey.objects.bulk_create([new], ignore_conflicts=True)
    _distrust(owner_id)
    kept = PersonKey.objects.values_list("wrapped", flat=True).get(pk=owner_id)
    if not kept:
        raise Conflict(_("This account is being erased. Nothing more can be kept in it."))
    return _Key.of(_unwrapped(owner_id, kept))


def destroy_person_key(*, owner_id: int) -> None:
    """From the commit on, nothing this person ever wrote can be read again. Doing it twice changes nothing."""
    _distrust(owner_id)
    if get_user_model()._default_manager.filter(pk=owner_id).exists():
        # An upsert also takes the key that somebody else is just making: it waits for theirs, and empties it.
        PersonKey.objects.bulk_create(
            [PersonKey(pk=owner_id, wrapped=b"")],
            update_conflicts=True,
            unique_fields=["owner"],
            update_fields=["wrapped"],
        )


def _place(owner_id: int) -> dict[str, str]:
    return {"table": PersonKey._meta.db_table, "row": str(owner_id), "field": "wrapped"}


def _wrapped(owner_id: int, key: bytes) -> bytes:
    return sealing.seal(key, **_place(owner_id))


def _unwrapped(owner_id: int, wrapped: bytes | memoryview) -> bytes:
    return sealing.unseal(bytes(wrapped), **_place(owner_id))


def _opened(owner_id: int, wrapped: bytes | memoryview) -> _Key | None:
    try:
        key = _unwrapped(owner_id, wrapped)
    except sealing.SealBroken as error:
        logger.error("the key of user %s: %s", owner_id, error)
        return None
    return _Key.of(key) if key else None


# --- Moving to a new field key -----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Rewrapped:
    """What one step did: how many keys are on the newest field key now, how many did not open, and where it ended."""

    count: int = 0
    broken: int = 0
    last_owner_id: int | None = None


def count_on_old_keys() -> int:
    """How many people's keys are sealed by a field key that is not the newest."""
    return _on_old_keys().count()


def list_shut() -> list[int]:
    """The people whose keys do not open, by id. It tries every key."""
    return [
        owner_id
        for owner_id, wrapped in PersonKey.objects.exclude(wrapped=b"")
        .order_by("pk")
        .values_list("pk", "wrapped")
        .iterator()
        if _opened(owner_id, wrapped) is None
    ]


@transaction.atomic
def rewrap(*, limit: int, after: int = 0) -> Rewrapped:
    """Seal again, with the newest field key, up to *limit* keys that are on an older one, of people behind *after*.

    The rows are locked meanwhile, so that a key that is destroyed now stays destroyed. One that does not open stays as
    it is: it is logged by its owner's id and counted.
    """
    taken = list(_on_old_keys().filter(pk__gt=after).order_by("pk").select_for_update()[:limit])
    moved = []
    for row in taken:
        try:
            row.wrapped = _wrapped(row.pk, _unwrapped(row.pk, row.wrapped))
        except sealing.SealBroken as error:
            logger.error("the key of user %s stays on its field key: %s", row.pk, error)
        else:
            moved.append(row)
    PersonKey.objects.bulk_update(moved, ["wrapped"])
    return Rewrapped(len(moved), len(taken) - len(moved), taken[-1].pk if taken else None)


def _on_old_keys() -> QuerySet[PersonKey]:
    """Keys that are not destroyed, and not on the newest field key: a sealed value begins with its key's name."""
    newest = sealing.prefix(sealing.current_key_id())
    head = Substr("wrapped", 1, len(newest), output_field=BinaryField())
    return PersonKey.objects.alias(head=head).exclude(head=newest).exclude(wrapped=b"")
