"""A database that is full, busy or away: 503 at every door, no typed word lost, and one line in the log."""

from __future__ import annotations

import html
import logging
import re
import sqlite3
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test import Client

from accounts.listeners import SIGNED_IN_KEY
from accounts.models import User
from common.api import PROBLEM_JSON
from common.outages import find_outage, is_outage
from households.models import Child
from observations.models import FeedEntry, Observation, RecordLink
from tests.outages import SAID, away, full
from tests.servers import free_port

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("that_evening")]
NOTE = '\nHe said: "boat" </textarea>\r\nand laughed.'
OUTAGES = pytest.mark.parametrize("outage", [full, away])


@pytest.fixture
def browser(client_of: Callable[[User], Client], parent: User, child: Child) -> Client:
    """One that takes a 500 for an answer."""
    found = client_of(parent)
    found.raise_request_exception = False
    return found


@pytest.fixture
def strict(browser: Client) -> Client:
    """The same, as it is outside: the tests' own browser sends forms without a token."""
    browser.handler.enforce_csrf_checks = True
    return browser


@pytest.fixture
def sheet(child: Child, now: datetime) -> dict[str, str]:
    """The capture sheet as a page without scripts sends it, with words that were shared to it."""
    return {
        "child": str(child.public_id),
        "tone": "missed",
        "moment_id": str(uuid.uuid4()),
        "opened_at": now.isoformat(),
        "note": NOTE,
    }


def given_back(page: Any) -> dict[str, str]:
    """What the form on the page would send, as a browser reads it."""
    text = page.content.decode()
    inputs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', text)
    areas = re.findall(r'<textarea name="([^"]+)"[^>]*>\n?(.*?)</textarea>', text, re.DOTALL)
    return {name: html.unescape(value) for name, value in (*inputs, *areas)}


def nothing_is_there() -> bool:
    return not (Observation.objects.exists() or RecordLink.objects.exists() or FeedEntry.objects.exists())


class TestTheApi:
    @OUTAGES
    def test_a_moment_is_not_taken_and_whole_afterwards(self, browser, valid_bodies, outage) -> None:
        body = valid_bodies("moments_record")
        with outage():
            answer = browser.post("/api/v1/moments/", body, content_type="application/json")
        assert (answer.status_code, answer["Content-Type"]) == (503, PROBLEM_JSON)
        assert answer.json()["code"] == "slow_down"
        assert int(answer["Retry-After"]) > 0
        assert nothing_is_there()
        assert browser.post("/api/v1/moments/", body, content_type="application/json").status_code == 201

    @pytest.mark.parametrize("path", ["/api/v1/me/", "/moments/"])
    def test_a_session_that_cannot_be_saved(self, browser, now, path) -> None:
        """Django would make a 400 of it."""
        session = browser.session
        session[SIGNED_IN_KEY] = {"since": now.timestamp(), "seen": 0}  # it is time to note that it is used
        session.save()
        with full("django_session"):
            answer = browser.get(path)
        assert answer.status_code == 503
        assert answer["Content-Type"] == (PROBLEM_JSON if "api" in path else "text/html; charset=utf-8")
        assert browser.get(path).status_code == 200


class TestAPage:
    @OUTAGES
    def test_says_that_it_has_to_wait(self, browser, outage) -> None:
        browser.cookies["look"] = "plain"
        with outage():
            page = (
                browser.get("/moments/?tone=missed") if outage is away else browser.post("/household/switch/")
            )
        text = page.content.decode()
        assert page.status_code == 503
        assert int(page["Retry-After"]) > 0
        assert "<h1>Not just now</h1>" in text
        assert "<title>Notes</title>" in text
        assert outage is full or 'href="/moments/?tone=missed"' in text

    def test_what_was_read_costs_nobody_their_session(self, browser) -> None:
        with away():
            assert not browser.get("/moments/").cookies
        assert browser.get("/moments/").status_code == 200


class TestCapture:
    @OUTAGES
    def test_what_was_typed_comes_back_and_is_sent_again(self, browser, sheet, outage) -> None:
        with outage():
            page = browser.post("/log/", sheet)
        assert page.status_code == 503
        assert 'method="post" action="/log/"' in page.content.decode()
        again = given_back(page)
        assert again.pop("csrfmiddlewaretoken")
        assert again == sheet
        assert nothing_is_there()
        for _time in range(2):  # the page's own id makes it one moment, however often it is sent
            assert browser.post("/log/", again).status_code == 303
        assert Observation.objects.get().note.split() == NOTE.split()

    def test_the_token_on_that_page_is_good(self, strict, sheet) -> None:
        text = strict.get("/log/").content.decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', text)[1]
        with full():
            page = strict.post("/log/", {**sheet, "csrfmiddlewaretoken": token})
        assert strict.post("/log/", given_back(page)).status_code == 303

    @OUTAGES
    def test_what_no_page_of_ours_sent_does_not_come_back(self, strict, sheet, outage) -> None:
        with outage():
            page = strict.post("/log/", sheet, headers={"Sec-Fetch-Site": "cross-site"})
        assert page.status_code == (503 if outage is away else 403)
        assert not given_back(page)
        assert b"laughed" not in page.content

    def test_words_that_were_shared_do(self, strict) -> None:
        with away():
            page = strict.post("/log/share/", {"text": NOTE}, headers={"Sec-Fetch-Site": "none"})
        assert given_back(page)["text"] == NOTE

    def test_no_password_comes_back(self) -> None:
        browser = Client(raise_request_exception=False)
        with away():
            page = browser.post(
                "/account/login/", {"login": "alice@example.org", "password": "four words and more"}
            )
        assert page.status_code == 503
        assert b"four words" not in page.content
        assert b"alice" not in page.content

    @pytest.mark.django_db(transaction=True)
    def test_with_a_database_that_is_really_away(self, browser, sheet, monkeypatch) -> None:
        if connection.vendor != "postgresql":
            pytest.skip("SQLite's file in memory cannot go away")
        connection.close()
        with monkeypatch.context() as patch:
            patch.setitem(connection.settings_dict, "PORT", free_port())
            page = browser.post("/log/", sheet)
            answer = browser.get("/api/v1/moments/")
        assert (page.status_code, answer.status_code) == (503, 503)
        assert given_back(page)["note"] == NOTE
        assert browser.post("/log/", given_back(page)).status_code == 303


class TestTheLog:
    @pytest.mark.parametrize("path", ["/log/", "/api/v1/moments/"])
    def test_has_one_line_without_a_word_of_anybody(self, browser, sheet, caplog, path) -> None:
        with full(), caplog.at_level(logging.INFO):
            browser.post(path, sheet)
        (record,) = caplog.records
        assert record.getMessage() == f"out of service: OperationalError -; POST {path}"
        assert record.exc_info is None
        assert SAID not in caplog.text


class TestWhatIsOne:
    @pytest.mark.parametrize("error", [OperationalError("locked"), InterfaceError("closed")])
    def test_whatever_the_database_could_not_do(self, error) -> None:
        assert is_outage(error)

    def test_a_wrong_statement_is_a_bug(self) -> None:
        """SQLite calls it by the same name."""
        with pytest.raises(sqlite3.OperationalError) as raised:
            sqlite3.connect(":memory:").execute("SELECT nothing FROM nowhere")
        error = OperationalError()
        error.__cause__ = raised.value
        assert not is_outage(error)

    def test_what_came_of_one_leads_back_to_it(self) -> None:
        outage, session = OperationalError(), ValueError()
        session.__context__ = outage
        assert find_outage(session) is outage
        assert find_outage(ValueError()) is None
