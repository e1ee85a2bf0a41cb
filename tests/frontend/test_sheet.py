"""The sheet for a session as a page and as a file: the same in both, drawn or replaced honestly, and only words."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from pypdf import PdfReader

from accounts.models import User
from accounts.services import change_choices
from coaching.models import OwnNote
from coaching.services import comment_on_moment, suggest_focus
from common.text import clean_text
from frontend.paper import STANDS_FOR, make_pdf
from households.models import Grant, Household
from households.services import withdraw_grant
from observations.models import Observation
from tests.guards.matrix_world import sign_in
from tests.guards.xss_corpus import PAYLOADS, harmless

NOTE = "A kite in the tree\nand =1+1"
SEEN = {"visibility": "coaches", "note": NOTE, "cues": ["held"], "ratings": {"needs": 4, "self": 1}}
Give = Callable[..., Grant]
Record = Callable[..., Observation]


@pytest.fixture
def browser(coach: User, that_evening: None) -> Client:
    browser = Client()
    sign_in(browser, coach)
    return browser


@pytest.fixture
def grant(give: Give) -> Grant:
    return give()


@pytest.fixture
def sheet(grant: Grant) -> str:
    return f"/coach/grants/{grant.public_id}/sheet/"


def text(response: Any) -> str:
    return response.content.decode()


def read(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def without_spaces(words: str) -> str:
    return "".join(words.split())


def objects_of(pdf: bytes) -> bytes:
    """What the file is made of, without what is drawn: this writer packs no object into another."""
    assert b"/ObjStm" not in pdf
    return re.sub(rb"stream\r?\n.*?endstream", b"", pdf, flags=re.S)


class TestThePage:
    def test_says_what_there_is_and_marks_a_session(
        self,
        browser: Client,
        sheet: str,
        grant: Grant,
        record: Record,
        coach: User,
        household: Household,
        now: datetime,
    ) -> None:
        moment = record(details=SEEN)
        comment_on_moment(
            actor_id=coach.pk,
            household_id=household.public_id,
            moment_id=moment.public_id,
            saw="You waited",
            now=now,
        )
        suggest_focus(actor_id=coach.pk, grant_id=grant.public_id, practice="notice", weeks=2, now=now)
        page = text(browser.get(sheet))
        for words in (
            "from 19 October to 18 November 2026",
            "moments with notes and answers to own questions, with Pip, until 17 May 2027",
            "none marked; these are the last four weeks",
            "16 to 22 November",
            "A kite in the tree",
            "You waited",
            "Suggested for 2 weeks; not answered yet.",
            "Alice can see each time this is opened",
        ):
            assert words in page, words
        assert "The attic" not in page
        assert "Running on empty" not in page
        done = browser.post(f"/coach/grants/{grant.public_id}/session/")
        assert (done.status_code, done["Location"]) == (303, sheet)
        assert "No session today after all" in text(browser.get(sheet))
        browser.post(f"/coach/grants/{grant.public_id}/session/", {"undo": "1"})
        assert "No session today after all" not in text(browser.get(sheet))

    @pytest.mark.parametrize("scope", ["summary", "ratings"])
    def test_has_no_words_that_the_scope_has_not(
        self, browser: Client, give: Give, record: Record, scope: str
    ) -> None:
        grant = give(scope=scope)
        record(details=SEEN)
        address = f"/coach/grants/{grant.public_id}/sheet/"
        shown = text(browser.get(address)), read(browser.post(f"{address}file/").content)
        for words in shown:
            assert "kite" not in words
            assert ("We were in tune" in words) is (scope == "ratings")
            assert "16 to 22 November" in words

    def test_of_a_discreet_coach_names_nobody_above_the_sheet(
        self, browser: Client, sheet: str, coach: User
    ) -> None:
        change_choices(actor_id=coach.pk, choices={"discreet": True})
        page = text(browser.get(sheet))
        assert "Alice" not in page.partition("<article")[0]
        assert "Attune" not in page

    def test_is_gone_with_the_grant(
        self, browser: Client, sheet: str, grant: Grant, parent: User, now: datetime
    ) -> None:
        withdraw_grant(actor_id=parent.pk, grant_id=grant.public_id, now=now)
        assert browser.get(sheet).status_code == 404
        assert browser.post(f"{sheet}file/").status_code == 404

    def test_its_author_reads_of_page_and_file(
        self, browser: Client, sheet: str, client_of: Callable[[User], Client], parent: User
    ) -> None:
        browser.get(sheet)
        browser.post(f"{sheet}file/")
        page = text(client_of(parent).get("/household/access/"))
        assert page.count("a sheet for a session") == 2
        assert page.count("as a file to take along") == 1


class TestTheFile:
    def test_is_a_tagged_pdf_that_says_what_the_page_says_and_nobody_may_keep(
        self, browser: Client, sheet: str, record: Record
    ) -> None:
        record(details=SEEN)
        answer = browser.post(f"{sheet}file/")
        assert answer["Content-Type"] == "application/pdf"
        assert answer["Cache-Control"] == "no-store"
        assert answer["Content-Disposition"] == 'attachment; filename="notes-2026-11-18.pdf"'
        reader = PdfReader(io.BytesIO(answer.content))
        root = reader.trailer["/Root"]
        assert (root["/Lang"], root["/MarkInfo"]["/Marked"]) == ("en", True)
        assert reader.metadata
        assert reader.metadata.title == "For a session"
        assert not {"/Author", "/CreationDate", "/ModDate"} & reader.metadata.keys()
        assert b"pdfuaid:part" in answer.content
        words = without_spaces(read(answer.content))
        page = text(browser.get(sheet))
        for cell in re.findall(
            r"<(?:dd|dt|td|th|h3|blockquote)[^>]*>([^<]+)</", page.partition("<article")[2]
        ):
            assert without_spaces(cell.replace("&#x27;", "'")) in words, cell

    def test_if_it_cannot_be_made_the_page_is_there(
        self, browser: Client, sheet: str, record: Record, monkeypatch: pytest.MonkeyPatch, caplog: Any
    ) -> None:
        record(details=SEEN)
        monkeypatch.setattr("frontend.paper.SET_WITHIN", 0.001)
        answer = browser.post(f"{sheet}file/")
        assert (answer.status_code, answer["Location"]) == (303, sheet)
        assert "You can print this page instead" in text(browser.get(sheet))
        assert "it took too long" in caplog.text
        assert "kite" not in caplog.text

    def test_the_coachs_own_notes_are_in_neither(
        self, browser: Client, sheet: str, grant: Grant, now: datetime
    ) -> None:
        browser.post(f"/coach/grants/{grant.public_id}/notes/", {"text": "Only for me"})
        assert OwnNote.objects.count() == 1
        assert "Only for me" not in text(browser.get(sheet)) + read(browser.post(f"{sheet}file/").content)


def a_sheet(title: str, words: str, **more: Any) -> dict[str, Any]:
    """A sheet with these words in every place there is."""
    blocks: list[dict[str, Any]] = [
        *({"kind": kind, "text": words} for kind in ("text", "soft", "words")),
        {"kind": "facts", "rows": [[words, words]]},
        {"kind": "table", "head": ["One", "Other"], "rows": [[words, words]]},
    ]
    entry = {"kind": "entry", "title": words, "blocks": blocks}
    sections = [{"title": words, "blocks": [*blocks, entry]}]
    return {"title": title, "lang": "en", "intro": blocks, "sections": sections, "foot": [words], **more}


class TestPaper:
    def test_whatever_is_typed_is_text(self) -> None:
        """No link, no action, no script, no file inside; and what is read from it is what was typed."""
        typed = [clean_text(payload, field="x", max_length=999, multiline=True) for payload in PAYLOADS]
        typed += [
            "#sys.inputs",
            "$x^2$",
            "*b* _i_ `c`",
            "@ref <label>",
            "https://evil.example",
            "\\u{1F600}",
            "//x",
        ]
        pdf, twin = (
            make_pdf(a_sheet("Words", "\n".join(words)))
            for words in (typed, [harmless(one) for one in typed])
        )
        inside, beside = objects_of(pdf), objects_of(twin)
        for active in ("Annot", "URI", "JavaScript", "JS", "Launch", "OpenAction", "AA", "EmbeddedFile"):
            assert not re.search(rf"/{active}\b".encode(), inside), active
        kinds = [set(re.findall(rb"/(?:Type|S)\s*/\w+", each)) for each in (inside, beside)]
        assert kinds[0] == kinds[1]
        alone = {
            **a_sheet("Words", ""),
            "sections": [],
            "intro": [{"kind": "words", "text": "\n".join(typed)}],
        }
        words = without_spaces(read(make_pdf(alone)))
        lost = [
            line
            for payload in typed
            if payload.isascii()
            for line in payload.split("\n")
            if without_spaces(line) not in words
        ]
        assert lost == []

    @pytest.mark.parametrize(
        ("typed", "drawn", "missing"),
        [
            ("Zoë Łucja Ζωή Женя محمد שרה", "Zoë Łucja Ζωή Женя", 0),
            ("Pip 🦊 and 美咲", f"Pip {STANDS_FOR} and {STANDS_FOR * 2}", 3),
            ("a\u200db \ue000 \x01", f"b {STANDS_FOR} {STANDS_FOR}", 2),
        ],
    )
    def test_draws_it_or_says_that_it_did_not(self, typed: str, drawn: str, missing: int) -> None:
        sheet = {"title": "Words", "lang": "en", "intro": [], "foot": []}
        sheet["sections"] = [{"title": "Names", "blocks": [{"kind": "text", "text": typed}]}]
        words = read(make_pdf(sheet))
        assert drawn in words
        assert ("cannot draw" in words) is bool(missing)
        assert (f"stands for {missing} character" in words) is bool(missing)

    def test_what_cannot_keep_the_promise_of_accessibility_is_made_without_it(self) -> None:
        pdf = make_pdf(a_sheet("", "Words"))  # PDF/UA asks for a title
        assert b"pdfuaid:part" not in pdf
        assert "Words" in read(pdf)
