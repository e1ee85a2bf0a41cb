"""A phone for tests: it seals as the page does, sends as the page does, and forgets only what had a final result."""

from __future__ import annotations

import base64
import json
import os
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client

from observations.sync.hpke import INFO, SUITE

V1 = "/api/v1"
FINAL = {"applied", "duplicate", "merged", "conflict", "gone", "private_only", "rescued"}


def uuid7() -> uuid.UUID:
    """RFC 9562, 5.7: the milliseconds, then random bits."""
    number = (int(time.time() * 1000) << 80) | int.from_bytes(os.urandom(10))
    number = (number & ~(0xF << 76)) | (0x7 << 76)
    return uuid.UUID(int=(number & ~(0x3 << 62)) | (0x2 << 62))


def from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def to_base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def seal(content: bytes, public: bytes, *, aad: bytes) -> str:
    """HPKE in base mode, as WebCrypto does it on the phone."""
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    return to_base64url(openssl.hpke._encrypt_with_aad(SUITE, content, key, INFO, aad))


@dataclass
class Phone:
    """One installation with one account. `queue` is its outbox, oldest first."""

    client: Client
    queue: list[dict[str, str]] = field(default_factory=list)
    device_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    session: dict[str, Any] = field(default_factory=dict)

    def start(self) -> Phone:
        self.session = self.client.get(f"{V1}/sync/session").json()
        return self

    # --- Writing down, with or without a network ------------------------------------------------------------------
    def seal_op(
        self, plain: Any, *, moment_id: uuid.UUID | str, op_id: uuid.UUID | str | None = None
    ) -> dict[str, str]:
        op_id, moment_id, kid = str(op_id or uuid7()), str(moment_id), self.session["keys"][0]["kid"]
        content = plain if isinstance(plain, bytes) else json.dumps(plain).encode()
        aad = f"v1|{self.session['account']}|{op_id}|{moment_id}|{kid}".encode()
        sealed = seal(content, from_base64url(self.session["keys"][0]["pub"]), aad=aad)
        return {"op_id": op_id, "moment_id": moment_id, "kid": kid, "sealed": sealed}

    def write(
        self,
        kind: str,
        *,
        moment_id: uuid.UUID | str | None = None,
        base: dict[str, Any] | None = None,
        at: datetime | None = None,
        source: str = "auto",
        op_id: uuid.UUID | str | None = None,
        heard: dict[str, str] | None = None,
        **fields: Any,
    ) -> dict[str, str]:
        """Puts one operation into the outbox."""
        plain = {
            "type": kind,
            "base": base,
            "occurred_at": at.isoformat() if at else None,
            "tz": "Europe/Lisbon",
            "occurred_src": source,
            "logged_at": (at or datetime.now(UTC)).isoformat(),
            **({"heard": heard} if heard else {}),
            "fields": fields,
        }
        op = self.seal_op(plain, moment_id=moment_id or uuid.uuid4(), op_id=op_id)
        self.queue.append(op)
        return op

    # --- Sending --------------------------------------------------------------------------------------------------
    def post(self, ops: list[dict[str, str]], *, client_now: datetime | None = None, **changed: Any) -> Any:
        body = {
            "account": self.session["account"],
            "device_id": self.device_id,
            "client_now": (client_now or datetime.now(UTC)).isoformat(),
            "ops": ops,
            **changed,
        }
        return self.client.post(
            f"{V1}/sync/",
            json.dumps(body),
            content_type="application/json",
            headers={"X-Sync-Protocol": "1", "X-CSRFToken": self.session.get("csrf", "")},
        )

    def send(self, ops: list[dict[str, str]], **arguments: Any) -> list[dict[str, Any]]:
        response = self.post(ops, **arguments)
        assert response.status_code == 200, response.content
        return response.json()["results"]

    def flush(self, **arguments: Any) -> list[dict[str, Any]]:
        """Sends the outbox, at most a hundred at a time, and forgets what has a final result."""
        told = []
        for start in range(0, len(self.queue), 100):
            told += self.send(self.queue[start : start + 100], **arguments)
        final = {result["op_id"] for result in told if result["status"] in FINAL}
        self.queue = [op for op in self.queue if op["op_id"] not in final]
        return told

    def rescue(self, ops: list[dict[str, str]], *, reason: str) -> list[dict[str, Any]]:
        body = {"account": self.session["account"], "ops": [{**op, "reason": reason} for op in ops]}
        response = self.client.post(f"{V1}/sync/rescue/", json.dumps(body), content_type="application/json")
        assert response.status_code == 200, response.content
        return response.json()["results"]

    def changes(self, cursor: str = "", **query: Any) -> dict[str, Any]:
        response = self.client.get(f"{V1}/changes/", {"cursor": cursor, **query})
        assert response.status_code == 200, response.content
        return response.json()
