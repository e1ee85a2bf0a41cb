"""That there is something new, on a phone: asked for, once a day, without a word of what, and only while it is true."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from coaching.models import Comment
from coaching.services import ask_to_look, comment_on_moment, mark_read, mute_coach, reply_to_comment
from households.models import Grant, Household
from households.services import withdraw_grant
from observations.models import Observation
from observations.services import edit_moment
from reminders.models import Prompt, PushAddress, ReminderChoices
from reminders.push import Answer, Outcome
from reminders.rules import Said, State
from reminders.selectors import digest_of, list_due_prompt_ids
from reminders.services import count_answers, note_said, plan_prompts, send_prompt

pytestmark = pytest.mark.django_db
Wish, Reach = Callable[..., ReminderChoices], Callable[..., PushAddress]
WORDS = ("You waited for him", "A quiet end", "He came along")
TEN = timedelta(minutes=10)


@pytest.fixture(autouse=True)
def _long_sessions(settings: Any) -> None:
    settings.SESSION_COOKIE_AGE = 10 * 366 * 86_400


@pytest.fixture
def noon(now: datetime) -> datetime:
    return now.replace(hour=12, minute=0)


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What was handed over, opened; every push service takes it."""
    given: list[dict[str, Any]] = []

    def take(target: Any, message: str, **_: Any) -> Outcome:
        given.append(json.loads(message))
        return Outcome(Answer.TAKEN)

    monkeypatch.setattr("reminders.services.sending.hand_over", take)
    return given


@pytest.fixture
def comment(
    give: Callable[..., Grant],
    record: Callable[..., Observation],
    coach: User,
    household: Household,
    noon: datetime,
) -> Comment:
    give(now=noon)
    moment = record(details={"visibility": "coaches"}, now=noon)
    saw, gives, child = WORDS
    return comment_on_moment(
        actor_id=coach.pk,
        household_id=household.public_id,
        moment_id=moment.public_id,
        saw=saw,
        gives=gives,
        child=child,
        now=noon,
    )


def plan(now: datetime) -> int:
    return plan_prompts(choice_ids=list(ReminderChoices.objects.values_list("pk", flat=True)), now=now)


def run(now: datetime) -> list[State | None]:
    plan(now)
    return [send_prompt(prompt_id=prompt_id, now=now) for prompt_id in list_due_prompt_ids(now=now)]


class TestNews:
    def test_comes_to_nobody_who_did_not_ask(
        self, comment: Comment, parent: User, wish: Wish, reach: Reach, noon: datetime
    ) -> None:
        reach(parent)
        wish(parent, evening_at=time(22, 0))
        assert run(noon + TEN) == []

    def test_says_that_and_not_what_once(
        self,
        comment: Comment,
        parent: User,
        wish: Wish,
        reach: Reach,
        handed: list[dict[str, Any]],
        noon: datetime,
    ) -> None:
        User.objects.filter(pk=parent.pk).update(discreet=True)
        wish(parent, something_new=True)
        reach(parent)
        assert run(noon + TEN) == ["sent"]
        (message,) = handed
        assert (message["title"], message["body"], message["url"]) == (
            "Notes",
            "There is something new for you.",
            "/",
        )
        for word in (*WORDS, "coach", "cleo", "pip", "child", "attune"):
            assert word.lower() not in json.dumps(message).lower()
        assert run(noon + 2 * TEN) == [], "once"
        assert run(noon + timedelta(days=1)) == [], "and not for the same again"

    def test_an_author_and_a_coach_are_told_in_the_same_words_and_the_coach_lives_nowhere(
        self,
        comment: Comment,
        parent: User,
        coach: User,
        wish: Wish,
        reach: Reach,
        handed: list[dict[str, Any]],
        noon: datetime,
    ) -> None:
        for person in (parent, coach):
            wish(person, something_new=True)
            reach(person)
        assert run(noon + TEN) == ["sent"]
        reply_to_comment(actor_id=parent.pk, comment_id=comment.public_id, text="I see", now=noon + TEN)
        ask_to_look(actor_id=parent.pk, moment_id=comment.observation.public_id, now=noon + TEN)
        assert run(noon + 2 * TEN) == ["sent"]
        to_author, to_coach = ({**message, "secret": ""} for message in handed)
        assert to_author == to_coach
        assert Prompt.objects.latest("pk").user_id == coach.pk

    @pytest.mark.parametrize("way", ["withdrawn", "muted", "read", "switched off"])
    def test_is_asked_again_in_the_moment_of_sending(
        self,
        comment: Comment,
        parent: User,
        wish: Wish,
        reach: Reach,
        handed: list[dict[str, Any]],
        noon: datetime,
        way: str,
    ) -> None:
        wish(parent, something_new=True)
        reach(parent)
        assert plan(noon + TEN) == 1
        grant = {"actor_id": parent.pk, "grant_id": Grant.objects.get().public_id, "now": noon + TEN}
        ways: dict[str, Callable[[], Any]] = {
            "withdrawn": lambda: withdraw_grant(**grant),
            "muted": lambda: mute_coach(**grant),
            "read": lambda: mark_read(actor_id=parent.pk, comment_id=comment.public_id, now=noon + TEN),
            "switched off": lambda: ReminderChoices.objects.update(something_new=False),
        }
        ways[way]()
        (prompt,) = Prompt.objects.all()
        send_prompt(prompt_id=prompt.pk, now=noon + TEN)
        prompt.refresh_from_db()
        wanted = "not wished" if way == "switched off" else "nothing new"
        assert (prompt.state, prompt.code, handed) == ("dropped", wanted, [])

    def test_a_coach_is_told_of_no_moment_that_was_taken_back(
        self, comment: Comment, parent: User, coach: User, wish: Wish, reach: Reach, noon: datetime
    ) -> None:
        wish(coach, something_new=True)
        reach(coach)
        moment = comment.observation
        ask_to_look(actor_id=parent.pk, moment_id=moment.public_id, now=noon)
        edit_moment(
            actor_id=parent.pk, moment_id=moment.public_id, details={"visibility": "private"}, now=noon
        )
        assert run(noon + TEN) == []

    def test_waits_for_the_day_and_for_hours_kept_free(
        self,
        comment: Comment,
        parent: User,
        wish: Wish,
        reach: Reach,
        handed: list[dict[str, Any]],
        noon: datetime,
    ) -> None:
        wish(parent, something_new=True, quiet_from=time(11, 0), quiet_until=time(13, 0))
        reach(parent)
        assert run(noon + TEN) == []
        assert run(noon + timedelta(hours=14)) == [], "at night nothing comes"
        assert run(noon + timedelta(hours=1)) == ["sent"]

    def test_is_the_one_of_its_day_and_leaving_it_is_no_answer(
        self,
        comment: Comment,
        parent: User,
        wish: Wish,
        reach: Reach,
        handed: list[dict[str, Any]],
        noon: datetime,
    ) -> None:
        wish(parent, something_new=True, evening_at=time(21, 0))
        reach(parent)
        assert run(noon + TEN) == ["sent"]
        assert run(noon.replace(hour=21)) == []
        secret = handed[0]["secret"]
        assert Prompt.objects.get().secret_digest == digest_of(secret)
        note_said(secret=secret, said=Said.SHOWN, now=noon + TEN)
        assert count_answers(now=noon + timedelta(days=1)) == 1
        assert ReminderChoices.objects.get().ignored == 0

    def test_many_people_are_as_many_queries_as_one(
        self,
        comment: Comment,
        parent: User,
        make_user: Callable[..., User],
        wish: Wish,
        reach: Reach,
        noon: datetime,
    ) -> None:
        def counted() -> int:
            Prompt.objects.all().delete()
            with CaptureQueriesContext(connection) as queries:
                assert plan(noon + TEN) == 1
            return len(queries)

        wish(parent, something_new=True)
        reach(parent)
        one = counted()
        for number in range(8):
            user = make_user(f"more{number}")
            wish(user, something_new=True)
            reach(user)
        assert counted() == one
