"""From a wish to a prompt on a phone: planned once a day, sent once, counted, and taken back where it should be."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from households.models import Child, Household
from observations.models import Observation
from reminders.models import Prompt, PushAddress, ReminderChoices
from reminders.push import Answer, Outcome
from reminders.rules import IGNORED_BEFORE_LESS, LEASE, PROMPTS_KEPT, Said, State, daily_slot
from reminders.selectors import digest_of, get_standing, list_due_prompt_ids
from reminders.services import (
    claim_prompt,
    count_answers,
    forget_prompts,
    note_nothing,
    note_said,
    plan_prompts,
    send_prompt,
    take_rest,
)

Wish, Reach = Callable[..., ReminderChoices], Callable[..., PushAddress]
EVENING = time(20, 30)
# The cast's Wednesday, 18 November 2026, at half past eight in Lisbon, which is UTC in winter.
DUE = datetime.fromisoformat("2026-11-18T20:30:00+00:00")
MIDNIGHT = datetime.fromisoformat("2026-11-19T00:00:00+00:00")


@pytest.fixture(autouse=True)
def _long_sessions(settings: Any) -> None:
    """The cast's Wednesday lies weeks away from the clock by which sessions are made."""
    settings.SESSION_COOKIE_AGE = 10 * 366 * 86_400


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was handed over; every push service takes it."""
    given: list[str] = []

    def take(target: Any, message: str, **_: Any) -> Outcome:
        given.append(message)
        return Outcome(Answer.TAKEN)

    monkeypatch.setattr("reminders.services.sending.hand_over", take)
    return given


def plan(now: datetime) -> list[Prompt]:
    plan_prompts(choice_ids=list(ReminderChoices.objects.values_list("pk", flat=True)), now=now)
    return list(Prompt.objects.order_by("pk"))


def run(now: datetime) -> list[State | None]:
    """What a tick does."""
    while count_answers(now=now):
        continue
    plan(now)
    return [send_prompt(prompt_id=prompt_id, now=now) for prompt_id in list_due_prompt_ids(now=now)]


@pytest.mark.django_db
class TestPlan:
    @pytest.fixture(autouse=True)
    def asked(self, parent: User, child: Child, wish: Wish, reach: Reach) -> None:
        wish(parent, evening_at=EVENING)
        reach(parent)

    def test_plans_what_has_come_and_nothing_before(self, parent: User) -> None:
        assert plan(DUE - timedelta(minutes=1)) == []
        (prompt,) = plan(DUE + timedelta(minutes=4))
        assert (prompt.user_id, prompt.due_at, prompt.expires_at) == (parent.pk, DUE, MIDNIGHT)

    def test_twice_is_once(self) -> None:
        assert len(plan(DUE)) == len(plan(DUE)) == len(plan(DUE + timedelta(minutes=20))) == 1

    def test_not_when_it_is_too_late(self) -> None:
        assert plan(DUE + timedelta(hours=1)) == []

    def test_not_on_a_day_on_which_something_was_noted(self, record: Callable[..., Observation]) -> None:
        record(now=DUE - timedelta(hours=9))
        assert plan(DUE) == []
        assert len(plan(DUE + timedelta(days=1))) == 1

    def test_what_somebody_else_notes_changes_nothing(
        self, co_parent: User, record: Callable[..., Observation]
    ) -> None:
        record(co_parent, now=DUE - timedelta(hours=1))
        assert len(plan(DUE)) == 1

    def test_not_while_resting(self, parent: User) -> None:
        take_rest(actor_id=parent.pk, now=DUE - timedelta(days=1))
        assert plan(DUE) == []
        assert plan(DUE + timedelta(days=28)) == []
        assert len(plan(DUE + timedelta(days=29))) == 1

    def test_not_where_nobody_is_reached(self) -> None:
        PushAddress.objects.all().delete()
        assert plan(DUE) == []

    def test_not_for_somebody_without_a_child_to_note_about(self, child: Child) -> None:
        Child.objects.update(archived_at=DUE)
        assert plan(DUE) == []

    def test_less_often_after_three_that_were_left(self) -> None:
        ReminderChoices.objects.update(ignored=IGNORED_BEFORE_LESS)
        days = [len(plan(DUE + timedelta(days=day))) for day in range(6)]
        assert days[-1] == 3

    def test_a_thousand_people_are_as_many_queries_as_one(
        self,
        make_user: Callable[..., User],
        join: Callable[..., Any],
        wish: Wish,
        reach: Reach,
    ) -> None:
        def counted(now: datetime) -> int:
            ids = list(ReminderChoices.objects.values_list("pk", flat=True))
            with CaptureQueriesContext(connection) as queries:
                assert plan_prompts(choice_ids=ids, now=now) == len(ids)
            return len(queries)

        one = counted(DUE)
        for number in range(10):
            user = make_user(f"more{number}", timezone="Europe/Lisbon")
            join(user)
            wish(user, evening_at=EVENING)
            reach(user)
        assert counted(DUE + timedelta(days=1)) == one


@pytest.mark.django_db
class TestAtARandomTime:
    """Hours somebody chose, and one prompt of each day in them: planned by a tick, and handed over by the same."""

    FROM, UNTIL = time(10), time(16)
    STEP = timedelta(minutes=15)
    MORNING = datetime.fromisoformat("2026-11-18T00:00:00+00:00")

    @pytest.fixture(autouse=True)
    def asked(self, parent: User, child: Child, wish: Wish, reach: Reach) -> None:
        wish(parent, moment_from=self.FROM, moment_until=self.UNTIL)
        # Its times lie ticks away from the end of the hours: one that falls behind their last tick is not sent.
        ReminderChoices.objects.update(seed=uuid.UUID(int=6))
        reach(parent)

    def came(self, day: int = 0) -> list[datetime]:
        """At which ticks of a day something was sent."""
        ticks = [self.MORNING + timedelta(days=day, hours=9) + number * self.STEP for number in range(52)]
        return [now for now in ticks if State.SENT in run(now)]

    def test_comes_once_each_day_inside_the_hours_and_soon_after_its_time(self, handed: list[str]) -> None:
        for day in range(4):
            (now,) = self.came(day)
            prompt = Prompt.objects.get(day=now.date())
            assert prompt.kind == "moment"
            assert self.FROM <= prompt.due_at.time() < self.UNTIL
            assert timedelta(0) <= now - prompt.due_at < self.STEP
            assert prompt.expires_at.time() == self.UNTIL
        assert len(handed) == 4
        assert len({prompt.due_at.time() for prompt in Prompt.objects.all()}) > 1

    def test_comes_on_a_day_on_which_something_was_noted_too(
        self, record: Callable[..., Observation], handed: list[str]
    ) -> None:
        record(now=self.MORNING + timedelta(hours=8))
        assert len(self.came()) == len(handed) == 1

    def test_leaves_out_the_hours_kept_free(self, parent: User, wish: Wish, handed: list[str]) -> None:
        free = {"quiet_from": time(10), "quiet_until": time(15)}
        wish(parent, moment_from=self.FROM, moment_until=self.UNTIL, **free)
        for day in range(3):
            (now,) = self.came(day)
            assert time(15) <= now.time() < time(16, 15)

    def test_is_one_a_day_where_the_evening_is_wished_as_well(
        self, parent: User, wish: Wish, handed: list[str]
    ) -> None:
        wish(parent, moment_from=self.FROM, moment_until=self.UNTIL, evening_at=EVENING)
        assert [len(self.came(day)) for day in range(3)] == [1, 1, 1]

    def test_follows_the_clock_on_the_wall(self, parent: User, handed: list[str]) -> None:
        User.objects.filter(pk=parent.pk).update(timezone="America/New_York")  # five hours behind in winter
        (now,) = self.came()
        assert time(15) <= now.time() < time(21, 15)

    @pytest.mark.parametrize("happens", ["rests", "other wishes", "signed out", "too late"])
    def test_what_happened_meanwhile_keeps_it_back(
        self, parent: User, wish: Wish, handed: list[str], happens: str
    ) -> None:
        slot = daily_slot(ReminderChoices.objects.get().as_rule(), self.MORNING.date())
        assert slot is not None
        (prompt,) = plan(slot.due_at)
        now = slot.due_at + timedelta(seconds=1)
        match happens:
            case "rests":
                take_rest(actor_id=parent.pk, now=now)
            case "other wishes":
                wish(parent, evening_at=EVENING)
            case "signed out":
                PushAddress.objects.all().delete()
            case "too late":
                now += timedelta(minutes=45)
        send_prompt(prompt_id=prompt.pk, now=now)
        assert handed == []
        assert not Prompt.objects.filter(state=State.SENT).exists()

    def test_no_prompt_comes_after_the_hours_though_it_was_not_taken_within_them(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tries: list[datetime] = []

        def busy(*_: Any, **__: Any) -> Outcome:
            tries.append(clock[0])
            return Outcome(Answer.LATER, timedelta(hours=1))

        clock = [self.MORNING + timedelta(hours=9)]
        monkeypatch.setattr("reminders.services.sending.hand_over", busy)
        while clock[0] < self.MORNING + timedelta(hours=18):
            run(clock[0])
            clock[0] += self.STEP
        assert tries
        assert all(self.FROM <= at.time() < self.UNTIL for at in tries)
        assert Prompt.objects.get().state == State.DROPPED

    def test_comes_less_often_after_three_that_were_left(self, handed: list[str]) -> None:
        ReminderChoices.objects.update(ignored=IGNORED_BEFORE_LESS)
        assert sum(len(self.came(day)) for day in range(4)) == 2


@pytest.mark.django_db
class TestWeekReady:
    @pytest.fixture
    def told(
        self, parent: User, household: Household, record: Callable[..., Observation], reach: Reach, wish: Wish
    ) -> datetime:
        """A week with a moment in it has closed and been told; when that is ready to be said on a phone."""
        from reflections.services import compile_closed, ensure_weeks

        Household.objects.update(created_at=DUE - timedelta(days=60))
        parent_membership = household.memberships.get(user=parent)
        parent_membership.joined_at = DUE - timedelta(days=60)
        parent_membership.save()
        record(now=DUE)
        closed = datetime.fromisoformat("2026-11-23T19:00:00+00:00")
        ensure_weeks(household_ids=[household.pk], now=closed)
        compile_closed(household_ids=[household.pk], now=closed)
        wish(parent, week_ready=True)
        reach(parent)
        return closed

    def test_is_said_once_by_day(self, told: datetime) -> None:
        assert plan(told) == []  # bed-time
        (prompt,) = plan(told + timedelta(hours=1, minutes=5))
        assert (prompt.kind, prompt.label) == ("week", "2026-W47")
        for hours in (2, 14, 16, 38):
            assert plan(told + timedelta(hours=hours)) == [prompt]

    def test_not_before_its_owner_is_told(self, told: datetime) -> None:
        from reflections.models import Reflection

        Reflection.objects.update(told_at=told + timedelta(hours=30))
        assert plan(told + timedelta(hours=1, minutes=5)) == []

    def test_leaves_no_room_for_another_that_day(self, told: datetime, parent: User, wish: Wish) -> None:
        wish(parent, week_ready=True, evening_at=EVENING)
        (prompt,) = plan(told + timedelta(hours=1, minutes=35))
        assert prompt.kind == "week"
        assert plan(told + timedelta(hours=1, minutes=50)) == [prompt]


@pytest.mark.django_db
class TestSend:
    @pytest.fixture
    def prompt(self, parent: User, child: Child, wish: Wish, reach: Reach) -> Prompt:
        wish(parent, evening_at=EVENING)
        reach(parent)
        (found,) = plan(DUE)
        return found

    def test_is_handed_over_once(self, prompt: Prompt, handed: list[str]) -> None:
        assert run(DUE) == [State.SENT]
        assert run(DUE) == run(DUE + timedelta(minutes=5)) == []
        assert len(handed) == 1

    def test_goes_to_every_device(
        self, prompt: Prompt, parent: User, reach: Reach, handed: list[str]
    ) -> None:
        reach(parent)
        reach(parent)
        run(DUE)
        assert len(handed) == 3

    @pytest.mark.parametrize("happens", ["noted", "rests", "other wishes", "signed out", "too late"])
    def test_what_happened_meanwhile_keeps_it_back(
        self,
        prompt: Prompt,
        parent: User,
        wish: Wish,
        record: Callable[..., Observation],
        handed: list[str],
        happens: str,
    ) -> None:
        now = DUE + timedelta(minutes=3)
        match happens:
            case "noted":
                record(now=DUE + timedelta(minutes=1))
            case "rests":
                take_rest(actor_id=parent.pk, now=now)
            case "other wishes":
                wish(parent, week_ready=True)
            case "signed out":
                PushAddress.objects.all().delete()
            case "too late":
                now = DUE + timedelta(minutes=46)
        send_prompt(prompt_id=prompt.pk, now=now)
        assert handed == []
        assert not Prompt.objects.filter(state=State.SENT).exists()

    def test_a_sender_that_fell_silent_may_have_sent_it_so_nobody_does_again(
        self, prompt: Prompt, handed: list[str]
    ) -> None:
        claim = claim_prompt(prompt_id=prompt.pk, now=DUE)
        assert claim is not None  # and here the worker dies
        assert run(DUE + timedelta(minutes=4)) == []
        assert run(DUE + LEASE) == [None]
        prompt.refresh_from_db()
        assert (prompt.state, prompt.code, handed) == (State.SENT, "lost", [])

    def test_what_was_not_taken_is_tried_again_within_its_day(
        self, prompt: Prompt, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tries: list[datetime] = []

        def busy(*_: Any, **__: Any) -> Outcome:
            tries.append(clock[0])
            return Outcome(Answer.LATER, timedelta(minutes=2))

        clock = [DUE]
        monkeypatch.setattr("reminders.services.sending.hand_over", busy)
        while clock[0] < MIDNIGHT + timedelta(hours=1):
            run(clock[0])
            clock[0] += timedelta(minutes=5)
        assert [int((at - DUE).total_seconds() // 60) for at in tries] == [0, 5, 10, 25]
        prompt.refresh_from_db()
        assert (prompt.state, prompt.code) == (State.DROPPED, "not taken")

    def test_one_device_that_took_it_is_enough(
        self, prompt: Prompt, parent: User, reach: Reach, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reach(parent)
        answers = iter([Outcome(Answer.LATER), Outcome(Answer.TAKEN)])
        monkeypatch.setattr("reminders.services.sending.hand_over", lambda *_, **__: next(answers))
        assert run(DUE) == [State.SENT]
        assert run(DUE + timedelta(minutes=30)) == []

    def test_an_address_that_is_dead_goes(
        self, prompt: Prompt, parent: User, reach: Reach, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("reminders.services.sending.hand_over", lambda *_, **__: Outcome(Answer.GONE))
        assert run(DUE) == [State.DROPPED]
        assert not PushAddress.objects.exists()


@pytest.mark.skipif(
    connection.vendor == "sqlite",
    reason="one connection for all threads: SQLite's test database is in memory",
)
@pytest.mark.usefixtures("transactional_db")
def test_eight_senders_at_once_send_one_prompt_once(
    parent: User, child: Child, wish: Wish, reach: Reach, handed: list[str]
) -> None:
    wish(parent, evening_at=EVENING)
    reach(parent)
    (prompt,) = plan(DUE)

    def send() -> None:
        try:
            send_prompt(prompt_id=prompt.pk, now=DUE)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(handed) == 1


@pytest.mark.django_db
class TestAnswers:
    @pytest.fixture
    def sent(self, parent: User, child: Child, wish: Wish, reach: Reach, handed: list[str]) -> Prompt:
        wish(parent, evening_at=EVENING)
        reach(parent)
        run(DUE)
        Prompt.objects.update(secret_digest=digest_of("secret"))
        return Prompt.objects.get()

    @staticmethod
    def ignored() -> int:
        return ReminderChoices.objects.get().ignored

    def test_what_was_shown_and_left_is_counted_at_midnight(self, sent: Prompt) -> None:
        assert note_said(secret="secret", said=Said.SHOWN, now=DUE)
        assert count_answers(now=MIDNIGHT - timedelta(seconds=1)) == 0
        assert (count_answers(now=MIDNIGHT), self.ignored()) == (1, 1)
        assert (count_answers(now=MIDNIGHT), self.ignored()) == (0, 1)

    def test_what_was_never_shown_says_nothing(self, sent: Prompt) -> None:
        assert (count_answers(now=MIDNIGHT), self.ignored()) == (1, 0)

    @pytest.mark.parametrize("said", [Said.OPENED, Said.NOTHING])
    def test_an_answer_ends_the_count(self, sent: Prompt, said: Said) -> None:
        ReminderChoices.objects.update(ignored=5)
        note_said(secret="secret", said=Said.SHOWN, now=DUE)
        note_said(secret="secret", said=said, now=DUE)
        count_answers(now=MIDNIGHT)
        assert self.ignored() == 0

    def test_a_moment_noted_afterwards_is_an_answer(
        self, sent: Prompt, record: Callable[..., Observation]
    ) -> None:
        ReminderChoices.objects.update(ignored=2)
        note_said(secret="secret", said=Said.SHOWN, now=DUE)
        record(now=DUE + timedelta(minutes=30))
        count_answers(now=MIDNIGHT)
        assert self.ignored() == 0

    def test_nothing_to_note_today_is_an_answer(self, sent: Prompt, parent: User) -> None:
        note_said(secret="secret", said=Said.LATER, now=DUE)
        note_nothing(actor_id=parent.pk, now=DUE + timedelta(minutes=5))
        assert run(DUE + timedelta(hours=1)) == []
        assert Prompt.objects.get().answered_at is not None

    def test_three_left_in_a_row_halve_it_and_one_answer_brings_it_back(
        self, parent: User, child: Child, wish: Wish, reach: Reach, handed: list[str]
    ) -> None:
        wish(parent, evening_at=EVENING)
        reach(parent)
        prompted = []
        for day in range(12):
            now = DUE + timedelta(days=day)
            prompted.append(run(now) == [State.SENT])
            Prompt.objects.filter(state=State.SENT).update(shown_at=now)
        assert prompted[:3] == [True] * 3
        assert sum(prompted[3:8]) in (2, 3)
        standing = get_standing(actor_id=parent.pk, now=DUE + timedelta(days=12))
        assert standing.every_days >= 2
        Prompt.objects.filter(state=State.SENT).update(answered_at=DUE)
        ReminderChoices.objects.update(ignored=3)
        for day in range(12, 20):
            now = DUE + timedelta(days=day)
            run(now)
            Prompt.objects.filter(state=State.SENT).update(shown_at=now, answered_at=now)
        assert get_standing(actor_id=parent.pk, now=now).every_days == 1

    def test_later_is_the_same_prompt_once_more_and_no_second_one(
        self, sent: Prompt, handed: list[str]
    ) -> None:
        note_said(secret="secret", said=Said.LATER, now=DUE + timedelta(minutes=1))
        assert run(DUE + timedelta(minutes=50)) == []
        assert run(DUE + timedelta(minutes=61)) == [State.SENT]
        assert (len(handed), Prompt.objects.count()) == (2, 1)

    def test_later_is_not_for_ever(self, sent: Prompt, handed: list[str]) -> None:
        now = DUE
        for _ in range(6):
            Prompt.objects.update(secret_digest=digest_of("secret"))
            note_said(secret="secret", said=Said.LATER, now=now)
            now += timedelta(hours=1)
            run(now)
        assert len(handed) == 3
        assert now > MIDNIGHT

    def test_a_secret_of_nobody_and_one_of_yesterday_say_nothing(self, sent: Prompt) -> None:
        assert not note_said(secret="", said=Said.OPENED, now=DUE)
        assert not note_said(secret="another", said=Said.OPENED, now=DUE)
        assert not note_said(secret="secret", said=Said.OPENED, now=MIDNIGHT)
        assert Prompt.objects.get().answered_at is None

    def test_addresses_for_another_key_are_forgotten_later_and_only_while_there_is_one(
        self, sent: Prompt, now: datetime, settings: Any
    ) -> None:
        later = now + PROMPTS_KEPT + timedelta(seconds=1)
        forget_prompts(now=later)
        assert PushAddress.objects.count() == 1
        PushAddress.objects.update(key_name="another")
        forget_prompts(now=now + timedelta(days=1))
        assert PushAddress.objects.count() == 1
        key, settings.PUSH_KEY = settings.PUSH_KEY, ""
        forget_prompts(now=later)
        assert PushAddress.objects.count() == 1
        settings.PUSH_KEY = key
        forget_prompts(now=later)
        assert not PushAddress.objects.exists()

    def test_all_of_it_is_forgotten_after_a_month(self, sent: Prompt) -> None:
        assert forget_prompts(now=MIDNIGHT + PROMPTS_KEPT) == 0
        assert forget_prompts(now=MIDNIGHT + PROMPTS_KEPT + timedelta(seconds=1)) == 1
