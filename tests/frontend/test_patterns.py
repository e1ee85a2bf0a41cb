"""The page of months: what it says of so many answers, whose they are, and where its links lead."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from households.models import Child
from observations.models import Observation
from observations.services import choose_focus
from tests.guards.matrix_bytes import answer

pytestmark = pytest.mark.usefixtures("that_evening")
Record = Callable[..., Observation]
SHARED = {"visibility": "household"}
NEVER_SAID = re.compile(
    r"\b(improv\w*|better|worse|trend|score|rank\w*|more than \w+ did|up from|down from)\b", re.I
)
ARROWS = re.compile("[←-⇿▲▼△▽⬆⬇]")


@pytest.fixture
def browser(client_of: Callable[[User], Client], parent: User, child: Child) -> Client:
    return client_of(parent)


def words_of(page: Any) -> str:
    """What stands on the page between its header and its footer, tags left out."""
    text = page.content.decode()
    main = text[text.index("<main") : text.index("</main>")]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


class TestChoices:
    def test_leads_to_whom_there_is_and_keeps_the_rest(
        self, browser: Client, parent: User, co_parent: User, child: Child, second_child: Child
    ) -> None:
        page = browser.get("/patterns/", {"child": second_child.public_id, "months": 6})
        rows = {row["label"]: row["links"] for row in page.context["choices"]}
        assert [(link["label"], link["chosen"]) for link in rows["Child"]] == [("Pip", False), ("Moth", True)]
        assert [link["label"] for link in rows["Noted by"]] == ["Your own", "Bela"]
        assert [(link["label"], link["chosen"]) for link in rows["How many months"]] == [
            ("3", False),
            ("6", True),
            ("12", False),
        ]
        for row in rows.values():
            for link in row:
                asked = browser.get(f"/patterns/{link['href']}")
                assert asked.status_code == 200
                assert asked.context["patterns"].child_name in {"Moth", link["label"]}

    def test_a_choice_of_one_is_no_choice(self, browser: Client) -> None:
        assert [row["label"] for row in browser.get("/patterns/").context["choices"]] == ["How many months"]

    @pytest.mark.parametrize("name", ["child", "author", "months"])
    @pytest.mark.parametrize("value", ["x", "0", "7", "é" * 400, "00000000-0000-4000-8000-000000000000"])
    def test_what_does_not_exist_leads_nowhere(self, browser: Client, name: str, value: str) -> None:
        assert browser.get("/patterns/", {name: value}).status_code == 404

    def test_somebody_without_a_child_is_led_to_the_welcome(
        self, client_of: Callable[[User], Client], stranger: User
    ) -> None:
        assert client_of(stranger).get("/patterns/")["Location"] == "/welcome/"

    def test_is_one_tap_away_from_the_week_and_from_everywhere(self, browser: Client) -> None:
        for path, times in (("/reflections/", 2), ("/moments/", 1)):
            assert browser.get(path).content.decode().count('href="/patterns/"') == times


class TestAnswers:
    @pytest.mark.parametrize(
        ("n", "said", "not_said"),
        [
            (4, "4 answers: Mostly (4). That is too few for an average.", "on average"),
            (
                5,
                "In these 5 moments you answered 4.0 of 5 on average (plausibly 3.1 to 4.2). They are few.",
                "too few",
            ),
            (11, "In these 11 moments you answered 4.0 of 5 on average", "too few"),
            (12, "In these 12 moments you answered 4.0 of 5 on average", "They are few"),
        ],
    )
    def test_are_told_as_far_as_their_number_carries(
        self, browser: Client, record: Record, n: int, said: str, not_said: str
    ) -> None:
        for _ in range(n):
            record(details={"ratings": {"needs": 4}})
        words = words_of(browser.get("/patterns/"))
        assert said in words
        assert not_said not in words
        row = words[words.rindex("November 2026 ") :]
        assert ("few moments" in row[: row.index("Nothing answered")]) == (5 <= n < 12)

    def test_too_few_for_an_average_are_listed_with_their_moments(
        self, browser: Client, record: Record
    ) -> None:
        moments = [record(details={"ratings": {"needs": value}}) for value in (1, 3, 5, 5)]
        page = browser.get("/patterns/").content.decode()
        for moment, words in zip(moments, ("Not really", "Partly", "Fully", "Fully"), strict=True):
            assert f'<a href="/moments/{moment.public_id}/">{words}, 18 November</a>' in page
        record(details={"ratings": {"needs": 5}})
        assert f"/moments/{moments[0].public_id}/" not in browser.get("/patterns/").content.decode()

    def test_what_could_not_be_told_is_no_answer(self, browser: Client, record: Record) -> None:
        for value in (4, "not_seen", "not_seen", "skipped"):
            record(details={"ratings": {"needs": value}})
        words = words_of(browser.get("/patterns/"))
        assert "1 answer: Mostly." in words
        assert "No answers, and not counted: Could not tell (2) · Left open (1)" in words

    def test_context_is_listed_and_never_averaged_nor_put_on_a_ladder(
        self, browser: Client, record: Record
    ) -> None:
        for value in (3, 3, 3, 4, 4, 5):
            record(details={"ratings": {"settled": value}})
        page = browser.get("/patterns/")
        (told,) = page.context["about_moments"]
        assert (told["drawing"], told["whole"]["mean"]) == (None, None)
        assert [(label, times) for label, times, _radius in told["counts"]] == [
            ("Calm", 3),
            ("Playing again", 2),
            ("Fell asleep", 1),
        ]
        assert "listed and never averaged" in words_of(page)

    def test_the_focus_comes_first_and_what_is_one_s_own_last(
        self, browser: Client, record: Record, parent: User, child: Child, now: Any
    ) -> None:
        record(details={"ratings": {"needs": 4, "settled": 3, "self": 2, "openness": 4, "safety": 3}})
        household_id = child.household.public_id
        choose_focus(actor_id=parent.pk, household_id=household_id, dimension="openness", now=now)
        told = browser.get("/patterns/").context["about_moments"]
        assert [one["label"] for one in told] == [
            "Showing feelings",
            "The need underneath",
            "Safe with me",
            "Me",
            "Finding calm",
        ]
        assert [one["is_focus"] for one in told] == [True, False, False, False, False]

    def test_every_drawing_has_a_name_and_its_numbers(self, browser: Client, record: Record) -> None:
        missed = record(tone="missed", details={"ratings": {"needs": 2, "safety": 3}})
        record(tone="came_back", details={"repairs": missed.public_id})
        page = browser.get("/patterns/").content.decode()
        drawings = re.findall(r'<svg[^>]*role="img"[^>]*>.*?</svg>', page, re.S)
        assert len(drawings) == 3
        for drawing in drawings:
            for name in re.search(r'aria-labelledby="([^"]+)"', drawing)[1].split():  # type: ignore[index]
                assert page.count(f'id="{name}"') == 1
                assert f'id="{name}"' in drawing
        assert page.count("The same as a table") == 2


class TestAnotherAdult:
    def test_what_they_share_is_shown_apart_and_without_an_average(
        self, client_of: Callable[[User], Client], parent: User, co_parent: User, record: Record
    ) -> None:
        for _ in range(12):
            details = {"ratings": {"needs": 4, "self": 1}, "cues": ["held"], "contexts": ["bath"]}
            record(details={**details, **SHARED})
        page = client_of(co_parent).get("/patterns/", {"author": parent.public_id})
        words = words_of(page)
        assert "These are moments that Alice chose to write down and to share." in words
        assert "12 answers: Mostly (12)." in words
        assert "Bath" in words
        for unsaid in ("on average", "plausible range", "Touch they welcomed", "How was I", "You wrote down"):
            assert unsaid not in words
        assert "Alice" not in words_of(client_of(co_parent).get("/patterns/")).replace("Your own Alice", "")

    def test_what_they_keep_to_themselves_changes_no_byte(
        self, client_of: Callable[[User], Client], parent: User, co_parent: User, record: Record
    ) -> None:
        missed = record(tone="missed", details={**SHARED, "ratings": {"needs": 4}})
        paths = ["/patterns/", f"/patterns/?author={parent.public_id}", f"/moments/{missed.public_id}/"]

        def seen() -> list[Any]:
            return [answer(client_of(co_parent).get(path)) for path in paths]

        before = seen()
        record(
            tone="missed", details={"ratings": {"needs": 1}, "contexts": ["bath"], "visibility": "coaches"}
        )
        record(tone="came_back", details={"repairs": missed.public_id, "visibility": "private"})
        assert seen() == before
        record(tone="came_back", details={"repairs": missed.public_id, **SHARED})
        after = seen()
        assert [after[number] != before[number] for number in range(3)] == [False, True, True]


class TestThreads:
    def test_stand_on_both_moments_pages_with_the_time_in_words(
        self, browser: Client, record: Record, co_parent: User
    ) -> None:
        missed = record(tone="missed", details=SHARED)
        back = record(co_parent, tone="came_back", details={**SHARED, "repairs": missed.public_id})
        for here, there in ((missed, back), (back, missed)):
            page = browser.get(f"/moments/{here.public_id}/")
            text = page.content.decode()
            assert "A miss, and a way back: within the hour" in text
            assert f'<a href="/moments/{there.public_id}/">' in text
            assert f'<a href="/moments/{here.public_id}/">' not in text
            assert "this moment" in words_of(page)
            assert "Bela" in words_of(page)

    def test_each_way_back_meets_once_more(self, browser: Client, record: Record) -> None:
        missed = record(tone="missed")
        for number in range(5):
            record(tone="came_back", details={"repairs": missed.public_id})
            text = browser.get(f"/moments/{missed.public_id}/").content.decode()
            assert text.count('class="knot"') == min(number + 2, 4)
            assert len(re.findall(r'<li data-tone="came_back">', text)) == number + 1

    def test_a_miss_alone_has_none(self, browser: Client, record: Record) -> None:
        assert "<figure" not in browser.get(f"/moments/{record(tone='missed').public_id}/").content.decode()


class TestThePage:
    def test_compares_nobody_and_points_nowhere(
        self, browser: Client, record: Record, co_parent: User
    ) -> None:
        for value in (1, 2, 3, 4, 5) * 3:
            missed = record(tone="missed", details={"ratings": {"needs": value}, "cues": ["waved_off"]})
            record(tone="came_back", details={"repairs": missed.public_id, "contexts": ["bedtime"]})
            record(co_parent, details={**SHARED, "ratings": {"needs": value}})
        assert NEVER_SAID.search("a better month")
        assert ARROWS.search("▲ 3")
        for query in ({}, {"author": co_parent.public_id}):
            words = words_of(browser.get("/patterns/", query))
            assert NEVER_SAID.findall(words) == []
            assert ARROWS.findall(words) == []

    def test_says_once_that_what_is_noted_was_chosen(self, browser: Client, record: Record) -> None:
        record()
        assert words_of(browser.get("/patterns/")).count("you chose to write down") == 1

    def test_is_calm_about_months_without_notes(self, browser: Client) -> None:
        assert "Months without notes are still months with your child." in words_of(browser.get("/patterns/"))

    def test_ten_more_moments_take_no_more_queries(self, browser: Client, record: Record) -> None:
        def write(times: int) -> None:
            for _ in range(times):
                details = {"contexts": ["bedtime"], "cues": ["waved_off"], "ratings": {"needs": 2}}
                missed = record(tone="missed", details=details)
                record(tone="came_back", details={"repairs": missed.public_id})

        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert browser.get("/patterns/").status_code == 200
            return len(captured)

        write(1)
        queries()
        few = queries()
        write(10)
        assert queries() == few

    def test_belongs_to_whoever_is_signed_in_and_writes_nothing(
        self, browser: Client, record: Record
    ) -> None:
        assert Client().get("/patterns/")["Location"].startswith("/account/login/")
        assert browser.post("/patterns/").status_code == 405
        assert str(uuid.UUID(int=0)) not in browser.get("/patterns/").content.decode()
