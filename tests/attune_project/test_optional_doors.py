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
from typing import Any

import pytest
from django.test import Client
from django.urls import clear_url_caches
from django.utils import timezone

from accounts.models import ReturnedMail, User
from attune_project import doctor, urls
from attune_project.provider import PROVIDERS, reports_settings, reports_view
from reflections.models import CompileRun, Digest, MailGate
from reflections.services import open_run, plan_digests
from tests.conftest import NOW

TOKEN = "t" * 40
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

    def test_it_counts_what_there_is(self, read: Callable[..., Any], household: Any, parent: User) -> None:
        household.memberships.update(joined_at=NOW - timedelta(days=30))
        plan_digests(household_ids=[household.pk], now=timezone.now())
        Digest.objects.update(due_at=timezone.now() - timedelta(hours=2), next_at=timezone.now())
        planned = Digest.objects.count()
        open_run(now=timezone.now())
        MailGate.objects.create(
            next_at=timezone.now(), closed_until=timezone.now() + timedelta(minutes=5), failures=5
        )
        text = read().content.decode()
        assert f'attune_digests{{state="planned"}} {planned}\n' in text
        assert "attune_mail_gate_closed 1\n" in text
        assert (
            "attune_compile_households 1\nattune_compile_done" not in text
        )  # each has its two lines before it
        assert "\nattune_compile_households 1\n" in text
        lag = re.search(r"(?m)^attune_digests_lag_seconds (\S+)$", text)
        assert lag is None or float(lag[1]) >= 7200 or planned == 0
        assert parent.email not in text
        assert str(household.public_id) not in text


class TestStateForOperators:
    def test_a_mail_server_that_is_away_is_a_finding(self) -> None:
        MailGate.objects.create(
            next_at=timezone.now(), closed_until=timezone.now() + timedelta(minutes=5), failures=5
        )
        assert [finding.wrong[:38] for finding in doctor.check_digests()] == [
            "The mail server was out of reach five "
        ]

    def test_mails_that_wait_for_more_than_an_hour_are_a_finding(self, household: Any) -> None:
        household.memberships.update(joined_at=NOW - timedelta(days=30))
        CompileRun.objects.create(asked_at=NOW, ended_at=NOW)
        when = timezone.now()
        assert plan_digests(household_ids=[household.pk], now=when) >= 0
        Digest.objects.update(due_at=when - timedelta(minutes=59), next_at=when)
        assert list(doctor.check_digests()) == []
        Digest.objects.update(due_at=when - timedelta(minutes=61), next_at=when)
        found = list(doctor.check_digests())
        assert len(found) == min(1, Digest.objects.count())

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
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if provider == "resend":
        return "whsec_" + base64.b64encode(b"k" * 24).decode()
    if provider not in ("postal", "sendgrid"):
        return KEY
    made = (
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        if provider == "postal"
        else ec.generate_private_key(ec.SECP256R1())
    )
    public = made.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(public).decode()


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
