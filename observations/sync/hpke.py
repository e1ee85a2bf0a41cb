"""Opening what a phone sealed: HPKE in base mode (RFC 9180), one fresh context for each operation.

DHKEM(P-256, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM, which every browser's WebCrypto can do. What is sent is the
encapsulated key (65 bytes, an uncompressed point) and behind it the ciphertext with its tag.
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidTag

# The library's own test vectors call this; its public `decrypt` is the same without associated data (docs/adr/0020).
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

INFO: Final = b"attune outbox v1"
SUITE: Final = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
CURVE: Final = ec.SECP256R1()


class NotOpened(Exception):
    """Another key, another associated data, or damaged bytes. Nobody is told which."""


def open_sealed(
    sealed: bytes,
    private: ec.EllipticCurvePrivateKey,
    *,
    aad: bytes,
    info: bytes = INFO,
    suite: Suite = SUITE,
) -> bytes:
    """What was sealed to the public half of *private*.

    Raises:
        NotOpened: it was not sealed so, or not for this *aad*.
    """
    try:
        return openssl.hpke._decrypt_with_aad(suite, sealed, private, info, aad)
    except (InvalidTag, ValueError) as error:
        raise NotOpened from error
