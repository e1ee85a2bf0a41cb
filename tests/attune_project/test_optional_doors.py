"""Addresses that are there only when a setting asks for them: counts for Prometheus, reports of a mail provider."""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib
import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.management import call_command
from django.test import Client
from django.urls import clear_url_caches
from django.utils import timezone

from accounts.models import ReturnedMail, User
from attune_project import doctor, urls
from attune_project.provider import PROVIDERS, reports_settings, reports_view
from reflections.models import CompileRun, Digest, DigestWeek, MailGate
from reflections.services import open_run
from tests.conftest import NOW

TOKEN = "t" * 40
LATE = timedelta(hours=2)
KEY = "a-signing-key-of-the-provider"
pytestmark = pytest.mark.django_db


@pytest.fixture
def mount(settings: Any) -> Iterator[Callable[..., None]]:
    """The addresses as they are under these settings."""

    def again(**changed: Any) -> None:
        for name, value in changed.items():
            setattr(settings, name, value)
        importlib.reload(urls)
        clear_url_caches()

    yield again
    again(METRICS_TOKEN="", MAIL_PROVIDER="", ANYMAIL={})


@pytest.fixture
def waiting(household: Any, parent: User) -> Digest:
    """A weekly mail that was due two hours ago."""
    now = timezone.now()
    week = DigestWeek.objects.create(
        household=household,
        label="2026-W45",
        start_on=NOW.date() - timedelta(days=9),
        end_on=NOW.date() - timedelta(days=2),
        timezone="UTC",
        starts_at=now - timedelta(days=9),
        ends_at=now - timedelta(days=2),
    )
    membership = household.memberships.get(user=parent)
    due_at = now - LATE
    return Digest.objects.create(
        household=household, membership=membership, week=week, due_at=due_at, next_at=due_at
    )


class TestMetrics:
    @pytest.fixture
    def read(self, mount: Callable[..., None]) -> Callable[..., Any]:
        mount(METRICS_TOKEN=TOKEN)
        return lambda token=TOKEN: Client().get("/metrics", headers={"Authorization": f"Bearer {token}"})

    def test_without_the_setting_there_is_no_such_address(self) -> None:
        assert Client().get("/metrics").status_code == Client().get("/nothing-here").status_code

    @pytest.mark.parametrize("token", ["", "t", "T" * 40, "t" * 41, "\u00fc" * 40])
    def test_without_the_token_it_looks_like_none(self, read: Callable[..., Any], token: str) -> None:
        assert read(token).status_code == 404
        assert Client().get("/metrics").status_code == 404

    def test_each_line_is_one_that_prometheus_reads(self, read: Callable[..., Any]) -> None:
        answer = read()
        assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
        line = re.compile(r'# (HELP|TYPE) attune_\w+ .+|attune_\w+(\{state="\w+"\})? [0-9.e+]+')
        lines = answer.content.decode().splitlines()
        assert [text for text in lines if not line.fullmatch(text)] == []
        assert len(lines) > 20

    def test_it_counts_what_there_is(self, read: Callable[..., Any], waiting: Digest, parent: User) -> None:
        now = timezone.now()
        open_run(now=now)
        MailGate.objects.create(next_at=now, closed_until=now + timedelta(minutes=5), failures=5)
        lines = read().content.decode().splitlines()
        for line in (
            'attune_digests{state="planned"} 1',
            'attune_digests{state="sent"} 0',
            "attune_digests_due 1",
            "attune_mail_gate_closed 1",
            "attune_mail_gate_failures 5",
            "attune_compile_households 1",
            "attune_compile_done 0",
        ):
            assert line in lines
        [lag] = [float(line.split()[1]) for line in lines if line.startswith("attune_digests_lag_seconds ")]
        assert lag == pytest.approx(LATE.total_seconds(), abs=60)
        assert parent.email not in str(lines)
        assert str(waiting.household.public_id) not in str(lines)


class TestStateForOperators:
    def test_a_mail_server_that_is_away_is_a_finding(self) -> None:
        MailGate.objects.create(
            pk=1, next_at=timezone.now(), closed_until=timezone.now() + timedelta(minutes=5), failures=5
        )
        assert [finding.wrong[:38] for finding in doctor.check_digests()] == [
            "The mail server was out of reach five "
        ]

    def test_mails_that_wait_for_more_than_an_hour_are_a_finding(self, waiting: Digest) -> None:
        [finding] = doctor.check_digests()
        assert "1 weekly mails wait, the first for 12" in finding.wrong
        Digest.objects.update(due_at=timezone.now() - timedelta(minutes=50))
        assert list(doctor.check_digests()) == []

    def test_the_command_says_it_without_content(self, waiting: Digest, parent: User) -> None:
        open_run(now=timezone.now())
        out = StringIO()
        call_command("digests", "status", stdout=out)
        said = out.getvalue()
        assert "planned        1" in said
        assert "Due now: 1, the first for 12" in said
        assert "0 of 1 households, 0 written, 0 broken, still running" in said
        assert parent.email not in said

    def test_what_the_latest_pass_left_out_is_a_finding(self) -> None:
        CompileRun.objects.create(asked_at=NOW, ended_at=NOW, broken=2)
        [finding] = doctor.check_digests()
        assert "2 weeks" in finding.wrong


class TestProvider:
    @pytest.mark.parametrize(
        ("provider", "secret"),
        [
            ("mailgun", ""),
            ("mailgun", "short"),
            ("postmark", "no-colon-in-here-at-all"),
            ("nobody", "x" * 40),
        ],
    )
    def test_without_proof_it_does_not_start(self, provider: str, secret: str) -> None:
        with pytest.raises(RuntimeError):
            reports_settings(provider, secret)

    def test_without_a_provider_there_is_no_such_address(self) -> None:
        assert Client().post("/mail/reports/").status_code == 404
        assert reports_settings("", "") == {}

    @pytest.mark.parametrize("provider", PROVIDERS)
    def test_each_turns_away_what_nothing_proves(
        self, settings: Any, mount: Callable[..., None], provider: str
    ) -> None:
        secret = "name:" + "p" * 20 if PROVIDERS[provider][1] == "WEBHOOK_SECRET" else _key_for(provider)
        mount(MAIL_PROVIDER=provider, ANYMAIL=reports_settings(provider, secret))
        assert callable(reports_view(provider))
        client = Client(raise_request_exception=True)
        for body in (
            b"",
            b"{}",
            b"[]",
            b"\xff\xfe",
            b'{"signature": 1}',
            b"null",
            b'{"signature": {"token": "\xc3\xbc"}}',
        ):
            answer = client.post("/mail/reports/", body, content_type="application/json")
            assert answer.status_code == 400, (provider, body)
        assert client.post("/mail/reports/", {"signature": "\u00fc"}).status_code == 400
        assert client.get("/mail/reports/").status_code == 405
        assert not ReturnedMail.objects.exists()


def _key_for(provider: str) -> str:
    """A key of the form that the provider's are of."""
    if provider != "postal":
        return KEY
    public = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


class TestReports:
    """One provider from end to end: its signature, its events, what they mean for a person."""

    @pytest.fixture
    def report(self, mount: Callable[..., None]) -> Callable[..., Any]:
        mount(MAIL_PROVIDER="mailgun", ANYMAIL=reports_settings("mailgun", KEY))

        def send(email: str, event: str = "failed", *, key: str = KEY, **data: Any) -> Any:
            stamp, token = str(int(time.time())), "0" * 50
            signature = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
            body = {
                "signature": {"timestamp": stamp, "token": token, "signature": signature},
                "event-data": {
                    "event": event,
                    "recipient": email,
                    "timestamp": time.time(),
                    "severity": "permanent",
                    "reason": "bounce",
                    **data,
                },
            }
            return Client().post("/mail/reports/", json.dumps(body), content_type="application/json")

        return send

    def stopped(self, user: User) -> bool:
        user.refresh_from_db()
        return user.mail_stopped_at is not None

    @pytest.mark.parametrize("event", ["failed", "complained", "unsubscribed"])
    def test_a_return_stops_the_weekly_mail(
        self, report: Callable[..., Any], parent: User, event: str
    ) -> None:
        assert report(parent.email.upper(), event).status_code == 200
        assert self.stopped(parent)

    def test_what_says_nothing_proved_changes_nothing(self, report: Callable[..., Any], parent: User) -> None:
        assert report(parent.email, key="another-key-of-somebody").status_code == 400
        assert not self.stopped(parent)

    @pytest.mark.parametrize("event", ["delivered", "opened", "clicked", "accepted", "invented"])
    def test_what_did_not_come_back_is_not_kept(
        self, report: Callable[..., Any], parent: User, event: str
    ) -> None:
        assert report(parent.email, event).status_code == 200
        assert report(parent.email, severity="temporary").status_code == 200
        assert not ReturnedMail.objects.exists()

    def test_three_that_pass_in_three_weeks_stop_it_too(
        self, report: Callable[..., Any], parent: User
    ) -> None:
        for _ in range(3):
            assert not self.stopped(parent)
            report(parent.email, reason="generic")
        assert self.stopped(parent)

    def test_who_has_the_address_shows_in_no_answer(self, report: Callable[..., Any], parent: User) -> None:
        known, unknown = report(parent.email), report("nobody@example.org")
        assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
        assert set(known.headers) == set(unknown.headers)
