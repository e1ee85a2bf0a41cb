"""Moving an author's own observations to another household, with everything in them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts.models import User
from households.models import Child, Household
from households.services import add_child, create_household
from observations.estate import ObservationsEstate
from observations.models import FocusDimension, Observation, Rating, Revision, Tick
from observations.services import choose_focus, edit_moment

ESTATE = ObservationsEstate()


@pytest.fixture
def own_home(co_parent: User, now: datetime) -> Household:
    return create_household(actor_id=co_parent.pk, name="My own", timezone="Europe/Lisbon", now=now)


@pytest.fixture
def copy(co_parent: User, own_home: Household, child: Child, now: datetime) -> Child:
    return add_child(
        actor_id=co_parent.pk,
        household_id=own_home.public_id,
        nickname=child.nickname,
        birth_month=child.birth_month,
        now=now,
    )


@pytest.fixture
def move(
    co_parent: User, household: Household, own_home: Household, child: Child, copy: Child
) -> Callable[[], None]:
    def run() -> None:
        ESTATE.move(co_parent.pk, source_id=household.pk, target_id=own_home.pk, children={child.pk: copy.pk})

    return run


class TestMove:
    def test_everything_of_the_author_moves(
        self,
        move: Callable[[], None],
        record: Callable[..., Observation],
        co_parent: User,
        household: Household,
        own_home: Household,
        copy: Child,
        now: datetime,
    ) -> None:
        choose_focus(actor_id=co_parent.pk, household_id=household.public_id, dimension="needs", now=now)
        moment = record(
            co_parent, details={"note": "before", "cues": ["named_feeling"][:0], "ratings": {"needs": 4}}
        )
        edit_moment(actor_id=co_parent.pk, moment_id=moment.public_id, details={"note": "after"}, now=now)
        move()
        moved = Observation.objects.get(pk=moment.pk)
        assert (moved.household_id, moved.child_id, moved.note) == (own_home.pk, copy.pk, "after")
        for model in (Rating, Tick, Revision, FocusDimension):
            assert not model.objects.exclude(household_id=own_home.pk).exists(), model
        [revision] = Revision.objects.all()
        assert (revision.note, revision.state["child"]) == ("before", str(copy.public_id))

    def test_nothing_of_another_moves(
        self, move: Callable[[], None], record: Callable[..., Observation], household: Household, child: Child
    ) -> None:
        theirs = record()
        move()
        theirs.refresh_from_db()
        assert (theirs.household_id, theirs.child_id) == (household.pk, child.pk)

    def test_links_between_two_authors_part_and_own_links_stay(
        self, move: Callable[[], None], record: Callable[..., Observation], co_parent: User, now: datetime
    ) -> None:
        earlier = now - timedelta(hours=2)
        shared = {"visibility": "household"}
        miss = record(tone="missed", details=shared, now=earlier)
        own_miss = record(co_parent, tone="missed", details=shared, now=earlier)
        to_other = record(co_parent, tone="came_back", details={"repairs": miss.public_id})
        to_own = record(co_parent, tone="came_back", details={"repairs": own_miss.public_id})
        from_other = record(tone="came_back", details={"repairs": own_miss.public_id})
        assert all(row.repairs_id for row in (to_other, to_own, from_other))
        move()
        links = {row.pk: row.repairs_id for row in Observation.objects.all()}
        assert links[to_other.pk] is None
        assert links[from_other.pk] is None
        assert links[to_own.pk] == own_miss.pk


class TestErase:
    def test_the_authors_go_and_the_others_stay(
        self, record: Callable[..., Observation], co_parent: User
    ) -> None:
        theirs = record()
        record(co_parent, details={"ratings": {"needs": 4}}, moment_id=uuid.uuid4())
        ESTATE.erase(co_parent.pk)
        assert list(Observation.objects.values_list("pk", flat=True)) == [theirs.pk]
        assert ESTATE.count_left(co_parent.pk) == {}
        assert not Rating.objects.exists()

    def test_it_may_be_repeated(self, record: Callable[..., Observation], co_parent: User) -> None:
        record(co_parent)
        ESTATE.erase(co_parent.pk)
        ESTATE.erase(co_parent.pk)
        assert ESTATE.count_left(co_parent.pk) == {}
