"""Whatever is sent: a clear error beside its field with the words still there, or 404, never a crash."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from households.models import Child
from observations.models import Observation

pytestmark = pytest.mark.usefixtures("that_evening")

FORM = "application/x-www-form-urlencoded"
LONE_SURROGATE = "%ED%A0%80"
TYPED = "The words I typed"

NOBODYS = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def browser(client_of: Callable[[User], Client], parent: User, child: Child) -> Client:
    browser = client_of(parent)
    browser.raise_request_exception = False
    return browser


@pytest.fixture(params=["more", "edit"])
def sheet(request: pytest.FixtureRequest, record: Callable[..., Observation]) -> str:
    return f"/moments/{record().public_id}/{request.param}/"


def fields(**changed: Any) -> dict[str, Any]:
    return {"tone": "in_tune", "note": TYPED, "rating_needs": "3", **changed}


class TestTheSheet:
    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"when": "pick", "picked": "2026-11-30T10:00"}, "picked"),  # to come
            ({"when": "pick", "picked": "1750-01-01T10:00"}, "picked"),  # before anybody was born
            ({"when": "pick", "picked": "0001-01-01T00:00"}, "picked"),
            ({"when": "pick", "picked": "9999-12-31T23:59"}, "picked"),
            ({"when": "pick", "picked": "2026-02-30T10:00"}, "picked"),
            ({"when": "pick", "picked": "2026-11-18T10:00+05:00"}, "picked"),
            ({"when": "pick", "picked": ""}, "picked"),
            ({"when": "pick", "picked": "x" * 5_000}, "picked"),
            ({"when": "last_night", "opened_at": "9999-12-31T23:59:59+00:00"}, "picked"),
            ({"when": "some day"}, "when"),
            ({"opened_at": "now"}, "opened_at"),
            ({"contexts": ["moon"]}, "contexts"),
            ({"cues": ["x" * 4_000]}, "cues"),
            ({"feelings": ["joyful", "\x00"]}, "feelings"),
            ({"cues": [f"cue{n}" for n in range(60)]}, "cues"),
            ({"asked": ["luck"]}, "__all__"),
            ({"rating_needs": "6"}, "rating_needs"),
            ({"rating_needs": "-1"}, "rating_needs"),
            ({"rating_needs": "³"}, "rating_needs"),
            ({"rating_self": "1e3"}, "rating_self"),
            ({"visibility": "world"}, "visibility"),
            ({"revision": "x"}, "revision"),
            ({"revision": "9" * 5_000}, "revision"),
        ],
    )
    def test_names_the_field_and_keeps_the_words(
        self, browser: Client, sheet: str, changed: dict[str, Any], field: str
    ) -> None:
        page = browser.post(sheet, fields(**changed))
        assert page.status_code == 422
        assert field in page.context["form"].errors
        assert 'class="errors' in page.content.decode()
        assert TYPED in page.content.decode()

    def test_keeps_a_note_that_is_too_long_in_full(self, browser: Client, sheet: str) -> None:
        words = "Too many words. " * 400
        page = browser.post(sheet, fields(note=words))
        assert page.status_code == 422
        assert "too long" in str(page.context["form"].errors["note"])
        assert words in page.content.decode()

    def test_refuses_what_no_database_can_hold(self, browser: Client, sheet: str) -> None:
        page = browser.post(sheet, fields(note="before\x00after"))
        assert page.status_code == 422
        assert page.context["form"].errors["note"]

    def test_survives_bytes_that_are_no_text(self, browser: Client, sheet: str) -> None:
        page = browser.post(
            sheet, f"tone=in_tune&note={LONE_SURROGATE}%FF%FEwords&cues={LONE_SURROGATE}", content_type=FORM
        )
        assert page.status_code == 422
        assert "words" in page.content.decode()

    def test_strips_what_would_turn_a_line_around(self, browser: Client, sheet: str) -> None:
        assert browser.post(sheet, fields(note="a\u202eb\r\n\r\nc\u0007d")).status_code == 303
        assert Observation.objects.get().note == "ab\n\ncd"

    def test_shows_markup_as_it_was_typed(self, browser: Client, sheet: str) -> None:
        after = browser.post(sheet, fields(note="<script>alert(1)</script>{{ 7|add:7 }}"))
        page = browser.get(after.headers["Location"]).content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7|add:7 }}" in page

    def test_turns_a_huge_body_away(self, browser: Client, sheet: str) -> None:
        assert browser.post(sheet, fields(note="x" * 1_100_000)).status_code == 413

    def test_turns_too_many_fields_away(self, browser: Client, sheet: str) -> None:
        assert browser.post(sheet, {f"f{n}": "x" for n in range(600)}).status_code == 400


class TestEditing:
    @pytest.mark.parametrize(("changed", "field"), [({"tone": "bad"}, "tone"), ({"child": "1"}, "child")])
    def test_names_the_field_and_keeps_the_words(
        self,
        browser: Client,
        second_child: Child,
        record: Callable[..., Observation],
        changed: dict[str, str],
        field: str,
    ) -> None:
        data = (
            fields(child=str(second_child.public_id), **changed)
            if "child" not in changed
            else fields(**changed)
        )
        page = browser.post(f"/moments/{record().public_id}/edit/", data)
        assert page.status_code == 422
        assert field in page.context["form"].errors
        assert TYPED in page.content.decode()

    def test_a_miss_of_another_child_cannot_be_mended(
        self, browser: Client, second_child: Child, record: Callable[..., Observation]
    ) -> None:
        record(tone="missed")
        theirs = record(tone="missed", child_id=second_child.public_id)
        back = record(tone="came_back")
        page = browser.post(f"/moments/{back.public_id}/more/", fields(repairs=str(theirs.public_id)))
        assert page.status_code == 422
        assert page.context["form"].errors["repairs"]
        assert TYPED in page.content.decode()


class TestAddresses:
    @pytest.mark.parametrize(
        "path",
        ["/moments/1/", "/moments/not-an-id/", "/log/saved/%00/", "/check/x/done/", "/moments/%ED%A0%80/"],
    )
    def test_that_name_nothing_are_not_there(self, browser: Client, path: str) -> None:
        assert browser.get(path).status_code == 404

    @pytest.mark.parametrize(
        "query",
        [
            f"text={LONE_SURROGATE}",
            f"child={LONE_SURROGATE}",
            "since=%FF",
            f"cursor={LONE_SURROGATE}",
            "cursor=AAAA",
            "cursor=" + "A" * 3_000,
            "after=%FF",
            "dimension=needs&dimension=luck",
            "since=0000-00-00",
            "until=99999-01-01",
            "text=" + "x" * 3_000,
        ],
    )
    def test_with_a_broken_query_are_pages_all_the_same(self, browser: Client, query: str) -> None:
        for headers in ({}, {"HX-Request": "true"}):
            assert browser.get(f"/moments/?{query}", headers=headers).status_code in (200, 422)

    def test_with_a_nul_are_turned_away(self, browser: Client) -> None:
        assert browser.get("/moments/?text=a%00b").status_code == 400

    @pytest.mark.parametrize(
        "query", ["tone=%ED%A0%80", "repairs=1", "repairs=00000000-0000-4000-8000-000000000000", "tone=x"]
    )
    def test_of_the_sheet_suggest_nothing_when_broken(self, browser: Client, query: str) -> None:
        assert browser.get(f"/log/?{query}").status_code == 200
