"""What a page says of the day on which it is read: the order, the small print, and that nothing of it is stored."""

from __future__ import annotations

import copy
import uuid
from datetime import date
from typing import Any

import pytest

from reflections.compose import compose
from reflections.compose.today import LetIn, Looked, Today, with_today
from tests.reflections import test_compose as cases

COACH = str(uuid.UUID(int=40))
LET_IN = LetIn(COACH, date(2027, 5, 12))
LOOKED = Looked(COACH, ("summary", "moment"), (uuid.UUID(int=102), uuid.UUID(int=103)))


def keys(content: dict[str, Any]) -> list[str]:
    return [part["key"] for part in content["sections"]]


def small_print(content: dict[str, Any]) -> list[str]:
    part = next(part for part in content["sections"] if part["key"] == "small_print")
    return [sentence["rule"] for sentence in part["sentences"]]


class TestItsPlace:
    @pytest.mark.parametrize(
        ("facts", "before", "after"),
        [
            (cases.FULL, "focus", "you"),
            (cases.TestAHardWeek.HARD, "back", "you"),
            (cases.TestAWeekOfMissedMoments.FACTS, "back", "you"),
            (cases.week(), "quiet", "small_print"),
        ],
    )
    def test_from_your_coach_stands_before_what_is_about_the_reader_alone(self, facts, before, after):
        found = keys(with_today(compose(facts).to_json(), Today(looked=(LOOKED,))))
        place = found.index("from_coach")
        assert (found[place - 1], found[place + 1]) == (before, after)

    def test_it_is_the_fifth_of_what_the_contract_numbers(self):
        found = keys(with_today(compose(cases.FULL).to_json(), Today(looked=(LOOKED,))))
        found.remove("late")  # what came later explains the numbers under it
        assert found == [
            "keep", "noticed", "back", "focus", "from_coach", "you", "small_thing", "small_print"
        ]  # fmt: skip

    def test_without_a_look_there_is_no_such_part(self):
        assert "from_coach" not in keys(with_today(compose(cases.FULL).to_json(), Today((LET_IN,))))


class TestWhoOpenedWhat:
    def test_it_says_what_and_rests_on_the_moments_that_were_opened(self):
        content = with_today(compose(cases.FULL).to_json(), Today(looked=(LOOKED,)))
        (sentence,) = next(part for part in content["sections"] if part["key"] == "from_coach")["sentences"]
        assert sentence == {
            "rule": "coach.opened",
            "params": {"coach": COACH, "opened": [["summary", 1], ["moment", 2]]},
            "moments": [str(moment) for moment in LOOKED.moments],
            "mail": None,
        }


class TestTheSmallPrint:
    def test_it_keeps_the_order_of_the_contract(self):
        content = with_today(compose(cases.FULL).to_json(), Today((LET_IN, LET_IN)))
        assert small_print(content) == [
            "print.late_before",
            "print.self_selected",
            "print.who_sees",
            "print.let_in",
            "print.let_in",
            "print.counted",
            "print.pause",
            "print.help",
        ]

    def test_a_quiet_week_says_where_to_pause_and_where_help_is(self):
        assert small_print(with_today(compose(cases.week()).to_json(), Today())) == [
            "print.who_sees",
            "print.pause",
            "print.help",
        ]

    def test_nobody_else_is_said_to_see_a_moment_while_a_coach_may(self):
        content = with_today(compose(cases.week(cases.moment(1))).to_json(), Today((LET_IN,)))
        sentences = {item["rule"]: item for part in content["sections"] for item in part["sentences"]}
        assert sentences["print.who_sees"]["params"] == {"shared": 0, "own": 1, "coaches": 1}
        assert sentences["print.let_in"]["params"] == {"coach": COACH, "until": "2027-05-12"}


class TestNothingIsStoredOrMailed:
    def test_the_composed_week_stays_as_it_was(self):
        content = compose(cases.FULL).to_json()
        before = copy.deepcopy(content)
        with_today(content, Today((LET_IN,), (LOOKED,)))
        assert content == before

    def test_no_mail_says_any_of_it(self):
        before = compose(cases.FULL).to_json()
        after = with_today(before, Today((LET_IN,), (LOOKED,)))
        mailed = [
            [item["rule"] for part in content["sections"] for item in part["sentences"] if item["mail"]]
            for content in (before, after)
        ]
        assert mailed[0] == mailed[1]
