"""A coach suggests a question; its author takes it over or leaves it, and the coach learns neither."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.services import change_choices
from coaching.models import SuggestedQuestion
from coaching.rules import QUESTIONS_WAITING_MAX
from coaching.selectors import list_suggested_by, list_suggested_to
from coaching.services import answer_suggested_question, suggest_question, tell_people
from common.errors import NotVisible
from common.estates import list_estates
from households.models import Grant, Household
from households.services import withdraw_grant
from observations.selectors import get_own_list, list_asked
from observations.services import publish_questions
from tests.conftest import NOW


@pytest.fixture
def grant(give: Callable[..., Grant]) -> Grant:
    return give(scope="summary")


@pytest.fixture
def suggest(coach: User, grant: Grant) -> Callable[..., SuggestedQuestion]:
    def put(prompt: str = "Did you kneel?", **words: Any) -> SuggestedQuestion:
        asked = {"actor_id": coach.pk, "grant_id": grant.public_id, "kind": "yes_no", "now": NOW}
        return suggest_question(**{**asked, **words}, prompt=prompt)

    return put


def waiting(person: User, household: Household) -> list[str]:
    found = list_suggested_to(actor_id=person.pk, household_id=household.public_id, now=NOW)
    return [one.prompt for one in found]


def seen_by_coach(coach: User, grant: Grant) -> list[Any]:
    found, _are_more = list_suggested_by(
        coach_id=coach.pk, household_id=grant.household_id, author_id=grant.author_id, now=NOW
    )
    return found


class TestSuggesting:
    def test_asks_nobody_anything_before_its_author_published_it(
        self,
        suggest: Callable[..., SuggestedQuestion],
        parent: User,
        co_parent: User,
        coach: User,
        grant: Grant,
        household: Household,
    ) -> None:
        row = suggest()
        here = {"actor_id": parent.pk, "household_id": household.public_id}
        assert waiting(parent, household) == ["Did you kneel?"]
        assert waiting(co_parent, household) == []
        before = seen_by_coach(coach, grant)
        answer_suggested_question(actor_id=parent.pk, suggested_id=row.public_id, is_taken=True, now=NOW)
        assert not list_asked(author_id=parent.pk, household_pk=household.pk)
        assert [seen.prompt for seen in get_own_list(**here).drafts] == ["Did you kneel?"]
        publish_questions(**here, now=NOW)
        assert [seen.prompt for seen in list_asked(author_id=parent.pk, household_pk=household.pk)]
        assert seen_by_coach(coach, grant) == before

    def test_leaving_it_looks_the_same_to_the_coach(
        self, suggest: Callable[..., SuggestedQuestion], parent: User, coach: User, grant: Grant
    ) -> None:
        row = suggest()
        before = seen_by_coach(coach, grant)
        answer_suggested_question(actor_id=parent.pk, suggested_id=row.public_id, is_taken=False, now=NOW)
        assert seen_by_coach(coach, grant) == before
        with pytest.raises(NotVisible):
            answer_suggested_question(actor_id=parent.pk, suggested_id=row.public_id, is_taken=True, now=NOW)

    def test_there_are_few_in_a_week_whatever_becomes_of_them(
        self, suggest: Callable[..., SuggestedQuestion], parent: User
    ) -> None:
        for number in range(QUESTIONS_WAITING_MAX):
            row = suggest(f"Number {number}?")
            answer_suggested_question(actor_id=parent.pk, suggested_id=row.public_id, is_taken=False, now=NOW)
        with pytest.raises(ValidationError, match="seven days"):
            suggest()
        assert suggest(now=NOW + timedelta(days=8))

    def test_a_second_tap_suggests_nothing_more_and_tells_of_no_answer(
        self, suggest: Callable[..., SuggestedQuestion], parent: User
    ) -> None:
        first = suggest()
        answer_suggested_question(actor_id=parent.pk, suggested_id=first.public_id, is_taken=False, now=NOW)
        assert suggest(now=NOW + timedelta(minutes=4)).pk == first.pk
        assert SuggestedQuestion.objects.count() == 1
        assert suggest("Did you kneel down?").pk != first.pk
        assert suggest(now=NOW + timedelta(minutes=6)).pk != first.pk

    def test_its_page_says_when_earlier_ones_had_no_room(
        self,
        suggest: Callable[..., SuggestedQuestion],
        client_of: Callable[[User], Any],
        coach: User,
        grant: Grant,
        time_machine: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("coaching.selectors.questions.QUESTIONS_SHOWN", 1)
        time_machine.move_to(NOW, tick=False)
        browser, page = client_of(coach), f"/coach/grants/{grant.public_id}/questions/"
        suggest("A heron?")
        assert "Earlier ones are not shown" not in browser.get(page).content.decode()
        suggest("A kite?")
        told = browser.get(page).content.decode()
        assert ("Earlier ones are not shown" in told, "A heron?" in told) == (True, False)

    def test_nobody_without_a_live_grant_can(
        self, suggest: Callable[..., SuggestedQuestion], parent: User, co_parent: User, grant: Grant
    ) -> None:
        for person in (parent, co_parent):
            with pytest.raises(NotVisible):
                suggest(actor_id=person.pk)
        suggest()
        withdraw_grant(actor_id=parent.pk, grant_id=grant.public_id, now=NOW)
        with pytest.raises(NotVisible):
            suggest()

    def test_what_waited_is_hidden_with_the_grant_and_what_was_taken_over_stays(
        self,
        suggest: Callable[..., SuggestedQuestion],
        parent: User,
        coach: User,
        grant: Grant,
        household: Household,
    ) -> None:
        taken, _left = suggest("Taken?"), suggest("Waiting?")
        answer_suggested_question(actor_id=parent.pk, suggested_id=taken.public_id, is_taken=True, now=NOW)
        withdraw_grant(actor_id=parent.pk, grant_id=grant.public_id, now=NOW)
        assert waiting(parent, household) == []
        assert seen_by_coach(coach, grant) == []
        for estate in list_estates():
            if type(estate).__module__ == "coaching.estate":
                estate.erase(coach.pk)
        assert not SuggestedQuestion.objects.exists()
        own = get_own_list(actor_id=parent.pk, household_id=household.public_id)
        assert [seen.prompt for seen in own.drafts] == ["Taken?"]

    def test_is_told_of_once_and_without_a_word_of_it(
        self, suggest: Callable[..., SuggestedQuestion], parent: User
    ) -> None:
        change_choices(actor_id=parent.pk, choices={"digest_level": "full"})
        suggest("A heron at dawn?")
        assert tell_people(now=NOW) == 1
        assert tell_people(now=NOW) == 0
        (sent,) = mail.outbox
        assert "heron" not in sent.message().as_string()
