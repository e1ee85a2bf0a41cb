"""What opens an account, in a real browser: a passkey, an app with codes, paper, and a list of devices to end."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Page, expect

from attune_project.demo.family import PASSWORD
from tests.journeys.axe import violations
from tests.journeys.conftest import App
from tests.servers import Mailbox

BY_KEY, BY_APP, BY_TWO = "key@example.org", "app@example.org", "two@example.org"
OPEN_ACCOUNTS = f"""
from accounts.services import open_account
for address in {[BY_KEY, BY_APP, BY_TWO]}:
    open_account(email=address, password="{PASSWORD}", display_name="Noor", timezone="UTC")
"""
# A phone whose finger is always the right one: WebAuthn's own test lock, as Chromium has it.
LOCK = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module", autouse=True)
def _accounts(app: App) -> None:
    app.manage("shell", "-v", "0", "-c", OPEN_ACCOUNTS)


@pytest.fixture
def open_with_a_lock(open_phone: Callable[..., Page], app: App) -> Callable[..., Page]:
    """A phone that knows passkeys. Browsers make them for names alone, not for numbers, and unsafely for one only."""

    def take(*, named: bool = True) -> Page:
        page = open_phone(base_url=app.url.replace("127.0.0.1", "localhost") if named else app.url)
        lock = page.context.new_cdp_session(page)
        lock.send("WebAuthn.enable")
        lock.send("WebAuthn.addVirtualAuthenticator", {"options": LOCK})
        return page

    return take


def type_password(page: Page, address: str) -> None:
    page.goto("/account/login/")
    page.get_by_text("With a password").click()
    form = page.locator("form:has(input[name=password])")
    form.locator("input[name=login]").fill(address)
    form.locator("input[name=password]").fill(PASSWORD)
    form.locator("button[type=submit]").click()


def is_in(page: Page) -> bool:
    page.goto("/account/security/")
    return urlsplit(page.url).path == "/account/security/"


def app_code(secret: str, *, steps_on: int = 0) -> str:
    """What an authenticator app shows now, or some half minutes from now."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps_on)))


def no_complaint(page: Page) -> bool:
    return not violations(page)


class TestPasskey:
    def test_is_added_opens_the_account_alone_and_is_the_second_step_after_a_password(
        self, open_with_a_lock: Callable[[], Page], sign_in: Callable[..., None], mailbox: Mailbox
    ) -> None:
        page = open_with_a_lock()
        sign_in(page, BY_KEY)
        page.goto("/account/security/")
        page.get_by_role("link", name="Add a passkey").click()
        page.locator("[name=name]").fill("The kitchen phone")
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
        page.get_by_role("link", name="I have written them down").click()
        expect(page.get_by_text("The kitchen phone")).to_be_visible()
        assert mailbox.wait_for(BY_KEY)["Subject"] == "Your account"

        page.context.clear_cookies()
        page.goto("/account/login/")
        page.get_by_role("button", name="With a passkey").click()
        page.wait_for_url(lambda url: "/account/" not in url)
        assert is_in(page)
        expect(page.get_by_text(re.compile(r"used \d"))).to_be_visible()

        page.context.clear_cookies()
        type_password(page, BY_KEY)
        expect(page.get_by_role("heading", name="The second step")).to_be_visible()
        assert no_complaint(page)
        assert not is_in(page)
        page.goto("/account/login/")
        page.get_by_role("button", name="Use a passkey").click()
        page.wait_for_url(lambda url: "/account/" not in url)
        assert is_in(page)

    def test_of_another_phone_opens_nothing(self, open_with_a_lock: Callable[[], Page]) -> None:
        """The lock of a phone that made none for this account has nothing to offer, and the page says so kindly."""
        page = open_with_a_lock()
        page.goto("/account/login/")
        page.get_by_role("button", name="With a passkey").click()
        expect(page.get_by_text("That did not work.")).to_be_visible()
        assert not is_in(page)

    def test_where_the_address_is_a_number_the_page_says_that_a_name_is_needed(
        self, open_with_a_lock: Callable[..., Page]
    ) -> None:
        page = open_with_a_lock(named=False)
        page.goto("/account/login/")
        page.get_by_role("button", name="With a passkey").click()
        expect(page.get_by_text("that name is localhost")).to_be_visible()
        expect(page.get_by_text("That did not work.")).to_be_hidden()


class TestApp:
    def test_is_set_up_asked_for_and_replaced_by_paper_once(
        self, open_phone: Callable[..., Page], sign_in: Callable[..., None]
    ) -> None:
        page = open_phone()
        sign_in(page, BY_APP)
        page.goto("/account/security/")
        page.get_by_role("link", name="Use an app").click()
        secret = page.locator(".secret code").inner_text().replace(" ", "")
        page.locator("[name=code]").fill(app_code(secret))
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
        assert no_complaint(page)
        paper = [code.replace(" ", "") for code in page.locator(".codes code").all_inner_texts()]
        assert len(set(paper)) == 10

        page.context.clear_cookies()
        type_password(page, BY_APP)
        self.answer(page, paper[0])
        page.wait_for_url(lambda url: "/account/" not in url)
        assert is_in(page)
        expect(page.get_by_text("9 are left")).to_be_visible()

        page.context.clear_cookies()
        type_password(page, BY_APP)
        self.answer(page, paper[0])
        expect(page.locator(".errorlist, .errors").first).to_be_visible()
        assert no_complaint(page)
        self.answer(page, app_code(secret, steps_on=1))
        page.wait_for_url(lambda url: "/account/" not in url)
        assert is_in(page)
        page.goto("/account/recovery-codes/")
        assert paper[1] not in page.content().replace(" ", "")

    @staticmethod
    def answer(page: Page, code: str) -> None:
        expect(page.get_by_role("heading", name="The second step")).to_be_visible()
        page.locator("[name=code]").fill(code)
        page.get_by_role("button", name="Go on").click()


class TestDevices:
    @pytest.mark.parametrize("scripts", [True, False])
    def test_another_one_is_signed_out_from_here_and_at_once(
        self, open_phone: Callable[..., Page], sign_in: Callable[..., None], *, scripts: bool
    ) -> None:
        here = open_phone(java_script_enabled=scripts)
        there = open_phone(
            user_agent="Mozilla/5.0 (iPad; CPU OS 19_0 like Mac OS X) Version/19.0 Safari/605.1"
        )
        sign_in(here, BY_TWO)
        sign_in(there, BY_TWO)
        assert is_in(there)
        here.goto("/account/sessions/")
        other = here.locator("li", has_text="Safari on iPad")
        expect(other).to_have_count(1)
        other.get_by_role("button", name="Sign out").click()
        expect(here.get_by_text("this one")).to_be_visible()
        expect(other).to_have_count(0)
        assert not is_in(there)
        assert is_in(here)

    def test_all_others_are_signed_out_with_one_tap(
        self, open_phone: Callable[..., Page], sign_in: Callable[..., None]
    ) -> None:
        phones = [open_phone() for _ in range(3)]
        for phone in phones:
            sign_in(phone, BY_TWO)
        phones[0].goto("/account/sessions/")
        phones[0].get_by_role("button", name="Sign out everywhere else").click()
        expect(phones[0].get_by_role("button", name="Sign out everywhere else")).to_have_count(0)
        assert [is_in(phone) for phone in phones] == [True, False, False]
