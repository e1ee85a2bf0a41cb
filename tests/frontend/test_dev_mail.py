"""Mails that a local installation caught, shown without letting them do anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.urls import reverse

from frontend.caught_mail import find_caught, list_caught


@pytest.fixture
def mail_dir(settings, tmp_path: Path) -> Path:
    settings.CATCHES_MAIL = True
    settings.MAIL_DIR = tmp_path / "mail"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    return tmp_path / "mail"


def send(subject: str = "Your week", html: str = "") -> None:
    message = EmailMultiAlternatives(subject, f"Hello Zoë: {subject}\n{'-' * 60}\n", to=["zoe@example.org"])
    if html:
        message.attach_alternative(html, "text/html")
    message.send()


class TestCaughtMail:
    def test_an_empty_or_missing_folder_is_an_empty_list(self, mail_dir: Path, client: Client) -> None:
        assert list_caught(mail_dir) == []
        assert client.get(reverse("dev-mail")).status_code == 200

    def test_is_read_back_as_it_was_written(self, mail_dir: Path) -> None:
        send("Grüße", html="<p>Zoë</p>")
        (caught,) = list_caught(mail_dir)
        assert (caught.subject, caught.to) == ("Grüße", "zoe@example.org")
        assert caught.text.startswith("Hello Zoë: Grüße\n---")
        assert caught.html.strip() == "<p>Zoë</p>"
        assert caught.sent_at is not None

    def test_several_in_one_connection_are_several_mails(self, mail_dir: Path) -> None:
        from django.core.mail import get_connection

        with get_connection() as connection:
            for subject in ("One", "Two"):
                EmailMultiAlternatives(subject, "x", to=["a@example.org"], connection=connection).send()
        assert {caught.subject for caught in list_caught(mail_dir)} == {"One", "Two"}

    def test_a_damaged_file_is_no_server_error(self, mail_dir: Path, client: Client) -> None:
        mail_dir.mkdir()
        (mail_dir / "broken.log").write_bytes(b"\xff\xfe\x00 no mail at all\nDate: never\n\n")
        (mail_dir / "date.log").write_bytes(b"Subject: x\nDate: never\nTo: y\n\nbody")
        assert client.get(reverse("dev-mail")).status_code == 200

    def test_a_key_names_no_file(self, mail_dir: Path) -> None:
        send()
        (caught,) = list_caught(mail_dir)
        assert find_caught(mail_dir, caught.key) == caught
        for key in ("", "..", "../keys.env", next(mail_dir.iterdir()).name):
            assert find_caught(mail_dir, key) is None


class TestDevMail:
    def test_shows_text_escaped_and_html_in_a_cage(self, mail_dir: Path, client: Client) -> None:
        send("<b>bold</b>", html="<head></head><style>p{color:red}</style><script>alert(1)</script><p>hi</p>")
        (caught,) = list_caught(mail_dir)
        page = client.get(reverse("dev-mail-open", args=[caught.key]))
        assert "&lt;b&gt;bold" in page.content.decode()
        assert "<iframe" in page.content.decode()
        assert 'sandbox="allow-top-navigation-by-user-activation"' in page.content.decode()
        assert "allow-scripts" not in page.content.decode()
        assert "frame-src 'self'" in page["Content-Security-Policy"]

        inside = client.get(reverse("dev-mail-html", args=[caught.key]))
        policy = inside["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "sandbox allow-top-navigation-by-user-activation;" in f"{policy};"
        assert b'<base target="_top">' in inside.content
        assert "script-src" not in policy
        assert "style-src 'unsafe-inline'" in policy
        assert inside["X-Frame-Options"] == "SAMEORIGIN"

    def test_other_pages_keep_the_strict_policy(self, client: Client) -> None:
        policy = client.get(reverse("help"))["Content-Security-Policy"]
        assert "unsafe-inline" not in policy
        assert "frame-src" not in policy
        assert "require-trusted-types-for 'script'" in policy

    @pytest.mark.parametrize("key", ["x", "..", "%2e%2e", "0" * 16, "x" * 3000])
    def test_a_mail_that_is_not_there_is_not_found(self, mail_dir: Path, client: Client, key: str) -> None:
        assert client.get(f"/dev/mail/{key}/").status_code == 404
        assert client.get(f"/dev/mail/{key}/html/").status_code == 404

    @pytest.mark.parametrize("name", ["dev-mail", "dev-mail-open", "dev-mail-html"])
    def test_with_a_mail_server_there_is_no_such_page(
        self, mail_dir: Path, client: Client, settings, name: str
    ) -> None:
        send(html="<p>hi</p>")
        (caught,) = list_caught(mail_dir)
        address = reverse(name, args=[] if name == "dev-mail" else [caught.key])
        assert client.get(address).status_code == 200
        settings.CATCHES_MAIL = False
        assert client.get(address).status_code == 404
