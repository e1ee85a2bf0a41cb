"""A phone's lock in Python: makes a passkey and opens with it, as a browser would (WebAuthn Level 2, 6 and 7)."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor
from fido2.cose import ES256

USER_PRESENT, USER_VERIFIED, HAS_KEY = 0x01, 0x04, 0x40


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class SoftPasskey:
    """One passkey. `verifies` is whether the device asks for a finger, a face or a PIN."""

    def __init__(self, host: str = "testserver", *, name: str = "a", verifies: bool = True) -> None:
        self.host, self.id = host, name.encode() * 16
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._flags = USER_PRESENT | (USER_VERIFIED if verifies else 0)
        self._user_handle = ""

    def create(self, options: Mapping[str, Any]) -> str:
        """What the browser sends for these creation options."""
        asked = options["publicKey"]
        self._user_handle = str(asked["user"]["id"])
        cose = cbor.encode(dict(ES256.from_cryptography_key(self._key.public_key())))
        key = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cose
        attestation = {"fmt": "none", "attStmt": {}, "authData": self._data(HAS_KEY) + key}
        return self._answer(
            {
                "clientDataJSON": b64(self._client_data("webauthn.create", asked["challenge"])),
                "attestationObject": b64(cbor.encode(attestation)),
            }
        )

    def get(self, options: Mapping[str, Any]) -> str:
        """What the browser sends for these request options."""
        asked = options["publicKey"]
        data, client_data = self._data(), self._client_data("webauthn.get", asked["challenge"])
        signature = self._key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            {
                "clientDataJSON": b64(client_data),
                "authenticatorData": b64(data),
                "signature": b64(signature),
                "userHandle": self._user_handle,
            }
        )

    def _data(self, flags: int = 0) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + bytes([self._flags | flags]) + bytes(4)

    def _client_data(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": f"https://{self.host}", "crossOrigin": False}
        return json.dumps(said).encode()

    def _answer(self, response: Mapping[str, str]) -> str:
        whole = {"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": response}
        return json.dumps({**whole, "clientExtensionResults": {"credProps": {"rk": True}}})
