"""A coach's list: told from what they may see, in a number of queries that does not grow with the families."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from checklists.selectors import current_version
from coaching.facts import Lane
from coaching.models import Comment, HandOver, Snooze
from coaching.selectors import Row, get_caseload, list_hand_overs
from coaching.services import (
    answer_hand_over,
    ask_to_look,
    look_closely,
    reply_to_comment,
    snooze,
    suggest_colleague,
    wake,
)
from common.errors import NotVisible
from households.models import Child, Grant, GrantChild, Household, Membership
from households.rules import GRANT_LIFETIME
from households.services import change_grant, withdraw_grant
from observations.models import Observation
from observations.services import edit_moment
from tests.coaching.conftest import SHARED

Give = Callable[..., Grant]
Record = Callable[..., Observation]
Say = Callable[..., Comment]
DAY = timedelta(days=1)


@pytest.fixture
def row(coach: User, now: datetime) -> Callable[..., Row]:
    """The only row of the coach's list."""

    def get(at: datetime = now) -> Row:
        (found,) = get_caseload(coach_id=coach.pk, now=at).rows
        return found

    return get


class TestWhatItIsToldFrom:
    def test_a_private_moment_and_an_uncovered_child_leave_no_trace(
        self, give: Give, record: Record, row: Callable[..., Row], second_child: Child, now: datetime
    ) -> None:
        give(now=now - 30 * DAY)
        before = row()
        record(tone="came_back", details={"visibility": "private"})
        record(tone="came_back", child_id=second_child.public_id, details=SHARED)
        after = row()
        assert (after.reason, after.unread, after.shared_on) == (before.reason, 0, None)

    def test_what_is_shared_counts_until_it_is_opened(
        self, give: Give, record: Record, row: Callable[..., Row], coach: User, now: datetime
    ) -> None:
        give(now=now - 30 * DAY)
        moment = record(tone="came_back", details=SHARED)
        assert (row().reason.lane, row().unread, row().shared_on) == (Lane.CAME_BACK, 1, now.date())
        look_closely(
            coach_id=coach.pk,
            household_id=moment.household.public_id,
            moment_id=moment.public_id,
            now=now,
        )
        assert row().unread == 0

    def test_of_a_summary_days_are_known_by_their_week(
        self, give: Give, record: Record, row: Callable[..., Row], now: datetime
    ) -> None:
        give(scope="summary", now=now - 30 * DAY)
        record(tone="came_back", details=SHARED)
        assert (row().reason.lane, row().reason.since) == (Lane.CAME_BACK, date(2026, 11, 16))
        assert (row().shared_on, row().unread) == (date(2026, 11, 16), 0)

    def test_an_ask_goes_with_the_moment_it_is_about(
        self, give: Give, record: Record, row: Callable[..., Row], parent: User, now: datetime
    ) -> None:
        give(now=now - 30 * DAY)
        moment = record(details=SHARED)
        ask_to_look(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        assert row().reason.lane is Lane.ASKED
        edit_moment(
            actor_id=parent.pk, moment_id=moment.public_id, details={"visibility": "private"}, now=now
        )
        assert row().reason.lane is not Lane.ASKED

    def test_an_answer_waits_until_the_coach_wrote_again(
        self, give: Give, record: Record, say: Say, row: Callable[..., Row], parent: User, now: datetime
    ) -> None:
        give(now=now - 30 * DAY)
        moment = record(details=SHARED)
        comment = say(moment, now=now - DAY)
        reply_to_comment(actor_id=parent.pk, comment_id=comment.public_id, text="And now?", now=now)
        assert row().reason.lane is Lane.ASKED
        say(moment, saw="This", now=now + timedelta(minutes=1))
        assert row(now + timedelta(minutes=2)).reason.lane is Lane.NOTHING

    def test_two_authors_of_one_household_are_two_rows(
        self, give: Give, co_parent: User, parent: User, coach: User, now: datetime
    ) -> None:
        give()
        give(co_parent)
        rows = get_caseload(coach_id=coach.pk, now=now).rows
        assert {row.grant.author_id for row in rows} == {parent.pk, co_parent.pk}

    @pytest.mark.parametrize("end", ["withdrawn", "expired"])
    def test_ends_with_the_grant(
        self, give: Give, coach: User, parent: User, now: datetime, end: str
    ) -> None:
        grant, at = give(), now
        if end == "withdrawn":
            withdraw_grant(actor_id=parent.pk, grant_id=grant.public_id, now=now)
        else:
            at = now + GRANT_LIFETIME
            assert get_caseload(coach_id=coach.pk, now=at - timedelta(seconds=1)).rows
        assert get_caseload(coach_id=coach.pk, now=at).rows == []

    def test_a_narrowed_grant_is_narrow_at_once(
        self, give: Give, record: Record, row: Callable[..., Row], parent: User, now: datetime
    ) -> None:
        grant = give(now=now - 30 * DAY)
        record(details=SHARED)
        change_grant(actor_id=parent.pk, grant_id=grant.public_id, from_on=now.date() + DAY, now=now)
        assert (row().shared_on, row().unread) == (None, 0)


class TestSnooze:
    def test_puts_off_with_a_reason_until_its_day(
        self, give: Give, row: Callable[..., Row], coach: User, now: datetime
    ) -> None:
        grant = give(now=now - 30 * DAY)
        snooze(actor_id=coach.pk, grant_id=grant.public_id, days=7, reason="On holiday", now=now)
        kept = Snooze.objects.values().get()
        assert b"holiday" not in bytes(kept["reason_sealed"])
        assert row().is_snoozed
        assert row().snooze is not None
        assert row().snooze.reason == "On holiday"
        assert not row(now + 7 * DAY).is_snoozed
        wake(actor_id=coach.pk, grant_id=grant.public_id, now=now)
        assert not row().is_snoozed

    def test_what_is_asked_comes_through(
        self, give: Give, record: Record, row: Callable[..., Row], coach: User, parent: User, now: datetime
    ) -> None:
        grant = give(now=now - 30 * DAY)
        snooze(actor_id=coach.pk, grant_id=grant.public_id, days=28, reason="Later", now=now)
        ask_to_look(actor_id=parent.pk, moment_id=record(details=SHARED).public_id, now=now)
        assert not row().is_snoozed

    @pytest.mark.parametrize(("days", "reason"), [(3, "Why"), (7, " ")])
    def test_needs_a_time_and_a_reason(
        self, give: Give, coach: User, now: datetime, days: int, reason: str
    ) -> None:
        grant = give()
        with pytest.raises(ValidationError):
            snooze(actor_id=coach.pk, grant_id=grant.public_id, days=days, reason=reason, now=now)

    def test_is_of_a_live_grant_alone(self, give: Give, coach: User, parent: User, now: datetime) -> None:
        grant = give()
        withdraw_grant(actor_id=parent.pk, grant_id=grant.public_id, now=now)
        asked = {"actor_id": coach.pk, "grant_id": grant.public_id, "now": now}
        with pytest.raises(NotVisible):
            snooze(**asked, days=7, reason="Why")
        with pytest.raises(NotVisible):
            wake(**asked)
        with pytest.raises(NotVisible):
            suggest_colleague(**asked, colleague_email="dora@example.org")


class TestHandOver:
    def test_is_the_authors_to_decide_and_tells_the_coach_nothing(
        self,
        give: Give,
        row: Callable[..., Row],
        coach: User,
        parent: User,
        co_parent: User,
        household: Household,
        now: datetime,
    ) -> None:
        grant = give()
        suggest_colleague(
            actor_id=coach.pk, grant_id=grant.public_id, colleague_email="Dora@example.org", now=now
        )
        asked = {"household_id": household.public_id, "now": now}
        assert list_hand_overs(actor_id=co_parent.pk, **asked) == []
        (open_one,) = list_hand_overs(actor_id=parent.pk, **asked)
        before = row().hand_over
        address = answer_hand_over(actor_id=parent.pk, hand_over_id=open_one.public_id, **asked)
        assert address == "dora@example.org"
        assert list_hand_overs(actor_id=parent.pk, **asked) == []
        assert row().hand_over == before, "it looks the same, whatever was decided"
        assert Grant.objects.count() == 1, "and nobody was let in by it"

    def test_one_waits_at_a_time_and_never_for_oneself(self, give: Give, coach: User, now: datetime) -> None:
        asked = {"actor_id": coach.pk, "grant_id": give().public_id, "now": now}
        for address in ("dora@example.org", "emil@example.org"):
            suggest_colleague(**asked, colleague_email=address)
        assert HandOver.objects.get().colleague_email == "emil@example.org"
        with pytest.raises(ValidationError):
            suggest_colleague(**asked, colleague_email=coach.email)

    def test_nobody_answers_for_another(
        self, give: Give, coach: User, co_parent: User, household: Household, now: datetime
    ) -> None:
        row = suggest_colleague(
            actor_id=coach.pk,
            grant_id=give().public_id,
            colleague_email="dora@example.org",
            now=now,
        )
        for hand_over_id in (row.public_id, uuid.uuid4()):
            with pytest.raises(NotVisible):
                answer_hand_over(
                    actor_id=co_parent.pk,
                    household_id=household.public_id,
                    hand_over_id=hand_over_id,
                    now=now,
                )


# --- Many families -----------------------------------------------------------------------------------------------
def add_families(coach: User, count: int, now: datetime) -> None:
    """So many households with one author, one child, one live grant and two shared moments each."""
    names = [uuid.uuid4().hex[:8] for _ in range(count)]
    users = User.objects.bulk_create(
        User(email=f"{name}@example.org", display_name=name, password="!") for name in names
    )
    homes = Household.objects.bulk_create(
        Household(name=name, timezone="Europe/Lisbon", created_at=now, changed_at=now) for name in names
    )
    pairs = list(zip(homes, users, strict=True))
    Membership.objects.bulk_create(
        Membership(household=home, user=user, role="guardian", joined_at=now) for home, user in pairs
    )
    children = Child.objects.bulk_create(
        Child(household=home, nickname="Pip", birth_month=date(2022, 5, 1), created_at=now)
        for home, _user in pairs
    )
    grants = Grant.objects.bulk_create(
        Grant(
            household=home,
            author=user,
            coach=coach,
            coach_email=coach.email,
            scope="ratings",
            from_on=date(2026, 1, 1),
            token_sha256=f"{user.pk:064d}",
            offered_at=now - 60 * DAY,
            offer_expires_at=now,
            accepted_at=now - 60 * DAY,
            expires_at=now + 60 * DAY,
        )
        for home, user in pairs
    )
    GrantChild.objects.bulk_create(
        GrantChild(household_id=grant.household_id, grant=grant, child=child)
        for grant, child in zip(grants, children, strict=True)
    )
    version = current_version().id
    Observation.objects.bulk_create(
        Observation(
            household=home,
            child=child,
            author=user,
            public_id=uuid.uuid4(),
            kind="moment",
            tone=tone,
            occurred_at=now - age * DAY,
            occurred_on=(now - age * DAY).date(),
            precision="about",
            timezone="Europe/Lisbon",
            visibility="coaches",
            checklist_version_id=version,
            received_at=now,
            changed_at=now,
        )
        for (home, user), child in zip(pairs, children, strict=True)
        for age, tone in ((1, "in_tune"), (20, "came_back"))
    )


@contextmanager
def counted() -> Iterator[Callable[[], int]]:
    with CaptureQueriesContext(connection) as captured:
        yield lambda: len(captured)


class TestManyFamilies:
    def test_one_forty_and_four_hundred_cost_the_same_queries(self, coach: User, now: datetime) -> None:
        asked = {}
        for count, more in ((1, 1), (40, 39), (400, 360)):
            add_families(coach, more, now)
            with counted() as queries:
                assert len(get_caseload(coach_id=coach.pk, now=now).rows) == count
                asked[count] = queries()
        assert len(set(asked.values())) == 1, asked

    def test_the_page_too(self, coach: User, client_of: Callable[[User], Client], now: datetime) -> None:
        asked = {}
        with time_machine.travel(now, tick=False):
            browser = signed_in(client_of(coach), coach, now)
            for count, more in ((1, 1), (40, 39)):
                add_families(coach, more, now)
                browser.get("/coach/")
                with counted() as queries:
                    page = browser.get("/coach/").content.decode()
                    asked[count] = queries()
                assert page.count('class="case"') == count
        assert len(set(asked.values())) == 1, asked


def signed_in(browser: Client, user: User, at: datetime) -> Client:
    session: Any = browser.session
    session["account_authentication_methods"] = [{"method": "password", "at": at.timestamp()}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return browser
