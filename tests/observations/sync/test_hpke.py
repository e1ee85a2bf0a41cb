from __future__ import annotations

import uuid
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from observations.sync.hpke import CURVE, NotOpened, open_sealed
from tests.phone import from_base64url, seal

pytestmark = pytest.mark.once

# DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, base mode, sequence number 0: RFC 9180, A.3.1 and A.5.1, and of the files
# behind the appendix (test-vectors.json of draft-irtf-cfrg-hpke) the one for AES-256-GCM, which is the suite used here.
# What the library does not offer cannot be asked of it: later messages of a context, exported secrets, and the modes
# with a shared or a sender's key (A.3.2 to A.3.4, A.5.2 to A.5.4). None of it is used.
INFO = bytes.fromhex("4f6465206f6e2061204772656369616e2055726e")
AAD = b"Count-0"
WORDS = b"Beauty is truth, truth beauty"


@dataclass(frozen=True)
class Vector:
    aead: AEAD
    private: str
    enc: str
    ciphertext: str

    @property
    def sealed(self) -> bytes:
        return bytes.fromhex(self.enc + self.ciphertext)

    def open(self, sealed: bytes, *, info: bytes = INFO, aad: bytes = AAD) -> bytes:
        suite = Suite(KEM.P256, KDF.HKDF_SHA256, self.aead)
        return open_sealed(sealed, key_of(self.private), aad=aad, info=info, suite=suite)


VECTORS = {
    "A.3.1, AES-128-GCM": Vector(
        AEAD.AES_128_GCM,
        "f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2",
        "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac9"
        "8536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4",
        "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434",
    ),
    "A.5.1, ChaCha20Poly1305": Vector(
        AEAD.CHACHA20_POLY1305,
        "a4d1c55836aa30f9b3fbb6ac98d338c877c2867dd3a77396d13f68d3ab150d3b",
        "04c07836a0206e04e31d8ae99bfd549380b072a1b1b82e563c935c095827824fc1"
        "559eac6fb9e3c70cd3193968994e7fe9781aa103f5b50e934b5b2f387e381291",
        "6469c41c5c81d3aa85432531ecf6460ec945bde1eb428cb2fedf7a29f5a685b4ccb0d057f03ea2952a27bb458b",
    ),
    "AES-256-GCM": Vector(
        AEAD.AES_256_GCM,
        "317f915db7bc629c48fe765587897e01e282d3e8445f79f27f65d031a88082b2",
        "04c06b4f6bebc7bb495cb797ab753f911aff80aefb86fd8b6fcc35525f3ab5f03e"
        "0b21bd31a86c6048af3cb2d98e0d3bf01da5cc4c39ff5370d331a4f1f7d5a4e0",
        "58c61a45059d0c5704560e9d88b564a8b63f1364b8d1fcb3c4c6ddc1d291742465e902cd216f8908da49f8f96f",
    ),
}
OURS = VECTORS["AES-256-GCM"]


def key_of(private: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int(private, 16), CURVE)


class TestOpenSealed:
    @pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
    def test_opens_the_test_vectors_of_the_standard(self, vector: Vector) -> None:
        assert vector.open(vector.sealed) == WORDS

    def test_opens_the_one_of_the_suite_that_phones_use(self) -> None:
        assert open_sealed(OURS.sealed, key_of(OURS.private), aad=AAD, info=INFO) == WORDS

    @pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
    @pytest.mark.parametrize("at", [0, 1, 40, 64, 65, 80, -1])
    def test_one_changed_byte_opens_nothing(self, vector: Vector, at: int) -> None:
        sealed = bytearray(vector.sealed)
        sealed[at] ^= 1
        with pytest.raises(NotOpened):
            vector.open(bytes(sealed))

    @pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
    def test_it_is_bound_to_what_it_was_sealed_for(self, vector: Vector) -> None:
        for other in ({"info": INFO + b"!"}, {"aad": b"Count-1"}):
            with pytest.raises(NotOpened):
                vector.open(vector.sealed, **other)

    def test_what_another_suite_sealed_opens_nothing(self) -> None:
        sealed = VECTORS["A.3.1, AES-128-GCM"]
        with pytest.raises(NotOpened):
            open_sealed(sealed.sealed, key_of(sealed.private), aad=AAD, info=INFO)

    @pytest.mark.parametrize("sealed", [b"", b"\x04", bytes(64), bytes(81), b"\x04" + bytes(120)])
    def test_what_is_no_ciphertext_opens_nothing(self, sealed: bytes) -> None:
        with pytest.raises(NotOpened):
            open_sealed(sealed, key_of(OURS.private), aad=b"")

    def test_a_phone_seals_what_the_server_opens_and_for_one_operation_alone(self) -> None:
        private = ec.generate_private_key(CURVE)
        public = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        aad = f"v1|a_x|{uuid.uuid4()}|{uuid.uuid4()}|2026-11a".encode()
        sealed = from_base64url(seal(b"words", public, aad=aad))
        assert len(sealed) == 65 + 5 + 16
        assert open_sealed(sealed, private, aad=aad) == b"words"
        with pytest.raises(NotOpened):
            open_sealed(sealed, private, aad=aad.replace(b"a_x", b"a_y"))
