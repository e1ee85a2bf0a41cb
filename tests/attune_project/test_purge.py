"""The night's work: what is not kept any longer goes, what is in use stays, with beat or without."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management import call_command

from accounts.models import ApiToken, User
from accounts.services import create_token, forget_expired_tokens
from attune_project.celery import app
from attune_project.management.commands.purge import NIGHTLY
from households.models import Household, Invitation
from households.rules import INVITATION_KEPT, INVITATION_LIFETIME
from households.services import forget_old_invitations, invite_member
from observations.models import Observation
from observations.services import delete_moment

SECOND = timedelta(seconds=1)


class TestTokens:
    def test_one_goes_when_it_has_expired_and_not_before(self, parent: User, now: datetime) -> None:
        create_token(actor_id=parent.pk, name="Short", days=1, now=now)
        kept, _secret = create_token(actor_id=parent.pk, name="Long", days=2, now=now)
        assert forget_expired_tokens(now=now + timedelta(days=1)) == 0
        assert forget_expired_tokens(now=now + timedelta(days=1) + SECOND) == 1
        assert list(ApiToken.objects.values_list("pk", flat=True)) == [kept.pk]


class TestInvitations:
    @pytest.fixture
    def invitation(self, parent: User, household: Household, now: datetime) -> Invitation:
        made, _token = invite_member(
            actor_id=parent.pk,
            household_id=household.public_id,
            email="guest@example.org",
            role="helper",
            now=now,
        )
        return made

    def test_one_that_ran_out_goes_thirty_days_later(self, invitation: Invitation, now: datetime) -> None:
        ended = now + INVITATION_LIFETIME + INVITATION_KEPT
        assert forget_old_invitations(now=ended) == 0
        assert forget_old_invitations(now=ended + SECOND) == 1
        assert not Invitation.objects.exists()

    @pytest.mark.parametrize("how", ["accepted_at", "withdrawn_at"])
    def test_one_that_ended_early_goes_from_then(
        self, invitation: Invitation, now: datetime, how: str
    ) -> None:
        Invitation.objects.update(**{how: now})
        assert forget_old_invitations(now=now + INVITATION_KEPT) == 0
        assert forget_old_invitations(now=now + INVITATION_KEPT + SECOND) == 1


class TestCommand:
    def test_does_the_whole_night_and_keeps_what_is_in_use(
        self,
        parent: User,
        household: Household,
        record: Callable[..., Observation],
        settings: object,
        now: datetime,
    ) -> None:
        settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"  # type: ignore[attr-defined]
        moment = record()
        delete_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        create_token(actor_id=parent.pk, name="Short", days=1, now=now)
        for age in (-SECOND, timedelta(days=90)):
            session = SessionStore()
            session.create()
            Session.objects.filter(pk=session.session_key).update(expire_date=now + timedelta(days=60) + age)
        with time_machine.travel(now + timedelta(days=60), tick=False):
            call_command("purge", stdout=StringIO())
        assert not Observation.objects.exists()
        assert not ApiToken.objects.exists()
        assert Session.objects.count() == 1

    def test_nothing_that_beat_does_daily_is_left_out(self) -> None:
        daily = {
            entry["task"] for entry in app.conf.beat_schedule.values() if len(entry["schedule"].hour) == 1
        }
        assert daily == {task.name for task in NIGHTLY.values()} - {"observations.tasks.take_held"}  # hourly
