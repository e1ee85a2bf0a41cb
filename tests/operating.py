"""The operator's process inside of a test: its settings, and somebody who signs in there with a passkey."""

from __future__ import annotations

import copy
import re
from typing import Any

from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.services import make_operator
from attune_project import settings_admin
from tests.soft_passkey import SoftPasskey

HOST = "testserver"
EMAIL = "operator@example.org"
PASSWORD = "a quiet row of lanterns"
AS_JSON = {"Accept": "application/json"}


def serve_admin(settings: Any) -> None:
    """From here on this process is the operator's: without keys, with other addresses."""
    settings.SERVES = "admin"
    settings.FIELD_KEYS = []
    settings.UNSUBSCRIBE_KEY = ""
    settings.WEB_PUSH, settings.PUSH_KEY = False, ""
    templates = copy.deepcopy(settings.TEMPLATES)
    templates[0]["DIRS"] = [settings.BASE_DIR / "attune_project" / "templates_admin"]
    settings.TEMPLATES = templates
    for name, value in vars(settings_admin).items():
        if name.isupper():
            setattr(settings, name, value)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def serve_family(settings: Any) -> None:
    """And from here on the family's again, as far as a test needs it."""
    settings.SERVES, settings.ROOT_URLCONF, settings.LOGIN_REDIRECT_URL = (
        "family",
        "attune_project.urls",
        "today",
    )


class Operator:
    """Somebody who runs the installation, with a browser and a passkey."""

    def __init__(self, email: str = EMAIL) -> None:
        self.user: User = make_operator(email=email, password=PASSWORD)
        self.passkey = SoftPasskey(HOST, name=email[0])
        self.client = Client()

    def type_password(self, client: Client | None = None) -> Any:
        form = {"login": self.user.email, "password": PASSWORD}
        return (client or self.client).post(reverse("account_login"), form)

    def add_passkey(self) -> Any:
        options = self.client.get(reverse("mfa_add_webauthn")).context["js_data"]["creation_options"]
        return self.client.post(
            reverse("mfa_add_webauthn"), {"name": "Key", "credential": self.passkey.create(options)}
        )

    def sign_in(self, client: Client | None = None) -> Any:
        """With the passkey alone."""
        browser = client or self.client
        asked = browser.get(reverse("mfa_login_webauthn"), headers=AS_JSON).json()["request_options"]
        return browser.post(reverse("mfa_login_webauthn"), {"credential": self.passkey.get(asked)})

    def get_ready(self) -> Operator:
        """Signed in for the first time, passkey set up, signed in with it."""
        self.type_password()
        self.add_passkey()
        self.client.get("/")
        self.sign_in()
        return self

    def open(self, email: str, *, reason: str = "asked") -> Any:
        return self.client.post(reverse("admin:find-account"), {"email": email, "reason": reason})

    def change(self, change: str) -> Any:
        return self.client.post(reverse("admin:account-change"), {"change": change})


def is_sign_in(response: Any) -> bool:
    """Whether somebody is asked to sign in, and sees nothing else."""
    return response.status_code == 302 and response["Location"].startswith("/account/login/")


def crawl(client: Client) -> dict[str, bytes]:
    """Every page of the operator's that links lead to, from the start and from the account that is open."""
    pages: dict[str, bytes] = {}
    waiting = ["/", "/account/opened/", "/admin/logentry/"]
    for path in waiting:
        response = client.get(path)
        assert response.status_code in (200, 302), f"{path}: {response.status_code}"
        pages[path] = response.content
        links = re.findall(r'href="(/[^"#]*)"', response.content.decode())
        waiting += [link for link in dict.fromkeys(links) if link not in waiting and "/static/" not in link]
    return pages
