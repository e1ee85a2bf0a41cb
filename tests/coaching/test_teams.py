"""What a supervisor reads: counts of coaches' work who agreed to it, never a family, and nothing that is small."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from coaching.models import Supervision
from coaching.rules import working_days_between
from coaching.selectors import get_team
from coaching.selectors.teams import Supervised, Work
from coaching.services import (
    agree_to_supervision,
    ask_to_look,
    comment_on_moment,
    end_supervision,
    leave_supervision,
    present_oneself,
    propose_supervision,
    snooze,
)
from common.errors import NotVisible
from households.models import Grant
from households.services import accept_grant, add_child, create_household, offer_grant, withdraw_grant
from observations.models import Observation
from observations.services import record_moment
from tests.conftest import BRIEFING

pytestmark = pytest.mark.django_db
Family = Callable[..., tuple[Grant, Observation]]


@pytest.fixture
def supervisor(make_user: Callable[..., User]) -> User:
    return make_user("sona")


@pytest.fixture
def family(make_user: Callable[..., User], coach: User, now: datetime) -> Family:
    """One more family that lets this coach in, with a moment in which they ask to be looked at so many days ago."""

    def put(asked: int = 0, to: User | None = None) -> tuple[Grant, Observation]:
        at = now - timedelta(days=20)
        author, guest = make_user(f"p{uuid.uuid4().hex[:8]}", timezone="Europe/Lisbon"), to or coach
        home = create_household(actor_id=author.pk, name="Home", timezone="Europe/Lisbon", now=at)
        child = add_child(
            actor_id=author.pk,
            household_id=home.public_id,
            nickname="Kit",
            birth_month=at.date().replace(day=1, year=2023),
            now=at,
        )
        offered, token = offer_grant(
            actor_id=author.pk,
            household_id=home.public_id,
            coach_email=guest.email,
            scope="ratings",
            child_ids=[child.public_id],
            briefing=BRIEFING,
            now=at,
        )
        accept_grant(actor_id=guest.pk, token=token, email=guest.email, now=at)
        moment = record_moment(
            actor_id=author.pk,
            moment_id=uuid.uuid4(),
            child_id=child.public_id,
            tone="in_tune",
            details={"visibility": "coaches"},
            now=at,
        )
        if asked:
            ask_to_look(actor_id=author.pk, moment_id=moment.public_id, now=now - timedelta(days=asked))
        return offered, moment

    return put


@pytest.fixture
def supervise(supervisor: User, coach: User, now: datetime) -> Callable[..., Supervision]:
    def put(other: User | None = None, *, agreed: bool = True) -> Supervision:
        whom = other or coach
        row = propose_supervision(supervisor_email=supervisor.email, coach_email=whom.email, now=now)
        if agreed:
            agree_to_supervision(actor_id=whom.pk, supervision_id=row.public_id, now=now)
        return row

    return put


def seen_by(person: User, now: datetime) -> list[Supervised]:
    return list(get_team(actor_id=person.pk, now=now).coaches)


class TestWhoSees:
    def test_nobody_before_the_coach_agreed_and_nobody_after_either_ended_it(
        self, supervise: Callable[..., Supervision], supervisor: User, coach: User, now: datetime
    ) -> None:
        row = supervise(agreed=False)
        assert seen_by(supervisor, now) == []
        (asked,) = get_team(actor_id=coach.pk, now=now).supervisors
        assert asked.supervisor == supervisor
        by = {"supervision_id": row.public_id, "now": now}
        with pytest.raises(NotVisible):
            leave_supervision(actor_id=supervisor.pk, **by)  # of what is not agreed to they know nothing
        for stranger in (supervisor.pk, 0):
            with pytest.raises(NotVisible):
                agree_to_supervision(actor_id=stranger, **by)
        agree_to_supervision(actor_id=coach.pk, **by)
        assert len(seen_by(supervisor, now)) == 1
        with pytest.raises(NotVisible):
            end_supervision(actor_id=supervisor.pk, **by)
        end_supervision(actor_id=coach.pk, **by)
        assert seen_by(supervisor, now) == []
        again = supervise()
        leave_supervision(actor_id=supervisor.pk, supervision_id=again.public_id, now=now)
        assert not Supervision.objects.exists()

    def test_nobody_sees_a_coach_who_asked_to_be_erased(
        self, supervise: Callable[..., Supervision], supervisor: User, coach: User, now: datetime
    ) -> None:
        supervise()
        User.objects.filter(pk=coach.pk).update(erase_at=now + timedelta(days=7))
        assert seen_by(supervisor, now) == []

    def test_the_command_proposes_lists_and_ends(self, supervisor: User, coach: User) -> None:
        out = StringIO()
        for words in (
            ("propose", supervisor.email, coach.email),
            ("list",),
            ("end", supervisor.email, coach.email),
        ):
            call_command("supervisors", *words, stdout=out)
        assert f"user {supervisor.pk} of user {coach.pk}: not answered yet" in out.getvalue()
        assert supervisor.email not in out.getvalue()
        assert not Supervision.objects.exists()
        for words in (("propose", "nobody@example.org", coach.email), ("propose", coach.email, coach.email)):
            with pytest.raises(CommandError):
                call_command("supervisors", *words)


class TestWhatIsSeen:
    def test_of_fewer_than_five_families_nothing(
        self, supervise: Callable[..., Supervision], supervisor: User, family: Family, now: datetime
    ) -> None:
        supervise()
        for _number in range(4):
            family(asked=15)
        (item,) = seen_by(supervisor, now)
        assert not item.work.is_told
        assert item.work == Work(3, item.work.families), "the rest was not even counted for the page"

    def test_counts_from_five_on_and_says_nothing_of_fewer_not_even_of_none(
        self,
        supervise: Callable[..., Supervision],
        supervisor: User,
        coach: User,
        family: Family,
        now: datetime,
    ) -> None:
        supervise()
        present_oneself(actor_id=coach.pk, name="Cleo at work", reply_days=2)
        given = [family(asked=15 if number < 5 else 0) for number in range(7)]
        family(asked=1)
        snooze(actor_id=coach.pk, grant_id=given[6][0].public_id, days=7, reason="On holiday", now=now)
        (item,) = seen_by(supervisor, now)
        work = item.work
        assert item.name == "Cleo at work"
        assert (work.families.said, work.waiting.said, work.overdue.said) == (8, 6, 5)
        assert (work.put_off.is_few, work.put_off.said) == (True, None)
        assert (work.new.said, work.handed_over.said, work.usual_days) == (None, None, None)
        assert {count.is_few for count in (work.new, work.handed_over, work.replies)} == {True}
        assert get_team(actor_id=coach.pk, now=now).own == work, "the coach sees what is seen of them"

    def test_how_long_replies_take_once_five_families_were_answered(
        self,
        supervise: Callable[..., Supervision],
        supervisor: User,
        coach: User,
        family: Family,
        now: datetime,
    ) -> None:
        supervise()
        for number in range(5):
            assert seen_by(supervisor, now) == [] or seen_by(supervisor, now)[0].work.usual_days is None
            grant, moment = family(asked=9 - number)
            comment_on_moment(
                actor_id=coach.pk,
                household_id=grant.household.public_id,
                moment_id=moment.public_id,
                saw="You waited",
                now=now - timedelta(days=2 if number else 9),
            )
        (item,) = seen_by(supervisor, now)
        assert (item.work.replies.said, item.work.waiting.said, item.work.usual_days) == (5, None, 2)

    def test_what_a_family_ended_is_counted_no_more(
        self, supervise: Callable[..., Supervision], supervisor: User, family: Family, now: datetime
    ) -> None:
        supervise()
        given = [family(asked=15) for _number in range(6)]
        assert seen_by(supervisor, now)[0].work.overdue.said == 6
        grant = given[0][0]
        withdraw_grant(actor_id=grant.author_id, grant_id=grant.public_id, now=now)
        assert seen_by(supervisor, now)[0].work.overdue.said == 5

    def test_costs_as_many_queries_for_three_coaches_as_for_one(
        self,
        supervise: Callable[..., Supervision],
        supervisor: User,
        make_user: Callable[..., User],
        family: Family,
        now: datetime,
    ) -> None:
        def counted() -> int:
            with CaptureQueriesContext(connection) as queries:
                seen_by(supervisor, now)
            return len(queries)

        supervise()
        family(asked=3)
        one = counted()
        for name in ("dora", "emil"):
            other = make_user(name)
            supervise(other)
            for _number in range(3):
                family(asked=3, to=other)
        assert counted() == one <= 11


@pytest.mark.parametrize(
    ("asked", "answered", "days"),
    [
        ("2026-11-13T16:00+00:00", "2026-11-13T18:00+00:00", 0),
        ("2026-11-13T16:00+00:00", "2026-11-15T09:00+00:00", 0),  # a Friday evening, a Sunday
        ("2026-11-13T16:00+00:00", "2026-11-16T09:00+00:00", 1),
        ("2026-11-09T16:00+00:00", "2026-11-20T09:00+00:00", 9),
    ],
)
def test_working_days_are_monday_to_friday(asked: str, answered: str, days: int) -> None:
    at, then = (datetime.fromisoformat(text) for text in (asked, answered))
    assert working_days_between(at, then, timezone="Europe/Lisbon") == days


class TestPage:
    @pytest.fixture
    def _evening(self, time_machine: Any, now: datetime) -> None:
        time_machine.move_to(now, tick=False)

    @pytest.mark.usefixtures("_evening")
    def test_a_coach_reads_agrees_and_ends_and_a_supervisor_reads_no_family(
        self,
        supervise: Callable[..., Supervision],
        client_of: Callable[[User], Any],
        supervisor: User,
        coach: User,
        stranger: User,
        family: Family,
        now: datetime,
    ) -> None:
        row = supervise(agreed=False)
        given = [family(asked=15) for _number in range(5)]
        inside, above, outside = map(client_of, (coach, supervisor, stranger))
        assert "if you agree" in inside.get("/coach/").content.decode()
        assert supervisor.email in inside.get("/coach/team/").content.decode()
        assert "cleo" not in above.get("/coach/team/").content.decode()
        for client, way in (
            (above, "agree"),
            (outside, "agree"),
            (outside, "end"),
            (above, "end"),
            (above, "leave"),
        ):
            assert client.post(f"/coach/team/{row.public_id}/{way}/").status_code == 404
        assert inside.post(f"/coach/team/{row.public_id}/agree/").status_code == 303
        page = above.get("/coach/team/").content.decode()
        assert "cleo@example.org" in page
        assert "Overdue replies" in page
        for grant, moment in given:
            for named in (grant.author.email, grant.author.called, "Kit", "Home"):
                assert f">{named}" not in page
            for secret in (grant.public_id, grant.household.public_id, moment.public_id):
                assert str(secret) not in page
        assert above.get(f"/coach/{given[0][0].household.public_id}/").status_code == 404
        assert inside.post(f"/coach/team/{row.public_id}/end/").status_code == 303
        assert "cleo" not in above.get("/coach/team/").content.decode()
