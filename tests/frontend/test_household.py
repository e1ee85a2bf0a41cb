"""The household's pages: who may open and change what, and what comes back when it cannot be."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from households.models import Child, Household, Membership
from households.rules import Role
from households.selectors import get_membership
from households.services import add_child, archive_child, create_household

pytestmark = pytest.mark.usefixtures("that_evening")


@pytest.fixture
def browser(client_of: Callable[[User], Client], parent: User, child: Child) -> Client:
    return client_of(parent)


class TestOverview:
    def test_names_who_belongs_here(self, browser: Client, co_parent: User) -> None:
        page = browser.get(reverse("household")).content.decode()
        for word in ("The attic", "Pip", "Alice", "Bela"):
            assert word in page

    def test_a_guardian_changes_name_zone_and_week(self, browser: Client, household: Household) -> None:
        fields = {"name": "The barn", "timezone": "Asia/Tokyo", "week_starts_on": "6"}
        assert browser.post(reverse("household"), fields)["Location"] == reverse("household")
        household.refresh_from_db()
        assert (household.name, household.timezone, household.week_starts_on) == ("The barn", "Asia/Tokyo", 6)

    def test_a_zone_outside_of_the_list_survives_an_edit(self, browser: Client, household: Household) -> None:
        Household.objects.update(timezone="CET")
        page = browser.get(reverse("household")).content.decode()
        assert '<option value="CET" selected>' in page

    @pytest.mark.parametrize(
        ("field", "value"), [("name", " "), ("name", "x" * 61), ("timezone", "Mars/Olympus")]
    )
    def test_what_cannot_be_comes_back_as_typed(
        self, browser: Client, household: Household, field: str, value: str
    ) -> None:
        fields = {"name": "The barn", "timezone": "Asia/Tokyo", "week_starts_on": "0", field: value}
        page = browser.post(reverse("household"), fields)
        assert page.status_code == 422
        assert set(page.context["form"].errors) == {field}
        household.refresh_from_db()
        assert household.name == "The attic"

    def test_a_helper_sees_it_and_may_change_nothing(
        self, client_of: Callable[[User], Client], helper: User, child: Child
    ) -> None:
        browser = client_of(helper)
        page = browser.get(reverse("household"))
        assert page.status_code == 200
        assert page.context["form"] is None
        assert reverse("household-invitations") not in page.content.decode()
        fields = {"name": "Mine", "timezone": "Asia/Tokyo", "week_starts_on": "0"}
        assert browser.post(reverse("household"), fields).status_code == 403

    def test_nobody_opens_it_without_a_household(
        self, client_of: Callable[[User], Client], former_member: User, household: Household
    ) -> None:
        page = client_of(former_member).get(reverse("household"))
        assert page["Location"] == reverse("welcome")

    def test_a_stranger_sees_their_own(
        self, client_of: Callable[[User], Client], stranger: User, household: Household
    ) -> None:
        page = client_of(stranger).get(reverse("household")).content.decode()
        assert "Elsewhere" in page
        assert "The attic" not in page


class TestSwitch:
    def test_the_pages_follow_the_chosen_household(
        self, browser: Client, parent: User, now: datetime
    ) -> None:
        other = create_household(actor_id=parent.pk, name="The barn", timezone="UTC", now=now)
        page = browser.get(reverse("household"))
        assert page.context["household"].name == "The attic"
        assert b"Go to The barn" in page.content
        browser.post(reverse("household-switch"), {"household": other.public_id})
        assert browser.get(reverse("household")).context["household"] == other

    @pytest.mark.parametrize("wanted", ["", "x", "\x00", "00000000-0000-4000-8000-000000000000"])
    def test_to_one_that_is_not_there_is_not_found(self, browser: Client, wanted: str) -> None:
        assert browser.post(reverse("household-switch"), {"household": wanted}).status_code == 404

    def test_to_somebody_elses_is_not_found(
        self, client_of: Callable[[User], Client], stranger: User, household: Household
    ) -> None:
        browser = client_of(stranger)
        answer = browser.post(reverse("household-switch"), {"household": household.public_id})
        assert answer.status_code == 404
        assert browser.get(reverse("household")).context["household"] != household

    def test_is_no_link(self, browser: Client) -> None:
        assert browser.get(reverse("household-switch")).status_code == 405


class TestMembers:
    def test_a_guardian_may_take_a_helper_out(
        self, browser: Client, helper: User, household: Household
    ) -> None:
        helping = get_membership(actor_id=helper.pk, household_id=household.public_id)
        address = reverse("member-remove", args=[helping.public_id])
        assert address in browser.get(reverse("household-members")).content.decode()
        assert browser.post(address)["Location"] == reverse("household-members")
        assert "Hugo" not in browser.get(reverse("household-members")).content.decode()

    def test_but_no_guardian(self, browser: Client, co_parent: User, household: Household) -> None:
        theirs = get_membership(actor_id=co_parent.pk, household_id=household.public_id)
        address = reverse("member-remove", args=[theirs.public_id])
        assert address not in browser.get(reverse("household-members")).content.decode()
        assert browser.post(address).status_code == 403

    def test_a_helper_may_take_nobody_out(
        self, client_of: Callable[[User], Client], helper: User, household: Household
    ) -> None:
        own = get_membership(actor_id=helper.pk, household_id=household.public_id)
        address = reverse("member-remove", args=[own.public_id])
        assert client_of(helper).post(address).status_code == 403

    def test_a_stranger_finds_no_such_member(
        self, client_of: Callable[[User], Client], stranger: User, helper: User, household: Household
    ) -> None:
        helping = get_membership(actor_id=helper.pk, household_id=household.public_id)
        missing = client_of(stranger).post(reverse("member-remove", args=[uuid.uuid4()]))
        theirs = client_of(stranger).post(reverse("member-remove", args=[helping.public_id]))
        assert missing.status_code == theirs.status_code == 404

    def test_leaving_ends_access_with_the_next_request(
        self, client_of: Callable[[User], Client], co_parent: User
    ) -> None:
        browser = client_of(co_parent)
        assert browser.get(reverse("household")).status_code == 200
        browser.post(reverse("household-leave"))
        assert browser.get(reverse("household"))["Location"] == reverse("welcome")

    def test_ten_more_members_need_no_more_queries(
        self, browser: Client, make_user: Callable[..., User], join: Callable[..., Membership]
    ) -> None:
        counted = []
        for round_ in range(2):
            for number in range(5 * round_):
                join(make_user(f"m{number}"), Role.HELPER)
            with CaptureQueriesContext(
                connection,
            ) as queries:
                browser.get(reverse("household-members"))
            counted.append(len(queries))
        assert counted[0] == counted[1]


class TestChildren:
    FIELDS = {"nickname": "Moth", "birth_month_month": "11", "birth_month_year": "2025"}

    def test_a_guardian_adds_one(self, browser: Client) -> None:
        assert browser.post(reverse("household-children"), self.FIELDS)["Location"] == reverse(
            "household-children"
        )
        assert "Moth" in browser.get(reverse("household-children")).content.decode()

    def test_a_taken_name_comes_back_on_its_field(self, browser: Client) -> None:
        page = browser.post(reverse("household-children"), {**self.FIELDS, "nickname": "pip"})
        assert page.status_code == 422
        assert set(page.context["form"].errors) == {"nickname"}
        assert 'value="pip"' in page.content.decode()

    def test_a_card_is_changed_put_away_and_brought_back(self, browser: Client, child: Child) -> None:
        card = reverse("child-edit", args=[child.public_id])
        shown = browser.get(card).content.decode()
        assert 'value="Pip"' in shown
        browser.post(card, {**self.FIELDS, "nickname": "Pippa", "colour": "berry", "emoji": ""})
        child.refresh_from_db()
        assert (child.nickname, child.birth_month, child.colour, child.emoji) == (
            "Pippa",
            date(2025, 11, 1),
            "berry",
            "",
        )
        browser.post(card, {"action": "archive"})
        child.refresh_from_db()
        assert child.archived_at is not None
        browser.post(card, {"action": "restore"})
        child.refresh_from_db()
        assert child.archived_at is None

    def test_a_card_without_a_colour_keeps_its_own(self, browser: Client, child: Child) -> None:
        browser.post(reverse("child-edit", args=[child.public_id]), self.FIELDS)
        child.refresh_from_db()
        assert child.colour == "moss"

    def test_a_sign_that_is_not_offered_survives_an_edit(self, browser: Client, child: Child) -> None:
        Child.objects.update(emoji="🪴")
        card = reverse("child-edit", args=[child.public_id])
        assert 'value="🪴"' in browser.get(card).content.decode()
        browser.post(card, {**self.FIELDS, "emoji": "🪴"})
        child.refresh_from_db()
        assert child.emoji == "🪴"

    def test_one_whose_name_is_taken_does_not_come_back(
        self, browser: Client, parent: User, household: Household, child: Child, now: datetime
    ) -> None:
        archive_child(actor_id=parent.pk, child_id=child.public_id, now=now)
        add_child(
            actor_id=parent.pk,
            household_id=household.public_id,
            nickname="Pip",
            birth_month=date(2024, 1, 1),
            now=now,
        )
        page = browser.post(reverse("child-edit", args=[child.public_id]), {"action": "restore"})
        assert page.status_code == 422
        assert "already called that" in page.content.decode()

    def test_a_helper_sees_them_and_may_change_nothing(
        self, client_of: Callable[[User], Client], helper: User, child: Child
    ) -> None:
        browser = client_of(helper)
        page = browser.get(reverse("household-children"))
        assert "Pip" in page.content.decode()
        assert page.context["form"] is None
        card = reverse("child-edit", args=[child.public_id])
        assert browser.get(card).status_code == 403
        assert browser.post(reverse("household-children"), self.FIELDS).status_code == 403
        for fields in (self.FIELDS, {"action": "archive"}, {"action": "restore"}):
            assert browser.post(card, fields).status_code == 403

    @pytest.mark.parametrize("who", ["stranger", "former_member"])
    def test_others_find_no_such_child(
        self, request: pytest.FixtureRequest, client_of: Callable[[User], Client], child: Child, who: str
    ) -> None:
        browser = client_of(request.getfixturevalue(who))
        theirs, missing = (
            browser.get(reverse("child-edit", args=[child_id]))
            for child_id in (child.public_id, uuid.uuid4())
        )
        assert theirs.status_code == missing.status_code == 404
        assert (
            browser.post(reverse("child-edit", args=[child.public_id]), {"action": "archive"}).status_code
            == 404
        )

    def test_no_title_or_address_names_a_child(self, browser: Client, child: Child) -> None:
        for address in (reverse("household-children"), reverse("child-edit", args=[child.public_id])):
            page = browser.get(address).content.decode()
            title = page.partition("<title>")[2].partition("</title>")[0]
            assert child.nickname not in title + address
