from __future__ import annotations

import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from observations.sync.hpke import CURVE, NotOpened, open_sealed
from tests.phone import from_base64url, seal

pytestmark = pytest.mark.once

# RFC 9180, A.3.1 and A.3.1.1: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode, sequence number 0.
PRIVATE = "f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2"
ENC = (
    "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900be863c403ce65c9b"
    "fcb9382657222d18c4"
)
CIPHERTEXT = "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434"
INFO = "4f6465206f6e2061204772656369616e2055726e"
AAD = "436f756e742d30"
WORDS = b"Beauty is truth, truth beauty"
A_3 = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_128_GCM)


def key_of(private: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int(private, 16), CURVE)


class TestOpenSealed:
    def test_opens_the_test_vector_of_the_standard(self) -> None:
        sealed = bytes.fromhex(ENC + CIPHERTEXT)
        opened = open_sealed(
            sealed,
            key_of(PRIVATE),
            aad=bytes.fromhex(AAD),
            info=bytes.fromhex(INFO),
            suite=A_3,
        )
        assert opened == WORDS

    @pytest.mark.parametrize("at", [0, 1, 40, 64, 65, 80, -1])
    def test_one_changed_byte_opens_nothing(self, at: int) -> None:
        sealed = bytearray.fromhex(ENC + CIPHERTEXT)
        sealed[at] ^= 1
        with pytest.raises(NotOpened):
            open_sealed(
                bytes(sealed),
                key_of(PRIVATE),
                aad=bytes.fromhex(AAD),
                info=bytes.fromhex(INFO),
                suite=A_3,
            )

    @pytest.mark.parametrize("sealed", [b"", b"\x04", bytes(64), bytes(81), b"\x04" + bytes(120)])
    def test_what_is_no_ciphertext_opens_nothing(self, sealed: bytes) -> None:
        with pytest.raises(NotOpened):
            open_sealed(sealed, key_of(PRIVATE), aad=b"")

    def test_a_phone_seals_what_the_server_opens_and_for_one_operation_alone(self) -> None:
        private = ec.generate_private_key(CURVE)
        public = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        aad = f"v1|a_x|{uuid.uuid4()}|{uuid.uuid4()}|2026-11a".encode()
        sealed = from_base64url(seal(b"words", public, aad=aad))
        assert len(sealed) == 65 + 5 + 16
        assert open_sealed(sealed, private, aad=aad) == b"words"
        with pytest.raises(NotOpened):
            open_sealed(sealed, private, aad=aad.replace(b"a_x", b"a_y"))
