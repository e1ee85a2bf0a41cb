"""Whether an address has an account shows in no answer, in no number of mails, and in no work that takes time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.passwords import PasswordHasher
from tests.conftest import NOW
from tests.guards.matrix_bytes import Answer, answer

PASSWORD = "seven quiet geese at dawn"
KNOWN, UNKNOWN = "alice@example.org", "nobod@example.org"
pytestmark = pytest.mark.django_db

# What somebody who wants to know would try, and how much of the answer may say the address they typed.
ASKED: dict[str, Callable[[str], tuple[str, dict[str, str]]]] = {
    "a password": lambda email: (reverse("account_login"), {"login": email, "password": "wrong" * 4}),
    "a code": lambda email: (reverse("account_request_login_code"), {"email": email}),
    "a new password": lambda email: (reverse("account_reset_password"), {"email": email}),
    "an account": lambda email: (reverse("account_signup"), {"email": email}),
    "an account with a password": lambda email: (
        reverse("account_signup"),
        {"email": email, "password1": PASSWORD},
    ),
}


@pytest.fixture(autouse=True)
def _that_evening() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every time that a password is hashed or compared: nothing else there takes a fifth of a second."""
    done: list[str] = []
    for name in ("encode", "verify"):
        real = getattr(PasswordHasher, name)

        def counted(self: Any, *args: Any, _name: str = name, _real: Any = real) -> Any:
            done.append(_name)
            return _real(self, *args)

        monkeypatch.setattr(PasswordHasher, name, counted)
    return done


def asked(what: str, email: str) -> tuple[list[Answer], int]:
    """The answer and the page it leads to, with the address masked, and how many mails it sent."""
    client, before = Client(), len(mail.outbox)
    address, fields = ASKED[what](email)
    first = client.post(address, fields)
    pages = [answer(first, masked=[email])]
    if "Location" in first:
        pages.append(answer(client.get(first["Location"]), masked=[email]))
    return pages, len(mail.outbox) - before


class TestEveryWayIn:
    @pytest.mark.parametrize("has_password", [True, False])
    @pytest.mark.parametrize("what", ASKED)
    def test_answers_the_same_with_as_many_mails_and_as_much_work(
        self, parent: User, hashes: list[str], what: str, *, has_password: bool
    ) -> None:
        if has_password:
            parent.set_password(PASSWORD)
            parent.save()
        hashes.clear()
        unknown = asked(what, UNKNOWN)
        for_unknown = len(hashes)
        hashes.clear()
        known = asked(what, KNOWN)
        assert known == unknown
        assert len(hashes) == for_unknown

    def test_this_guard_can_see(self, parent: User, hashes: list[str]) -> None:
        parent.set_password(PASSWORD)
        parent.save()
        assert hashes == ["encode"]
        client = Client()
        right = client.post(reverse("account_login"), {"login": KNOWN, "password": PASSWORD})
        assert answer(right) != asked("a password", KNOWN)[0][0]


class TestPasswords:
    def test_are_kept_with_argon2id_as_calibrated(self, parent: User) -> None:
        parent.set_password(PASSWORD)
        assert re.match(r"argon2\$argon2id\$v=19\$m=65536,t=4,p=2\$", parent.password)

    def test_kept_before_is_kept_anew_at_the_next_sign_in(self, parent: User) -> None:
        from django.contrib.auth.hashers import Argon2PasswordHasher

        User.objects.filter(pk=parent.pk).update(password=Argon2PasswordHasher().encode(PASSWORD, "s" * 22))
        Client().post(reverse("account_login"), {"login": KNOWN, "password": PASSWORD})
        parent.refresh_from_db()
        assert "m=65536,t=4,p=2" in parent.password
