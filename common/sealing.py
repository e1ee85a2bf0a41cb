"""Sealing at rest: AES-256-GCM, bound to table, row and field, with the keys of the installation (`FIELD_KEYS`).

A sealed value is `len(kid) | kid | nonce (12 bytes) | ciphertext and tag`. The associated data is
`table | row | field | kid`, so a ciphertext copied to another row or field does not open (NIST SP 800-38D; the
binding answers a writer with database access, who could otherwise swap values). The newest key seals, every
known key opens: rotation is adding a key in front and sealing again what is not on it.

What families write is not sealed here but under the key of its author, which is sealed here: `common.person_keys`.
"""

from __future__ import annotations

import base64
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

NONCE_BYTES = 12
KEY_BYTES = 32


class SealBroken(Exception):
    """The value does not open: wrong key, another row's value, or damaged bytes."""


# --- One cipher --------------------------------------------------------------------------------------------------
def encrypt(cipher: AESGCM, content: bytes, *, table: str, row: str, field: str, kid: str = "") -> bytes:
    """*content* behind a fresh nonce, bound to its place."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, content, _bound_to(table, row, field, kid))


def decrypt(cipher: AESGCM, sealed: bytes, *, table: str, row: str, field: str, kid: str = "") -> bytes:
    """What `encrypt` was given.

    Raises:
        SealBroken: another key, another place, or damaged bytes.
    """
    nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return cipher.decrypt(nonce, body, _bound_to(table, row, field, kid))
    except (InvalidTag, ValueError) as error:
        raise SealBroken(f"{table}.{field} does not open") from error


def _bound_to(*place: str) -> bytes:
    return "|".join(place).encode()


# --- The keys of the installation --------------------------------------------------------------------------------
@lru_cache(maxsize=4)
def _keyring(entries: tuple[str, ...]) -> dict[str, AESGCM]:
    """Key id to cipher, newest first. An entry is `kid:base64 of 32 bytes`."""
    ring: dict[str, AESGCM] = {}
    for entry in entries:
        kid, _, encoded = entry.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except ValueError as error:  # binascii.Error is one, and so is what is not ASCII
            raise ImproperlyConfigured(f"FIELD_KEYS: the key {kid!r} is not base64.") from error
        if not kid or not kid.isascii() or len(kid) > 32 or len(key) != KEY_BYTES:
            raise ImproperlyConfigured(
                "FIELD_KEYS: every entry is an id of 1-32 ASCII characters, ':', and 32 bytes as base64."
            )
        if kid in ring:
            raise ImproperlyConfigured(
                f"FIELD_KEYS: two keys are called {kid!r}; give the new one its own id."
            )
        ring[kid] = AESGCM(key)
    if not ring:
        raise ImproperlyConfigured("FIELD_KEYS holds no key.")
    return ring


def _ring() -> dict[str, AESGCM]:
    return _keyring(tuple(settings.FIELD_KEYS))


def current_key_id() -> str:
    """The id of the key that seals now."""
    return next(iter(_ring()))


def prefix(kid: str) -> bytes:
    """How every value begins that this key sealed."""
    return bytes([len(kid)]) + kid.encode()


def key_id(sealed: bytes) -> str:
    """The id of the key that sealed this value, '' for an empty one."""
    return bytes(sealed[1 : 1 + sealed[0]]).decode("ascii", "replace") if sealed else ""


def seal(content: bytes, *, table: str, row: str, field: str) -> bytes:
    """*content* sealed by the newest key for this table, row and field. Nothing stays nothing."""
    if not content:
        return b""
    kid = current_key_id()
    return prefix(kid) + encrypt(_ring()[kid], content, table=table, row=row, field=field, kid=kid)


def unseal(sealed: bytes, *, table: str, row: str, field: str) -> bytes:
    """What is in *sealed*.

    Raises:
        SealBroken: the key is unknown, or the value was not sealed for this place, or it is damaged.
    """
    sealed = bytes(sealed)
    if not sealed:
        return b""
    kid = key_id(sealed)
    cipher = _ring().get(kid)
    if cipher is None:
        raise SealBroken(f"unknown key id in {table}.{field}")
    return decrypt(cipher, sealed[1 + sealed[0] :], table=table, row=row, field=field, kid=kid)
