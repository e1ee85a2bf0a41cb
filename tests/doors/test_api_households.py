"""Households, children and members through the API door."""

from __future__ import annotations

import uuid

import pytest

from households.models import Child, Household

pytestmark = pytest.mark.usefixtures("that_evening")

URL = "/api/v1/households/"


@pytest.fixture
def api(api_of, parent):
    return api_of(parent)


class TestHouseholds:
    def test_a_new_one_has_its_founder_as_guardian(self, api_of, make_user):
        founder = api_of(make_user("iris"))
        response = founder.post(URL, {"name": " Home ", "timezone": "Asia/Tokyo"}, format="json")
        assert response.status_code == 201
        shown = response.json()
        assert (shown["name"], shown["timezone"], shown["week_starts_on"]) == ("Home", "Asia/Tokyo", 0)
        assert founder.get(f"{URL}{shown['id']}/").json() == shown
        assert founder.get(URL).json() == {"items": [shown], "next_cursor": None}
        (member,) = founder.get(f"{URL}{shown['id']}/members/").json()["items"]
        assert (member["role"], member["is_you"]) == ("guardian", True)

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"name": ""}, "name"),
            ({"name": "x" * 61}, "name"),
            ({"name": 5}, "name"),
            ({"timezone": "Moon/Base"}, "timezone"),
            ({"timezone": "../../etc/passwd"}, "timezone"),
            ({"week_starts_on": 7}, "week_starts_on"),
            ({"week_starts_on": "1"}, "week_starts_on"),
            ({"week_starts_on": True}, "week_starts_on"),
            ({"id": str(uuid.uuid4())}, "id"),
        ],
    )
    def test_each_wrong_field_is_named(self, api, changed, field):
        body = {"name": "Home", "timezone": "Europe/Lisbon", **changed}
        response = api.post(URL, body, format="json")
        assert (response.status_code, list(response.json()["errors"])) == (400, [field])

    def test_a_guardian_changes_it(self, api, household):
        response = api.patch(f"{URL}{household.public_id}/", {"week_starts_on": 6}, format="json")
        assert response.status_code == 200
        assert (response.json()["name"], response.json()["week_starts_on"]) == ("The attic", 6)

    def test_a_helper_may_know_it_and_not_change_it(self, api_of, helper, household):
        api = api_of(helper)
        url = f"{URL}{household.public_id}/"
        assert api.get(url).status_code == 200
        response = api.patch(url, {"name": "Mine"}, format="json")
        assert (response.status_code, response.json()["code"]) == (403, "refused")
        assert Household.objects.get(pk=household.pk).name == "The attic"

    @pytest.mark.parametrize("who", ["former_member", "stranger"])
    def test_from_outside_it_is_not_there(self, request, api_of, household, who):
        api = api_of(request.getfixturevalue(who))
        for url in ("", "children/", "members/"):
            assert api.get(f"{URL}{household.public_id}/{url}").status_code == 404
        assert api.patch(f"{URL}{household.public_id}/", {"name": "x"}, format="json").status_code == 404
        assert str(household.public_id) not in str(api.get(URL).json())


class TestChildren:
    def test_a_child_is_added_edited_archived_and_restored(self, api, household):
        url = f"{URL}{household.public_id}/children/"
        added = api.post(url, {"nickname": "Moth", "birth_month": "2025-03"}, format="json")
        assert added.status_code == 201
        shown = added.json()
        assert (shown["nickname"], shown["birth_month"], shown["archived_at"]) == ("Moth", "2025-03", None)
        one = f"{url}{shown['id']}/"
        assert api.patch(one, {"emoji": "🐻"}, format="json").json() == shown | {"emoji": "🐻"}
        assert api.delete(one).status_code == 204
        assert api.get(url).json()["items"] == []
        assert len(api.get(url, {"archived": "true"}).json()["items"]) == 1
        assert api.post(f"{one}restore/").json()["archived_at"] is None
        assert [child["id"] for child in api.get(url).json()["items"]] == [shown["id"]]

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"nickname": " "}, "nickname"),
            ({"nickname": "pip"}, "nickname"),
            ({"nickname": "x" * 31}, "nickname"),
            ({"birth_month": "2025-13"}, "birth_month"),
            ({"birth_month": "2025-03-14"}, "birth_month"),
            ({"birth_month": "1950-01"}, "birth_month"),
            ({"birth_month": "2030-01"}, "birth_month"),
            ({"birth_month": 202503}, "birth_month"),
            ({"colour": "#ff0000"}, "colour"),
            ({"emoji": "x" * 17}, "emoji"),
            ({"birthday": "2025-03-14"}, "birthday"),
        ],
    )
    def test_each_wrong_field_is_named(self, api, household, child, changed, field):
        body = {"nickname": "Moth", "birth_month": "2025-03", **changed}
        response = api.post(f"{URL}{household.public_id}/children/", body, format="json")
        assert (response.status_code, list(response.json()["errors"])) == (400, [field])

    def test_a_helper_reads_and_does_not_change(self, api_of, helper, household, child):
        api = api_of(helper)
        url = f"{URL}{household.public_id}/children/"
        one = f"{url}{child.public_id}/"
        assert api.get(one).json()["nickname"] == "Pip"
        answers = [
            api.post(url, {"nickname": "Moth", "birth_month": "2025-03"}, format="json"),
            api.patch(one, {"nickname": "Moth"}, format="json"),
            api.delete(one),
            api.post(f"{one}restore/"),
        ]
        assert [answer.status_code for answer in answers] == [403] * 4
        assert Child.objects.get().nickname == "Pip"

    def test_under_another_household_it_is_not_there(self, api, child):
        elsewhere = api.post(URL, {"name": "Second", "timezone": "UTC"}, format="json").json()["id"]
        url = f"{URL}{elsewhere}/children/{child.public_id}/"
        answers = [
            api.get(url),
            api.patch(url, {"nickname": "x"}, format="json"),
            api.delete(url),
            api.post(f"{url}restore/"),
        ]
        assert [answer.status_code for answer in answers] == [404] * 4


class TestMembers:
    def test_they_are_named_by_what_authors_are_named_by(self, api, co_parent, former_member, household):
        members = api.get(f"{URL}{household.public_id}/members/").json()["items"]
        assert [(member["name"], member["is_you"]) for member in members] == [
            ("Alice", True),
            ("Bela", False),
        ]
        assert members[1]["person"] == str(co_parent.public_id)
        assert "@" not in str(members)
