from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django import forms
from django.template import Context, Template

from frontend.templatetags import attune
from frontend.words import week_in_words

FRONTEND = Path(attune.__file__).resolve().parents[1]
SPRITE = FRONTEND / "static" / "icons" / "icons.svg"


def moment(precision: str, *, zone: str = "Europe/Lisbon") -> SimpleNamespace:
    return SimpleNamespace(
        occurred_at=datetime(2026, 7, 1, 17, 40, tzinfo=UTC), precision=precision, timezone=zone
    )


class TestLongAgo:
    @pytest.mark.parametrize(
        ("day", "told"),
        [
            (date(2026, 11, 16), "Monday 16 November"),
            (date(2026, 1, 30), "Friday 30 January"),
            (date(2025, 12, 31), "Wednesday 31 December 2025"),
            (date(2024, 11, 16), "Saturday 16 November 2024"),
        ],
    )
    def test_one_of_long_ago_names_its_year(self, that_evening: datetime, day: date, told: str) -> None:
        assert attune.day_name(day) == told

    def test_so_does_a_week(self, that_evening: datetime) -> None:
        assert week_in_words(date(2026, 11, 9), date(2026, 11, 15)) == "9 to 15 November"
        assert week_in_words(date(2024, 12, 30), date(2025, 1, 5)) == "30 December to 5 January 2025"


class TestIcon:
    def test_every_icon_a_template_names_is_drawn(self) -> None:
        drawn = {symbol.attrib["id"] for symbol in ET.parse(SPRITE).getroot()}
        sources = [path.read_text() for path in (FRONTEND / "templates").rglob("*.html")]
        named = {name for text in sources for name in re.findall(r'{% icon "([\w-]+)"', text)}
        assert named, "the guard sees no icon at all"
        assert named <= drawn

    def test_each_tone_has_a_shape_of_its_own(self) -> None:
        shapes = {
            symbol.attrib["id"]: "".join(path.attrib["d"] for path in symbol)
            for symbol in ET.parse(SPRITE).getroot()
            if symbol.attrib["id"].startswith("tone-")
        }
        assert set(shapes) == {"tone-in_tune", "tone-missed", "tone-came_back"}
        assert len(set(shapes.values())) == 3

    def test_an_icon_is_silent_for_screen_readers(self) -> None:
        assert 'aria-hidden="true"' in attune.icon("help")

    def test_a_name_from_elsewhere_cannot_write_markup(self) -> None:
        assert "<script" not in attune.icon('"><script>')


class TestMomentTime:
    def test_an_exact_time_stands_on_the_clock_of_its_own_zone(self) -> None:
        assert attune.moment_time(moment("exact")) == "18:40"

    def test_about_says_about(self) -> None:
        assert attune.moment_time(moment("about")) == "about 18:40"

    def test_a_day_claims_no_hour(self) -> None:
        assert not re.search(r"\d", attune.moment_time(moment("day")))

    def test_a_zone_that_no_longer_exists_does_not_break_the_page(self) -> None:
        assert attune.moment_time(moment("exact", zone="Mars/Olympus"))


class TestInitials:
    @pytest.mark.parametrize(
        ("name", "letters"), [("Ines Lopes", "IL"), ("bo", "B"), ("A B C", "AC"), ("", "?"), ("   ", "?")]
    )
    def test_initials_are_first_and_last(self, name: str, letters: str) -> None:
        assert attune.initials(name) == letters


class TestDays:
    def render(self, tones: list[str]) -> str:
        week = [{"day": date(2026, 11, 16) + timedelta(days=n), "tones": []} for n in range(7)]
        week[0]["tones"] = tones
        return Template("{% load attune %}{% days week %}").render(Context({"week": week}))

    def test_each_day_is_told_in_words_as_well(self) -> None:
        html = self.render(["missed", "came_back"])
        assert "Monday: missed, came back" in html
        assert "Tuesday: nothing noted" in html

    def test_the_marks_of_a_day_stand_in_one_order_whatever_order_they_come_in(self) -> None:
        assert "Monday: in tune, missed, missed, came back" in self.render(
            ["missed", "came_back", "in_tune", "missed"]
        )

    def test_a_very_full_day_shows_how_many_more_there_were(self) -> None:
        html = self.render(["in_tune"] * (attune.MAX_MARKS_IN_A_DAY + 3))
        assert html.count('class="glyph"') == attune.MAX_MARKS_IN_A_DAY
        assert "+3" in html


class TestSpread:
    ROWS = [{"value": n, "label": f"answer {n}", "count": n - 1} for n in range(1, 6)]

    def test_the_numbers_stand_beside_the_bars_as_a_table(self) -> None:
        html = Template('{% load attune %}{% spread rows "Answers" %}').render(Context({"rows": self.ROWS}))
        assert html.count("<tr>") == 6
        assert 'class="range"' not in html

    def test_an_interval_is_drawn_only_when_it_is_given(self) -> None:
        drawn = attune.spread(self.ROWS, "Answers", low=1, mean=3, high=5)
        assert drawn["interval"] == {"low": 36, "mean": 156, "high": 276}

    def test_no_answers_draw_no_bar(self) -> None:
        drawn = attune.spread([{**row, "count": 0} for row in self.ROWS], "Answers")
        assert {bar["height"] for bar in drawn["bars"]} == {0}


class TestFormsLookRight:
    class Form(forms.Form):
        name = forms.CharField(help_text="As you like.")
        cues = forms.MultipleChoiceField(
            choices=[("a", "first"), ("b", "second"), ("More", [("c", "third")])],
            widget=forms.CheckboxSelectMultiple,
        )
        answer = forms.ChoiceField(
            choices=[(3, "partly"), ("not_seen", "could not tell")],
            widget=forms.RadioSelect(attrs={"class": "scale"}),
        )

    def test_neighbours_share_a_row_and_a_group_folds_away(self) -> None:
        html = str(self.Form()["cues"])
        assert html.count('class="chips"') == 2
        assert html.count("<details") == 1
        assert '<details class="fold" open>' not in html

    def test_a_group_with_something_chosen_stands_open(self) -> None:
        assert '<details class="fold" open>' in str(self.Form({"cues": ["c"]})["cues"])

    def test_only_answers_on_the_scale_get_bars(self) -> None:
        html = str(self.Form()["answer"])
        assert html.count('class="steps"') == 1
        assert html.count('class="on"') == 3

    def test_an_error_is_tied_to_its_field(self) -> None:
        field = self.Form({})["name"]
        html = field.as_field_group()
        assert 'aria-invalid="true"' in html
        assert 'id="id_name_error"' in html
        assert "id_name_error" in re.search(r'aria-describedby="([^"]+)"', html).group(1)

    def test_words_of_a_label_cannot_write_markup(self) -> None:
        class Hostile(forms.Form):
            child = forms.ChoiceField(choices=[("1", "<b onclick=x>")], widget=forms.RadioSelect)

        assert "<b onclick" not in str(Hostile()["child"])


class TestStyleBudget:
    def test_no_template_writes_inline_style_or_script(self) -> None:
        texts = {path: path.read_text() for path in (FRONTEND / "templates").rglob("*.html")}
        assert len(texts) > 50, "the guard sees too few templates"
        offenders = [
            str(path)
            for path, text in texts.items()
            if re.search(r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*\ssrc=)", text)
        ]
        assert offenders == []
