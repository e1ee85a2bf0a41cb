"""Something to try: the author decides, one question is asked, and at its end both read the same."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import User
from coaching.models import Focus, FocusAnswer
from coaching.selectors import (
    find_current_focus,
    get_caseload,
    has_suggestion,
    list_focuses,
    list_focuses_suggested,
)
from coaching.services import accept_focus, decline_focus, say_tried, stop_focus, suggest_focus
from coaching.statistics import Dated, Verdict, compare
from common.errors import Conflict, NotVisible
from households.models import Grant, Household
from households.rules import GrantScope
from households.services import add_child, withdraw_grant
from observations.models import Observation
from observations.services import edit_moment
from reflections.statistics import BLOCK_ANSWERS
from tests.coaching.conftest import SHARED

Give = Callable[..., Grant]
Record = Callable[..., Observation]
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)


@pytest.fixture
def grant(give: Give, now: datetime) -> Grant:
    return give(now=now - 60 * DAY)


@pytest.fixture
def suggest(grant: Grant, coach: User, now: datetime) -> Callable[..., Focus]:
    def put(practice: str = "name_it", weeks: int = 2, at: datetime = now) -> Focus:
        return suggest_focus(
            actor_id=coach.pk, grant_id=grant.public_id, practice=practice, weeks=weeks, now=at
        )

    return put


class TestSuggesting:
    @pytest.mark.parametrize(("practice", "weeks"), [("no_such", 2), ("name_it", 0), ("name_it", 5)])
    def test_names_a_practice_for_one_to_four_weeks(
        self, suggest: Callable[..., Focus], practice: str, weeks: int
    ) -> None:
        with pytest.raises(ValidationError):
            suggest(practice, weeks)

    def test_one_waits_at_a_time_and_only_while_the_coach_is_let_in(
        self,
        suggest: Callable[..., Focus],
        grant: Grant,
        parent: User,
        co_parent: User,
        household: Household,
        now: datetime,
    ) -> None:
        suggest("notice")
        suggest("name_it")
        asked = {"household_id": household.pk, "now": now}
        assert [row.practice for row in Focus.objects.all()] == ["name_it"]
        assert has_suggestion(actor_id=parent.pk, **asked)
        assert not has_suggestion(actor_id=co_parent.pk, **asked)
        withdraw_grant(actor_id=parent.pk, grant_id=grant.public_id, now=now)
        assert not has_suggestion(actor_id=parent.pk, **asked)
        with pytest.raises(NotVisible):
            suggest()


class TestAnswering:
    def test_accepting_starts_today_as_it_is_or_changed(
        self, suggest: Callable[..., Focus], parent: User, now: datetime
    ) -> None:
        row = accept_focus(actor_id=parent.pk, focus_id=suggest().public_id, weeks=1, now=now)
        assert (row.practice, row.weeks, row.is_changed) == ("name_it", 1, True)
        assert (row.from_on, row.until_on) == (date(2026, 11, 18), date(2026, 11, 25))
        with pytest.raises(Conflict):
            decline_focus(actor_id=parent.pk, focus_id=row.public_id, now=now)

    def test_a_second_one_ends_the_first(
        self, suggest: Callable[..., Focus], parent: User, household: Household, now: datetime
    ) -> None:
        first = accept_focus(actor_id=parent.pk, focus_id=suggest().public_id, now=now - WEEK)
        second = accept_focus(actor_id=parent.pk, focus_id=suggest("notice").public_id, now=now)
        first.refresh_from_db()
        assert first.until_on == date(2026, 11, 18)
        found = find_current_focus(actor_id=parent.pk, household_id=household.pk, on=now.date(), now=now)
        assert found == second

    def test_declining_is_read_by_the_coach_and_gone_for_the_author(
        self, suggest: Callable[..., Focus], parent: User, coach: User, household: Household, now: datetime
    ) -> None:
        decline_focus(actor_id=parent.pk, focus_id=suggest().public_id, now=now)
        assert list_focuses(actor_id=parent.pk, language="en", now=now) == []
        (seen,) = list_focuses_suggested(
            coach_id=coach.pk, household_id=household.pk, author_id=parent.pk, language="en", now=now
        )
        assert seen.focus.answer == "declined"

    def test_nobody_answers_for_another(
        self, suggest: Callable[..., Focus], co_parent: User, coach: User, now: datetime
    ) -> None:
        focus = suggest()
        for actor in (co_parent, coach):
            for answer in (accept_focus, decline_focus, stop_focus):
                with pytest.raises(NotVisible):
                    answer(actor_id=actor.pk, focus_id=focus.public_id, now=now)

    def test_stands_in_the_coachs_list_while_it_lasts(
        self, suggest: Callable[..., Focus], parent: User, coach: User, now: datetime
    ) -> None:
        focus = accept_focus(actor_id=parent.pk, focus_id=suggest().public_id, now=now)
        assert get_caseload(coach_id=coach.pk, now=now).rows[0].practice == "name_it"
        stop_focus(actor_id=parent.pk, focus_id=focus.public_id, now=now)
        assert get_caseload(coach_id=coach.pk, now=now).rows[0].practice == ""
        with pytest.raises(Conflict):
            stop_focus(actor_id=parent.pk, focus_id=focus.public_id, now=now)


class TestFocusAsked:
    def test_one_question_on_the_sheet_until_it_is_answered(
        self,
        suggest: Callable[..., Focus],
        record: Record,
        parent: User,
        client_of: Callable[[User], Client],
        now: datetime,
    ) -> None:
        accept_focus(actor_id=parent.pk, focus_id=suggest().public_id, now=now)
        moment = record(details=SHARED)
        with time_machine.travel(now, tick=False):
            browser = client_of(parent)
            sheet = f"/moments/{moment.public_id}/more/"
            assert "Did you, here?" in browser.get(sheet).content.decode()
            browser.post(f"/moments/{moment.public_id}/tried/", {"tried": "yes"})
            assert "Did you, here?" not in browser.get(sheet).content.decode()
        assert FocusAnswer.objects.get().tried == "yes"

    def test_nothing_is_asked_of_days_outside_it(
        self, suggest: Callable[..., Focus], record: Record, parent: User, now: datetime
    ) -> None:
        accept_focus(actor_id=parent.pk, focus_id=suggest().public_id, now=now)
        earlier = record(details=SHARED, now=now - 3 * DAY)
        with pytest.raises(NotVisible):
            say_tried(actor_id=parent.pk, moment_id=earlier.public_id, tried="yes", now=now)
        with pytest.raises(ValidationError):
            say_tried(actor_id=parent.pk, moment_id=earlier.public_id, tried="perhaps", now=now)


class TestCounted:
    """What the coach reads of what was tried tells of no moment that they may not see now."""

    @pytest.fixture
    def counts(
        self,
        suggest: Callable[..., Focus],
        parent: User,
        coach: User,
        household: Household,
        now: datetime,
    ) -> Callable[[], dict[str, tuple[int, int]]]:
        accept_focus(actor_id=parent.pk, focus_id=suggest().public_id, now=now)

        def read() -> dict[str, tuple[int, int]]:
            (own,) = list_focuses(actor_id=parent.pk, language="en", now=now)
            (seen,) = list_focuses_suggested(
                coach_id=coach.pk, household_id=household.pk, author_id=parent.pk, language="en", now=now
            )
            return {"author": (own.tried, own.asked), "coach": (seen.tried, seen.asked)}

        return read

    @pytest.fixture
    def tried(self, record: Record, parent: User, now: datetime) -> Callable[..., Observation]:
        def put(answer: str = "yes", **asked: Any) -> Observation:
            moment = record(**{"details": SHARED, **asked})
            say_tried(actor_id=parent.pk, moment_id=moment.public_id, tried=answer, now=now)
            return moment

        return put

    def test_a_private_moment_counts_for_its_author_alone(
        self,
        counts: Callable[[], dict[str, tuple[int, int]]],
        tried: Callable[..., Observation],
    ) -> None:
        tried()
        tried("not_here")
        tried(details={"visibility": "private"})
        assert counts() == {"author": (2, 3), "coach": (1, 2)}

    def test_one_that_becomes_private_is_counted_no_more(
        self,
        counts: Callable[[], dict[str, tuple[int, int]]],
        tried: Callable[..., Observation],
        parent: User,
        now: datetime,
    ) -> None:
        moment = tried()
        assert counts()["coach"] == (1, 1)
        edit_moment(
            actor_id=parent.pk, moment_id=moment.public_id, details={"visibility": "private"}, now=now
        )
        assert counts() == {"author": (1, 1), "coach": (0, 0)}

    def test_one_that_cools_off_is_not_counted(
        self,
        counts: Callable[[], dict[str, tuple[int, int]]],
        tried: Callable[..., Observation],
        now: datetime,
    ) -> None:
        moment = tried(details={"about_adult": True})
        assert (moment.is_cooling_at(now), moment.visibility) == (True, "private")
        assert counts() == {"author": (1, 1), "coach": (0, 0)}

    def test_one_about_a_child_outside_the_grant_is_not_counted(
        self,
        counts: Callable[[], dict[str, tuple[int, int]]],
        tried: Callable[..., Observation],
        parent: User,
        household: Household,
        now: datetime,
    ) -> None:
        other = add_child(
            actor_id=parent.pk,
            household_id=household.public_id,
            nickname="Other",
            birth_month=date(2023, 5, 1),
            now=now,
        )
        tried(child_id=other.public_id)
        assert counts() == {"author": (1, 1), "coach": (0, 0)}

    def test_a_summary_names_no_count(
        self,
        counts: Callable[[], dict[str, tuple[int, int]]],
        tried: Callable[..., Observation],
        grant: Grant,
    ) -> None:
        tried()
        Grant.objects.filter(pk=grant.pk).update(scope=GrantScope.SUMMARY)
        assert counts() == {"author": (1, 1), "coach": (0, 0)}


class TestAtItsEnd:
    def test_both_read_the_same_of_what_the_coach_may_see(
        self,
        suggest: Callable[..., Focus],
        record: Record,
        parent: User,
        coach: User,
        household: Household,
        now: datetime,
    ) -> None:
        began = now - 2 * WEEK
        accept_focus(actor_id=parent.pk, focus_id=suggest(weeks=1, at=began).public_id, now=began)
        for at, value in ((began - DAY, 2), (began + DAY, 4)):
            record(now=at, details={"visibility": "coaches", "ratings": {"needs": value}})
            record(now=at, details={"visibility": "private", "ratings": {"needs": 1}})
        (hers,) = list_focuses(actor_id=parent.pk, language="en", now=now)
        (theirs,) = list_focuses_suggested(
            coach_id=coach.pk, household_id=household.pk, author_id=parent.pk, language="en", now=now
        )
        assert hers.practice is not None
        assert hers.comparison == theirs.comparison
        found = hers.comparison
        assert found is not None
        if hers.practice.dimension == "needs":
            assert (found.before.n, found.during.n) == (1, 1)
        assert found.verdict is Verdict.CANNOT_TELL


def block(chance: random.Random, shape: tuple[int, ...], *, n: int = BLOCK_ANSWERS) -> list[Dated]:
    """So many answers on twelve days."""
    values = chance.choices((1, 2, 3, 4, 5), weights=shape, k=n)
    return [(date(2026, 11, 1) + number % 12 * DAY, value) for number, value in enumerate(values)]


@pytest.mark.once
class TestCompare:
    SHAPES = ((1, 1, 1, 1, 1), (0, 1, 2, 4, 3), (4, 3, 2, 1, 0), (0, 0, 1, 1, 8))

    @pytest.mark.parametrize("shape", SHAPES)
    def test_where_nothing_changes_it_says_so_nearly_always(self, shape: tuple[int, ...]) -> None:
        chance = random.Random(str(shape))
        verdicts = [
            compare(block(chance, shape), block(chance, shape), author_id=1).verdict for _ in range(400)
        ]
        false = sum(verdict in {Verdict.HIGHER, Verdict.LOWER} for verdict in verdicts)
        assert false / 400 <= 0.02, "thirteen foci a year: at most a quarter of a false claim"

    def test_a_large_difference_is_named(self) -> None:
        chance = random.Random(5)
        low, high = (4, 3, 2, 0, 0), (0, 0, 2, 3, 4)
        assert compare(block(chance, low), block(chance, high), author_id=1).verdict is Verdict.HIGHER
        assert compare(block(chance, high), block(chance, low), author_id=1).verdict is Verdict.LOWER

    def test_too_few_answers_or_days_cannot_tell(self) -> None:
        chance = random.Random(6)
        enough = block(chance, (0, 0, 0, 0, 1))
        few = block(chance, (1, 0, 0, 0, 0), n=BLOCK_ANSWERS - 1)
        one_day = [(date(2026, 11, 1), 1)] * 40
        for other in (few, one_day, []):
            assert compare(other, enough, author_id=1).verdict is Verdict.CANNOT_TELL
            assert compare(enough, other, author_id=1).verdict is Verdict.CANNOT_TELL

    def test_few_answers_have_no_average(self) -> None:
        assert compare([], [(date(2026, 11, 1), 3)] * 4, author_id=1).during.mean is None
