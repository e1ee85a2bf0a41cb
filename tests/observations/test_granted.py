"""What a coach sees: what a live grant names, nothing private, never how the author was themselves."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError

from accounts.models import User
from common.errors import NotVisible
from households.models import AccessEntry, Child, Grant, Household
from households.rules import GRANT_LIFETIME
from households.services import (
    accept_grant,
    add_child,
    change_grant,
    leave_household,
    offer_grant,
    return_grant,
    withdraw_grant,
)
from observations.models import Observation
from observations.rules import GRANTED_WEEKS, PAGE_SIZE
from observations.selectors import get_moment, list_moments, preview_grant
from observations.services import (
    Family,
    answer_self_check,
    delete_moment,
    edit_moment,
    look_at_family,
    look_at_moment,
)
from tests.conftest import BRIEFING

Give = Callable[..., Grant]
Record = Callable[..., Observation]
Look = Callable[..., Family]
SEEN = {"visibility": "coaches", "note": "Words", "ratings": {"needs": 3, "self": 1}, "contexts": ["bath"]}


@pytest.fixture
def look(coach: User, household: Household, now: datetime) -> Look:
    def put(**asked: Any) -> Family:
        return look_at_family(
            **{"coach_id": coach.pk, "household_id": household.public_id, "now": now, **asked}
        )

    return put


@pytest.fixture
def open_one(coach: User, household: Household, now: datetime) -> Callable[..., Observation]:
    def put(moment: Observation, **asked: Any) -> Observation:
        return look_at_moment(
            **{
                "coach_id": coach.pk,
                "household_id": household.public_id,
                "moment_id": moment.public_id,
                "now": now,
                **asked,
            }
        )

    return put


def ids(family: Family) -> list[uuid.UUID]:
    return [row.public_id for row in family.shown.page.items]


class TestScopes:
    def test_a_summary_has_counts_by_week_and_no_moment(
        self, give: Give, record: Record, look: Look, open_one: Callable[..., Observation], now: datetime
    ) -> None:
        give(scope="summary")
        moment = record(details=SEEN)
        record(tone="missed", details={"visibility": "coaches"}, now=now - timedelta(days=3))
        shown = look().shown
        assert [(week.first_day, dict(week.tones)) for week in shown.weeks] == [
            (date(2026, 11, 16), {"in_tune": 1}),
            (date(2026, 11, 9), {"missed": 1}),
        ]
        assert shown.page.items == []
        with pytest.raises(NotVisible):
            open_one(moment)

    def test_ratings_have_the_moment_without_its_note(
        self, give: Give, record: Record, look: Look, open_one: Callable[..., Observation]
    ) -> None:
        give(scope="ratings")
        moment = record(details=SEEN)
        for row in (look().shown.page.items[0], open_one(moment)):
            assert (row.public_id, row.note, bytes(row.note_sealed)) == (moment.public_id, "", b"")
            assert [tick.key for tick in row.shown_ticks] == ["bath"]

    def test_notes_are_words_too(
        self, give: Give, record: Record, look: Look, open_one: Callable[..., Observation]
    ) -> None:
        give()
        moment = record(details=SEEN)
        assert look().shown.page.items[0].note == open_one(moment).note == "Words"

    @pytest.mark.parametrize("scope", ["ratings", "ratings_and_notes"])
    def test_own_state_is_in_none(
        self, give: Give, record: Record, open_one: Callable[..., Observation], scope: str
    ) -> None:
        give(scope=scope)
        shown = open_one(record(details=SEEN))
        assert [rating.dimension for rating in shown.shown_ratings] == ["needs"]

    def test_two_grants_of_one_author_show_what_either_shows(
        self, give: Give, record: Record, look: Look, child: Child, second_child: Child
    ) -> None:
        give(scope="ratings")
        give(scope="ratings_and_notes", child_ids=[second_child.public_id])
        record(details=SEEN)
        record(child_id=second_child.public_id, details=SEEN)
        shown = {row.child.nickname: row.note for row in look().shown.page.items}
        assert shown == {"Pip": "", "Moth": "Words"}

    def test_a_self_check_is_shown_without_own_state_and_counts_as_no_moment(
        self, give: Give, parent: User, child: Child, look: Look, now: datetime
    ) -> None:
        give()
        answer_self_check(
            actor_id=parent.pk,
            check_id=uuid.uuid4(),
            child_id=child.public_id,
            day=now.date(),
            ratings={"needs": 4, "self": 1},
            note="A long week",
            visibility="coaches",
            now=now,
        )
        shown = look().shown
        (row,) = shown.page.items
        assert ([rating.dimension for rating in row.shown_ratings], row.note) == (["needs"], "A long week")
        assert shown.weeks == []


class TestWhatIsInSight:
    @pytest.mark.parametrize(("visibility", "seen"), [("private", 0), ("coaches", 1), ("household", 1)])
    def test_everything_but_what_is_private(
        self, give: Give, record: Record, look: Look, visibility: str, seen: int
    ) -> None:
        give()
        record(details={"visibility": visibility})
        shown = look().shown
        assert (len(shown.page.items), len(shown.weeks)) == (seen, seen)

    def test_of_the_children_named_from_the_day_named(
        self, give: Give, record: Record, look: Look, second_child: Child, now: datetime
    ) -> None:
        give(from_on=date(2026, 11, 17))
        record(details=SEEN, child_id=second_child.public_id)
        record(details=SEEN, now=now - timedelta(days=2))
        seen = record(details=SEEN, now=now - timedelta(days=1))
        shown = look()
        assert ids(shown) == [seen.public_id]
        assert [dict(week.tones) for week in shown.shown.weeks] == [{"in_tune": 1}]

    def test_of_its_author_alone(
        self, give: Give, record: Record, look: Look, co_parent: User, parent: User
    ) -> None:
        give()
        record(co_parent, details={"visibility": "household"})
        assert ids(look()) == []
        give(co_parent)
        assert len(ids(look())) == 1

    def test_a_link_to_what_is_not_in_sight_is_not_there(
        self, give: Give, record: Record, open_one: Callable[..., Observation], now: datetime
    ) -> None:
        give()
        hidden = record(tone="missed", details={"visibility": "private"}, now=now - timedelta(hours=2))
        back = record(tone="came_back", details={"visibility": "coaches", "repairs": hidden.public_id})
        assert open_one(back).repairs is None

    def test_a_link_shows_no_note_that_the_moment_itself_would_not(
        self, give: Give, record: Record, open_one: Callable[..., Observation], now: datetime
    ) -> None:
        give(scope="ratings")
        missed = record(tone="missed", details=SEEN, now=now - timedelta(hours=2))
        back = record(tone="came_back", details={**SEEN, "repairs": missed.public_id})
        linked = open_one(back).repairs
        assert linked is not None
        assert (linked.public_id, linked.note) == (missed.public_id, "")
        assert [(other.public_id, other.note) for other in open_one(missed).mended_by] == [
            (back.public_id, "")
        ]

    def test_what_only_coaches_see_is_not_the_households(
        self, record: Record, co_parent: User, helper: User
    ) -> None:
        moment = record(details=SEEN)
        for other in (co_parent, helper):
            assert list_moments(actor_id=other.pk).items == []
            with pytest.raises(NotVisible):
                get_moment(actor_id=other.pk, moment_id=moment.public_id)

    def test_a_coach_sees_nothing_as_a_member_would(self, give: Give, record: Record, coach: User) -> None:
        give()
        moment = record(details={"visibility": "household"})
        assert list_moments(actor_id=coach.pk).items == []
        with pytest.raises(NotVisible):
            get_moment(actor_id=coach.pk, moment_id=moment.public_id)

    def test_counts_go_back_twelve_weeks(self, give: Give, record: Record, look: Look, now: datetime) -> None:
        give()
        first = datetime(2026, 11, 16, 12, tzinfo=now.tzinfo) - timedelta(weeks=GRANTED_WEEKS - 1)
        record(details=SEEN, now=first)
        record(details=SEEN, now=first - timedelta(days=1))
        assert [week.first_day for week in look().shown.weeks] == [first.date()]

    def test_pages_and_a_cursor_is_for_one_coach_and_household(
        self, give: Give, record: Record, look: Look, coach: User
    ) -> None:
        give()
        for _number in range(PAGE_SIZE + 1):
            record(details=SEEN)
        first = look()
        rest = look(cursor=first.shown.page.next_cursor)
        assert (len(ids(first)), len(ids(rest))) == (PAGE_SIZE, 1)
        foreign = list_moments(actor_id=coach.pk).next_cursor or "bm90aGluZw"
        with pytest.raises(ValidationError):
            look(cursor=foreign)

    def test_asks_the_database_as_often_for_many_as_for_one(
        self, give: Give, record: Record, look: Look, django_assert_num_queries: Any, now: datetime
    ) -> None:
        give()
        for number in range(12):
            missed = record(tone="missed", details=SEEN, now=now - timedelta(days=number, hours=1))
            record(
                tone="came_back",
                details={**SEEN, "repairs": missed.public_id},
                now=now - timedelta(days=number),
            )
        look()
        with django_assert_num_queries(17):
            assert len(look().shown.page.items) == 24


class TestTheNextLook:
    """What ended is gone with the very next look, however it ended."""

    WAYS: dict[str, Callable[[dict[str, Any]], Any]] = {
        "withdrawn": lambda c: withdraw_grant(**c["mine"], grant_id=c["grant"].public_id),
        "given back": lambda c: return_grant(
            actor_id=c["coach"].pk, grant_id=c["grant"].public_id, now=c["now"]
        ),
        "run out": lambda c: GRANT_LIFETIME,
        "narrowed to the other child": lambda c: change_grant(
            **c["mine"],
            grant_id=c["grant"].public_id,
            child_ids=[c["second_child"].public_id],
            may_widen=True,
        ),
        "narrowed to a later day": lambda c: change_grant(
            **c["mine"], grant_id=c["grant"].public_id, from_on=c["now"].date() + timedelta(days=1)
        ),
        "its author left": lambda c: leave_household(**c["mine"], household_id=c["household"].public_id),
        "its author asked to be erased": lambda c: _change(c["parent"], erase_at=c["now"]),
        "its author is closed": lambda c: _change(c["parent"], is_active=False),
        "the coach moved in": lambda c: c["join"](c["coach"]),
        "kept to oneself": lambda c: edit_moment(
            **c["mine"], moment_id=c["moment"].public_id, details={"visibility": "private"}
        ),
        "deleted": lambda c: delete_moment(**c["mine"], moment_id=c["moment"].public_id),
    }

    @pytest.mark.parametrize("way", WAYS)
    def test_finds_nothing(
        self,
        request: pytest.FixtureRequest,
        give: Give,
        record: Record,
        open_one: Callable[..., Observation],
        parent: User,
        now: datetime,
        way: str,
    ) -> None:
        cast = {
            name: request.getfixturevalue(name)
            for name in ("parent", "coach", "household", "second_child", "join", "now")
        }
        cast |= {"mine": {"actor_id": parent.pk, "now": now}, "grant": give(), "moment": record(details=SEEN)}
        assert open_one(cast["moment"])
        after = self.WAYS[way](cast)
        later = now + after if isinstance(after, timedelta) else now
        with pytest.raises(NotVisible):
            open_one(cast["moment"], now=later)

    def test_a_narrower_scope_takes_the_note_away(
        self, give: Give, record: Record, open_one: Callable[..., Observation], parent: User, now: datetime
    ) -> None:
        grant, moment = give(), record(details=SEEN)
        assert open_one(moment).note == "Words"
        change_grant(actor_id=parent.pk, grant_id=grant.public_id, scope="ratings", now=now)
        assert open_one(moment).note == ""


class TestAnotherCoach:
    """Whom the author let in further, or at all, is one person: nobody else looks through that grant."""

    def test_sees_no_more_than_what_they_were_given_themselves(
        self, give: Give, record: Record, look: Look, make_user: Callable[..., User], now: datetime
    ) -> None:
        moment, other = record(details=SEEN), make_user("dora")
        give()
        narrower, token = offer_again(other, now)
        accept_grant(actor_id=other.pk, token=token, email=other.email, now=now)
        family = look(coach_id=other.pk)
        assert [grant.pk for grant in family.grants] == [narrower.pk]
        assert (len(family.shown.weeks), family.shown.page.items) == (1, [])
        with pytest.raises(NotVisible):
            look_at_moment(
                coach_id=other.pk,
                household_id=moment.household.public_id,
                moment_id=moment.public_id,
                now=now,
            )

    @pytest.mark.parametrize("who", ["stranger", "former_member", "co_parent"])
    def test_nobody_without_a_grant_sees_anything(
        self, request: pytest.FixtureRequest, give: Give, record: Record, open_one: Any, look: Look, who: str
    ) -> None:
        moment, reader = record(details=SEEN), request.getfixturevalue(who)
        give()
        for read in (lambda: look(coach_id=reader.pk), lambda: open_one(moment, coach_id=reader.pk)):
            with pytest.raises(NotVisible):
                read()


class TestTwoFamilies:
    """One coach of two families sees each on its own pages alone."""

    @pytest.fixture
    def elsewhere(self, give: Give, stranger: User, now: datetime) -> Child:
        home = stranger.memberships.get().household
        child = add_child(
            actor_id=stranger.pk,
            household_id=home.public_id,
            nickname="Ash",
            birth_month=date(2022, 5, 1),
            now=now,
        )
        give(stranger, household_id=home.public_id, child_ids=[child.public_id])
        return child

    def test_each_has_its_own_weeks_and_moments(
        self,
        give: Give,
        record: Record,
        look: Look,
        open_one: Any,
        elsewhere: Child,
        parent: User,
        stranger: User,
    ) -> None:
        give()
        here, there = record(details=SEEN), record(stranger, child_id=elsewhere.public_id, details=SEEN)
        for household, moment, other in (
            (here.household, here, there),
            (there.household, there, here),
        ):
            shown = look(household_id=household.public_id).shown
            assert [row.pk for row in shown.page.items] == [moment.pk]
            assert [week.author_id for week in shown.weeks] == [moment.author_id]
            assert open_one(moment, household_id=household.public_id) == moment
            with pytest.raises(NotVisible):
                open_one(other, household_id=household.public_id)


def offer_again(to: User, now: datetime) -> tuple[Grant, str]:
    """The same author offers another person a summary."""
    given = Grant.objects.latest("pk")
    return offer_grant(
        actor_id=given.author_id,
        household_id=given.household.public_id,
        coach_email=to.email,
        scope="summary",
        child_ids=[item.child.public_id for item in given.children.all()],
        from_on=given.from_on,
        now=now,
        briefing=BRIEFING,
    )


class TestLooking:
    def test_a_household_without_a_grant_is_as_unknown_as_none(self, look: Look, coach: User) -> None:
        with pytest.raises(NotVisible):
            look()
        with pytest.raises(NotVisible):
            look(household_id=uuid.uuid4())

    def test_each_author_is_told_of_what_was_theirs(
        self,
        give: Give,
        record: Record,
        look: Look,
        open_one: Callable[..., Observation],
        parent: User,
        co_parent: User,
    ) -> None:
        give()
        give(co_parent)
        moment = record(details=SEEN)
        look()
        open_one(moment)
        rows = AccessEntry.objects.order_by("id").values_list("author_id", "opened", "subject_id")
        assert list(rows) == [
            (parent.pk, "summary", None),
            (co_parent.pk, "summary", None),
            (parent.pk, "moment", moment.public_id),
        ]

    def test_what_cannot_be_written_down_is_not_shown(
        self, give: Give, record: Record, look: Look, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        give()

        def fail(**_: Any) -> None:
            raise DatabaseError("no room")

        monkeypatch.setattr("observations.services.looking.note_access", fail)
        with pytest.raises(DatabaseError):
            look()


class TestPreviewGrant:
    @pytest.mark.parametrize("scope", ["summary", "ratings", "ratings_and_notes"])
    def test_is_what_the_coach_then_sees(
        self,
        give: Give,
        record: Record,
        look: Look,
        parent: User,
        co_parent: User,
        household: Household,
        child: Child,
        second_child: Child,
        now: datetime,
        scope: str,
    ) -> None:
        record(details=SEEN)
        record(details={"visibility": "private", "note": "Mine"})
        record(details=SEEN, now=now - timedelta(days=30))
        record(details=SEEN, child_id=second_child.public_id)
        record(co_parent, details={"visibility": "household"})
        terms: dict[str, Any] = {
            "scope": scope,
            "child_ids": [child.public_id],
            "from_on": date(2026, 11, 1),
        }
        before = preview_grant(actor_id=parent.pk, household=household, **terms, now=now)
        give(**terms)
        after = look().shown
        for shown in (before, after):
            assert shown.weeks
            assert len(shown.page.items) == (0 if scope == "summary" else 1)
        assert before.weeks == after.weeks
        assert told(before.page.items) == told(after.page.items)

    def test_nobody_is_told_and_nothing_is_given(
        self, record: Record, parent: User, household: Household, child: Child, now: datetime
    ) -> None:
        record(details=SEEN)
        preview_grant(
            actor_id=parent.pk,
            household=household,
            scope="ratings",
            child_ids=[child.public_id],
            from_on=date(2026, 1, 1),
            now=now,
        )
        assert not AccessEntry.objects.exists()
        assert not Grant.objects.exists()

    def test_of_somebody_elses_moments_there_is_none(
        self,
        record: Record,
        co_parent: User,
        stranger: User,
        household: Household,
        child: Child,
        now: datetime,
    ) -> None:
        record(details=SEEN)
        for other in (co_parent, stranger):
            shown = preview_grant(
                actor_id=other.pk,
                household=household,
                scope="ratings",
                child_ids=[child.public_id],
                from_on=date(2026, 1, 1),
                now=now,
            )
            assert (list(shown.page.items), list(shown.weeks)) == ([], [])


def _change(user: User, **fields: Any) -> None:
    User.objects.filter(pk=user.pk).update(**fields)


def told(rows: Any) -> list[tuple[Any, ...]]:
    return [
        (
            row.public_id,
            row.note,
            [tick.key for tick in row.shown_ticks],
            [(rating.dimension, rating.value) for rating in row.shown_ratings],
        )
        for row in rows
    ]
