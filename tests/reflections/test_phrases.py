import re
from typing import Any

import pytest

from checklists.selectors import get_content
from reflections import compose as compose_module
from reflections.compose import compose
from reflections.phrases import PHRASES, Words, phrase
from tests.reflections import test_compose as cases

# Every rule with parameters that its grammar has to carry: one and several of everything.
EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "keep.came_back": [{"day": "2026-11-11"}],
    "keep.in_tune": [{"day": "2026-11-11"}],
    "way_back.practice": [{"practice": "repair_script"}],
    "noticed.count": [{"moments": 1, "days": 1}, {"moments": 7, "days": 4}],
    "noticed.done": [{"done": [["waited", 3], ["held", 1]]}],
    "noticed.contexts": [{"contexts": [["bedtime", 3], ["meals", 1]]}],
    "noticed.feelings": [{"feelings": [["tired", 2]]}],
    "noticed.shared": [{"author": "b", "moments": 1}, {"author": "x", "moments": 3}],
    "back.came_back": [{"n": 1}, {"n": 3}],
    "back.of_missed": [
        {"missed": 1, "mended": 0},
        {"missed": 1, "mended": 1},
        {"missed": 3, "mended": 0},
        {"missed": 3, "mended": 1},
        {"missed": 3, "mended": 2},
    ],
    "back.earlier": [{"n": 1}, {"n": 2}],
    "focus.chosen": [{"dimension": "needs", "since": "2026-11-02"}],
    "focus.listed": [
        {"dimension": "needs", "n": 1, "values": [[4, 1]]},
        {"dimension": "needs", "n": 3, "values": [[3, 1], [4, 2]]},
    ],
    "focus.context": [{"dimension": "settled", "n": 6, "values": [[2, 4], [5, 2]]}],
    "focus.few": [{"dimension": "needs", "n": 6, "mean": 3.4, "low": 3.0, "high": 3.8}],
    "focus.average": [{"dimension": "needs", "n": 26, "mean": 3.4, "low": 3.0, "high": 3.8}],
    "focus.absent": [
        {"dimension": "needs", "not_seen": 2, "skipped": 0},
        {"dimension": "needs", "not_seen": 0, "skipped": 1},
        {"dimension": "needs", "not_seen": 1, "skipped": 3},
    ],
    "you.states": [{"values": [[1, 1], [3, 2]]}],
    "you.question": [{"prompt": "to_a_friend"}],
    "small.context": [{"practice": "notice", "context": "bedtime"}],
    "small.focus": [{"practice": "notice", "dimension": "comfort"}],
    "small.turn": [{"practice": "notice"}],
    "small.try": [{"practice": "name_it"}],
    "print.late": [{"n": 1}, {"n": 2}],
    "print.late_before": [{"n": 1}, {"n": 2}],
    "print.joined": [{"on": "2026-11-12"}],
    "print.transition": [{"days": 5}],
    "print.who_sees": [{"shared": 0, "own": 3}, {"shared": 1, "own": 3}, {"shared": 2, "own": 3}],
}
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
        (text,) = every_wording(words)["you.states", 0]
        assert text == "How you were in these moments: Running on empty · Okay (2)."

    def test_an_author_who_is_gone_has_no_name(self, words):
        (text,) = every_wording(words)["noticed.shared", 1]
        assert text == "Somebody in your household shared 3 moments with the household."

    def test_every_rule_the_composer_knows_has_words(self):
        source = (compose_module.__loader__.get_source(compose_module.__name__)) or ""
        named = set(
            re.findall(r'"((?:keep|way_back|noticed|back|focus|you|small|quiet|print)\.[a-z_]+)"', source)
        )
        assert len(named) > 25
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
