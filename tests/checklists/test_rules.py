from __future__ import annotations

from datetime import date

import pytest

from checklists import rules
from checklists.rules import Absence, Dimension, Scale


class TestDefaultDimension:
    def test_is_the_focus_of_the_member(self) -> None:
        assert rules.default_dimension(Dimension.REPAIR, []) is Dimension.REPAIR

    def test_is_the_need_underneath_without_a_focus(self) -> None:
        assert rules.default_dimension(None, ["bedtime"]) is Dimension.NEEDS

    @pytest.mark.parametrize("key", ["hurt_ill", "hurt", "afraid"])
    def test_is_comfort_when_the_child_was_hurt_ill_or_scared(self, key: str) -> None:
        assert rules.default_dimension(Dimension.REPAIR, ["bedtime", key]) is Dimension.COMFORT

    def test_does_not_ask_for_comfort_without_pain_even_as_a_focus(self) -> None:
        assert rules.default_dimension(Dimension.COMFORT, ["play", "sad"]) is Dimension.NEEDS


class TestAgeInMonths:
    @pytest.mark.parametrize(
        ("on", "months"),
        [
            (date(2024, 2, 29), 0),
            (date(2024, 3, 1), 1),
            (date(2025, 1, 31), 11),
            (date(2025, 2, 1), 12),
            (date(2042, 2, 28), 216),
        ],
    )
    def test_turns_on_the_first_of_the_month(self, on: date, months: int) -> None:
        assert rules.age_in_months(date(2024, 2, 1), on) == months

    def test_is_zero_before_birth(self) -> None:
        assert rules.age_in_months(date(2024, 2, 1), date(2023, 12, 31)) == 0


class TestCanAverage:
    def test_refuses_how_the_child_settled_on_any_scale(self) -> None:
        assert not any(rules.can_average(Dimension.SETTLED, scale) for scale in Scale)

    def test_refuses_answers_without_an_order(self) -> None:
        assert not rules.can_average(Dimension.NEEDS, Scale.SETTLING)

    def test_allows_ordered_answers(self) -> None:
        assert rules.can_average(Dimension.COMFORT, Scale.DEGREE)
        assert rules.can_average(Dimension.REPAIR, Scale.SHARE)


class TestAbsenceMeantBy:
    def test_rather_not_say_is_a_skip(self) -> None:
        assert rules.absence_meant_by(Scale.OWN_STATE) is Absence.SKIPPED

    @pytest.mark.parametrize("scale", [Scale.DEGREE, Scale.SHARE, Scale.SETTLING])
    def test_could_not_tell_is_not_seen(self, scale: Scale) -> None:
        assert rules.absence_meant_by(scale) is Absence.NOT_SEEN


class TestLanguagesToTry:
    def test_goes_from_region_to_language_to_english(self) -> None:
        assert rules.languages_to_try("pt_BR") == ("pt-br", "pt", "en")

    def test_names_english_once(self) -> None:
        assert rules.languages_to_try("en") == ("en",)
        assert rules.languages_to_try("") == ("", "en")


def test_own_state_is_the_only_thing_shown_to_its_author_alone() -> None:
    assert {Dimension.SELF} == rules.AUTHOR_ONLY
