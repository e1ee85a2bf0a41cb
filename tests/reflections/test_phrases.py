import re
from pathlib import Path

import pytest

from checklists.selectors import get_content
from reflections import compose as compose_module
from reflections.compose import compose
from reflections.phrases import PHRASES, Words, phrase
from tests.reflections import test_compose as cases
from tests.reflections.rule_examples import EXAMPLES

FORBIDDEN = re.compile(
    r"\b(improv\w*|better|worse|score|grade|streak|attachment|risk|measure\w*|assess\w*|patient|subject|bad|trend|fail\w*"
    r"|your child is|no change|should)\b|!",
    re.IGNORECASE,
)


@pytest.fixture
def words(db) -> Words:
    return Words(get_content(), {"b": "Bela"})


def every_wording(words: Words) -> dict[tuple[str, int], set[str]]:
    """All that each example of each rule can read like."""
    return {
        (rule, number): {phrase({"rule": rule, "params": params}, seed=n, words=words) for n in range(12)}
        for rule in PHRASES
        for number, params in enumerate(EXAMPLES.get(rule, [{}]))
    }


class TestPhrase:
    def test_every_wording_reads_as_a_finished_sentence(self, words):
        for readings in every_wording(words).values():
            for text in readings:
                assert text[0].isupper() or text[0].isdigit()
                assert text[-1] in '.?"', text
                assert "%" not in text
                assert "[" not in text

    def test_no_wording_judges_or_claims_a_direction(self, words):
        for readings in every_wording(words).values():
            assert not [text for text in readings if FORBIDDEN.search(text)]

    def test_the_guard_can_see(self):
        assert FORBIDDEN.search("You improved!")
        assert FORBIDDEN.search("Your child is calm")

    def test_every_wording_is_reached_by_some_seed(self, words):
        reached = every_wording(words)
        assert {rule: len(reached[rule, 0]) for rule in PHRASES} == {
            rule: len(wordings) for rule, wordings in PHRASES.items()
        }

    def test_a_week_always_reads_the_same(self, words):
        sentence = {"rule": "noticed.count", "params": {"moments": 7, "days": 4}}
        assert phrase(sentence, seed=5, words=words) == phrase(sentence, seed=5, words=words)

    def test_one_and_several_are_told_apart(self, words):
        readings = every_wording(words)
        assert any("1 moment on 1 day" in text for text in readings["noticed.count", 0])
        assert any("7 moments on 4 days" in text for text in readings["noticed.count", 1])

    @pytest.mark.parametrize(
        ("params", "expected"),
        [
            ({"missed": 1, "mended": 1}, "You wrote down one missed moment, and it has its came-back."),
            (
                {"missed": 3, "mended": 2},
                "Of the 3 missed moments you wrote down, 2 have a came-back. These are only the ones you wrote down.",
            ),
        ],
    )
    def test_coming_back_reads_as_agreed(self, words, params, expected):
        assert phrase({"rule": "back.of_missed", "params": params}, seed=1, words=words) == expected

    def test_numbers_come_with_n_and_how_far_off_they_may_be(self, words):
        text = phrase(
            {"rule": "focus.average", "params": EXAMPLES["focus.average"][0]},
            seed=1,
            words=words,
        )
        assert text == (
            "In these 26 moments of the last four weeks you answered 3.4 of 5 on average (plausibly 3.0 to 3.8)."
        )

    def test_labels_come_from_the_library(self, words):
        texts = every_wording(words)["you.states", 0]
        assert "How you were in these moments: Running on empty · Okay (2)." in texts
        assert all("Running on empty · Okay (2)." in text for text in texts)

    def test_an_author_who_is_gone_has_no_name(self, words):
        (text,) = every_wording(words)["noticed.shared", 1]
        assert text == "Somebody in your household shared 3 moments with the household."

    def test_every_rule_the_composer_knows_has_words(self):
        (package,) = compose_module.__path__
        source = "".join(path.read_text("utf-8") for path in Path(package).glob("*.py"))
        said = r'"((?:keep|way_back|hard|late|noticed|back|focus|coach|you|small|quiet|print)\.[a-z_]+)"'
        named = set(re.findall(said, source))
        assert len(named) > 35
        assert named <= set(PHRASES)

    def test_a_whole_week_can_be_told(self, words):
        composed = compose(cases.FULL)
        told = [
            phrase(sentence.to_json(), seed=composed.seed, words=words)
            for section in composed.sections
            for sentence in section.sentences
        ]
        assert len(told) > 15
        assert len(set(told)) == len(told)
