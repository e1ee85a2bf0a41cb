import uuid

import pytest

from checklists.rules import Tone
from checklists.selectors import get_content
from observations.rules import TickKind
from reflections.comfort import AGAIN, LINES_MAX, CardWords, Part, Rule, Seen, draft, has_arrived
from reflections.phrases.cards import LINES, sayable

SAYABLE = {
    Rule.WHEN: {"bedtime", "meals", "bath"},
    Rule.SHOWS: {"afraid"},
    Rule.HELPS: {"held", "waited", "came_close", "short_echo", "asked_open"},
    Rule.BACK: {"said_sorry"},
}


def seen(number: int, *ticked: tuple[Rule, str], tone: Tone = Tone.IN_TUNE, arrived: bool = True) -> Seen:
    return Seen(uuid.UUID(int=number), tone, ticked, arrived)


def keys(*moments: Seen) -> list[tuple[str, str]]:
    return [(line.rule, line.key) for line in draft(moments, sayable=SAYABLE)]


class TestDraft:
    def test_once_is_not_enough_for_a_line(self):
        once = seen(1, (Rule.HELPS, "held"))
        assert keys(once) == []
        assert keys(once, seen(2, (Rule.HELPS, "held"))) == [("card.helps", "held")]
        assert AGAIN == 2

    def test_a_line_names_the_moments_it_comes_from(self):
        (line,) = draft([seen(n, (Rule.HELPS, "held")) for n in (3, 1, 2)], sayable=SAYABLE)
        assert line.moments == (uuid.UUID(int=3), uuid.UUID(int=1), uuid.UUID(int=2))

    def test_what_was_done_where_comfort_hardly_arrived_says_nothing_about_what_helps(self):
        hardly = [seen(n, (Rule.HELPS, "held"), (Rule.WHEN, "bedtime"), arrived=False) for n in (1, 2)]
        assert keys(*hardly) == [("card.when", "bedtime")]

    @pytest.mark.parametrize(
        ("answer", "arrived"), [(None, True), (1, False), (2, False), (3, True), (5, True)]
    )
    def test_partly_is_where_comfort_arrived(self, answer, arrived):
        assert has_arrived(answer) is arrived

    def test_what_there_are_no_words_for_is_left_out(self):
        argued = [seen(n, (Rule.WHEN, "parents_argument")) for n in (1, 2, 3)]
        assert keys(*argued) == []

    def test_the_most_frequent_come_first_and_a_part_has_room_for_a_few(self):
        ticks = ["held"] * 2 + ["waited"] * 4 + ["came_close"] * 3 + ["short_echo"] * 2 + ["asked_open"] * 2
        found = keys(*[seen(n, (Rule.HELPS, key)) for n, key in enumerate(ticks)])
        assert [key for _rule, key in found] == ["waited", "came_close", "asked_open", "held"]
        assert len(found) == LINES_MAX

    def test_the_parts_stand_in_the_order_of_the_card(self):
        moments = [
            seen(
                n,
                (Rule.BACK, "said_sorry"),
                (Rule.WHEN, "meals"),
                (Rule.SHOWS, "afraid"),
                tone=Tone.CAME_BACK,
            )
            for n in (1, 2)
        ] + [seen(n, (Rule.HELPS, "held")) for n in (3, 4)]
        lines = draft(moments, sayable=SAYABLE)
        assert [line.part for line in lines] == [Part.HARD, Part.HARD, Part.HELPS, Part.BACK]


@pytest.mark.django_db
class TestWordsForTicks:
    def test_every_line_is_of_something_the_library_has(self):
        content = get_content()
        cues = {cue.key: cue.tone for cue in content.cues}
        options = {option.key for option in content.options}
        assert set(LINES[Rule.WHEN]) | set(LINES[Rule.SHOWS]) <= options
        assert {cues[key] for key in LINES[Rule.HELPS]} == {Tone.IN_TUNE}
        assert {cues[key] for key in LINES[Rule.BACK]} == {Tone.CAME_BACK}

    def test_nothing_is_ever_said_of_what_was_missed(self):
        missed = {cue.key for cue in get_content().cues if cue.tone is Tone.MISSED}
        assert missed
        assert not missed & set().union(*sayable().values())

    def test_an_argument_of_the_adults_is_nothing_for_a_card(self):
        assert "parents_argument" not in sayable()[Rule.WHEN]
        assert {kind.value for kind in TickKind} == {"cue", "context", "feeling"}


class TestCardWords:
    def test_they_come_back_as_they_were(self):
        words = CardWords(called="Pip", helps='Say "hush"\nWait', also="Blue rabbit 🐇")
        assert CardWords.from_text(words.to_text()) == words

    def test_a_part_without_words_is_left_out(self):
        words = CardWords(helps="One\nTwo", back="Three")
        assert words.parts == ((Part.HELPS, ("One", "Two")), (Part.BACK, ("Three",)))

    def test_words_that_do_not_open_are_none(self):
        assert CardWords.from_text("") == CardWords()
