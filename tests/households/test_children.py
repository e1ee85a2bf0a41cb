"""The children of a household: bounds, permissions, and two chips that never read the same."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime

import pytest
from django.core.exceptions import ValidationError

from accounts.models import User
from common.errors import NotVisible, Refused
from households.models import Child, Household
from households.rules import CHILDREN_MAX, COLOURS, EMOJI_MAX, NICKNAME_MAX
from households.scope import Capability
from households.selectors import get_child, list_children
from households.services import add_child, archive_child, edit_child, restore_child

MAY = date(2022, 5, 1)


@pytest.fixture
def add(parent: User, household: Household, now: datetime) -> Callable[..., Child]:
    def put(actor: User | None = None, **fields: object) -> Child:
        arguments: dict[str, object] = {
            "actor_id": (actor or parent).pk,
            "household_id": household.public_id,
            "nickname": "Pip",
            "birth_month": MAY,
            "now": now,
            **fields,
        }
        return add_child(**arguments)  # type: ignore[arg-type]

    return put


def fields_of(error: pytest.ExceptionInfo[ValidationError]) -> set[str]:
    return set(getattr(error.value, "error_dict", {"__all__": []}))


class TestAddChild:
    def test_a_nickname_and_a_month_are_enough(self, add: Callable[..., Child]) -> None:
        child = add(nickname=" Pip ", birth_month=date(2022, 5, 17))
        assert (child.nickname, child.birth_month, child.colour, child.emoji) == ("Pip", MAY, COLOURS[0], "")

    def test_each_next_child_gets_the_next_colour(self, add: Callable[..., Child]) -> None:
        colours = [add(nickname=f"Child {number}").colour for number in range(len(COLOURS) + 1)]
        assert colours == [*COLOURS, COLOURS[0]]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("nickname", ""),
            ("nickname", "x" * (NICKNAME_MAX + 1)),
            ("nickname", "P\x00p"),
            ("nickname", "P\ud800p"),
            ("birth_month", date(2027, 9, 1)),
            ("birth_month", date(2001, 10, 1)),
            ("birth_month", date(1, 1, 1)),
            ("birth_month", date(9999, 12, 31)),
            ("colour", "mauve"),
            ("emoji", "x" * (EMOJI_MAX + 1)),
            ("emoji", "\x00"),
        ],
    )
    def test_what_cannot_be_is_refused_on_its_field(
        self, add: Callable[..., Child], field: str, value: object
    ) -> None:
        with pytest.raises(ValidationError) as error:
            add(**{field: value})
        assert fields_of(error) == {field}
        assert not Child.objects.exists()

    def test_a_child_may_be_expected_nine_months_ahead(self, add: Callable[..., Child]) -> None:
        assert add(birth_month=date(2027, 8, 1)).birth_month == date(2027, 8, 1)

    def test_two_children_are_not_called_the_same(self, add: Callable[..., Child], child: Child) -> None:
        with pytest.raises(ValidationError) as error:
            add(nickname="PIP")
        assert fields_of(error) == {"nickname"}

    def test_an_archived_child_leaves_its_name_free(
        self, add: Callable[..., Child], parent: User, child: Child, now: datetime
    ) -> None:
        archive_child(actor_id=parent.pk, child_id=child.public_id, now=now)
        assert add(nickname="Pip")

    def test_a_household_shows_twelve_children_and_no_more(self, add: Callable[..., Child]) -> None:
        for number in range(CHILDREN_MAX):
            add(nickname=f"Child {number}")
        with pytest.raises(ValidationError):
            add(nickname="One more")

    def test_a_helper_is_refused(self, add: Callable[..., Child], helper: User) -> None:
        with pytest.raises(Refused):
            add(helper)

    @pytest.mark.parametrize("who", ["stranger", "former_member"])
    def test_nobody_else_may(
        self, request: pytest.FixtureRequest, add: Callable[..., Child], who: str
    ) -> None:
        with pytest.raises(NotVisible):
            add(request.getfixturevalue(who))


class TestEditChild:
    def test_changes_what_is_given_and_keeps_the_rest(
        self, co_parent: User, child: Child, now: datetime
    ) -> None:
        edit_child(actor_id=co_parent.pk, child_id=child.public_id, colour="berry", now=now)
        child.refresh_from_db()
        assert (child.nickname, child.colour, child.emoji) == ("Pip", "berry", "🦊")

    def test_a_child_may_keep_its_own_name(self, parent: User, child: Child, now: datetime) -> None:
        edited = edit_child(actor_id=parent.pk, child_id=child.public_id, nickname="pip", now=now)
        assert edited.nickname == "pip"

    def test_but_not_take_another_ones(self, parent: User, second_child: Child, now: datetime) -> None:
        with pytest.raises(ValidationError) as error:
            edit_child(actor_id=parent.pk, child_id=second_child.public_id, nickname="Pip", now=now)
        assert fields_of(error) == {"nickname"}

    def test_an_emoji_can_be_taken_off(self, parent: User, child: Child, now: datetime) -> None:
        assert edit_child(actor_id=parent.pk, child_id=child.public_id, emoji="", now=now).emoji == ""

    def test_a_helper_is_refused(self, helper: User, child: Child, now: datetime) -> None:
        with pytest.raises(Refused):
            edit_child(actor_id=helper.pk, child_id=child.public_id, nickname="Mine", now=now)

    @pytest.mark.parametrize("who", ["stranger", "former_member"])
    def test_nobody_else_learns_that_the_child_exists(
        self, request: pytest.FixtureRequest, child: Child, now: datetime, who: str
    ) -> None:
        outsider = request.getfixturevalue(who)
        for child_id in (child.public_id, uuid.uuid4()):
            with pytest.raises(NotVisible):
                edit_child(actor_id=outsider.pk, child_id=child_id, nickname="Mine", now=now)


class TestArchiveAndRestore:
    def test_an_archived_child_leaves_the_pickers_and_can_come_back(
        self, parent: User, household: Household, child: Child, now: datetime
    ) -> None:
        at_home = {"actor_id": parent.pk, "household_id": household.public_id}
        archive_child(actor_id=parent.pk, child_id=child.public_id, now=now)
        assert list(list_children(**at_home)) == []
        assert list(list_children(**at_home, archived=True)) == [child]
        restore_child(actor_id=parent.pk, child_id=child.public_id)
        assert list(list_children(**at_home)) == [child]

    def test_archiving_twice_keeps_the_first_day(self, parent: User, child: Child, now: datetime) -> None:
        archive_child(actor_id=parent.pk, child_id=child.public_id, now=now)
        again = archive_child(actor_id=parent.pk, child_id=child.public_id, now=now.replace(year=2027))
        assert again.archived_at == now

    def test_a_child_does_not_come_back_under_a_name_that_is_taken(
        self, parent: User, add: Callable[..., Child], child: Child, now: datetime
    ) -> None:
        archive_child(actor_id=parent.pk, child_id=child.public_id, now=now)
        add(nickname="Pip")
        with pytest.raises(ValidationError) as error:
            restore_child(actor_id=parent.pk, child_id=child.public_id)
        assert fields_of(error) == {"nickname"}

    def test_a_child_does_not_come_back_into_a_full_household(
        self, parent: User, child: Child, add: Callable[..., Child], now: datetime
    ) -> None:
        archive_child(actor_id=parent.pk, child_id=child.public_id, now=now)
        for number in range(CHILDREN_MAX):
            add(nickname=f"Child {number}")
        with pytest.raises(ValidationError, match="as many children"):
            restore_child(actor_id=parent.pk, child_id=child.public_id)

    def test_a_helper_is_refused(self, helper: User, child: Child, now: datetime) -> None:
        with pytest.raises(Refused):
            archive_child(actor_id=helper.pk, child_id=child.public_id, now=now)
        with pytest.raises(Refused):
            restore_child(actor_id=helper.pk, child_id=child.public_id)

    @pytest.mark.parametrize("who", ["stranger", "former_member"])
    def test_nobody_else_may(
        self, request: pytest.FixtureRequest, child: Child, now: datetime, who: str
    ) -> None:
        outsider = request.getfixturevalue(who)
        with pytest.raises(NotVisible):
            archive_child(actor_id=outsider.pk, child_id=child.public_id, now=now)
        with pytest.raises(NotVisible):
            restore_child(actor_id=outsider.pk, child_id=child.public_id)


class TestWhoSeesAChild:
    def test_members_do(self, helper: User, household: Household, child: Child) -> None:
        assert get_child(actor_id=helper.pk, child_id=child.public_id) == child
        assert list(list_children(actor_id=helper.pk, household_id=household.public_id)) == [child]

    def test_a_helper_may_record_about_it_and_not_manage_it(self, helper: User, child: Child) -> None:
        assert get_child(actor_id=helper.pk, child_id=child.public_id, capability=Capability.RECORD)
        with pytest.raises(Refused):
            get_child(actor_id=helper.pk, child_id=child.public_id, capability=Capability.MANAGE)

    @pytest.mark.parametrize("who", ["stranger", "former_member"])
    def test_others_do_not(
        self, request: pytest.FixtureRequest, household: Household, child: Child, who: str
    ) -> None:
        outsider = request.getfixturevalue(who)
        for capability in Capability:
            with pytest.raises(NotVisible):
                get_child(actor_id=outsider.pk, child_id=child.public_id, capability=capability)
        assert not list_children(actor_id=outsider.pk, household_id=household.public_id)
