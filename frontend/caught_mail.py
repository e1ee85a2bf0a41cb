"""Mails that Django's file backend wrote into a folder, read back for the local mail page."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

_BETWEEN: Final = b"\n" + b"-" * 79 + b"\n"  # what the file backend writes after each mail


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """One mail as its receiver would see it. `key` names it in an address without naming a file."""

    key: str
    subject: str
    to: str
    sent_at: datetime | None
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str


def list_caught(folder: Path, *, limit: int = 100) -> list[CaughtMail]:
    """The latest mails in *folder*, newest first; none when it does not exist."""
    files = sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    found = [mail for path in files[:limit] for mail in _mails_in(path)]
    oldest = datetime.min.replace(tzinfo=UTC)
    return sorted(found, key=lambda mail: mail.sent_at or oldest, reverse=True)[:limit]


def find_caught(folder: Path, key: str) -> CaughtMail | None:
    """The mail with that key, if it is among the latest."""
    return next((mail for mail in list_caught(folder) if mail.key == key), None)


def _mails_in(path: Path) -> Iterator[CaughtMail]:
    for number, raw in enumerate(path.read_bytes().split(_BETWEEN)):
        if raw.strip():
            key = hashlib.sha256(f"{path.name}|{number}".encode()).hexdigest()[:16]
            yield _read(key, raw)


def _read(key: str, raw: bytes) -> CaughtMail:
    message = message_from_bytes(raw, _class=EmailMessage, policy=policy.default)
    return CaughtMail(
        key=key,
        subject=str(message["Subject"] or ""),
        to=str(message["To"] or ""),
        sent_at=_date(message),
        headers=tuple((name, str(value)) for name, value in message.items()),
        text=_part(message, "plain"),
        html=_part(message, "html"),
    )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


def _date(message: EmailMessage) -> datetime | None:
    try:
        sent = parsedate_to_datetime(str(message["Date"]))
    except ValueError:
        return None
    return sent if sent.tzinfo else sent.replace(tzinfo=UTC)
