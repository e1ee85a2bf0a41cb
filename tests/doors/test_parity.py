"""One rule, two doors: the same words go through the page and through the API, and the same fields refuse.

Each door has its own way to write a payload down (a form has a radio button for every question, a month is two
lists), so a payload is said once in neutral words and encoded for each.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from frontend.forms.account import TokenForm
from households.models import Child, Household
from observations.models import Draft, Observation
from observations.when import Said
from tests.phone import Phone

pytestmark = pytest.mark.usefixtures("that_evening")

UNKNOWN = "11111111-2222-4333-8444-555555555555"
NOT_THERE = frozenset({"not there"})


@dataclass(frozen=True)
class Door:
    """How one use case is asked for at both doors: addresses, encodings, and what a page calls a field."""

    page: str
    api: str
    method: str = "post"
    for_page: Callable[[dict[str, Any]], dict[str, Any]] = dict
    for_api: Callable[[dict[str, Any]], dict[str, Any]] = dict
    called: dict[str, str] = field(default_factory=dict)


def refused_by_page(browser: Client, door: Door, payload: dict[str, Any]) -> frozenset[str]:
    """Which fields the page refuses; nothing for what it took."""
    response = browser.post(door.page, door.for_page(payload))
    if response.status_code == 404:
        return NOT_THERE
    if response.status_code in (302, 303) or "form" not in (response.context or {}):
        return frozenset()
    errors = response.context["form"].errors
    return frozenset(_said(name, door.called) for name in errors)


def refused_by_api(browser: Client, door: Door, payload: dict[str, Any]) -> frozenset[str]:
    response = browser.generic(
        door.method.upper(),
        door.api,
        json.dumps(door.for_api(payload)),
        content_type="application/json",
        headers={"If-Match": '"1"'},
    )
    if response.status_code == 404:
        return NOT_THERE
    errors = response.json().get("errors", {}) if response.status_code == 400 else {}
    assert errors or response.status_code in (200, 201), response.content
    return frozenset(_said(name.partition(".")[0], {}) for name in errors)


def _said(name: str, called: dict[str, str]) -> str:
    if name.startswith("rating_"):
        return "ratings"
    return called.get(name, name)


def without(payload: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if name not in names}


def as_radio_buttons(payload: dict[str, Any]) -> dict[str, Any]:
    """Answers as a form sends them: one button for each question, none for one never asked."""
    answers = payload.get("ratings", {})
    return without(payload, "ratings") | {f"rating_{name}": str(answer) for name, answer in answers.items()}


# --- Recording ---------------------------------------------------------------------------------------------------
CAPTURE = Door(
    page="/log/",
    api="/api/v1/moments/",
    for_page=lambda said: (
        without(said, "id", "occurred_at") | {"moment_id": said["id"], "opened_at": said["occurred_at"]}
    ),
    called={"moment_id": "id", "opened_at": "occurred_at"},
)


@pytest.fixture
def browser(client_of, parent, child, second_child) -> Client:
    return client_of(parent)


def both(
    browser: Client, page: tuple[Door, dict[str, Any]], api: tuple[Door, dict[str, Any]]
) -> frozenset[str]:
    """What both doors refuse, which has to be the same."""
    by_page, by_api = refused_by_page(browser, *page), refused_by_api(browser, *api)
    assert by_page == by_api
    return by_page


RECORDED: list[tuple[dict[str, Any], Any]] = [
    ({}, set()),
    ({"tone": "missed"}, set()),
    ({"tone": "perfect"}, {"tone"}),
    ({"tone": ""}, {"tone"}),
    ({"child": UNKNOWN}, NOT_THERE),
    ({"child": "nonsense"}, {"child"}),
    ({"id": "nonsense"}, {"id"}),
    ({"occurred_at": "2026-11-18T18:00:00+01:00"}, set()),
    ({"occurred_at": "2026-11-25T18:00:00+00:00"}, {"occurred_at"}),
    ({"occurred_at": "1999-11-18T18:00:00+00:00"}, {"occurred_at"}),
    ({"occurred_at": "nonsense"}, {"occurred_at"}),
    ({"tone": "came_back", "repairs": UNKNOWN}, {"repairs"}),
    ({"tone": "came_back", "repairs": "nonsense"}, {"repairs"}),
    ({"tone": "perfect", "child": "nonsense"}, {"tone", "child"}),
]


class TestRecording:
    @pytest.mark.parametrize(("changed", "refused"), RECORDED)
    def test_both_doors_refuse_the_same(self, browser, child, changed, refused):
        def said() -> dict[str, Any]:
            return {
                "id": str(uuid.uuid4()),
                "child": str(child.public_id),
                "tone": "in_tune",
                "occurred_at": "2026-11-18T19:00:00+00:00",
                **changed,
            }

        assert both(browser, (CAPTURE, said()), (CAPTURE, said())) == refused

    @pytest.mark.parametrize("who", ["stranger", "former_member"])
    def test_both_doors_hide_the_child(self, request, client_of, child, who):
        """Who has no household is led to make one; nobody from outside ever records here."""
        outsider = client_of(request.getfixturevalue(who))
        said = {"child": str(child.public_id), "tone": "in_tune", "occurred_at": "2026-11-18T19:00:00+00:00"}
        refused_by_page(outsider, CAPTURE, {**said, "id": str(uuid.uuid4())})
        assert refused_by_api(outsider, CAPTURE, {**said, "id": str(uuid.uuid4())}) == NOT_THERE
        assert not Observation.objects.exists()


# --- Editing -----------------------------------------------------------------------------------------------------
def edit_form(said: dict[str, Any]) -> dict[str, Any]:
    """The edit sheet: a picked time is a wall clock's (Lisbon's winter has no offset)."""
    form = as_radio_buttons(without(said, "occurred_at"))
    form |= {"revision": "1", "opened_at": "2026-11-18T19:30:00+00:00", "when": "keep"}
    if "occurred_at" in said:
        form |= {"when": "pick", "picked": said["occurred_at"].removesuffix(":00Z")}
    return form


def editing(moment: Observation) -> Door:
    return Door(
        page=f"/moments/{moment.public_id}/edit/",
        api=f"/api/v1/moments/{moment.public_id}/",
        method="patch",
        for_page=edit_form,
        called={"picked": "occurred_at", "when": "occurred_at"},
    )


EDITED: list[tuple[dict[str, Any], Any]] = [
    ({}, set()),
    ({"note": "x" * 5000}, set()),
    ({"note": "  " + "x" * 5000 + "\n"}, set()),
    ({"note": "x" * 5001}, {"note"}),
    ({"note": "a\u0000b"}, {"note"}),
    ({"note": "<b>\u202e & 🦊"}, set()),
    ({"cues": ["held", "phone_away"]}, set()),
    ({"cues": ["nonsense"]}, {"cues"}),
    ({"cues": ["bedtime"]}, {"cues"}),
    ({"contexts": ["nonsense"]}, {"contexts"}),
    ({"feelings": ["nonsense"]}, {"feelings"}),
    ({"contexts": ["bedtime"], "feelings": ["calm"]}, set()),
    ({"cues": [f"key_{number}" for number in range(41)]}, {"cues"}),
    ({"ratings": {"needs": 5, "safety": "not_seen", "self": "skipped"}}, set()),
    ({"ratings": {"needs": 6}}, {"ratings"}),
    ({"ratings": {"needs": 0}}, {"ratings"}),
    ({"ratings": {"self": "nonsense"}}, {"ratings"}),
    ({"visibility": "household"}, set()),
    ({"visibility": "everybody"}, {"visibility"}),
    ({"tone": "perfect"}, {"tone"}),
    ({"child": UNKNOWN}, NOT_THERE),
    ({"child": "nonsense"}, {"child"}),
    ({"repairs": UNKNOWN}, {"repairs"}),
    ({"repairs": "nonsense"}, {"repairs"}),
    ({"occurred_at": "2026-11-17T08:15:00Z"}, set()),
    ({"occurred_at": "2026-11-19T08:15:00Z"}, {"occurred_at"}),
    ({"occurred_at": "2021-01-01T08:15:00Z"}, {"occurred_at"}),
    ({"occurred_at": "0001-01-01T00:00:00Z"}, {"occurred_at"}),
    ({"note": "x" * 5001, "visibility": "everybody"}, {"visibility", "note"}),
]


class TestEditing:
    @pytest.mark.parametrize(("changed", "refused"), EDITED)
    def test_both_doors_refuse_the_same(self, browser, record, child, now, changed, refused):
        said = {
            "child": str(child.public_id),
            "tone": "came_back",
            "note": "words",
            "cues": [],
            "contexts": [],
            "feelings": [],
            "ratings": {},
            **changed,
        }
        record(tone="missed", occurred=Said(at=now - timedelta(hours=2)))  # the sheet has something to mend
        moments = [record(tone="came_back", occurred=Said(at=now - timedelta(hours=1))) for _door in "ab"]
        page, api = (editing(moment) for moment in moments)
        by_page, by_api = refused_by_page(browser, page, said), refused_by_api(browser, api, said)
        # A form reads every field before a use case looks at one, so of two mistakes a door may name one at a time.
        assert by_page <= refused
        assert by_api <= refused
        assert bool(by_page) == bool(by_api) == bool(refused)
        if len(refused) == 1:
            assert by_page == by_api == refused

    def test_both_doors_write_the_same(self, browser, record, child, second_child):
        said = {
            "child": str(second_child.public_id),
            "tone": "came_back",
            "note": " a walk\r\nby the sea ",
            "cues": ["held", "phone_away"],
            "contexts": ["bedtime"],
            "feelings": ["calm"],
            "ratings": {"needs": 5, "safety": "not_seen", "self": "skipped"},
            "visibility": "household",
            "occurred_at": "2026-11-17T08:15:00Z",
        }
        moments = [record() for _door in "ab"]
        page, api = (editing(moment) for moment in moments)
        assert refused_by_page(browser, page, said) == refused_by_api(browser, api, said) == frozenset()
        first, second = (browser.get(f"/api/v1/moments/{moment.public_id}/").json() for moment in moments)
        assert without(first, "id") == without(second, "id")
        assert first["note"] == "a walk\nby the sea"


# --- The week ----------------------------------------------------------------------------------------------------
CHECK = Door(
    page="/check/",
    api="/api/v1/self-checks/",
    for_page=lambda said: as_radio_buttons(without(said, "id", "child", "day")) | {"check_id": said["id"]},
    called={"check_id": "id", "__all__": "ratings"},
)


class TestSelfCheck:
    @pytest.mark.parametrize(
        ("changed", "refused"),
        [
            ({}, set()),
            ({"ratings": {"needs": 1, "comfort": "not_seen"}}, set()),
            ({"ratings": {}}, {"ratings"}),
            ({"ratings": {"needs": "skipped"}}, {"ratings"}),
            ({"ratings": {}, "note": " \n"}, {"ratings"}),
            ({"ratings": {}, "note": "A line"}, set()),
            ({"ratings": {"self": "not_seen"}}, set()),
            ({"ratings": {"needs": 6}}, {"ratings"}),
            ({"ratings": {"comfort": "nonsense"}}, {"ratings"}),
            ({"note": "x" * 5001}, {"note"}),
            ({"note": "a\u0000b"}, {"note"}),
            ({"visibility": "everybody"}, {"visibility"}),
            ({"id": "nonsense"}, {"id"}),
        ],
    )
    def test_both_doors_refuse_the_same(self, browser, child, changed, refused):
        check_id = str(uuid.uuid4())
        said = {
            "id": check_id,
            "child": str(child.public_id),
            "day": "2026-11-18",
            "ratings": {"needs": 3},
            "note": "",
            "visibility": "private",
            **changed,
        }
        assert both(browser, (CHECK, said), (CHECK, said)) == refused


# --- The household -----------------------------------------------------------------------------------------------
class TestHousehold:
    @pytest.mark.parametrize(
        ("changed", "refused"),
        [
            ({}, set()),
            ({"name": ""}, {"name"}),
            ({"name": " \t "}, {"name"}),
            ({"name": "x" * 60}, set()),
            ({"name": "x" * 61}, {"name"}),
            ({"name": "a\u0000b"}, {"name"}),
            ({"timezone": "Moon/Base"}, {"timezone"}),
            ({"timezone": "Asia/Kathmandu"}, set()),
            ({"week_starts_on": 7}, {"week_starts_on"}),
            ({"week_starts_on": -1}, {"week_starts_on"}),
        ],
    )
    def test_both_doors_refuse_the_same(self, browser, household: Household, changed, refused):
        door = Door(page="/household/", api=f"/api/v1/households/{household.public_id}/", method="patch")
        said = {"name": "The loft", "timezone": "Europe/Lisbon", "week_starts_on": 6, **changed}
        assert both(browser, (door, said), (door, said)) == refused

    @pytest.mark.parametrize(
        ("changed", "refused"),
        [
            ({}, set()),
            ({"nickname": ""}, {"nickname"}),
            ({"nickname": "PIP"}, {"nickname"}),
            ({"nickname": "x" * 31}, {"nickname"}),
            ({"nickname": "a\u0000b"}, {"nickname"}),
            ({"birth_month": "2025-13"}, {"birth_month"}),
            ({"birth_month": "1980-01"}, {"birth_month"}),
            ({"birth_month": "2026-12"}, set()),
            ({"birth_month": "2027-09"}, {"birth_month"}),
            ({"colour": "#ff0000"}, {"colour"}),
            ({"colour": "dusk"}, set()),
        ],
    )
    def test_both_doors_refuse_the_same_of_a_child(self, browser, household: Household, changed, refused):
        door = Door(page="/household/children/", api=f"/api/v1/households/{household.public_id}/children/")
        said = {"nickname": "Wren", "birth_month": "2024-02", **changed}
        assert refused_by_page(browser, door, said) == refused
        Child.objects.filter(nickname="Wren").delete()  # two of one name are refused
        assert refused_by_api(browser, door, said) == refused


# --- The account -------------------------------------------------------------------------------------------------
class TestAccount:
    @pytest.mark.parametrize(
        ("changed", "refused"),
        [
            ({}, set()),
            ({"display_name": "x" * 61}, {"display_name"}),
            ({"display_name": "a\u0000b"}, {"display_name"}),
            ({"timezone": "Moon/Base"}, {"timezone"}),
            ({"digest_level": "everything"}, {"digest_level"}),
            ({"digest_weekday": 7}, {"digest_weekday"}),
            ({"digest_hour": 3}, {"digest_hour"}),
            ({"digest_hour": 20}, set()),
            ({"standing_visibility": "everybody"}, {"standing_visibility"}),
        ],
    )
    def test_both_doors_refuse_the_same_choices(self, browser, changed, refused):
        door = Door(page="/account/choices/", api="/api/v1/me/", method="patch")
        said = {
            "display_name": "Al",
            "timezone": "Europe/Lisbon",
            "digest_level": "counts",
            "digest_weekday": 6,
            "digest_hour": 18,
            "standing_visibility": "household",
            **changed,
        }
        assert both(browser, (door, said), (door, said)) == refused

    @pytest.mark.parametrize(
        ("changed", "refused"),
        [
            ({}, set()),
            ({"name": ""}, {"name"}),
            ({"name": "x" * 61}, {"name"}),
            ({"scope": "admin"}, {"scope"}),
            ({"days": 0}, {"days"}),
            ({"days": 366}, {"days"}),
        ],
    )
    def test_both_doors_refuse_the_same_tokens(self, browser, changed, refused):
        door = Door(page="/account/tokens/", api="/api/v1/tokens/")
        said = {"name": "a script", "scope": "read", "days": 30, **changed}
        assert both(browser, (door, said), (door, said)) == refused


class TestTheComparison:
    def test_it_sees_a_rule_that_only_one_door_keeps(self, browser, monkeypatch):
        monkeypatch.setattr(TokenForm.base_fields["name"], "validators", [_refuse_all])
        door = Door(page="/account/tokens/", api="/api/v1/tokens/")
        said = {"name": "a script", "scope": "read", "days": 30}
        with pytest.raises(AssertionError):
            both(browser, (door, said), (door, said))


def _refuse_all(_value: object) -> None:
    raise ValidationError("no")


# --- What a phone sends later ------------------------------------------------------------------------------------
class TestTheThirdDoor:
    """A phone is told of one field, the first that was wrong: it is one that the other doors refuse as well."""

    def refused(
        self, browser: Client, kind: str, said: dict[str, Any], *, moment_id: str = ""
    ) -> frozenset[str]:
        phone = Phone(browser).start()
        fields = without(said, "id", "occurred_at")
        plain = {
            "type": kind,
            "base": {"rev": 1} if kind == "update" else None,
            "occurred_at": said.get("occurred_at"),
            "occurred_src": "typed",
            "fields": fields,
        }
        (result,) = phone.send([phone.seal_op(plain, moment_id=moment_id or said["id"])])
        if result["status"] in ("applied", "merged"):
            return frozenset()
        assert result["status"] == "rescued"
        return frozenset({Draft.objects.get().field})

    @pytest.mark.parametrize(("changed", "refused"), [item for item in RECORDED if "id" not in item[0]])
    def test_it_refuses_what_is_refused_when_recording(self, browser, child, changed, refused):
        said = {
            "id": str(uuid.uuid4()),
            "child": str(child.public_id),
            "tone": "in_tune",
            "occurred_at": "2026-11-18T19:00:00+00:00",
            **changed,
        }
        self.compare(self.refused(browser, "create", said), refused)

    @pytest.mark.parametrize(("changed", "refused"), EDITED)
    def test_it_refuses_what_is_refused_when_editing(self, browser, record, child, changed, refused):
        moment = record(tone="came_back")
        said = {"child": str(child.public_id), "tone": "came_back", "note": "words", **changed}
        self.compare(self.refused(browser, "update", said, moment_id=str(moment.public_id)), refused)

    def compare(self, found: frozenset[str], refused: Any) -> None:
        expected = {"child"} if refused == NOT_THERE else set(refused)
        assert bool(found) == bool(expected)
        assert found <= expected
