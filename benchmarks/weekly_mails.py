"""Rendering and handing over mails, against a static template of the same length and the same hand-over."""

from __future__ import annotations

import contextlib
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context, Template
from django.utils import translation

from accounts.rules import DigestLevel
from benchmarks.families import LABEL, NOW
from checklists.selectors import get_content
from reflections.mail import Letter, _unfolded, build_message, envelope_sender, hand_over, message_id_for
from reflections.models import Reflection
from reflections.phrases import Words
from reflections.rules import Reply

BATCH: Final = 250
Found = dict[str, Any]


def mails(count: str) -> Found:
    """Milliseconds and processor milliseconds of each mail, in turns of a few hundred, so that noise falls on all."""
    letters = write_letters(int(count))
    floor = static_mail(build_message(letters[0]))
    kinds: dict[str, Callable[[Letter], object]] = {
        "product, rendering and hand-over": lambda letter: send(build_message(letter), letter),
        "floor, rendering and hand-over": lambda letter: send(floor(letter), letter),
        "product, rendering": build_message,
        "floor, rendering": floor,
    }
    spent = {name: [0.0, 0.0] for name in kinds}
    with a_mail_server():
        for start in range(0, len(letters), BATCH):
            for name, do in kinds.items():
                began, processor = time.perf_counter(), time.thread_time()
                for letter in letters[start : start + BATCH]:
                    do(letter)
                spent[name][0] += time.perf_counter() - began
                spent[name][1] += time.thread_time() - processor
    each = {name: [seconds * 1000 / len(letters) for seconds in both] for name, both in spent.items()}
    lengths = [len(build_message(letter)) for letter in letters[:BATCH]]
    return {"mails": len(letters), "bytes": sum(lengths) // len(lengths), **each}


def write_letters(count: int) -> list[Letter]:
    """What so many mails are made from: the compiled weeks with moments, as their members chose to be told."""
    rows = Reflection.objects.filter(week__label=LABEL).exclude(content__kind="quiet")
    found = list(rows.select_related("member__user", "household", "week").order_by("pk")[:count])
    words = Words(get_content("en"))
    return [
        Letter(
            email=row.member.user.email,
            user_id=row.member.user.public_id,
            household_id=row.household.public_id,
            language="en",
            level=DigestLevel.FULL,
            label=row.week.label,
            start_on=row.week.start_on,
            end_on=row.week.end_on,
            content=row.content,
            words=words,
            message_id=message_id_for(membership=row.member.public_id, label=LABEL, edition=1),
            written_at=NOW,
        )
        for row in (found[number % len(found)] for number in range(count))
    ]


def static_mail(like: bytes) -> Callable[[Letter], bytes]:
    """Renders two templates without anything in them, as long as the parts of this mail, and makes a mail of them."""
    from email import message_from_bytes, policy

    parsed = message_from_bytes(like, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    parts = [parsed.get_body((kind,)) for kind in ("plain", "html")]
    text, html = (Template(part.get_content().replace("{", "(")) for part in parts if part is not None)

    def render(letter: Letter) -> bytes:
        with translation.override(letter.language):
            message = EmailMultiAlternatives(
                subject="Your week",
                body=text.render(Context()),
                from_email=settings.DEFAULT_FROM_EMAIL,
                to=[letter.email],
                headers={"Message-ID": letter.message_id},
            )
            message.attach_alternative(html.render(Context()), "text/html")
        return _unfolded(message.message())

    return render


def send(raw: bytes, letter: Letter) -> None:
    reply, code = hand_over(raw, to=letter.email, sender=envelope_sender(1))
    assert reply is Reply.ACCEPTED, code


class Taking(socketserver.StreamRequestHandler):
    """The least that an SMTP server says to a client that speaks in turn."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline() != b".\r\n":
                    pass
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            if verb == b"QUIT":
                return


@contextlib.contextmanager
def a_mail_server() -> Iterator[None]:
    """A mail server of this process's own, faster than any real one: what is compared with it is not hidden by it."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Taking) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address[:2]
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        yield
        server.shutdown()
