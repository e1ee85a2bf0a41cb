"""Words between a coach and an author: inside the grant, strength first, and each side's words their own."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.models import User
from coaching.models import Ask, Comment, Mute, Reply
from coaching.rules import COMMENTS_ON_ONE_MAX, SAID_ONCE_WITHIN, SLOT_MAX
from coaching.selectors import (
    count_unread,
    get_comment,
    get_hint,
    list_comments,
    list_own_words,
    list_said_on_moment,
    page_comments,
)
from coaching.services import (
    ask_to_look,
    comment_on_moment,
    comment_on_week,
    look_at_week,
    look_closely,
    mark_read,
    mute_coach,
    present_oneself,
    reply_to_comment,
    unmute_coach,
)
from common.errors import NotVisible
from households.models import AccessEntry, Child, Grant, Household
from households.rules import GRANT_LIFETIME
from households.services import change_grant, leave_household, withdraw_grant
from observations.models import Observation
from observations.services import delete_moment, edit_moment, purge_deleted
from tests.coaching.conftest import SHARED, SLOTS

Give = Callable[..., Grant]
Record = Callable[..., Observation]
Say = Callable[..., Comment]
WEEK = "2026-W47"


class TestCommentOnMoment:
    def test_its_author_reads_it_and_nobody_else_in_the_household(
        self, give: Give, record: Record, say: Say, parent: User, co_parent: User, now: datetime
    ) -> None:
        give()
        moment = record(details={"visibility": "household"})
        say(moment, more="What came next?")
        asked = {"household_id": moment.household_id, "observation_id": moment.pk, "now": now}
        (comment,) = list_comments(actor_id=parent.pk, **asked)
        assert [comment.saw, comment.gives, comment.child] == list(SLOTS.values())
        assert (comment.more, comment.has_all_three) == ("What came next?", True)
        assert list_comments(actor_id=co_parent.pk, **asked) == []
        with pytest.raises(NotVisible):
            get_comment(actor_id=co_parent.pk, comment_id=comment.public_id, now=now)

    def test_lies_sealed(self, give: Give, record: Record, say: Say) -> None:
        give()
        comment = say(record(details=SHARED))
        row = Comment.objects.values().get(pk=comment.pk)
        assert b"You waited" not in b"".join(bytes(row[f"{slot}_sealed"]) for slot in SLOTS)

    @pytest.mark.parametrize("saw", ["", "  \n"])
    def test_one_strength_comes_before_any_suggestion(
        self, give: Give, record: Record, say: Say, saw: str
    ) -> None:
        give()
        with pytest.raises(ValidationError) as refused:
            say(record(details=SHARED), saw=saw, more="Try to wait longer")
        assert list(refused.value.error_dict) == ["saw"]
        assert not Comment.objects.exists()

    def test_each_slot_has_its_bound(self, give: Give, record: Record, say: Say) -> None:
        give()
        moment = record(details=SHARED)
        for slot in ("saw", "gives", "child", "more"):
            with pytest.raises(ValidationError) as refused:
                say(moment, **{slot: "x" * (SLOT_MAX + 1)})
            assert list(refused.value.error_dict) == [slot]

    def test_the_same_words_again_are_one_comment(
        self, give: Give, record: Record, say: Say, now: datetime
    ) -> None:
        give()
        moment = record(details=SHARED)
        first = say(moment)
        assert say(moment, now=now + SAID_ONCE_WITHIN - timedelta(seconds=1)).pk == first.pk
        assert say(moment, saw="Another thing").pk != first.pk
        assert say(moment, now=now + SAID_ONCE_WITHIN + timedelta(minutes=1)).pk != first.pk

    def test_there_is_room_for_so_many(self, give: Give, record: Record, say: Say) -> None:
        give()
        moment = record(details=SHARED)
        for number in range(COMMENTS_ON_ONE_MAX):
            say(moment, saw=f"Thing {number}")
        with pytest.raises(ValidationError):
            say(moment, saw="One more")

    def test_what_a_grant_does_not_show_cannot_be_written_on(
        self,
        give: Give,
        record: Record,
        say: Say,
        second_child: Child,
        parent: User,
        now: datetime,
    ) -> None:
        grant = give(from_on=date(2026, 11, 10))
        hidden = {
            "kept private": record(details={"visibility": "private"}),
            "of another child": record(child_id=second_child.public_id, details=SHARED),
            "before its first day": record(details=SHARED, now=now - timedelta(days=30)),
        }
        seen = record(details=SHARED)
        for why, moment in hidden.items():
            with pytest.raises(NotVisible):
                say(moment)
            assert not Comment.objects.exists(), why
        say(seen)
        change_grant(actor_id=parent.pk, grant_id=grant.public_id, scope="summary", now=now)
        with pytest.raises(NotVisible):
            say(seen, saw="After the scope was narrowed")

    def test_it_ends_with_the_second_in_which_the_grant_ends(
        self, give: Give, record: Record, say: Say, now: datetime
    ) -> None:
        give()
        moment, end = record(details=SHARED), now + GRANT_LIFETIME
        say(moment, now=end - timedelta(seconds=1))
        with pytest.raises(NotVisible):
            say(moment, now=end, saw="Too late")

    def test_nobody_writes_to_themselves_or_without_a_grant(
        self, record: Record, household: Household, parent: User, stranger: User, now: datetime
    ) -> None:
        moment = record(details=SHARED)
        for actor in (parent, stranger):
            with pytest.raises(NotVisible):
                comment_on_moment(
                    actor_id=actor.pk,
                    household_id=household.public_id,
                    moment_id=moment.public_id,
                    **SLOTS,
                    now=now,
                )


class TestCommentOnWeek:
    def test_stands_on_the_week_even_where_single_moments_are_not_shown(
        self, give: Give, record: Record, coach: User, parent: User, household: Household, now: datetime
    ) -> None:
        grant = give(scope="summary")
        record(details=SHARED)
        comment_on_week(actor_id=coach.pk, grant_id=grant.public_id, week=WEEK, **SLOTS, now=now)
        (comment,) = list_comments(actor_id=parent.pk, household_id=household.pk, week=WEEK, now=now)
        assert comment.saw == "You waited"
        seen = look_at_week(coach_id=coach.pk, grant_id=grant.public_id, week=WEEK, now=now)
        assert [row.pk for row in seen.comments] == [comment.pk]
        assert AccessEntry.objects.filter(author=parent, reader=coach).count() == 1

    def test_a_week_of_which_nothing_is_shown_is_not_there(
        self, give: Give, record: Record, coach: User, now: datetime
    ) -> None:
        grant = give(scope="summary")
        record(details={"visibility": "private"})
        for week in (WEEK, "2019-W01"):
            with pytest.raises(NotVisible):
                comment_on_week(actor_id=coach.pk, grant_id=grant.public_id, week=week, **SLOTS, now=now)


class TestTheAuthor:
    def test_marks_it_as_read_for_themselves(
        self, give: Give, record: Record, say: Say, parent: User, household: Household, now: datetime
    ) -> None:
        give()
        comment = say(record(details=SHARED))
        assert count_unread(actor_id=parent.pk, household_id=household.pk) == 1
        mark_read(actor_id=parent.pk, comment_id=comment.public_id, now=now)
        assert count_unread(actor_id=parent.pk, household_id=household.pk) == 0

    def test_answers_and_the_coach_reads_it(
        self,
        give: Give,
        record: Record,
        say: Say,
        parent: User,
        coach: User,
        household: Household,
        now: datetime,
    ) -> None:
        give()
        moment = record(details=SHARED)
        comment = say(moment)
        reply = reply_to_comment(actor_id=parent.pk, comment_id=comment.public_id, text="I see", now=now)
        again = reply_to_comment(actor_id=parent.pk, comment_id=comment.public_id, text="I see", now=now)
        assert again.pk == reply.pk
        seen = look_closely(
            coach_id=coach.pk, household_id=household.public_id, moment_id=moment.public_id, now=now
        )
        assert [(row.text, row.pk) for row in seen.comments[0].shown_replies] == [("I see", reply.pk)]
        reply.refresh_from_db()
        assert reply.seen_at == now

    def test_answers_nobody_once_the_coach_reads_along_no_more(
        self, give: Give, record: Record, say: Say, parent: User, now: datetime
    ) -> None:
        grant = give()
        comment = say(record(details=SHARED))
        withdraw_grant(actor_id=parent.pk, grant_id=grant.public_id, now=now)
        kept = get_comment(actor_id=parent.pk, comment_id=comment.public_id, now=now)
        assert (kept.saw, kept.reads_along) == ("You waited", False)
        with pytest.raises(ValidationError):
            reply_to_comment(actor_id=parent.pk, comment_id=comment.public_id, text="Still?", now=now)
        assert not Reply.objects.exists()

    def test_hears_less_of_a_coach_who_is_not_told(
        self,
        give: Give,
        record: Record,
        say: Say,
        parent: User,
        household: Household,
        now: datetime,
    ) -> None:
        grant = give()
        say(record(details=SHARED))
        mute_coach(actor_id=parent.pk, grant_id=grant.public_id, now=now)
        mute_coach(actor_id=parent.pk, grant_id=grant.public_id, now=now)
        assert Mute.objects.count() == 1
        assert count_unread(actor_id=parent.pk, household_id=household.pk) == 0
        unmute_coach(actor_id=parent.pk, grant_id=grant.public_id, now=now)
        assert count_unread(actor_id=parent.pk, household_id=household.pk) == 1

    def test_reads_nothing_of_a_household_they_left(
        self,
        give: Give,
        record: Record,
        say: Say,
        parent: User,
        co_parent: User,
        household: Household,
        now: datetime,
    ) -> None:
        give()
        say(record(details=SHARED))
        leave_household(actor_id=parent.pk, household_id=household.public_id, now=now)
        assert page_comments(actor_id=parent.pk, now=now).items == []
        assert page_comments(actor_id=co_parent.pk, now=now).items == []


class TestAfterTheGrant:
    def test_the_coach_keeps_their_own_words_and_nothing_of_the_family(
        self, give: Give, record: Record, say: Say, parent: User, coach: User, now: datetime
    ) -> None:
        grant = give()
        moment = record(details=SHARED)
        comment = say(moment)
        reply_to_comment(actor_id=parent.pk, comment_id=comment.public_id, text="Of the family", now=now)
        withdraw_grant(actor_id=parent.pk, grant_id=grant.public_id, now=now)
        with pytest.raises(NotVisible):
            look_closely(
                coach_id=coach.pk,
                household_id=moment.household.public_id,
                moment_id=moment.public_id,
                now=now,
            )
        (kept,) = list_own_words(coach_id=coach.pk).items
        assert kept.saw == "You waited"
        assert not hasattr(kept, "shown_replies")

    def test_they_outlive_the_moment(
        self, give: Give, record: Record, say: Say, parent: User, coach: User, now: datetime
    ) -> None:
        give()
        moment = record(details=SHARED)
        say(moment)
        delete_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        purge_deleted(now=now + timedelta(days=8))
        assert not Observation.objects.filter(pk=moment.pk).exists()
        assert [row.saw for row in list_own_words(coach_id=coach.pk).items] == ["You waited"]


class TestHint:
    def test_counts_the_latest_twenty_with_all_three(
        self, give: Give, record: Record, say: Say, coach: User, now: datetime
    ) -> None:
        give()
        assert (get_hint(coach_id=coach.pk).complete, get_hint(coach_id=coach.pk).of) == (0, 0)
        moments = [record(details=SHARED) for _ in range(2)]
        for number in range(22):
            words: dict[str, Any] = {"saw": f"Thing {number}", "now": now + timedelta(minutes=number)}
            say(moments[number % 2], **words, **({"child": ""} if number < 5 else {}))
        assert (get_hint(coach_id=coach.pk).complete, get_hint(coach_id=coach.pk).of) == (17, 20)


class TestAskToLook:
    def test_asks_whoever_may_see_it_once(
        self, give: Give, record: Record, say: Say, parent: User, coach: User, now: datetime
    ) -> None:
        give()
        moment = record(details=SHARED)
        for _ in range(2):
            assert ask_to_look(actor_id=parent.pk, moment_id=moment.public_id, now=now) == 1
        ask = Ask.objects.get()
        assert (ask.coach, ask.wish, ask.answered_at) == (coach, "look", None)
        say(moment)
        ask.refresh_from_db()
        assert ask.answered_at == now

    def test_shows_nobody_what_they_could_not_see(
        self, give: Give, record: Record, parent: User, now: datetime
    ) -> None:
        grant = give()
        private = record(details={"visibility": "private"})
        with pytest.raises(ValidationError):
            ask_to_look(actor_id=parent.pk, moment_id=private.public_id, now=now)
        shared = record(details=SHARED)
        change_grant(actor_id=parent.pk, grant_id=grant.public_id, scope="summary", now=now)
        with pytest.raises(ValidationError):
            ask_to_look(actor_id=parent.pk, moment_id=shared.public_id, now=now)
        assert not Ask.objects.exists()

    def test_is_the_authors_alone(
        self, give: Give, record: Record, co_parent: User, coach: User, now: datetime
    ) -> None:
        give()
        moment = record(details={"visibility": "household"})
        for actor in (co_parent, coach):
            with pytest.raises(NotVisible):
                ask_to_look(actor_id=actor.pk, moment_id=moment.public_id, now=now)


class TestWithdrawnMeanwhile:
    def test_a_moment_made_private_takes_what_was_said_from_the_coachs_page(
        self, give: Give, record: Record, say: Say, parent: User, coach: User, now: datetime
    ) -> None:
        give()
        moment = record(details=SHARED)
        say(moment)
        edit_moment(
            actor_id=parent.pk, moment_id=moment.public_id, details={"visibility": "private"}, now=now
        )
        with pytest.raises(NotVisible):
            look_closely(
                coach_id=coach.pk,
                household_id=moment.household.public_id,
                moment_id=moment.public_id,
                now=now,
            )
        assert len(list_said_on_moment(coach_id=coach.pk, seen=moment)) == 1, "it waits for the moment"


class TestProfile:
    def test_is_bounded_and_rewritten(self, coach: User) -> None:
        for days in (0, 11):
            with pytest.raises(ValidationError):
                present_oneself(actor_id=coach.pk, name="Cleo", reply_days=days)
        with pytest.raises(ValidationError):
            present_oneself(actor_id=coach.pk, name=" ", reply_days=3)
        first = present_oneself(actor_id=coach.pk, name="Cleo", reply_days=3)
        second = present_oneself(actor_id=coach.pk, name="Cleo K.", practice="Corner house", reply_days=2)
        assert (first.pk, second.name, second.reply_days) == (second.pk, "Cleo K.", 2)


def test_a_moment_nobody_ever_had_and_one_of_another_household_look_the_same(
    give: Give, record: Record, say: Say, stranger: User, now: datetime
) -> None:
    give()
    moment = record(details=SHARED)
    for asked in ({"moment_id": uuid.uuid4()}, {"household_id": uuid.uuid4()}):
        with pytest.raises(NotVisible):
            say(moment, **asked)
