"""Moments and self-checks through the API door."""

from __future__ import annotations

import json
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from observations.models import Observation

pytestmark = pytest.mark.usefixtures("that_evening")

URL = "/api/v1/moments/"


@pytest.fixture
def api(api_of, parent):
    return api_of(parent)


@pytest.fixture
def body(child):
    def make(**changed):
        return {"id": str(uuid.uuid4()), "child": str(child.public_id), "tone": "in_tune", **changed}

    return make


@pytest.fixture
def recorded(api, body):
    """A recorded moment as the API shows it."""

    def put(**changed):
        response = api.post(URL, body(**changed), format="json")
        assert response.status_code == 201, response.json()
        return response.json()

    return put


def patch(api, moment, changes, revision=1):
    return api.patch(f"{URL}{moment['id']}/", changes, format="json", headers={"If-Match": f'"{revision}"'})


class TestRecord:
    def test_child_tone_and_an_id_are_enough(self, recorded, body, household, child, parent):
        shown = recorded()
        assert shown == {
            "id": shown["id"],
            "household": str(household.public_id),
            "child": str(child.public_id),
            "author": str(parent.public_id),
            "tone": "in_tune",
            "occurred_at": "2026-11-18T19:30:00Z",
            "occurred_on": "2026-11-18",
            "precision": "about",
            "timezone": "Europe/Lisbon",
            "visibility": "private",
            "about_adult": False,
            "cooling_until": None,
            "note": "",
            "note_unreadable": False,
            "cues": [],
            "contexts": [],
            "feelings": [],
            "ratings": {},
            "own": {},
            "repairs": None,
            "repaired_by": [],
            "revision": 1,
            "received_at": "2026-11-18T19:30:00Z",
            "changed_at": "2026-11-18T19:30:00Z",
        }

    def test_everything_that_is_said_is_shown_again(self, recorded):
        missed = recorded(tone="missed", occurred_at="2026-11-18T18:00:00+01:00", precision="day")
        assert (missed["occurred_at"], missed["precision"]) == ("2026-11-18T17:00:00Z", "day")
        said = {
            "visibility": "household",
            "note": "We sat\non the stairs.",
            "cues": ["said_sorry"],
            "contexts": ["bedtime"],
            "feelings": ["sad", "calm"],
            "ratings": {"needs": 4, "safety": "not_seen", "openness": "skipped", "self": 2},
            "repairs": missed["id"],
        }
        shown = recorded(tone="came_back", **said)
        assert {name: shown[name] for name in said} == said | {"feelings": shown["feelings"]}
        assert set(shown["feelings"]) == {"sad", "calm"}

    def test_a_time_without_a_precision_is_exact(self, recorded):
        assert recorded(occurred_at="2026-11-18T18:00:00Z")["precision"] == "exact"

    def test_the_same_id_again_answers_with_what_is_there(self, api, body):
        sent = body(note="first")
        first = api.post(URL, sent, format="json")
        again = api.post(URL, sent | {"note": "second"}, format="json")
        assert (first.status_code, again.status_code) == (201, 200)
        assert again.json() == first.json()
        assert again["ETag"] == '"1"'
        assert Observation.objects.count() == 1

    def test_a_replay_is_told_from_the_first_at_another_time(self, api, body, that_evening):
        import time_machine

        sent = body()
        api.post(URL, sent, format="json")
        with time_machine.travel("2026-11-18T19:31:00Z", tick=False):
            again = api.post(URL, sent, format="json")
        assert again.status_code == 200

    def test_another_moment_under_the_same_id_is_a_conflict(self, api, body):
        sent = body()
        api.post(URL, sent, format="json")
        response = api.post(URL, sent | {"tone": "missed"}, format="json")
        assert (response.status_code, response.json()["code"]) == (409, "changed")

    def test_somebody_elses_id_is_as_good_as_new(self, api_of, co_parent, body, api):
        sent = body()
        api.post(URL, sent, format="json")
        response = api_of(co_parent).post(URL, sent, format="json")
        assert response.status_code == 201
        assert response.json()["author"] == str(co_parent.public_id)

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"tone": "perfect"}, "tone"),
            ({"tone": None}, "tone"),
            ({"child": 7}, "child"),
            ({"id": "nonsense"}, "id"),
            ({"occurred_at": "2026-11-18T19:00:00"}, "occurred_at"),
            ({"occurred_at": "2026-11-30T00:00:00Z"}, "occurred_at"),
            ({"occurred_at": "1999-01-01T00:00:00Z"}, "occurred_at"),
            ({"occurred_at": 1_763_000_000}, "occurred_at"),
            ({"precision": "day"}, "occurred_at"),
            ({"visibility": "everybody"}, "visibility"),
            ({"note": "x" * 5001}, "note"),
            ({"note": 5}, "note"),
            ({"cues": "phone_away"}, "cues"),
            ({"cues": ["unknown"]}, "cues"),
            ({"cues": {"0": "phone_away"}}, "cues"),
            ({"contexts": [None]}, "contexts.0"),
            ({"feelings": ["x" * 41]}, "feelings.0"),
            ({"ratings": {"needs": 6}}, "ratings.needs"),
            ({"ratings": {"needs": True}}, "ratings.needs"),
            ({"ratings": {"needs": "3"}}, "ratings.needs"),
            ({"ratings": {"needs": [3]}}, "ratings.needs"),
            ({"ratings": {"joy": 3}}, "ratings.joy"),
            ({"ratings": [3]}, "ratings"),
            ({"repairs": "00000000-0000-4000-8000-000000000000"}, "repairs"),
            ({"author": "00000000-0000-4000-8000-000000000000"}, "author"),
            ({"revision": 7}, "revision"),
        ],
    )
    def test_each_wrong_field_is_named(self, api, body, changed, field):
        response = api.post(URL, body(**changed), format="json")
        assert response.status_code == 400
        assert list(response.json()["errors"]) == [field]
        assert not Observation.objects.exists()

    def test_a_whole_number_may_be_written_with_a_point(self, api, body):
        sent = json.dumps(body(ratings={"needs": 3})).replace("3}", "3.0}")
        response = api.generic("POST", URL, sent, content_type="application/json")
        assert response.json()["ratings"] == {"needs": 3}

    @pytest.mark.parametrize("who", ["former_member", "stranger"])
    def test_from_outside_the_child_is_not_there(self, request, api_of, body, who):
        response = api_of(request.getfixturevalue(who)).post(URL, body(), format="json")
        assert (response.status_code, response.json()["code"]) == (404, "not_found")

    def test_a_helper_records(self, api_of, helper, body):
        assert api_of(helper).post(URL, body(), format="json").status_code == 201


class TestRead:
    def test_own_state_is_the_authors_alone(self, recorded, api_of, api, co_parent):
        moment = recorded(visibility="household", ratings={"needs": 4, "self": 1})
        url = f"{URL}{moment['id']}/"
        assert api.get(url).json()["ratings"] == {"needs": 4, "self": 1}
        other = api_of(co_parent)
        assert other.get(url).json()["ratings"] == {"needs": 4}
        assert other.get(URL).json()["items"][0]["ratings"] == {"needs": 4}
        assert other.get(URL, {"dimension": "self"}).json()["items"] == []

    def test_a_link_to_a_private_moment_is_not_there_for_others(self, recorded, api_of, co_parent):
        missed = recorded(tone="missed")
        back = recorded(tone="came_back", repairs=missed["id"], visibility="household")
        other = api_of(co_parent)
        assert other.get(f"{URL}{back['id']}/").json()["repairs"] is None
        assert other.get(f"{URL}{missed['id']}/").status_code == 404

    @pytest.mark.parametrize("who", ["co_parent", "helper", "former_member", "stranger"])
    def test_a_private_moment_is_nowhere(self, request, recorded, api_of, who):
        moment = recorded(note="mine", cues=["phone_away"])
        other = api_of(request.getfixturevalue(who))
        url = f"{URL}{moment['id']}/"
        assert other.get(url).status_code == 404
        assert other.get(f"{url}revisions/").status_code == 404
        assert other.post(f"{url}restore/").status_code == 404
        for method in (other.patch, other.delete):
            response = method(url, {}, format="json", headers={"If-Match": '"1"'})
            assert response.status_code == 404
        for query in ({}, {"text": "mine"}, {"tone": "in_tune"}, {"child": moment["child"]}):
            found = other.get(URL, query)
            assert found.json() == {"items": [], "next_cursor": None}

    def test_nothing_internal_is_told(self, recorded, api, record, parent):
        recorded(visibility="household", ratings={"needs": 3}, cues=["phone_away"])
        row = Observation.objects.get()
        User.objects.filter(pk=parent.pk).update(display_name="")
        text = json.dumps(api.get(URL).json())
        assert "@" not in text
        assert f'"{row.pk}"' not in text
        assert not {"pk", "author_id", "household_id", "note_sealed", "checklist_version"} & set(
            api.get(URL).json()["items"][0]
        )


class TestList:
    def test_pages_hold_each_moment_once(self, recorded, api):
        sent = {recorded()["id"] for _each in range(5)}
        found, cursor = [], None
        while True:
            page = api.get(URL, {"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
            found += [item["id"] for item in page["items"]]
            if (cursor := page["next_cursor"]) is None:
                break
        assert len(found) == 5
        assert set(found) == sent

    def test_another_persons_cursor_is_refused(self, recorded, api, api_of, co_parent):
        for _each in range(3):
            recorded(visibility="household")
        cursor = api.get(URL, {"limit": 1}).json()["next_cursor"]
        response = api_of(co_parent).get(URL, {"cursor": cursor})
        assert (response.status_code, list(response.json()["errors"])) == (400, ["cursor"])

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("household", "x"),
            ("child", "7"),
            ("author", ""),
            ("dimension", "joy"),
            ("tone", ""),
            ("since", "yesterday"),
            ("since", "20261118"),
            ("until", "2026-11-31"),
            ("limit", "0"),
            ("limit", "201"),
            ("limit", "-1"),
            ("limit", "1e2"),
            ("limit", "９"),
            ("text", "x" * 101),
            ("text", "a\u0000"),
            ("cursor", "nonsense"),
            ("order", "id"),
            ("author__email", "alice@example.org"),
        ],
    )
    def test_a_filter_that_cannot_be_read_is_named(self, api, name, value):
        response = api.get(URL, {name: value})
        assert response.status_code == 400
        if "\u0000" not in value:
            assert list(response.json()["errors"]) == [name]

    def test_a_filter_given_twice_is_refused(self, api):
        response = api.get(f"{URL}?tone=missed&tone=in_tune")
        assert (response.status_code, list(response.json()["errors"])) == (400, ["tone"])

    def test_the_filters_narrow(self, recorded, api, parent, household):
        recorded(tone="missed", note="by the sea", occurred_at="2026-11-16T10:00:00Z")
        recorded(tone="in_tune", ratings={"needs": 3})
        for query in (
            {"tone": "missed"},
            {"text": "SEA"},
            {"until": "2026-11-16"},
            {"since": "2026-11-16", "until": "2026-11-17"},
        ):
            assert [item["tone"] for item in api.get(URL, query).json()["items"]] == ["missed"], query
        assert len(api.get(URL, {"household": str(household.public_id)}).json()["items"]) == 2
        assert len(api.get(URL, {"author": str(parent.public_id)}).json()["items"]) == 2
        assert len(api.get(URL, {"dimension": "needs"}).json()["items"]) == 1

    def test_ten_more_rows_take_no_more_queries(self, recorded, api):
        def queries():
            with CaptureQueriesContext(connection) as found:
                assert api.get(URL).status_code == 200
            return len(found)

        recorded(cues=["phone_away"], ratings={"needs": 3}, note="a")
        few = queries()
        for _each in range(10):
            recorded(cues=["phone_away"], ratings={"needs": 3}, note="b")
        assert queries() == few


class TestEdit:
    def test_the_named_fields_change_and_the_rest_stays(self, recorded, api):
        moment = recorded(note="first", cues=["phone_away"], ratings={"needs": 2, "safety": 3})
        response = patch(api, moment, {"note": "second", "ratings": {"needs": None}})
        assert response.status_code == 200
        assert response["ETag"] == '"2"'
        shown = response.json()
        assert (shown["note"], shown["cues"], shown["ratings"]) == ("second", ["phone_away"], {"safety": 3})

    def test_the_etag_of_reading_is_what_an_edit_names(self, recorded, api):
        moment = recorded()
        seen = api.get(f"{URL}{moment['id']}/")["ETag"]
        for tag in (seen, f"W/{seen}"):  # a compressing proxy makes it weak
            response = api.patch(f"{URL}{moment['id']}/", {}, format="json", headers={"If-Match": tag})
            assert response.status_code == 200, tag

    def test_without_a_revision_nothing_is_changed(self, recorded, api):
        moment = recorded()
        for tag in (None, "", "*", '"x"', '"1", "2"', "-1", "9" * 30, '"١"'):
            headers = {"If-Match": tag} if tag is not None else {}
            for method in (api.patch, api.delete):
                response = method(f"{URL}{moment['id']}/", {"note": "x"}, format="json", headers=headers)
                assert (response.status_code, response.json()["code"]) == (428, "precondition_required"), tag
        assert api.get(f"{URL}{moment['id']}/").json()["note"] == ""

    def test_a_stale_revision_is_412(self, recorded, api):
        moment = recorded()
        assert patch(api, moment, {"note": "phone"}).status_code == 200
        response = patch(api, moment, {"note": "tablet"}, revision=1)
        assert (response.status_code, response.json()["code"]) == (412, "changed")
        assert api.get(f"{URL}{moment['id']}/").json()["note"] == "phone"

    def test_a_shared_moment_is_not_others_to_change(self, recorded, api_of, co_parent, api):
        moment = recorded(visibility="household", note="mine")
        assert patch(api_of(co_parent), moment, {"note": "theirs"}).status_code == 404
        assert api.get(f"{URL}{moment['id']}/").json()["note"] == "mine"

    def test_the_id_cannot_be_changed(self, recorded, api):
        response = patch(api, recorded(), {"id": str(uuid.uuid4())})
        assert list(response.json()["errors"]) == ["id"]

    def test_how_it_was_is_the_authors_to_read(self, recorded, api, api_of, co_parent):
        moment = recorded(visibility="household", note="first", ratings={"self": 2})
        patch(api, moment, {"note": "second"})
        url = f"{URL}{moment['id']}/revisions/"
        (was,) = api.get(url).json()["items"]
        assert (was["number"], was["note"], was["state"]["ratings"]) == (1, "first", {"self": 2})
        assert was["state"]["child"] == moment["child"]
        assert api_of(co_parent).get(url).status_code == 404


class TestDelete:
    def test_it_is_gone_and_can_be_brought_back(self, recorded, api):
        moment = recorded(note="kept")
        url = f"{URL}{moment['id']}/"
        response = api.delete(url, headers={"If-Match": '"1"'})
        assert (response.status_code, response.content) == (204, b"")
        assert api.get(url).status_code == 404
        restored = api.post(f"{url}restore/")
        assert (restored.status_code, restored.json()["note"], restored["ETag"]) == (200, "kept", '"3"')

    def test_a_stale_revision_deletes_nothing(self, recorded, api):
        moment = recorded()
        patch(api, moment, {"note": "more"})
        response = api.delete(f"{URL}{moment['id']}/", headers={"If-Match": '"1"'})
        assert response.status_code == 412

    def test_sending_it_again_does_not_bring_it_back(self, api, body):
        sent = body()
        api.post(URL, sent, format="json")
        api.delete(f"{URL}{sent['id']}/", headers={"If-Match": '"1"'})
        assert api.post(URL, sent, format="json").status_code == 409


class TestSelfChecks:
    def answer(self, api, child, **changed):
        body = {
            "id": str(uuid.uuid4()),
            "child": str(child.public_id),
            "day": "2026-11-18",
            "ratings": {"needs": 4, "comfort": "not_seen", "self": 2},
            **changed,
        }
        return api.post("/api/v1/self-checks/", body, format="json")

    def test_a_week_is_answered_and_shown(self, api, child):
        response = self.answer(api, child, note="long week")
        shown = response.json()
        assert response.status_code == 201
        assert shown["week_starts_on"] == "2026-11-16"
        assert shown["ratings"] == {"comfort": "not_seen", "needs": 4, "self": 2}
        assert (shown["visibility"], shown["note"]) == ("private", "long week")
        assert api.get(f"/api/v1/self-checks/{shown['id']}/").json() == shown
        assert api.get("/api/v1/self-checks/").json()["items"] == [shown]

    def test_the_same_week_again_keeps_its_id(self, api, child):
        first = self.answer(api, child, note="kept").json()
        import time_machine

        with time_machine.travel("2026-11-19T08:00:00Z", tick=False):
            again = self.answer(api, child, day="2026-11-19", ratings={"needs": 5})
        assert again.status_code == 200
        assert again.json()["id"] == first["id"]
        assert again.json()["note"] == "kept"
        assert again.json()["revision"] == 2

    def test_others_read_a_shared_one_without_the_own_state(self, api, api_of, co_parent, child):
        shown = self.answer(api, child, visibility="household").json()
        other = api_of(co_parent).get(f"/api/v1/self-checks/{shown['id']}/").json()
        assert other["ratings"] == {"comfort": "not_seen", "needs": 4}

    def test_a_private_one_is_not_there_for_others(self, api, api_of, co_parent, child):
        shown = self.answer(api, child).json()
        other = api_of(co_parent)
        assert other.get(f"/api/v1/self-checks/{shown['id']}/").status_code == 404
        assert other.get("/api/v1/self-checks/").json()["items"] == []

    @pytest.mark.parametrize(
        ("changed", "field"),
        [({"day": "2026-11-23"}, "day"), ({"day": "0001-01-01"}, "day"), ({"ratings": None}, "ratings")],
    )
    def test_each_wrong_field_is_named(self, api, child, changed, field):
        response = self.answer(api, child, **changed)
        assert (response.status_code, list(response.json()["errors"])) == (400, [field])

    def test_the_id_of_a_moment_is_a_conflict(self, api, child, recorded):
        assert self.answer(api, child, id=recorded()["id"]).status_code == 409


class TestFocus:
    def test_it_is_chosen_and_taken_away(self, api, household):
        url = f"/api/v1/households/{household.public_id}/focus/"
        for dimension in ("repair", None):
            response = api.put(url, {"dimension": dimension}, format="json")
            assert (response.status_code, response.json()) == (200, {"dimension": dimension})

    @pytest.mark.parametrize("who", ["former_member", "stranger"])
    def test_from_outside_there_is_no_household(self, request, api_of, household, who):
        url = f"/api/v1/households/{household.public_id}/focus/"
        response = api_of(request.getfixturevalue(who)).put(url, {"dimension": "repair"}, format="json")
        assert response.status_code == 404
