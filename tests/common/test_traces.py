"""What still names a person is found wherever it stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType

from accounts.models import User
from common.traces import count_traces
from households.models import Household, Invitation, Membership
from households.services import invite_member
from observations.models import Observation
from reflections.models import Digest, DigestWeek, Reflection


@pytest.fixture
def nobody(make_user: Callable[..., User]) -> User:
    """Only an account: it is named in its own row and its address alone."""
    return make_user("nemo")


def traces(user: User) -> dict[str, int]:
    found = count_traces(person_id=user.pk, names=[user.email, str(user.public_id)])
    own = {"accounts.User.email", "accounts.User.public_id", "account.EmailAddress.email"}
    own |= {"account.EmailAddress.user"}
    assert own <= found.keys()
    return {column: count for column, count in found.items() if column not in own}


class TestCountTraces:
    def test_who_only_has_an_account_is_named_there_alone(self, nobody: User, parent: User) -> None:
        assert traces(nobody) == {}

    def test_by_key(
        self, nobody: User, record: Callable[..., Observation], join: Callable[..., Membership]
    ) -> None:
        join(nobody)
        record(nobody)
        assert traces(nobody) == {
            "households.Membership.user": 1,
            "observations.FeedEntry.author": 1,
            "observations.Observation.author": 1,
            "observations.RecordLink.author": 1,
        }

    def test_by_address_in_another_persons_row(
        self, nobody: User, parent: User, household: Household, now: datetime
    ) -> None:
        invite_member(
            actor_id=parent.pk,
            household_id=household.public_id,
            email="Nemo@Example.org",
            role="helper",
            now=now,
        )
        Invitation.objects.update(email="NEMO@example.org")
        assert traces(nobody) == {"households.Invitation.email": 1}

    def test_inside_json_and_bytes(
        self, nobody: User, parent: User, household: Household, now: datetime
    ) -> None:
        week = DigestWeek.objects.create(
            household=household,
            label="2026-W47",
            start_on=now,
            end_on=now,
            timezone="UTC",
            starts_at=now,
            ends_at=now.replace(day=25),
        )
        membership = Membership.objects.get(user=parent)
        common = {"household": household, "week": week}
        Reflection.objects.create(
            **common, member=membership, compiled_at=now, content={"x": [{"author": str(nobody.public_id)}]}
        )
        Digest.objects.create(
            **common, membership=membership, due_at=now, next_at=now, message=b"Dear nemo@example.org,"
        )
        assert traces(nobody) == {"reflections.Reflection.content": 1, "reflections.Digest.message": 1}

    def test_in_what_operators_wrote_down(self, nobody: User, parent: User) -> None:
        LogEntry.objects.create(
            user=parent,
            content_type=ContentType.objects.get_for_model(User),
            object_id=str(nobody.pk),
            object_repr="user",
            action_flag=CHANGE,
        )
        assert traces(nobody) == {"admin.LogEntry.object_id": 1}
