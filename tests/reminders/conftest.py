"""A push service on this machine, a browser that can open what it is sent, and somebody who asked for reminders."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import http_ece
import pytest
from allauth.usersessions.models import UserSession
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID
from django.test import Client

from accounts.models import User
from reminders.models import PushAddress, ReminderChoices
from reminders.services import bind_address, choose_reminders
from reminders.services.choosing import Wishes
from reminders.shapes import Target

NONE: Wishes = {
    "evening_at": None,
    "moment_from": None,
    "moment_until": None,
    "week_ready": False,
    "something_new": False,
    "quiet_from": None,
    "quiet_until": None,
}


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class PushService:
    """Keeps what it is sent, and answers what it is told to: statuses in order, the last one for ever."""

    port: int
    received: list[Received] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=lambda: [(201, {})])

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def answer(self) -> tuple[int, dict[str, str]]:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@dataclass
class PhoneKeys:
    """What only the browser has: it opens what was sealed for it (RFC 8291)."""

    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    auth: bytes = b"0123456789abcdef"

    def target(self, endpoint: str) -> Target:
        point = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return Target(endpoint=endpoint, p256dh=text(point), auth=text(self.auth))

    def open(self, body: bytes) -> dict[str, Any]:
        opened = http_ece.decrypt(body, private_key=self.private, auth_secret=self.auth, version="aes128gcm")
        found: dict[str, Any] = json.loads(opened)
        return found


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1: prompts travel over https and nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=400))
        .not_valid_after(datetime.now(UTC) + timedelta(days=400))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("push") / "service.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + made.public_bytes(Encoding.PEM)
    )
    return path


@pytest.fixture
def service(certificate: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushService]:
    """A push service that is on the list."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.received.append(Received(self.path, dict(self.headers), body))
            status, headers = found.answer()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": "0"}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    found = PushService(server.server_port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    settings.PUSH_HOSTS = [found.host]
    settings.PUSH_CONTACT = "mailto:operator@example.org"
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def phone() -> PhoneKeys:
    return PhoneKeys()


@pytest.fixture
def wish() -> Callable[..., ReminderChoices]:
    """Asks for reminders through the use case."""

    def ask(user: User, **wishes: Any) -> ReminderChoices:
        return choose_reminders(actor_id=user.pk, wishes={**NONE, **wishes})  # type: ignore[typeddict-item]

    return ask


@pytest.fixture
def reach(
    client_of: Callable[[User], Client], settings: Any, phone: PhoneKeys, now: datetime
) -> Callable[..., PushAddress]:
    """Signs somebody in on one more device and has it take prompts."""
    made = [0]

    def bind(user: User, endpoint: str = "", *, keys: PhoneKeys = phone, client: Client | None = None) -> Any:
        made[0] += 1
        endpoint = endpoint or f"https://{settings.PUSH_HOSTS[0]}/{user.pk}/{made[0]}"
        session = (client or client_of(user)).session.session_key
        assert UserSession.objects.filter(session_key=session, user=user).exists()
        return bind_address(actor_id=user.pk, session_key=str(session), target=keys.target(endpoint), now=now)

    return bind
