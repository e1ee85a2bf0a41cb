"""Weekly mails that come back: what a report says, whose mail waits then, and how it goes on."""

from __future__ import annotations

import io
import smtplib
from datetime import timedelta
from email.message import EmailMessage

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import ReturnedMail, User
from accounts.rules import SOFT_RETURNS_WITHIN, MailReturn
from accounts.services import note_returned_mail, trust_address
from common.errors import NotVisible
from reflections.mail import envelope_sender
from reflections.models import Digest
from reflections.reports import Report, read_report
from reflections.rules import Status
from reflections.services import deliver_digest, plan_digests, take_report
from reflections.tokens import read_return_token, return_token
from tests.reflections.conftest import CLOSED, EVENING, LABEL
from tests.reflections.test_delivery import answers

DAY = timedelta(days=1)


def notification(token: str, *, action: str = "failed", status: str = "5.1.1", to: str = "") -> bytes:
    """A delivery status notification as in RFC 3464, appendix E."""
    return (
        "Return-Path: <>\r\n"
        "From: MAILER-DAEMON@mx.example\r\n"
        f"To: {to or f'bounces+{token}@attune.example'}\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nI am sorry to tell you.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; alice@example.org\r\nAction: {action}\r\nStatus: {status}\r\n\r\n"
        "--b--\r\n"
    ).encode()


def complaint(token: str) -> bytes:
    """An abuse report as in RFC 5965: the token stands in the mail that it brings back."""
    return (
        "From: feedback@provider.example\r\nTo: abuse@attune.example\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n\r\n"
        "--b\r\nContent-Type: message/rfc822\r\n\r\n"
        f"Return-Path: <bounces+{token}@attune.example>\r\nSubject: Your week\r\n\r\nwords\r\n--b--\r\n"
    ).encode()


class TestReadReport:
    @pytest.mark.parametrize(
        ("action", "status", "kind"),
        [
            ("failed", "5.1.1", MailReturn.HARD),
            ("Failed", "5.7.1 (policy)", MailReturn.HARD),
            ("failed", "4.4.7", MailReturn.SOFT),
        ],
    )
    def test_a_failure_is_hard_or_soft(self, action, status, kind):
        token = return_token(7)
        assert read_report(notification(token, action=action, status=status)) == Report(token, kind)

    @pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", ""])
    def test_what_did_not_fail_is_left_alone(self, action):
        assert read_report(notification(return_token(7), action=action, status="4.0.0")) is None

    def test_a_complaint_names_the_mail_that_it_brings_back(self):
        token = return_token(7)
        assert read_report(complaint(token)) == Report(token, MailReturn.COMPLAINT)

    def test_a_holiday_notice_is_left_alone(self):
        notice = EmailMessage()
        notice["To"] = f"bounces+{return_token(7)}@attune.example"
        notice.set_content("I am on holiday until Monday.")
        assert read_report(notice.as_bytes()) is None

    def test_a_report_about_nothing_of_ours_says_so(self):
        with pytest.raises(ValueError, match="nowhere"):
            read_report(notification("", to="postmaster@attune.example"))

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"\x00\xff" * 500,
            b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n",
            b"Content-Type: multipart/mixed\r\n\r\n" + b"--\r\n" * 1000,
        ],
    )
    def test_broken_mail_is_no_report(self, raw):
        assert read_report(raw) is None


class TestReturnToken:
    def test_it_comes_back_as_it_went_whatever_a_mail_server_did_to_its_case(self):
        assert read_return_token(return_token(12345).upper()) == 12345

    @pytest.mark.parametrize(
        "token", ["", "1", "1-", "1-" + "0" * 20, "x-" + "0" * 20, "1" * 30 + "-a", "²-0"]
    )
    def test_another_is_not_ours(self, token):
        with pytest.raises(NotVisible):
            read_return_token(token)

    def test_without_a_return_address_it_comes_back_to_the_sender(self, settings):
        assert envelope_sender(5) == settings.DEFAULT_FROM_EMAIL
        settings.RETURN_ADDRESS = "bounces@attune.example"
        assert envelope_sender(5) == f"bounces+{return_token(5)}@attune.example"


class TestNoteReturnedMail:
    def stopped(self, user: User) -> bool:
        return User.objects.get(pk=user.pk).mail_stopped_at is not None

    @pytest.mark.parametrize("kind", [MailReturn.HARD, MailReturn.COMPLAINT])
    def test_one_is_enough(self, parent, now, kind):
        note_returned_mail(email=parent.email.upper(), kind=kind, now=now)
        assert self.stopped(parent)

    def test_two_soft_ones_are_not_and_three_are(self, parent, now):
        for days in (0, 5):
            note_returned_mail(email=parent.email, kind=MailReturn.SOFT, now=now + days * DAY)
        assert not self.stopped(parent)
        note_returned_mail(email=parent.email, kind=MailReturn.SOFT, now=now + 20 * DAY)
        assert self.stopped(parent)

    def test_three_soft_ones_over_a_longer_time_are_not(self, parent, now):
        for number in range(3):
            note_returned_mail(
                email=parent.email, kind=MailReturn.SOFT, now=now + number * SOFT_RETURNS_WITHIN / 2
            )
        assert not self.stopped(parent)

    def test_an_address_of_nobody_changes_nothing(self, db, now):
        note_returned_mail(email="nobody@example.org", kind=MailReturn.HARD, now=now)
        assert not ReturnedMail.objects.exists()

    def test_trusting_it_again_begins_anew(self, parent, now):
        note_returned_mail(email=parent.email, kind=MailReturn.HARD, now=now)
        trust_address(actor_id=parent.pk)
        assert not self.stopped(parent)
        note_returned_mail(email=parent.email, kind=MailReturn.SOFT, now=now)
        assert not self.stopped(parent)


class TestTheWholeWay:
    @pytest.fixture
    def sent(self, family, settings) -> Digest:
        settings.RETURN_ADDRESS = "bounces@attune.example"
        family.note(family.alice)
        plan_digests(household_ids=[family.household.pk], now=CLOSED)
        digest = Digest.objects.get(membership=family.membership(family.alice), week__label=LABEL)
        assert deliver_digest(digest_id=digest.pk, now=EVENING) == Status.SENT
        return digest

    def take(self, monkeypatch: pytest.MonkeyPatch, raw: bytes) -> str:
        out = io.StringIO()
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))
        call_command("take_report", stdout=out)
        return out.getvalue()

    def test_a_report_about_it_makes_the_next_one_wait(self, family, sent, monkeypatch):
        assert mail.outbox[-1].from_email == f"bounces+{return_token(sent.pk)}@attune.example"
        assert "noted: hard" in self.take(monkeypatch, notification(return_token(sent.pk)))
        plan_digests(household_ids=[family.household.pk], now=CLOSED + 7 * DAY)
        after = Digest.objects.get(membership=sent.membership, due_at__gt=EVENING)
        assert deliver_digest(digest_id=after.pk, now=EVENING + 7 * DAY) == Status.SUPPRESSED

    def test_a_report_that_is_none_changes_nothing(self, sent, monkeypatch):
        assert "left alone" in self.take(monkeypatch, b"Subject: hello\r\n\r\nwords")
        assert not ReturnedMail.objects.exists()

    def test_a_forged_one_is_told_apart(self, sent, monkeypatch):
        with pytest.raises(CommandError):
            self.take(monkeypatch, notification(f"{sent.pk}-{'0' * 20}"))
        assert not ReturnedMail.objects.exists()

    def test_an_old_report_about_a_former_address_says_nothing_of_the_new_one(self, family, sent, now):
        User.objects.filter(pk=family.alice.pk).update(email="new@example.org")
        take_report(report=Report(return_token(sent.pk), MailReturn.HARD), now=now)
        assert User.objects.get(pk=family.alice.pk).mail_stopped_at is None

    def test_the_person_is_told_in_the_app_and_lets_it_go_on(self, family, sent, now):
        note_returned_mail(email=family.alice.email, kind=MailReturn.HARD, now=now)
        browser = Client()
        browser.force_login(family.alice, backend="allauth.account.auth_backends.AuthenticationBackend")
        assert "Our mail to you came back" in browser.get("/").content.decode()
        assert browser.post("/account/mail/again/").status_code == 303
        assert "Our mail to you came back" not in browser.get("/").content.decode()
        assert User.objects.get(pk=family.alice.pk).mail_stopped_at is None

    def test_nobody_else_is_told(self, family, now):
        note_returned_mail(email=family.alice.email, kind=MailReturn.HARD, now=now)
        browser = Client()
        browser.force_login(family.bela, backend="allauth.account.auth_backends.AuthenticationBackend")
        assert "Our mail to you" not in browser.get("/").content.decode()

    def test_an_address_that_the_server_refuses_at_once_is_noted_as_well(self, family, monkeypatch):
        family.note(family.alice)
        plan_digests(household_ids=[family.household.pk], now=CLOSED)
        digest = Digest.objects.get(membership=family.membership(family.alice), week__label=LABEL)
        answers(monkeypatch, smtplib.SMTPRecipientsRefused({"a": (550, b"no such user")}))
        assert deliver_digest(digest_id=digest.pk, now=EVENING) == Status.FAILED_PERM
        assert User.objects.get(pk=family.alice.pk).mail_stopped_at == EVENING
