"""Creating an account and signing in, by a code from a caught mail or by password."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import User
from frontend.caught_mail import list_caught

PASSWORD = "seven quiet geese at dawn"
pytestmark = pytest.mark.django_db


@pytest.fixture
def mail_dir(settings, tmp_path: Path) -> Path:
    """A machine without a mail server: mails land in a folder."""
    settings.CATCHES_MAIL = True
    settings.MAIL_DIR = tmp_path
    settings.EMAIL_FILE_PATH = str(tmp_path)
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    return tmp_path


def code_in(text: str) -> str:
    found = re.search(r"^([A-Z0-9]{3,}-?[A-Z0-9]{2,})$", text, re.MULTILINE)
    assert found, text
    return found[1]


def sign_up(client: Client, email: str = "new@example.org", **fields: str) -> str:
    """Fills in the form and types in the code; the address of the first page afterwards."""
    answer = client.post(reverse("account_signup"), {"email": email, **fields})
    assert answer["Location"] == reverse("account_email_verification_sent")
    code = code_in(mail.outbox[-1].body)
    return client.post(reverse("account_email_verification_sent"), {"code": code})["Location"]


class TestSignUp:
    def test_the_code_of_the_caught_mail_leads_to_the_welcome(self, client: Client, mail_dir: Path) -> None:
        answer = client.post(reverse("account_signup"), {"email": "New@Example.org"})
        page = client.get(answer["Location"]).content.decode()
        assert reverse("dev-mail") in page, "the code page says where the mail is"

        (caught,) = list_caught(mail_dir)
        listed = client.get(reverse("dev-mail")).content.decode()
        assert reverse("dev-mail-open", args=[caught.key]) in listed
        opened = client.get(reverse("dev-mail-open", args=[caught.key])).content.decode()
        code = code_in(caught.text)
        assert code in opened

        done = client.post(answer["Location"], {"code": code}, follow=True)
        assert done.request["PATH_INFO"] == reverse("welcome")
        user = User.objects.get()
        assert (user.email, user.has_usable_password()) == ("new@example.org", False)
        assert user.emailaddress_set.get().verified

    def test_the_mail_tells_a_bystander_nothing(self, client: Client) -> None:
        sign_up(client)
        (sent,) = mail.outbox
        assert sent.subject == "Your code"
        assert code_in(sent.body) not in sent.subject
        assert sent.alternatives == []
        assert sent.message()["Auto-Submitted"] == "auto-generated"
        assert "child" not in sent.body.lower()

    def test_a_password_may_be_set_at_once(self, client: Client) -> None:
        assert sign_up(client, password1=PASSWORD) == reverse("welcome")
        client.logout()
        answer = client.post(reverse("account_login"), {"login": "NEW@example.org", "password": PASSWORD})
        assert answer["Location"] == reverse("today")

    @pytest.mark.parametrize(
        "fields",
        [
            {"email": ""},
            {"email": "nobody"},
            {"email": "a\x00@example.org"},
            {"email": f"{'x' * 300}@example.org"},
            {"email": "new@example.org", "password1": "short"},
            {"email": "new@example.org", "password1": "password1234"},
            {"email": "new@example.org", "password1": "geese\x00 at dawn, seven of them"},
        ],
    )
    def test_what_cannot_be_comes_back_with_a_word_beside_it(
        self, client: Client, fields: dict[str, str]
    ) -> None:
        page = client.post(reverse("account_signup"), fields)
        assert page.status_code == 200
        assert page.context["form"].errors
        assert not User.objects.exists()

    def test_an_address_that_has_an_account_looks_the_same_from_outside(
        self, client: Client, parent: User
    ) -> None:
        known = client.post(reverse("account_signup"), {"email": parent.email})
        known_page = Client().get(known["Location"])
        unknown = Client().post(reverse("account_signup"), {"email": "new@example.org"})
        assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
        assert known_page.status_code in (200, 302)
        assert mail.outbox[0].subject == "Your account"
        assert mail.outbox[0].to == [parent.email]

    def test_a_wrong_code_lets_nobody_in(self, client: Client) -> None:
        client.post(reverse("account_signup"), {"email": "new@example.org"})
        for wrong in ("", "AAAA-AAAA", "x" * 5000, "\x00"):
            client.post(reverse("account_email_verification_sent"), {"code": wrong})
        assert client.get(reverse("welcome")).status_code == 302
        assert not User.objects.get().emailaddress_set.get().verified

    def test_a_mistyped_address_is_left_behind_by_beginning_again(self, client: Client) -> None:
        client.post(reverse("account_signup"), {"email": "typo@example.org"})
        client.post(reverse("account_logout"), {"next": reverse("account_signup")})
        assert sign_up(client, "right@example.org") == reverse("welcome")


class TestSignIn:
    def test_by_a_mailed_code(self, client: Client, parent: User) -> None:
        answer = client.post(reverse("account_request_login_code"), {"email": parent.email})
        (sent,) = mail.outbox
        assert (sent.subject, sent.to) == ("Your code", [parent.email])
        done = client.post(answer["Location"], {"code": code_in(sent.body)})
        assert done["Location"] == reverse("today")
        assert client.get(reverse("choices")).status_code == 200

    def test_a_code_works_once(self, client: Client, parent: User) -> None:
        answer = client.post(reverse("account_request_login_code"), {"email": parent.email})
        code = code_in(mail.outbox[0].body)
        client.post(answer["Location"], {"code": code})
        client.logout()
        client.post(answer["Location"], {"code": code})
        assert client.get(reverse("choices")).status_code == 302

    def test_an_unknown_address_looks_the_same_from_outside(self, client: Client, parent: User) -> None:
        known = client.post(reverse("account_request_login_code"), {"email": parent.email})
        unknown = Client().post(reverse("account_request_login_code"), {"email": "nobody@example.org"})
        assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
        assert [sent.subject for sent in mail.outbox] == ["Your code", "Your account"]

    def test_goes_on_where_the_person_wanted_to_go(self, client: Client, parent: User) -> None:
        wanted = client.get("/household/")
        assert wanted["Location"] == "/account/login/?next=/household/"
        page = client.get(wanted["Location"]).content.decode()
        assert '<input type="hidden" name="next" value="/household/">' in page
        answer = client.post(
            reverse("account_request_login_code"), {"email": parent.email, "next": "/household/"}
        )
        done = client.post(answer["Location"], {"code": code_in(mail.outbox[0].body)})
        assert done["Location"] == "/household/"

    @pytest.mark.parametrize(
        "away", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"]
    )
    def test_never_goes_on_to_another_site(self, client: Client, parent: User, away: str) -> None:
        answer = client.post(reverse("account_request_login_code"), {"email": parent.email, "next": away})
        done = client.post(answer["Location"], {"code": code_in(mail.outbox[0].body)})
        assert done["Location"] == reverse("today")

    def test_the_session_gets_a_new_key(self, client: Client, parent: User) -> None:
        answer = client.post(reverse("account_request_login_code"), {"email": parent.email})
        before = client.session.session_key
        client.post(answer["Location"], {"code": code_in(mail.outbox[0].body)})
        assert client.session.session_key not in (None, before)

    def test_signing_out_needs_a_post_and_ends_the_session_on_the_server(
        self, client_of: Callable[[User], Client], parent: User
    ) -> None:
        client = client_of(parent)
        old = client.cookies["session"].value
        assert client.get(reverse("account_logout")).status_code == 200
        assert client.get(reverse("choices")).status_code == 200
        client.post(reverse("account_logout"))
        client.cookies["session"] = old
        assert client.get(reverse("choices")).status_code == 302

    def test_an_account_that_was_closed_does_not_sign_in(self, client: Client, parent: User) -> None:
        User.objects.filter(pk=parent.pk).update(is_active=False)
        client.post(reverse("account_request_login_code"), {"email": parent.email})
        assert all(sent.subject != "Your code" for sent in mail.outbox)


class TestPassword:
    def test_can_be_set_changed_and_chosen_anew(
        self, client: Client, client_of: Callable[[User], Client], parent: User
    ) -> None:
        client_of(parent).post(
            reverse("account_set_password"), {"password1": PASSWORD, "password2": PASSWORD}
        )
        parent.refresh_from_db()
        assert parent.check_password(PASSWORD)
        assert parent.password.startswith("argon2")
        assert (mail.outbox[-1].subject, mail.outbox[-1].to) == ("Your account", [parent.email])

        answer = client.post(reverse("account_reset_password"), {"email": parent.email})
        assert mail.outbox[-1].subject == "Your code"
        answer = client.post(answer["Location"], {"code": code_in(mail.outbox[-1].body)})
        anew = "eight loud geese at dusk"
        client.post(answer["Location"], {"password1": anew, "password2": anew})
        parent.refresh_from_db()
        assert parent.check_password(anew)

    @pytest.mark.parametrize("password", ["short", "password1234", "x" * 11])
    def test_a_weak_one_is_refused(
        self, client_of: Callable[[User], Client], parent: User, password: str
    ) -> None:
        page = client_of(parent).post(
            reverse("account_set_password"), {"password1": password, "password2": password}
        )
        assert page.context["form"].errors
        parent.refresh_from_db()
        assert not parent.has_usable_password()

    @pytest.mark.parametrize("length", [64, 128])
    def test_a_long_one_is_welcome(
        self, client_of: Callable[[User], Client], parent: User, length: int
    ) -> None:
        long = ("quiet geese at dawn " * 10)[:length].strip().ljust(length, "x")
        client_of(parent).post(reverse("account_set_password"), {"password1": long, "password2": long})
        parent.refresh_from_db()
        assert parent.check_password(long)


class TestEmailChange:
    def test_the_new_address_counts_once_its_code_was_typed_in(
        self, client_of: Callable[[User], Client], parent: User
    ) -> None:
        client = client_of(parent)
        answer = client.post(
            reverse("account_email"), {"email": "Alice@New.example", "action_add": ""}, follow=True
        )
        parent.refresh_from_db()
        assert parent.email == "alice@example.org"
        code = code_in(next(sent for sent in mail.outbox if sent.to == ["alice@new.example"]).body)
        client.post(answer.request["PATH_INFO"], {"code": code})
        parent.refresh_from_db()
        assert parent.email == "alice@new.example"
        told = {sent.to[0] for sent in mail.outbox if sent.subject == "Your account"}
        assert "alice@example.org" in told, "the old address hears of it"


class TestPagesOfTheAccount:
    @pytest.mark.parametrize("name", ["account_signup", "account_login", "account_reset_password"])
    def test_say_every_label_once_and_in_the_words_of_the_app(self, client: Client, name: str) -> None:
        page = client.get(reverse(name)).content.decode()
        assert "E-mail address" in page
        assert "placeholder" not in page

    def test_ask_for_a_new_password_in_one_sentence(
        self, client_of: Callable[[User], Client], parent: User
    ) -> None:
        parent.set_password(PASSWORD)
        parent.save()
        browser = client_of(parent)
        page = browser.get(reverse("account_change_password"), follow=True).content.decode()
        assert "The same once more" in page
        assert "similar to your other personal information" not in page

    @pytest.mark.parametrize(
        "name", ["account_login", "account_signup", "account_request_login_code", "account_reset_password"]
    )
    def test_have_no_inline_style_or_script(self, client: Client, name: str) -> None:
        page = client.get(reverse(name)).content.decode()
        assert not re.search(r"\sstyle=|<style|<script(?![^>]*\ssrc=)|\son\w+=", page)

    @pytest.mark.parametrize(
        "name",
        ["account_email", "account_set_password", "account_logout", "account_inactive", "choices", "tokens"],
    )
    def test_signed_in_neither(self, client_of: Callable[[User], Client], parent: User, name: str) -> None:
        page = client_of(parent).get(reverse(name))
        assert page.status_code == 200
        assert not re.search(r"\sstyle=|<style|<script(?![^>]*\ssrc=)|\son\w+=", page.content.decode())
