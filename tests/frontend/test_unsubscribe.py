"""One click stops the mail: no sign-in, no CSRF token, no way to stop somebody else's."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from accounts.rules import DigestLevel
from reflections.tokens import unsubscribe_token


@pytest.fixture
def link(parent: User) -> str:
    return f"/unsubscribe/{unsubscribe_token(user_id=parent.public_id)}/"


@pytest.fixture
def mail_program() -> Client:
    """No cookies, no CSRF token, and the server does look for one."""
    return Client(enforce_csrf_checks=True)


def level_of(user: User) -> str:
    return User.objects.get(pk=user.pk).digest_level


class TestUnsubscribe:
    def test_looking_asks_and_stops_nothing(self, mail_program: Client, parent: User, link: str) -> None:
        for _time in range(2):
            page = mail_program.get(link)
            assert page.status_code == 200
            assert "Stop the weekly mail?" in page.content.decode()
            assert parent.email not in page.content.decode()
        assert level_of(parent) == DigestLevel.DISCREET

    @pytest.mark.parametrize("body", [{"List-Unsubscribe": "One-Click"}, {}])
    def test_a_mail_programs_one_click_stops_it(
        self, mail_program: Client, parent: User, link: str, body: dict[str, str]
    ) -> None:
        for _time in range(2):
            answer = mail_program.post(link, body)
            assert answer.status_code == 200
        assert level_of(parent) == DigestLevel.NONE
        assert "No more weekly mail" in mail_program.get(link).content.decode()

    def test_a_multipart_body_does_too(self, mail_program: Client, parent: User, link: str) -> None:
        answer = mail_program.post(
            link,
            "List-Unsubscribe=One-Click",
            content_type="application/x-www-form-urlencoded",
            headers={"origin": "https://mail.example", "sec-fetch-site": "cross-site"},
        )
        assert answer.status_code == 200
        assert level_of(parent) == DigestLevel.NONE

    def test_it_stops_one_persons_mail_alone(
        self, mail_program: Client, parent: User, co_parent: User, link: str
    ) -> None:
        mail_program.post(link)
        assert level_of(co_parent) == DigestLevel.DISCREET

    def test_it_signs_nobody_in(self, mail_program: Client, link: str) -> None:
        mail_program.post(link)
        assert mail_program.get("/account/choices/").status_code == 302

    @pytest.mark.parametrize("token", ["x", "a.b", "." * 50, "x" * 3000, "%00", "é", "AAAA.BBBB"])
    def test_a_token_that_was_not_signed_here_is_not_found(
        self, mail_program: Client, db: None, token: str
    ) -> None:
        assert mail_program.get(f"/unsubscribe/{token}/").status_code == 404
        assert mail_program.post(f"/unsubscribe/{token}/").status_code == 404

    def test_a_token_of_another_key_is_not_found(self, mail_program: Client, parent: User, settings) -> None:
        settings.UNSUBSCRIBE_KEY = "another key of forty characters or more, made up"
        foreign = unsubscribe_token(user_id=parent.public_id)
        settings.UNSUBSCRIBE_KEY = "the key of this installation, forty characters too"
        assert mail_program.post(f"/unsubscribe/{foreign}/").status_code == 404
        assert level_of(parent) == DigestLevel.DISCREET

    def test_a_closed_account_is_not_found(self, mail_program: Client, parent: User, link: str) -> None:
        User.objects.filter(pk=parent.pk).update(is_active=False)
        assert mail_program.post(link).status_code == 404
