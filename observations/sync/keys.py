"""The keys that phones seal to: made, told, used for opening, changed every 90 days, and destroyed in the end."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from django.db import transaction
from django.db.models import BinaryField, QuerySet
from django.db.models.functions import Substr

from common import sealing
from observations.models import SealingKey
from observations.rules import SEALING_KEY_KEPT, SEALING_KEY_USED
from observations.sync.hpke import CURVE, NotOpened, open_sealed

# A new key is there this share of its life before the old one ends: a phone that was just told still has time.
_OVERLAP = SEALING_KEY_USED / 6


@dataclass(frozen=True, slots=True)
class OfferedKey:
    """The public half of a key, as a phone is told of it."""

    kid: str
    public: bytes
    not_after: datetime


def list_offered_keys(*, now: datetime) -> Sequence[OfferedKey]:
    """The keys a phone may seal to now, the one to use first."""
    rows = SealingKey.objects.filter(not_after__gt=now).order_by("-made_at", "-id")
    return [OfferedKey(row.kid, bytes(row.public), row.not_after) for row in rows]


def offer_keys(*, now: datetime) -> Sequence[OfferedKey]:
    """`list_offered_keys`; on the first day of an installation the first key is made for it."""
    return list_offered_keys(now=now) or (turn_key(now=now), list_offered_keys(now=now))[1]


def turn_key(*, now: datetime) -> bool:
    """Make a new key when the newest is about to end; whether one was made. For the schedule."""
    if SealingKey.objects.filter(not_after__gt=now + _OVERLAP).exists():
        return False
    private = ec.generate_private_key(CURVE)
    # Two that make the first key at one moment make two keys; both are good.
    for letter in string.ascii_lowercase:
        if _keep(f"{now:%Y-%m}{letter}", private, now=now):
            return True
    raise RuntimeError("no name is left for a sealing key of this month")


def _keep(kid: str, private: ec.EllipticCurvePrivateKey, *, now: datetime) -> bool:
    """Store the pair under this name, unless the name is taken."""
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    public = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    _row, is_new = SealingKey.objects.get_or_create(
        kid=kid,
        defaults={
            "public": public,
            "private_sealed": sealing.seal(der, **_place(kid)),
            "made_at": now,
            "not_after": now + SEALING_KEY_USED,
        },
    )
    return is_new


def forget_keys(*, now: datetime) -> int:
    """Destroy the keys whose last day is long ago; how many. For the schedule."""
    gone, _by_model = SealingKey.objects.filter(not_after__lt=now - SEALING_KEY_KEPT).delete()
    return gone


# --- Opening -----------------------------------------------------------------------------------------------------
class KeyRing(dict[str, SealingKey | None]):
    """Keys by their names, each asked for once. Kept no longer than a transaction: a key may be destroyed."""

    def __missing__(self, kid: str) -> SealingKey | None:
        self[kid] = SealingKey.objects.filter(kid=kid).first()
        return self[kid]

    def open(self, kid: str, sealed: bytes, *, aad: bytes) -> bytes:
        """What was sealed with the key of this name.

        Raises:
            NotOpened: there is no such key any more, or it does not open this.
        """
        row = self[kid]
        if row is None:
            raise NotOpened
        return open_sealed(sealed, _private(kid, bytes(row.private_sealed)), aad=aad)


@lru_cache(maxsize=8)
def _private(kid: str, private_sealed: bytes) -> ec.EllipticCurvePrivateKey:
    """A private key, loaded once for a hundred operations. A ring asks whether it is still there."""
    try:
        key = load_der_private_key(sealing.unseal(private_sealed, **_place(kid)), password=None)
    except (sealing.SealBroken, ValueError) as error:
        raise NotOpened from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise NotOpened
    return key


def _place(kid: str) -> dict[str, str]:
    return {"table": SealingKey._meta.db_table, "row": kid, "field": "private"}


# --- Moving to a new field key -----------------------------------------------------------------------------------
def list_shut_keys() -> list[str]:
    """The names of keys whose private half does not open: what phones sealed to them cannot be read."""
    return [row.kid for row in SealingKey.objects.order_by("pk") if not _opens(row)]


def count_keys_on_old_keys() -> int:
    """How many private halves are sealed by a field key that is not the newest."""
    return _on_old_keys().count()


@transaction.atomic
def rewrap_keys() -> tuple[int, int]:
    """Seal every private half again that is not on the newest field key; how many were, and how many do not open."""
    moved = broken = 0
    for row in _on_old_keys().select_for_update():
        try:
            der = sealing.unseal(bytes(row.private_sealed), **_place(row.kid))
        except sealing.SealBroken:
            broken += 1
        else:
            row.private_sealed = sealing.seal(der, **_place(row.kid))
            row.save(update_fields=["private_sealed"])
            moved += 1
    return moved, broken


def _opens(row: SealingKey) -> bool:
    try:
        _private(row.kid, bytes(row.private_sealed))
    except NotOpened:
        return False
    return True


def _on_old_keys() -> QuerySet[SealingKey]:
    newest = sealing.prefix(sealing.current_key_id())
    head = Substr("private_sealed", 1, len(newest), output_field=BinaryField())
    return SealingKey.objects.alias(head=head).exclude(head=newest)
