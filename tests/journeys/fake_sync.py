"""The other side of the sync protocol, played by a route of the browser: a phone hears whatever a test lets it hear."""

from __future__ import annotations

import base64
import json
import mimetypes
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import BrowserContext, Route

SCRIPTS = Path(__file__).resolve().parents[2] / "frontend" / "static"
SERVER_TIME = "2026-11-22T18:30:00Z"
ORIGIN = "https://phone.test"
PAGE = """<!doctype html><html lang="en"><meta name="outbox" data-cookie="pending" data-account="{account}">
<title>A page</title><main id="main"></main>"""

Answer = tuple[int, Any] | tuple[int, Any, dict[str, str]]
Said = Callable[[list[dict[str, Any]]], Answer | None]


def as_text(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def as_bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def results(ops: list[dict[str, Any]], status: str = "applied", **only: str) -> Answer:
    """The same for each; *only* says otherwise for single operations, by the last letters of their id."""
    told = [{"op_id": op["op_id"], "status": only.get(op["op_id"][-4:], status), "rev": 1} for op in ops]
    return 200, {"results": told}


@dataclass
class FakeSync:
    """What it says next stands in `answers`; when they are used up, everything is applied. None: no answer comes."""

    account: str = "a_0123456789abcdefghijkl"
    signed_in: str | None = "a_0123456789abcdefghijkl"
    csrf: str = "token-1"
    protocol: dict[str, int] = field(default_factory=lambda: {"min": 1, "max": 1})
    answers: list[Said] = field(default_factory=list)
    always: Said | None = None
    batches: list[list[dict[str, Any]]] = field(default_factory=list)
    envelopes: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    rescued: list[dict[str, Any]] = field(default_factory=list)
    sessions: int = 0
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    @property
    def public(self) -> str:
        point = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return as_text(point)

    @property
    def sent(self) -> list[str]:
        """Every operation that was sent, as often as it was."""
        return [op["op_id"] for batch in self.batches for op in batch]

    def serve(self, context: BrowserContext) -> None:
        context.route(f"{ORIGIN}/**", self._route)

    def _route(self, route: Route) -> None:
        path = route.request.url.removeprefix(ORIGIN).partition("?")[0]
        answer = self._answer(path, route)
        if answer is None:
            route.abort("connectionreset")
            return
        status, body, *more = answer
        headers = {"Content-Type": "application/json", **(more[0] if more else {})}
        text = body if isinstance(body, str | bytes) else json.dumps(body)
        route.fulfill(status=status, headers=headers, body=text)

    def _answer(self, path: str, route: Route) -> Any:
        if path == "/api/v1/sync/session":
            self.sessions += 1
            return self._session()
        if path == "/api/v1/sync/":
            return self._take(route)
        if path == "/api/v1/sync/rescue/":
            ops = json.loads(route.request.post_data or "{}")["ops"]
            self.rescued += ops
            return results(ops, "rescued")
        file = SCRIPTS / path.removeprefix("/")
        if path.startswith("/js/") and file.is_file():
            kind = mimetypes.guess_type(file.name)[0] or "text/javascript"
            return 200, file.read_bytes(), {"Content-Type": kind}
        return 200, PAGE.format(account=self.account), {"Content-Type": "text/html"}

    def _session(self) -> Any:
        if self.signed_in is None:
            return 401, {"code": "session_expired"}
        keys = [{"kid": "k1", "pub": self.public, "not_after": "2027-01-01T00:00:00Z"}]
        limits = {"ops": 100, "bytes": 1048576}
        told = {"account": self.signed_in, "csrf": self.csrf, "protocol": self.protocol}
        return 200, {**told, "keys": keys, "limits": limits, "server_time": SERVER_TIME}

    def _take(self, route: Route) -> Any:
        envelope = json.loads(route.request.post_data or "{}")
        self.envelopes.append(envelope)
        self.batches.append(envelope["ops"])
        self.headers.append(route.request.headers)
        say = self.answers.pop(0) if self.answers else self.always
        return say(envelope["ops"]) if say else results(envelope["ops"])
