"""The digest: building its bytes once, and handing the same bytes over as often as it takes.

What a mail may say is decided by its level and by each sentence's own (`reflections.composition`). The subject is
always the same, there is no preheader, nothing is fetched when it is opened, and free text is in no level.
"""

from __future__ import annotations

import re
import smtplib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email import message_from_bytes
from email.generator import BytesGenerator
from email.message import Message
from email.utils import format_datetime
from io import BytesIO
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.rules import DigestLevel
from accounts.tokens import not_me_token
from reflections.composition import Json
from reflections.inlining import inline_styles
from reflections.phrases import Words, offer, phrase, title
from reflections.rules import LEVELS, QuietMail, Reply
from reflections.tokens import return_token, unsubscribe_token

# One namespace for good: a Message-ID must never change between releases.
_NAMESPACE: Final = uuid.UUID("6f0b6b1c-6a06-4a3c-9a75-0f7b9d1a4f10")
_LADDER: Final = {QuietMail.LINE: "quiet.line", QuietMail.MONTHLY: "quiet.monthly"}


@dataclass(frozen=True, slots=True)
class Letter:
    """Everything that one digest is made from. `quiet` is the step of the quiet ladder, None in a week with entries."""

    email: str
    user_id: uuid.UUID
    household_id: uuid.UUID
    language: str
    level: DigestLevel
    label: str
    start_on: date
    end_on: date
    content: Json
    words: Words
    message_id: str
    written_at: datetime
    quiet: QuietMail | None = None


# --- Building ----------------------------------------------------------------------------------------------------
def message_id_for(*, membership: uuid.UUID, label: str, edition: int) -> str:
    """The same for every copy of a digest, so that a mail program shows a rare second one as the first.

    *edition* is how often its bytes were frozen: other bytes under the same name would be shown as those that came
    first, or not at all.
    """
    return f"<d.{uuid.uuid5(_NAMESPACE, f'{membership}|{label}|edition {edition}')}@{_host()}>"


def build_message(letter: Letter) -> bytes:
    """The whole mail, headers and both parts, as it will be handed over each time it is tried.

    Headers: RFC 8058 and RFC 2369 (one-click unsubscribe), RFC 2919 (List-Id), RFC 3834 (Auto-Submitted).
    """
    with translation.override(letter.language):
        context = _context(letter)
        message = EmailMultiAlternatives(
            subject=_("Your week"),
            body=render_to_string("reflections/digest.txt", context),
            from_email=settings.DEFAULT_FROM_EMAIL,
            to=[letter.email],
            headers=_headers(letter, context["unsubscribe_url"]),
        )
        html = render_to_string("reflections/digest.html", context)
        message.attach_alternative(inline_styles(html), "text/html")
    return _unfolded(message.message())


def _unfolded(message: Message) -> bytes:
    """The mail with one line per header: some mail programs do not find a link behind a folded line."""
    raw = BytesIO()
    BytesGenerator(raw, mangle_from_=False, maxheaderlen=0).flatten(message, linesep="\r\n")
    return raw.getvalue()


def _headers(letter: Letter, unsubscribe_url: str) -> dict[str, str]:
    return {
        "Message-ID": letter.message_id,
        "Date": format_datetime(letter.written_at),
        "List-Id": f"<your-week.{_host()}>",
        "List-Unsubscribe": f"<{unsubscribe_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
        "Feedback-ID": "digest:attune",
    }


def _context(letter: Letter) -> dict[str, Any]:
    site = settings.SITE_URL
    return {
        "language": letter.language,
        "is_discreet": letter.level is DigestLevel.DISCREET,
        "period": period_in_words(letter.start_on, letter.end_on),
        "parts": _parts(letter),
        "days": _days(letter),
        "notice": _notice(letter),
        # Two households can have a week of that name: the link says which one it is about.
        "page_url": f"{site}/reflections/{letter.label}/?home={letter.household_id}",
        "choices_url": f"{site}/account/choices/",
        "not_me_url": f"{site}/not-me/{not_me_token(user_id=letter.user_id, email=letter.email)}/",
        "unsubscribe_url": f"{site}/unsubscribe/{unsubscribe_token(user_id=letter.user_id)}/",
    }


def period_in_words(start_on: date, end_on: date) -> str:
    """The days of a week as people say them: "9 to 15 November"; `end_on` is the day after."""
    last_on = end_on - timedelta(days=1)
    start_format = "j" if (start_on.year, start_on.month) == (last_on.year, last_on.month) else "j F"
    return _("%(first)s to %(last)s") % {
        "first": date_format(start_on, start_format),
        "last": date_format(last_on, "j F"),
    }


def _parts(letter: Letter) -> list[dict[str, Any]]:
    """The sections of the page that this level tells, in the page's order, each with its sentences in words."""
    told = []
    for section, sentences in _told(letter):
        key = section["key"]
        said = [phrase(item, seed=letter.content["seed"], words=letter.words) for item in sentences]
        told.append({"key": key, "title": title(key), "sentences": said, "offers": _offers(section)})
    return told


def _told(letter: Letter) -> Iterator[tuple[Json, list[Json]]]:
    """The sentences that this level tells, by section; a section that tells none is left out."""
    if letter.level is DigestLevel.DISCREET or letter.quiet in _LADDER:
        return
    for section in letter.content["sections"]:
        if sentences := [item for item in section["sentences"] if _tells(letter.level, item["mail"])]:
            yield section, sentences


def told_moments(letter: Letter) -> set[uuid.UUID]:
    """The moments whose being there, and visible to its reader, this mail rests on."""
    return {
        uuid.UUID(moment)
        for _section, sentences in _told(letter)
        for item in sentences
        for moment in item["moments"]
    }


def _offers(section: Json) -> list[dict[str, str]]:
    """The ways in that a quiet week offers. Each opens the capture screen with its tone chosen, and writes nothing."""
    return [
        {"label": offer(tone), "url": f"{settings.SITE_URL}/log/?tone={tone}"}
        for tone in section["data"].get("offer", ())
    ]


def _tells(level: DigestLevel, lowest: str | None) -> bool:
    return lowest is not None and LEVELS.index(level) >= LEVELS.index(DigestLevel(lowest))


def _days(letter: Letter) -> list[dict[str, Any]]:
    """How many moments each day holds, where the mail gives that number in words too; their tones stay on the page."""
    noticed = next((part for part in letter.content["sections"] if part["key"] == "noticed"), None)
    if noticed is None or letter.level is DigestLevel.DISCREET:
        return []
    counted = next((item for item in noticed["sentences"] if item["rule"] == "noticed.count"), None)
    if counted is None or not _tells(letter.level, counted["mail"]):
        return []
    return [
        {"name": date_format(date.fromisoformat(day["on"]), "D"), "dots": range(len(day["moments"]))}
        for day in noticed["data"]["days"]
    ]


def _notice(letter: Letter) -> str:
    """What the quiet ladder says about the mail itself; it tells nothing of a week, so every level says it."""
    rule = _LADDER.get(letter.quiet) if letter.quiet else None
    if rule is None:
        return ""
    return phrase({"rule": rule, "params": {}}, seed=letter.content["seed"], words=letter.words)


def _host() -> str:
    return urlsplit(settings.SITE_URL).hostname or "localhost"


# --- Handing over ------------------------------------------------------------------------------------------------
class _FrozenMessage(Message):
    """A parsed mail that always serialises to the bytes it was frozen as."""

    raw: bytes = b""

    def as_bytes(self, unixfrom: bool = False, linesep: str = "\n", **_options: Any) -> bytes:  # type: ignore[override]
        del unixfrom
        return self.raw if linesep == "\r\n" else self.raw.replace(b"\r\n", b"\n")


class FrozenEmail(EmailMessage):
    """A mail whose bytes were fixed when it became ready."""

    def __init__(self, raw: bytes, *, to: str, sender: str) -> None:
        super().__init__(from_email=sender, to=[to])
        self.raw = raw

    def message(self, **_options: Any) -> Any:
        parsed = message_from_bytes(self.raw, _class=_FrozenMessage)
        parsed.raw = self.raw
        return parsed


def envelope_sender(digest_id: int) -> str:
    """Where the mail server sends it if it cannot be delivered: an address of this delivery's own (VERP)."""
    if not settings.RETURN_ADDRESS:
        return settings.DEFAULT_FROM_EMAIL
    name, _at, host = settings.RETURN_ADDRESS.rpartition("@")
    return f"{name}+{return_token(digest_id)}@{host}"


def hand_over(raw: bytes, *, to: str, sender: str) -> tuple[Reply, str]:
    """Give a mail to the mail server; what its answer means for the delivery, and the code to keep.

    Exceptions that are not the mail server's speaking are the caller's: they mean that this row is broken.
    """
    try:
        get_connection().send_messages([FrozenEmail(raw, to=to, sender=sender)])
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()), (0, b""))
        enhanced = _ENHANCED.match(said)
        kept = f"recipient {code} {enhanced[0].decode()}" if enhanced else f"recipient {code}"
        return (Reply.REFUSED_RECIPIENT if code >= 500 else Reply.LATER), kept
    except smtplib.SMTPDataError as error:
        return (Reply.REFUSED_CONTENT if error.smtp_code >= 500 else Reply.LATER), f"data {error.smtp_code}"
    except smtplib.SMTPResponseException as error:
        # Greeting, sign-in, sender: nothing about this mail, so it waits until the server is mended.
        return Reply.LATER, f"server {error.smtp_code}"
    except (smtplib.SMTPException, OSError) as error:
        return Reply.LATER, f"connection {type(error).__name__}"[:40]
    return Reply.ACCEPTED, "250"


# What RFC 5321 (4.2.3) and RFC 7504 say of a mailbox or its domain. Other answers to RCPT are about the server, which
# may be our own: 421, 451 (a local error), 530 (sign in first), 554 (no relaying).
_OF_A_MAILBOX: Final = frozenset({450, 452, 550, 551, 552, 553, 556})
# RFC 3463, where a server says more: subject and detail. Not of the address are the mail system, the protocol, the mail
# itself, a policy (`550 5.7.1`), and of address and mailbox what is said of the sender or of a mail's length.
_ENHANCED: Final = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}(?!\S)")
_NOT_OF_THE_ADDRESS: Final = frozenset({"3", "5", "6", "7", "1.7", "1.8", "2.3"})


def is_about_recipient(code: str) -> bool:
    """Whether what `hand_over` kept says something of this address, and not of the mail server or the way to it."""
    at, number, enhanced = (*code.split(" "), "", "")[:3]
    if at != "recipient" or int(number) not in _OF_A_MAILBOX:
        return False
    _class, _dot, said = enhanced.partition(".")
    return _NOT_OF_THE_ADDRESS.isdisjoint({said, said.partition(".")[0]})


def is_out_of_reach(code: str) -> bool:
    """Whether what `hand_over` kept means that the mail server itself is away, and no mail would have gone through."""
    return code.startswith("connection ") or code == "server 421"
