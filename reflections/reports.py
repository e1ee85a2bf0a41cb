"""Reading what mail servers send back: delivery status notifications (RFC 3464) and complaints (ARF, RFC 5965).

Which delivery it is about stands in the address it was sent to; nothing else in it about people is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message
from typing import Final

from accounts.rules import MailReturn

REPORT_BYTES_MAX: Final = 1024 * 1024
_TOKEN: Final = re.compile(r"\+(\d{1,18}-[0-9a-f]{20})@", re.IGNORECASE)
_ADDRESSED: Final = ("Delivered-To", "X-Original-To", "Envelope-To", "To", "X-Failed-Recipients")


@dataclass(frozen=True, slots=True)
class Report:
    """One report: which delivery it is about, as signed in the address, and how the mail came back."""

    token: str
    kind: MailReturn


def read_report(raw: bytes) -> Report | None:
    """What a mail to the return address reports; None for a holiday notice, a delay, or anything else.

    Raises:
        ValueError: it is a report, but about no delivery that could be told.
    """
    mail = message_from_bytes(raw[:REPORT_BYTES_MAX], policy=policy.compat32)
    kind = _kind(mail)
    if kind is None:
        return None
    token = next(_tokens(mail), "")
    if not token:
        raise ValueError("the report says nowhere which mail it is about")
    return Report(token, kind)


def _kind(mail: Message) -> MailReturn | None:
    for part in mail.walk():
        if part.get_content_type() == "message/feedback-report":
            return MailReturn.COMPLAINT
        if part.get_content_type() == "message/delivery-status":
            return _worst(_fields(part))
    return None


def _fields(part: Message) -> Iterator[Message]:
    """The groups of fields of a delivery status: one about the mail, then one for each recipient."""
    groups = part.get_payload()
    yield from (group for group in groups if isinstance(group, Message)) if isinstance(groups, list) else ()


def _worst(groups: Iterator[Message]) -> MailReturn | None:
    """5.x.x failed for good, 4.x.x failed for now; what is only delayed, relayed or delivered did not come back."""
    failed = [
        str(group.get("Status", "")).strip()
        for group in groups
        if str(group.get("Action", "")).strip().lower() == "failed"
    ]
    if not failed:
        return None
    return MailReturn.HARD if any(status.startswith("5") for status in failed) else MailReturn.SOFT


def _tokens(mail: Message) -> Iterator[str]:
    """The addresses it was sent to, then those of the mail that it brings back."""
    for part in mail.walk():
        for name in (*_ADDRESSED, "Return-Path"):
            for value in part.get_all(name, ()):
                yield from _TOKEN.findall(str(value))
