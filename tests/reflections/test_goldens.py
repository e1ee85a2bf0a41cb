"""Every sentence in every language, word for word: a language that has no golden file is not served."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from checklists import packs
from checklists.selectors import get_content
from reflections.phrases import PHRASES, REASONS, Words, phrase
from reflections.rules import seed as seed_of
from tests.reflections.golden_words import readings
from tests.reflections.rule_examples import EXAMPLES

GOLDENS = Path(__file__).parent / "goldens"
LANGUAGES = sorted({code for code, _name in settings.LANGUAGES})


def golden(language: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((GOLDENS / f"{language}.yaml").read_text("utf-8"))
    return loaded


class TestGoldens:
    def test_every_language_brings_its_own(self) -> None:
        assert sorted(path.stem for path in GOLDENS.glob("*.yaml")) == LANGUAGES

    def test_a_language_of_the_library_is_one_of_ours(self) -> None:
        library = {path.stem for path in packs.LIBRARY.glob("??.yaml")}
        assert library
        assert library <= set(LANGUAGES)

    @pytest.mark.django_db
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_wording_reads_as_it_is_written_there(self, language: str) -> None:
        said, expected = readings(language), golden(language)
        assert said.keys() == expected.keys()
        for part, found in said.items():
            assert found == expected[part], part

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_rule_has_a_condition_and_every_wording_is_there(self, language: str) -> None:
        rules = golden(language)["rules"]
        assert set(rules) == set(PHRASES) == set(REASONS)
        for rule, wordings in PHRASES.items():
            assert rules[rule]["when"].endswith("."), rule
            examples = EXAMPLES.get(rule, [{}])
            assert [len(texts) for texts in rules[rule]["says"]] == [len(wordings)] * len(examples), rule


WEEKS = [f"2026-W{number:02d}" for number in range(1, 53)]
# What a parent reads week after week. The rest is said rarely, or is small print that should not change its words.
WEEKLY = [
    "keep.came_back",
    "keep.in_tune",
    "noticed.count",
    "noticed.done",
    "noticed.contexts",
    "noticed.feelings",
    "back.came_back",
    "back.no_deadline",
    "focus.chosen",
    "focus.few",
    "focus.average",
    "you.states",
    "you.question",
    "small.context",
    "small.focus",
    "small.turn",
]


@pytest.mark.django_db
class TestWeeksReadDifferently:
    def year(self, rule: str, member: str) -> list[str]:
        words = Words(get_content("en"))
        sentence = {"rule": rule, "params": EXAMPLES.get(rule, [{}])[0]}
        return [phrase(sentence, seed=seed_of(member, label), words=words) for label in WEEKS]

    @pytest.mark.parametrize("rule", WEEKLY)
    def test_what_is_read_every_week_has_more_than_one_wording(self, rule: str) -> None:
        assert len(PHRASES[rule]) > 1

    @pytest.mark.parametrize("rule", WEEKLY)
    def test_neighbours_share_a_wording_no_more_often_than_by_chance(self, rule: str) -> None:
        """Over 52 weeks of eight members: within three standard deviations of one in so many wordings."""
        years = [self.year(rule, f"member {number}") for number in range(8)]
        pairs = [now == then for year in years for then, now in itertools.pairwise(year)]
        chance = 1 / len(PHRASES[rule])
        deviation = (chance * (1 - chance) / len(pairs)) ** 0.5
        assert sum(pairs) / len(pairs) < chance + 3 * deviation
        assert all(len(set(year)) == len(PHRASES[rule]) for year in years)

    def test_two_members_do_not_read_the_same(self) -> None:
        assert self.year("noticed.count", "one") != self.year("noticed.count", "another")
