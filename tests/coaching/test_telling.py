"""One mail that there is something new: without a word of what, at a decent hour, and only while it is true."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail

from accounts.models import User
from coaching.models import Comment
from coaching.services import ask_to_look, mark_read, mute_coach, reply_to_comment, tell_people
from households.models import Grant
from households.services import withdraw_grant
from observations.models import Observation
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

    def test_a_mail_server_that_is_away_breaks_nothing(
        self, comment: Comment, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(*_args: Any, **_kwargs: Any) -> int:
            raise OSError("away")

        monkeypatch.setattr("django.core.mail.EmailMessage.send", away)
        assert tell_people(now=now) == 0
