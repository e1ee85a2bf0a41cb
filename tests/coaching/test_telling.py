"""One mail that there is something new: without a word of what, at a decent hour, and only while it is true."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import transaction

from accounts.models import User
from coaching.models import Ask, Comment
from coaching.selectors.waiting import list_news
from coaching.services import ask_to_look, mark_read, mute_coach, reply_to_comment, tell_people, telling
from households.models import Briefing, Grant
from households.services import end_briefing, withdraw_grant
from observations.models import Observation
from observations.services import edit_moment
from tests.coaching.conftest import SHARED, SLOTS


@pytest.fixture
def comment(
    give: Callable[..., Grant], record: Callable[..., Observation], say: Callable[..., Comment]
) -> Comment:
    give()
    return say(record(details=SHARED))


class TestTellPeople:
    def test_says_that_and_not_what(self, comment: Comment, parent: User, now: datetime) -> None:
        assert tell_people(now=now) == 1
        (sent,) = mail.outbox
        assert (sent.to, sent.subject) == ([parent.email], "Your notes")
        for word in (*SLOTS.values(), "coach", "cleo", "pip", "moment", "child"):
            assert word.lower() not in sent.message().as_string().lower()
        assert "attune" not in (sent.subject + sent.body.replace("//attune", "//")).lower()
        assert sent.extra_headers["Auto-Submitted"] == "auto-generated"

    def test_once_for_all_that_waits_and_never_again(
        self, comment: Comment, say: Callable[..., Comment], now: datetime
    ) -> None:
        say(comment.observation, saw="Another thing")
        assert [tell_people(now=now), tell_people(now=now + timedelta(minutes=5))] == [1, 0]

    def test_the_same_mail_goes_to_a_coach(
        self, comment: Comment, parent: User, coach: User, now: datetime
    ) -> None:
        tell_people(now=now)
        reply_to_comment(actor_id=parent.pk, comment_id=comment.public_id, text="I see", now=now)
        ask_to_look(actor_id=parent.pk, moment_id=comment.observation.public_id, now=now)
        assert tell_people(now=now) == 1
        to_parent, to_coach = mail.outbox
        assert (to_coach.to, to_coach.body) == ([coach.email], to_parent.body)

    @pytest.mark.parametrize("way", ["withdrawn", "muted", "read", "closed", "unverified", "old"])
    def test_what_is_over_is_told_to_nobody(
        self, comment: Comment, parent: User, now: datetime, way: str
    ) -> None:
        grant = Grant.objects.get()
        ways: dict[str, Callable[[], Any]] = {
            "withdrawn": lambda: withdraw_grant(actor_id=parent.pk, grant_id=grant.public_id, now=now),
            "muted": lambda: mute_coach(actor_id=parent.pk, grant_id=grant.public_id, now=now),
            "read": lambda: mark_read(actor_id=parent.pk, comment_id=comment.public_id, now=now),
            "closed": lambda: User.objects.filter(pk=parent.pk).update(is_active=False),
            "unverified": lambda: parent.emailaddress_set.update(verified=False),
            "old": lambda: None,
        }
        ways[way]()
        assert tell_people(now=now + timedelta(days=4 if way == "old" else 0)) == 0
        assert mail.outbox == []
        assert not Comment.objects.filter(told_at=None).exists(), "and it is not looked at again"

    def test_waits_for_the_morning(self, comment: Comment, now: datetime) -> None:
        night = now.replace(hour=23)
        assert [tell_people(now=night), tell_people(now=night + timedelta(hours=9))] == [0, 1]

    def test_a_coach_is_told_of_no_moment_that_was_taken_back(
        self, comment: Comment, parent: User, coach: User, now: datetime
    ) -> None:
        tell_people(now=now)
        moment = comment.observation
        ask_to_look(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        reply_to_comment(actor_id=parent.pk, comment_id=comment.public_id, text="I see", now=now)
        edit_moment(
            actor_id=parent.pk, moment_id=moment.public_id, details={"visibility": "private"}, now=now
        )
        mail.outbox.clear()
        assert (tell_people(now=now), mail.outbox) == (0, [])
        assert not Ask.objects.filter(told_at=None).exists()

    def test_while_coaching_is_closed_no_coach_is_told_and_nothing_counts_as_told(
        self, comment: Comment, parent: User, coach: User, now: datetime
    ) -> None:
        ask_to_look(actor_id=parent.pk, moment_id=comment.observation.public_id, now=now)
        end_briefing(country="ZZ", now=now)
        people = [parent.pk, coach.pk]
        assert set(list_news(user_ids=people, now=now)) == {parent.pk}
        assert tell_people(now=now) == 1
        assert [sent.to for sent in mail.outbox] == [[parent.email]]
        assert Ask.objects.filter(told_at=None).exists()
        Briefing.objects.update(ended_at=None)
        assert set(list_news(user_ids=people, now=now)) == {parent.pk, coach.pk}
        assert tell_people(now=now) == 1
        assert mail.outbox[-1].to == [coach.email]

    def test_what_fails_for_one_stops_nobody_else_and_logs_no_more_than_a_key(
        self,
        comment: Comment,
        parent: User,
        coach: User,
        now: datetime,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        ask_to_look(actor_id=parent.pk, moment_id=comment.observation.public_id, now=now)
        send = telling.tell_of_something_new

        def broken(*, to: str, language: str, person_id: int) -> bool:
            if person_id == parent.pk:
                raise ValueError(to)
            return send(to=to, language=language, person_id=person_id)

        monkeypatch.setattr(telling, "tell_of_something_new", broken)
        assert tell_people(now=now) == 1
        assert [sent.to for sent in mail.outbox] == [[coach.email]]
        assert f"telling person {parent.pk} failed: ValueError" in caplog.text
        assert parent.email not in caplog.text

    def test_a_tick_tells_so_many_and_whoever_waits_longest_first(
        self, comment: Comment, parent: User, coach: User, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(telling, "TELL_AT_MOST", 1)
        later = now + timedelta(minutes=1)
        Comment.objects.update(written_at=later)
        ask_to_look(actor_id=parent.pk, moment_id=comment.observation.public_id, now=now)
        assert [tell_people(now=later) for _tick in range(3)] == [1, 1, 0]
        assert [sent.to for sent in mail.outbox] == [[coach.email], [parent.email]]

    def test_no_mail_goes_out_of_a_transaction_that_may_yet_fail(
        self, comment: Comment, now: datetime
    ) -> None:
        with transaction.atomic():
            assert tell_people(now=now) == 0
        assert mail.outbox == []
        assert tell_people(now=now) == 1

    def test_a_mail_server_that_is_away_breaks_nothing(
        self, comment: Comment, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(*_args: Any, **_kwargs: Any) -> int:
            raise OSError("away")

        monkeypatch.setattr("django.core.mail.EmailMessage.send", away)
        assert tell_people(now=now) == 0
