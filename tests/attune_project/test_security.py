"""The security log: one line per event, codes and ids only, and nobody can write a line of their own."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, RequestFactory

from accounts.models import User
from common.logs import LineFormatter
from common.security import Event, tell

OPERATIONS = Path(__file__).resolve().parent.parent.parent / "docs" / "operations.md"
PASSWORD = "an attic full of kites"


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """What the security log says so far, as it is written."""
    caplog.set_level(logging.INFO, logger="attune.security")
    formatter = LineFormatter()

    def read() -> list[str]:
        return [formatter.format(record) for record in caplog.records if record.name == "attune.security"]

    return read


@pytest.fixture
def mira(make_user: Callable[..., User], settings: Any) -> User:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    user = make_user("mira")
    user.set_password(PASSWORD)
    user.save()
    return user


class TestTell:
    @pytest.mark.parametrize(
        "forged",
        [
            "x\r\n2026-11-18 INFO attune.security event=signed_in user=1",
            "x\u2028event=signed_in",
            "x event=signed_in user=1",
            "x\x00\x1b[2K\x85y",
            "\u0663\u202ex",
        ],
    )
    def test_nobody_writes_a_second_line_or_a_second_event(
        self, lines: Callable[[], list[str]], forged: str
    ) -> None:
        tell(Event.LIMIT_HIT, limit=forged)
        (line,) = lines()
        assert len(line.splitlines()) == 1
        assert line.count("event=") == 1
        assert re.fullmatch(r"[\x20-\x7e]+", line)

    def test_a_place_has_a_name_and_not_its_address(self, lines: Callable[[], list[str]]) -> None:
        request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.9")
        tell(Event.LIMIT_HIT, request=request, limit="password")
        (line,) = lines()
        assert re.search(r"event=limit_hit limit=password place=[0-9a-f]{12}$", line)
        assert "203.0.113.9" not in line

    def test_operations_explains_every_code(self) -> None:
        explained = set(re.findall(r"(?m)^\| `(\w+)` \|", OPERATIONS.read_text("utf-8")))
        assert set(Event) == explained


@pytest.mark.django_db
class TestSigningIn:
    def test_a_sign_in_a_failure_and_a_sign_out_are_told(
        self, mira: User, lines: Callable[[], list[str]]
    ) -> None:
        browser = Client()
        browser.post("/account/login/", {"login": mira.email, "password": "wrong\r\nevent=signed_in"})
        browser.post("/account/login/", {"login": mira.email, "password": PASSWORD})
        browser.post("/account/logout/")
        said = [re.search(r"event=(\w+)(?: user=(\d+))?", line).groups() for line in lines()]  # type: ignore[union-attr]
        assert said == [
            ("sign_in_failed", None),
            ("signed_in", str(mira.pk)),
            ("signed_out", str(mira.pk)),
        ]
        assert "mira" not in " ".join(lines())
        assert PASSWORD not in " ".join(lines())

    def test_a_rejected_code_and_a_rejected_token_are_told(
        self, mira: User, lines: Callable[[], list[str]]
    ) -> None:
        browser = Client()
        browser.post("/account/login/code/", {"email": mira.email})
        browser.post("/account/login/code/confirm/", {"code": "XXXXXX"})
        browser.get("/api/v1/me/", headers={"Authorization": "Bearer attune_wrong"})
        said = [line.partition("event=")[2].partition(" place")[0] for line in lines()]
        assert said == [f"code_rejected user={mira.pk} code=sign-in", "token_rejected"]

    def test_a_limit_is_told_with_its_name(
        self, mira: User, lines: Callable[[], list[str]], settings: Any
    ) -> None:
        settings.RATE_LIMIT_FACTOR = 0
        Client().post("/account/login/", {"login": mira.email, "password": PASSWORD})
        assert "event=limit_hit limit=sign-in-here place=" in lines()[0]
