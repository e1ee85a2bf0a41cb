from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from checklists import selectors
from checklists.content import Content
from checklists.rules import Dimension, HelpKind, Occasion, OptionKind, Tone
from checklists.services import load_library
from common.errors import NotVisible


@pytest.fixture
def content(db: None) -> Content:
    return selectors.get_content()


class TestGetContent:
    def test_costs_no_query_once_it_was_read(self, db: None) -> None:
        selectors.forget_content()  # whatever a test before this one read
        cold = CaptureQueriesContext(connection)
        with cold:
            first = selectors.get_content("en")
        warm = CaptureQueriesContext(connection)
        with warm:
            again = selectors.get_content("en")
            selectors.get_content_of(first.version.id)
            selectors.current_version("en")
            selectors.list_practices("en")
            selectors.get_practice("notice", "en")
        assert len(cold) > 0
        assert len(warm) == 0
        assert again is first

    def test_falls_back_to_english(self, content: Content) -> None:
        assert selectors.get_content("de-AT") is content

    def test_an_unknown_checklist_is_not_visible(self, db: None) -> None:
        with pytest.raises(NotVisible):
            selectors.get_content(checklist_key="nothing")

    def test_an_unknown_version_is_not_visible(self, db: None) -> None:
        with pytest.raises(NotVisible):
            selectors.get_content_of(0)

    def test_cannot_be_changed(self, content: Content) -> None:
        with pytest.raises(AttributeError):
            content.questions[0].prompt = "Other"  # type: ignore[misc]
        with pytest.raises(TypeError):
            content.question_by_key["needs_moment"] = content.questions[1]  # type: ignore[index]

    def test_finds_everything_by_what_it_is_asked_for(self, content: Content) -> None:
        question = content.question(Dimension.COMFORT, Occasion.MOMENT)
        assert question.key == "comfort_moment"
        assert content.question_by_id[question.id] is question
        assert content.question_by_key["comfort_moment"] is question
        assert list(content.questions_of[Occasion.WEEK]) == list(Dimension)
        assert content.cue_by_key["frightened"].tone is Tone.MISSED
        assert content.cue_by_key["frightened"] in content.cues_of[Tone.MISSED]
        assert content.options_of[OptionKind.FEELING]["afraid"].gates_comfort
        assert [option.key for option in content.contexts][:2] == ["waking", "meals"]
        assert content.dimensions[Dimension.REPAIR].label == "Coming back"
        assert content.tones[Tone.IN_TUNE].label == "We were in tune"

    def test_names_an_answer_by_its_value(self, content: Content) -> None:
        assert content.question_by_key["settled_moment"].label_of(5) == "Fell asleep"

    def test_before_the_library_was_loaded_it_says_how(
        self, db: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(selectors, "BUILTIN", "never")
        with pytest.raises(selectors.LibraryNotLoaded):
            selectors.get_content(checklist_key="never")

    def test_loading_a_new_version_shows_it_at_once(
        self, db: None, library: Path, rewrite: Callable[[str, str], None], now: datetime
    ) -> None:
        load_library(now=now, directory=library)
        assert selectors.get_content(checklist_key="trial").version.number == 1
        rewrite("number: 1\n", "number: 2\n")
        load_library(now=now, directory=library)
        assert selectors.get_content(checklist_key="trial").version.number == 2


class TestListVersions:
    def test_costs_one_query_however_many_there_are(self, library: Path, db: None, now: datetime) -> None:
        load_library(now=now, directory=library)
        selectors.list_versions()
        with CaptureQueriesContext(connection) as queries:
            versions = selectors.list_versions()
        assert [version.checklist_key for version in versions] == ["attune", "trial"]
        assert len(queries) == 1


class TestQuestionPrompt:
    @pytest.mark.parametrize(
        ("months", "words"),
        [
            (0, "crying"),
            (11, "crying"),
            (12, "pointing"),
            (35, "pointing"),
            (36, "play it"),
            (71, "play it"),
            (72, "awkward"),
            (119, "awkward"),
            (120, "choose to tell"),
            (167, "choose to tell"),
            (168, "door was open"),
            (215, "door was open"),
            (400, "door was open"),
        ],
    )
    def test_changes_at_the_month_and_not_before(self, content: Content, months: int, words: str) -> None:
        question = content.question(Dimension.OPENNESS, Occasion.MOMENT)
        assert words in selectors.question_prompt(question, months)

    def test_speaks_for_any_age_when_the_age_is_not_known(self, content: Content) -> None:
        question = content.question(Dimension.OPENNESS, Occasion.MOMENT)
        assert selectors.question_prompt(question, None) == question.prompt

    def test_is_the_same_for_all_ages_where_one_wording_fits(self, content: Content) -> None:
        question = content.question(Dimension.REPAIR, Occasion.MOMENT)
        assert selectors.question_prompt(question, 5) == question.prompt


class TestPractices:
    def test_come_in_order_and_by_dimension(self, db: None) -> None:
        assert [practice.slug for practice in selectors.list_practices()] == [
            "notice",
            "single_task",
            "leave_gaps",
            "set_intention",
            "name_it",
            "comfort_first",
            "repair_script",
            "support",
        ]
        (repair,) = selectors.list_practices(dimension=Dimension.REPAIR)
        assert repair is selectors.get_practice("repair_script")

    def test_an_unknown_one_is_not_visible(self, db: None) -> None:
        with pytest.raises(NotVisible):
            selectors.get_practice("shout")


OWN_LINES = """
lines:
  - countries: [PT]
    place: Portugal
    name: Emergency
    kind: emergency
    phone: "112"
    hours: day and night
    reviewed_on: 2026-01-31
  - countries: [PT]
    place: Portugal
    name: Example line
    kind: crisis
    url: https://example.org/
    hours: every day
    reviewed_on: 2026-01-31
"""


class TestGetHelp:
    """No test here may touch the database: help has to appear even when little else works."""

    def test_names_the_emergency_number_of_the_country(self) -> None:
        for country, number in [("PT", "112"), ("GB", "999"), ("us", "911"), ("NO", "112")]:
            (line,) = selectors.get_help("en", country).lines
            assert (line.phone, line.kind) == (number, HelpKind.EMERGENCY)

    def test_says_honestly_that_other_lines_are_missing(self) -> None:
        assert "have not added other help lines" in " ".join(
            selectors.get_help("en", "PT").lines_note.split()
        )

    def test_says_honestly_that_a_country_is_missing(self) -> None:
        help_page = selectors.get_help("en", "XX")
        assert help_page.lines == ()
        assert "No help lines are listed" in help_page.lines_note

    def test_lists_each_place_once_where_no_country_is_known(self) -> None:
        help_page = selectors.get_help("en")
        assert [line.phone for line in help_page.lines] == ["112", "999", "911", "000", "111"]
        assert "Use the one for where you are" in help_page.lines_note

    def test_shows_the_lines_of_the_operator(self, tmp_path: Path, settings: Any) -> None:
        own = tmp_path / "lines.yaml"
        own.write_text(OWN_LINES, "utf-8")
        settings.HELP_LINES_FILE = str(own)
        selectors.forget_content()

        help_page = selectors.get_help("en", "PT")

        assert [line.name for line in help_page.lines] == ["Emergency", "Example line"]
        assert help_page.lines_note == ""
        soft = help_page.cards["soft"]
        assert [line.kind for line in help_page.lines_for(soft)] == [HelpKind.CRISIS, HelpKind.EMERGENCY]

    def test_says_so_when_the_operator_lists_nothing(self, tmp_path: Path, settings: Any) -> None:
        own = tmp_path / "lines.yaml"
        own.write_text("lines: []", "utf-8")
        settings.HELP_LINES_FILE = str(own)
        selectors.forget_content()
        assert "No help lines are listed" in selectors.get_help("en").lines_note

    def test_knows_which_countries_have_a_line(self) -> None:
        countries = selectors.list_help_countries()
        assert list(countries) == sorted(set(countries))
        assert {"AU", "CA", "GB", "NZ", "PT", "US"} <= set(countries)

    def test_falls_back_to_english(self) -> None:
        assert selectors.get_help("de", "DE").promise == selectors.get_help("en", "DE").promise

    def test_a_language_cannot_name_a_file(self) -> None:
        assert selectors.get_help("../../etc/passwd", "DE").promise == selectors.get_help("en", "DE").promise
