"""Every way in which a mail server can answer, from a real one, and the state in which the delivery ends."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from reflections.models import Digest, MailGate
from reflections.rules import GIVE_UP_AFTER, OPEN, Status
from reflections.services import compile_closed, compiling, deliver_digest, plan_digests
from tests.reflections.conftest import CLOSED, EVENING, LABEL, MONDAY

pytestmark = pytest.mark.django_db

HANGS = "hangs"
CLOSES = "closes"


class Answering:
    """A mail server that says one thing at one point of the conversation, and takes everything else."""

    def __init__(self) -> None:
        self.says: dict[str, str] = {}
        self.unknown = ""  # an address it has no mailbox for
        self.bodies: list[bytes] = []
        self.closed = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connected, _address = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connected,), daemon=True).start()

    def _talk(self, connected: socket.socket) -> None:
        with connected, connected.makefile("rwb") as wire:
            try:
                if not self._say(wire, "connect", "220 here"):
                    return
                while line := wire.readline():
                    verb = line[:4].decode().upper()
                    if verb == "DATA":
                        if not self._say(wire, "DATA", "354 go on"):
                            return
                        if "DATA" not in self.says and not self._take(wire):
                            return
                    elif not self._say(wire, verb, self._usual(verb, line.decode())):
                        return
            except OSError:
                return

    def _usual(self, verb: str, line: str) -> str:
        if verb == "RCPT" and self.unknown and self.unknown in line:
            return "550 no such user"
        return "221 bye" if verb == "QUIT" else "250 ok"

    def _take(self, wire: Any) -> bool:
        lines = []
        while (line := wire.readline()) and line != b".\r\n":
            lines.append(line)
        self.bodies.append(b"".join(lines))
        return self._say(wire, "end", "250 taken")

    def _say(self, wire: Any, at: str, usual: str) -> bool:
        """Whether the conversation goes on."""
        said = self.says.get(at, usual)
        if said == HANGS:
            self.closed.wait(30)
        if said in (HANGS, CLOSES):
            return False
        wire.write(said.encode() + b"\r\n")
        wire.flush()
        return True

    def stop(self) -> None:
        self.closed.set()
        self.listener.close()


@pytest.fixture
def server(settings: Any) -> Iterator[Answering]:
    found = Answering()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", found.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_TIMEOUT = 1
    yield found
    found.stop()


@pytest.fixture
def digest(family: Any) -> Digest:
    family.note(family.alice)
    plan_digests(household_ids=[family.household.pk], now=CLOSED)
    return Digest.objects.get(membership=family.membership(family.alice), week__label=LABEL)


# When it is said, what is said, the state after the first try, the code kept, the state after a day of the same.
MATRIX = [
    ("connect", "421 too many connections", Status.READY, "server 421", Status.FAILED_TEMP),
    ("connect", "554 no mail from you", Status.READY, "server 554", Status.FAILED_TEMP),
    ("connect", CLOSES, Status.READY, "connection SMTPServerDisconnected", Status.FAILED_TEMP),
    ("connect", HANGS, Status.READY, "connection SMTPServerDisconnected", None),
    ("MAIL", "451 try later", Status.READY, "server 451", Status.FAILED_TEMP),
    ("MAIL", "553 not you", Status.READY, "server 553", Status.FAILED_TEMP),
    ("RCPT", "421 shutting down", Status.READY, "recipient 421", Status.FAILED_TEMP),
    ("RCPT", "450 greylisted", Status.READY, "recipient 450", Status.FAILED_TEMP),
    ("RCPT", "452 mailbox full", Status.READY, "recipient 452", Status.FAILED_TEMP),
    ("RCPT", "550 no such user", Status.FAILED_PERM, "recipient 550", None),
    ("RCPT", "550 5.1.1 no such user", Status.FAILED_PERM, "recipient 550 5.1.1", None),
    ("RCPT", "550 5.7.1 relaying denied", Status.FAILED_PERM, "recipient 550 5.7.1", None),
    ("RCPT", "551 not local", Status.FAILED_PERM, "recipient 551", None),
    ("RCPT", "553 bad name", Status.FAILED_PERM, "recipient 553", None),
    ("DATA", "451 try later", Status.READY, "data 451", Status.FAILED_TEMP),
    ("DATA", "554 refused", Status.QUARANTINED, "data 554", None),
    ("end", "421 shutting down", Status.READY, "data 421", Status.FAILED_TEMP),
    ("end", "451 try later", Status.READY, "data 451", Status.FAILED_TEMP),
    ("end", "552 too large", Status.QUARANTINED, "data 552", None),
    ("end", "554 looks like spam", Status.QUARANTINED, "data 554", None),
    ("end", CLOSES, Status.READY, "connection SMTPServerDisconnected", Status.FAILED_TEMP),
    ("end", HANGS, Status.READY, "connection SMTPServerDisconnected", None),
]


class TestMatrix:
    @pytest.mark.parametrize(("at", "says", "status", "code", "later"), MATRIX)
    def test_each_answer_ends_where_it_should(
        self, digest: Digest, server: Answering, at: str, says: str, status: str, code: str, later: str | None
    ) -> None:
        server.says = {at: says}
        assert deliver_digest(digest_id=digest.pk, now=EVENING) == status
        digest.refresh_from_db()
        assert digest.last_code == code
        while later and digest.status == Status.READY:
            MailGate.objects.update(closed_until=None, failures=0, failing_since=None)
            deliver_digest(digest_id=digest.pk, now=digest.next_at)
            digest.refresh_from_db()
        assert digest.status == (later or status)
        if later:
            assert digest.ended_at - EVENING <= GIVE_UP_AFTER

    @pytest.mark.parametrize(
        ("at", "says"), [(at, says) for at, says, status, _code, _later in MATRIX if status == Status.READY]
    )
    def test_what_passes_is_the_same_mail_when_it_is_over(
        self, digest: Digest, server: Answering, at: str, says: str
    ) -> None:
        server.says = {at: says}
        deliver_digest(digest_id=digest.pk, now=EVENING)
        server.says = {}
        assert deliver_digest(digest_id=digest.pk, now=EVENING + timedelta(minutes=10)) == Status.SENT
        assert len(set(server.bodies)) == 1

    @pytest.mark.parametrize("says", [CLOSES, HANGS])
    def test_what_may_have_arrived_is_the_same_mail_whatever_comes_late(
        self, family: Any, digest: Digest, server: Answering, says: str
    ) -> None:
        """The server has the whole mail and does not say so; then a phone brings another moment of that week."""
        minute = timedelta(minutes=1)
        server.says = {"end": says}
        assert deliver_digest(digest_id=digest.pk, now=EVENING) == Status.READY
        family.note(family.alice, at=MONDAY + 60 * minute, received=EVENING + minute)
        compile_closed(household_ids=[family.household.pk], now=EVENING + 2 * minute)
        server.says = {}
        assert deliver_digest(digest_id=digest.pk, now=EVENING + 5 * minute) == Status.SENT
        assert len(server.bodies) == 2
        assert len(set(server.bodies)) == 1

    @pytest.mark.parametrize(
        "says", ["550 no such user", "550 5.1.1 no such user", "550 5.0.0 unknown", "550 5.4.1 access denied"]
    )
    def test_an_address_that_takes_nothing_stops_the_mail_and_says_so_in_the_app(
        self, family: Any, digest: Digest, server: Answering, says: str
    ) -> None:
        server.says = {"RCPT": says}
        deliver_digest(digest_id=digest.pk, now=EVENING)
        assert User.objects.get(pk=family.alice.pk).mail_stopped_at == EVENING

    @pytest.mark.parametrize(
        ("at", "says", "stops"),
        [
            ("MAIL", "535 who are you", False),
            ("connect", CLOSES, False),
            ("RCPT", "421 shutting down", False),
            ("RCPT", "451 lookup failed here", False),
            ("RCPT", "554 no relaying", False),
            ("RCPT", "550 5.7.1 no relaying", False),
            ("RCPT", "450 4.7.1 greylisted", False),
            ("RCPT", "450 4.1.8 sender's domain not found", False),
            ("RCPT", "550 5.1.8 sender's domain not found", False),
            ("RCPT", "452 4.3.1 no space here", False),
            ("RCPT", "452 4.2.2 mailbox full", True),
            ("DATA", "451 try later", False),
            ("end", CLOSES, False),
            ("RCPT", "450 mailbox busy", True),
            ("RCPT", "452 mailbox full", True),
        ],
    )
    def test_three_weeks_of_it_stop_the_mail_only_where_it_is_said_of_the_address(
        self, family: Any, server: Answering, at: str, says: str, stops: bool
    ) -> None:
        server.says = {at: says}
        for week in (timedelta(weeks=number) for number in range(3)):
            family.note(family.alice, at=MONDAY + week)
            plan_digests(household_ids=[family.household.pk], now=CLOSED + week)
            row = Digest.objects.get(membership=family.membership(family.alice), week__ends_at=CLOSED + week)
            row.next_at = EVENING + week
            while row.status in OPEN:
                MailGate.objects.update(closed_until=None, failures=0, failing_since=None)
                deliver_digest(digest_id=row.pk, now=max(row.next_at, EVENING + week))
                row.refresh_from_db()
            assert row.status in (Status.FAILED_TEMP, Status.FAILED_PERM)
        assert (User.objects.get(pk=family.alice.pk).mail_stopped_at is not None) == stops

    def test_a_slow_server_gets_the_mail_once(self, digest: Digest, server: Answering, settings: Any) -> None:
        settings.EMAIL_TIMEOUT = 20
        taken = server._take

        def slowly(wire: Any) -> bool:
            server.closed.wait(1.5)
            return taken(wire)

        server._take = slowly  # type: ignore[method-assign]
        assert deliver_digest(digest_id=digest.pk, now=EVENING) == Status.SENT
        assert deliver_digest(digest_id=digest.pk, now=EVENING + timedelta(hours=1)) == Status.SENT
        assert len(server.bodies) == 1


class TestOneAmongMany:
    """A household whose week breaks what composes it, and one whose address the server does not know."""

    @pytest.mark.parametrize(
        "households", [12, pytest.param(500, marks=[pytest.mark.drill, pytest.mark.timeout(3600)])]
    )
    def test_the_others_are_sent(
        self,
        make_family: Callable[..., Any],
        server: Answering,
        settings: Any,
        monkeypatch: pytest.MonkeyPatch,
        households: int,
    ) -> None:
        settings.DIGESTS_PER_SECOND = 1000
        families = [make_family(str(number)) for number in range(households)]
        for family in families:
            family.note(family.alice)
        User.objects.filter(email__startswith="bela").update(digest_level="none")
        plan_digests(household_ids=[family.household.pk for family in families], now=CLOSED)
        poison = families[1].membership(families[1].alice).public_id
        compose = compiling.compose

        def poisoned(facts: Any) -> Any:
            if facts.member == poison:
                raise ValueError("poison")
            return compose(facts)

        monkeypatch.setattr(compiling, "compose", poisoned)
        server.unknown = families[2].alice.email
        rows = Digest.objects.filter(week__label=LABEL).order_by("pk")
        states = {row.household_id: deliver_digest(digest_id=row.pk, now=EVENING) for row in rows}
        assert states.pop(families[1].household.pk) == Status.QUARANTINED
        assert states.pop(families[2].household.pk) == Status.FAILED_PERM
        assert set(states.values()) == {Status.SENT}
        assert len(states) == len(server.bodies) == households - 2
