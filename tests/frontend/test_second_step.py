"""Passkeys, an app with codes, recovery codes: set up, used, taken away."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import User
from common.person_keys import destroy_person_key
from tests.conftest import NOW
from tests.soft_passkey import SoftPasskey

PASSWORD = "seven quiet geese at dawn"
AS_JSON = {"Accept": "application/json"}
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(settings: Any) -> Any:
    settings.RATE_LIMIT_FACTOR = 1000
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def browser(client_of: Callable[[User], Client], parent: User) -> Client:
    parent.set_password(PASSWORD)
    parent.save()
    return client_of(parent)


def app_code(secret: str, at: float | None = None) -> str:
    """What an authenticator app shows at that time."""
    return format_hotp_value(hotp_value(secret, int(at or time.time()) // 30))


def add_app(browser: Client) -> str:
    """Sets up the app; its secret."""
    secret = str(browser.get(reverse("mfa_activate_totp")).context["form"].secret)
    assert browser.post(reverse("mfa_activate_totp"), {"code": app_code(secret)}).status_code == 302
    return secret


def add_passkey(browser: Client, passkey: SoftPasskey, name: str = "My phone") -> Any:
    options = browser.get(reverse("mfa_add_webauthn")).context["js_data"]["creation_options"]
    fields = {"name": name, "credential": passkey.create(options)}
    return browser.post(reverse("mfa_add_webauthn"), fields)


def sign_in_with(passkey: SoftPasskey, client: Client, **fields: str) -> Any:
    options = client.get(reverse("mfa_login_webauthn"), headers=AS_JSON).json()["request_options"]
    return client.post(reverse("mfa_login_webauthn"), {"credential": passkey.get(options), **fields})


def type_password(client: Client, user: User) -> Any:
    return client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})


def is_in(client: Client) -> bool:
    return bool(client.get(reverse("security")).status_code == 200)


class TestPasskey:
    def test_signs_in_without_anything_else_and_goes_on_where_one_wanted_to_go(
        self, browser: Client, parent: User
    ) -> None:
        passkey = SoftPasskey()
        assert add_passkey(browser, passkey)["Location"] == reverse("mfa_view_recovery_codes")
        elsewhere = Client()
        assert sign_in_with(passkey, elsewhere, next="/household/")["Location"] == "/household/"
        assert is_in(elsewhere)

    def test_is_listed_by_its_name_and_by_when_it_was_used(self, browser: Client) -> None:
        passkey = SoftPasskey()
        add_passkey(browser, passkey, "The <b>kitchen</b> tablet")
        page = browser.get(reverse("security")).content.decode()
        assert "The &lt;b&gt;kitchen&lt;/b&gt; tablet" in page
        assert "added 18 Nov 2026" in page
        sign_in_with(passkey, Client())
        assert "used 18 Nov 2026" in browser.get(reverse("security")).content.decode()

    def test_without_a_name_is_called_like_the_device(self, browser: Client) -> None:
        browser.defaults["HTTP_USER_AGENT"] = "Mozilla/5.0 (Linux; Android 16) Chrome/156.0 Mobile"
        add_passkey(browser, SoftPasskey(), "")
        assert "Chrome on Android" in browser.get(reverse("security")).content.decode()

    def test_is_asked_for_after_a_password(self, browser: Client, parent: User) -> None:
        passkey = SoftPasskey()
        add_passkey(browser, passkey)
        elsewhere = Client()
        assert type_password(elsewhere, parent)["Location"] == reverse("mfa_authenticate")
        assert not is_in(elsewhere)
        options = elsewhere.get(reverse("mfa_authenticate")).context["js_data"]["request_options"]
        done = elsewhere.post(reverse("mfa_authenticate"), {"credential": passkey.get(options)})
        assert done["Location"] == reverse("today")
        assert is_in(elsewhere)

    def test_an_answer_works_once(self, browser: Client) -> None:
        passkey, elsewhere = SoftPasskey(), Client()
        add_passkey(browser, passkey)
        options = elsewhere.get(reverse("mfa_login_webauthn"), headers=AS_JSON).json()["request_options"]
        answer = {"credential": passkey.get(options)}
        assert elsewhere.post(reverse("mfa_login_webauthn"), answer)["Location"] == reverse("today")
        elsewhere.post(reverse("account_logout"))
        elsewhere.get(reverse("mfa_login_webauthn"), headers=AS_JSON)
        elsewhere.post(reverse("mfa_login_webauthn"), answer)
        assert not is_in(elsewhere)

    def test_a_device_that_asks_for_neither_finger_nor_face_nor_pin_makes_none(self, browser: Client) -> None:
        page = add_passkey(browser, SoftPasskey(verifies=False))
        assert page.status_code == 200
        assert page.context["form"].errors
        assert not Authenticator.objects.exists()

    def test_of_another_site_opens_nothing(self, browser: Client) -> None:
        add_passkey(browser, SoftPasskey())
        elsewhere = Client()
        sign_in_with(SoftPasskey("evil.example"), elsewhere)
        assert not is_in(elsewhere)

    def test_that_is_taken_off_no_longer_opens_anything(self, browser: Client) -> None:
        passkey = SoftPasskey()
        add_passkey(browser, passkey)
        key = Authenticator.objects.get(type="webauthn").pk
        assert browser.post(reverse("mfa_remove_webauthn", args=[key]))["Location"] == reverse("security")
        assert not Authenticator.objects.exists(), "and its recovery codes go with it"
        elsewhere = Client()
        sign_in_with(passkey, elsewhere)
        assert not is_in(elsewhere)

    def test_of_a_closed_account_opens_nothing(self, browser: Client, parent: User) -> None:
        passkey = SoftPasskey()
        add_passkey(browser, passkey)
        User.objects.filter(pk=parent.pk).update(is_active=False)
        elsewhere = Client()
        assert sign_in_with(passkey, elsewhere)["Location"] == reverse("account_inactive")
        assert not is_in(elsewhere)

    def test_nobody_takes_anothers_off(
        self, browser: Client, client_of: Callable[[User], Client], stranger: User
    ) -> None:
        add_passkey(browser, SoftPasskey())
        key = Authenticator.objects.get(type="webauthn").pk
        other = client_of(stranger)
        for method in (other.get, other.post):
            theirs = method(reverse("mfa_remove_webauthn", args=[key]))
            missing = method(reverse("mfa_remove_webauthn", args=[key + 1000]))
            assert (theirs.status_code, missing.status_code) == (404, 404)
        assert Authenticator.objects.filter(pk=key).exists()


MISSHAPEN = [
    "",
    "null",
    "1",
    "[]",
    "{}",
    "not json",
    '{"id": "x"}',
    '{"response": null}',
    '{"response": {"userHandle": 5}}',
    '{"response": {"userHandle": "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk"}}',
    '{"id": 1, "rawId": 2, "response": [], "type": 3}',
    '{"id": "é", "rawId": "é", "response": "x", "type": "public-key"}',
    '{"id": "\\u0000", "rawId": "\\ud800", "response": {}, "type": "public-key"}',
    '{"id":"YQ","rawId":"YQ","type":"public-key","response":{"clientDataJSON":"AA","attestationObject":"AA"}}',
    '{"id":"YQ","rawId":"YQ","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"oA"}}',
    '{"id":"YQ","rawId":"YQ","type":"public-key","response":{"clientDataJSON":"W10","authenticatorData":"oA"}}',
    "[" * 8000,
    '{"a":' * 3000,
    '{"id": "' + "A" * 20_000 + '"}',
    "NaN",
    "1e999",
    "9" * 5000,
]


class TestMisshapenPasskey:
    """What no browser sends is answered kindly, and never with an error of ours."""

    def test_opens_nothing_and_breaks_nothing(self, browser: Client) -> None:
        add_passkey(browser, SoftPasskey())
        elsewhere, wrong = Client(), {}
        for credential in MISSHAPEN:
            elsewhere.get(reverse("mfa_login_webauthn"), headers=AS_JSON)
            for client, name in (
                (elsewhere, "mfa_login_webauthn"),
                (browser, "mfa_add_webauthn"),
                (browser, "mfa_reauthenticate_webauthn"),
            ):
                client.get(reverse(name))
                answer = client.post(reverse(name), {"credential": credential})
                if answer.status_code not in (200, 302) or "_auth_user_id" in elsewhere.session:
                    wrong[name, credential[:60]] = answer.status_code
        assert not wrong
        assert Authenticator.objects.filter(type="webauthn").count() == 1

    def test_one_that_is_only_damaged_neither(self, browser: Client) -> None:
        passkey = SoftPasskey()
        options = browser.get(reverse("mfa_add_webauthn")).context["js_data"]["creation_options"]
        good = json.loads(passkey.create(options))
        for name, value in good["response"].items():
            for damaged in (value[:-8], value[8:], "", "A" * 40, value.replace(value[30:34], "AAAA")):
                credential = json.dumps({**good, "response": {**good["response"], name: damaged}})
                page = browser.post(reverse("mfa_add_webauthn"), {"credential": credential})
                assert page.status_code in (200, 302)


class TestApp:
    def test_is_asked_for_after_a_password_and_after_a_mailed_code(
        self, browser: Client, parent: User, clock: Any
    ) -> None:
        secret = add_app(browser)
        clock.shift(60)
        elsewhere = Client()
        assert type_password(elsewhere, parent)["Location"] == reverse("mfa_authenticate")
        assert not is_in(elsewhere)
        elsewhere.post(reverse("mfa_authenticate"), {"code": app_code(secret)})
        assert is_in(elsewhere)

        by_mail = Client()
        answer = by_mail.post(reverse("account_request_login_code"), {"email": parent.email})
        code = re.search(r"^[A-Z]{4}-[A-Z]{4}$", mail.outbox[-1].body, re.MULTILINE)
        assert code
        answer = by_mail.post(answer["Location"], {"code": code.group()})
        assert answer["Location"] == reverse("mfa_authenticate")
        assert not is_in(by_mail)

    def test_a_new_password_by_mail_does_not_get_past_it(self, browser: Client, parent: User) -> None:
        add_app(browser)
        elsewhere, anew = Client(), "eight loud geese at dusk"
        answer = elsewhere.post(reverse("account_reset_password"), {"email": parent.email})
        code = re.search(r"^[A-Z]{4}-[A-Z]{4}$", mail.outbox[-1].body, re.MULTILINE)
        assert code
        answer = elsewhere.post(answer["Location"], {"code": code.group()})
        elsewhere.post(answer["Location"], {"password1": anew, "password2": anew})
        assert not is_in(elsewhere)
        answer = elsewhere.post(reverse("account_login"), {"login": parent.email, "password": anew})
        assert answer["Location"] == reverse("mfa_authenticate")
        assert not is_in(elsewhere)

    @pytest.mark.parametrize("late", [0, 29, 31, 59])
    def test_a_code_opens_once_however_late_it_is_tried_again(
        self, browser: Client, parent: User, clock: Any, late: int
    ) -> None:
        secret = add_app(browser)
        clock.shift(120)
        code = app_code(secret)
        first, second = Client(), Client()
        type_password(first, parent)
        first.post(reverse("mfa_authenticate"), {"code": code})
        assert is_in(first)
        type_password(second, parent)
        clock.shift(late)
        assert second.post(reverse("mfa_authenticate"), {"code": code}).status_code == 200
        assert not is_in(second)

    def test_the_code_that_set_it_up_opens_nothing_afterwards(self, browser: Client, parent: User) -> None:
        secret = add_app(browser)
        elsewhere = Client()
        type_password(elsewhere, parent)
        elsewhere.post(reverse("mfa_authenticate"), {"code": app_code(secret)})
        assert not is_in(elsewhere)

    @pytest.mark.parametrize(("seconds", "opens"), [(-61, False), (-30, True), (30, True), (61, False)])
    def test_a_clock_may_be_half_a_minute_off(
        self, browser: Client, parent: User, clock: Any, seconds: int, *, opens: bool
    ) -> None:
        secret = add_app(browser)
        clock.shift(600)
        elsewhere = Client()
        type_password(elsewhere, parent)
        elsewhere.post(reverse("mfa_authenticate"), {"code": app_code(secret, time.time() + seconds)})
        assert is_in(elsewhere) is opens

    @pytest.mark.parametrize("code", ["", "000000", "x" * 5000, "١٢٣٤٥٦", "😀", "\x00", "-1"])
    def test_a_wrong_code_opens_nothing(self, browser: Client, parent: User, code: str) -> None:
        add_app(browser)
        elsewhere = Client()
        type_password(elsewhere, parent)
        assert elsewhere.post(reverse("mfa_authenticate"), {"code": code}).status_code == 200
        assert not is_in(elsewhere)

    def test_its_secret_is_shown_as_a_picture_and_as_letters(self, browser: Client) -> None:
        page = browser.get(reverse("mfa_activate_totp"))
        secret = page.context["form"].secret
        text = page.content.decode()
        assert 'src="data:image/svg+xml;base64,' in text
        assert " ".join(secret[start : start + 4] for start in range(0, 32, 4)) in text

    def test_a_discreet_person_finds_it_under_a_neutral_name(self, browser: Client, parent: User) -> None:
        assert "issuer=Attune" in browser.get(reverse("mfa_activate_totp")).context["totp_url"]
        User.objects.filter(pk=parent.pk).update(discreet=True)
        assert "issuer=Notes" in browser.get(reverse("mfa_activate_totp")).context["totp_url"]

    def test_can_be_taken_away(self, browser: Client, parent: User) -> None:
        add_app(browser)
        assert browser.post(reverse("mfa_deactivate_totp"))["Location"] == reverse("security")
        elsewhere = Client()
        assert type_password(elsewhere, parent)["Location"] == reverse("today")

    def test_secrets_are_sealed_at_rest(self, browser: Client) -> None:
        secret = add_app(browser)
        stored = json.dumps([row.data for row in Authenticator.objects.all()])
        assert secret not in stored
        codes = browser.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
        assert not [code for code in codes if code in stored]

    @pytest.mark.parametrize("broken", ["destroyed", "damaged"])
    def test_a_secret_that_does_not_open_opens_nothing(
        self, browser: Client, parent: User, clock: Any, broken: str
    ) -> None:
        secret = add_app(browser)
        code = browser.get(reverse("mfa_view_recovery_codes")).context["unused_codes"][0]
        clock.shift(120)
        if broken == "destroyed":
            destroy_person_key(owner_id=parent.pk)
        else:
            for row in Authenticator.objects.all():
                name = "secret" if row.type == "totp" else "seed"
                row.data[name] = row.data[name][:-8] + "AAAAAAA="
                row.save()
        for guess in (app_code(secret), code, "000000", format_hotp_value(hotp_value("", 1))):
            elsewhere = Client()
            type_password(elsewhere, parent)
            assert elsewhere.post(reverse("mfa_authenticate"), {"code": guess}).status_code == 200
            assert not is_in(elsewhere)
        assert browser.get(reverse("security")).status_code == 200


class TestRecoveryCodes:
    def test_are_shown_once(self, browser: Client) -> None:
        add_app(browser)
        page = browser.get(reverse("mfa_view_recovery_codes"))
        codes = page.context["unused_codes"]
        assert len(set(codes)) == 10
        written = [f"{code[:4]} {code[4:]}" for code in codes]
        assert all(code in page.content.decode() for code in written)
        again = browser.get(reverse("mfa_view_recovery_codes")).content.decode()
        assert not [code for code in (*codes, *written) if code in again]

    def test_each_opens_once_in_place_of_the_app(self, browser: Client, parent: User) -> None:
        add_app(browser)
        code = browser.get(reverse("mfa_view_recovery_codes")).context["unused_codes"][3]
        first, second = Client(), Client()
        type_password(first, parent)
        first.post(reverse("mfa_authenticate"), {"code": f"{code[:4]} {code[4:]}"})
        assert is_in(first)
        type_password(second, parent)
        second.post(reverse("mfa_authenticate"), {"code": code})
        assert not is_in(second)
        assert "9 are left" in first.get(reverse("security")).content.decode()

    def test_new_ones_end_the_former(self, browser: Client, parent: User) -> None:
        add_app(browser)
        former = browser.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
        browser.post(reverse("mfa_generate_recovery_codes"))
        new = browser.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
        assert not set(former) & set(new)
        elsewhere = Client()
        type_password(elsewhere, parent)
        elsewhere.post(reverse("mfa_authenticate"), {"code": former[0]})
        assert not is_in(elsewhere)

    def test_there_are_none_without_a_second_step(self, browser: Client) -> None:
        assert browser.get(reverse("mfa_view_recovery_codes")).status_code == 404
        assert browser.post(reverse("mfa_generate_recovery_codes")).status_code == 200
        assert not Authenticator.objects.exists()
