"""Everybody at every door: who passes, who is refused, and that what is not theirs looks like what is not there."""

from __future__ import annotations

import sys
from datetime import datetime
from functools import partial
from types import ModuleType
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.urls import get_resolver, path

from households.models import Grant, Invitation
from households.scope import member_of, visible_to
from tests.guards.matrix import API, DOORS, Need, Outcome
from tests.guards.matrix_bytes import Answer, answer
from tests.guards.matrix_law import IN_SESSION
from tests.guards.matrix_references import (
    IN_API,
    IN_PAGES,
    REFERENCES,
    Reference,
    answer_to,
    form_fields,
    invisible_ids,
)
from tests.guards.matrix_routes import METHODS, UNSAFE, operations, routes, uuid_inputs
from tests.guards.matrix_visit import Cell, Visitor, cells, law, met, path_of, seen
from tests.guards.matrix_world import MISSING, Who, World, build_world
from tests.guards.matrix_writes import REMEMBERS, tables_written

# The schema does not describe itself, its page, nor what is not there.
NOT_IN_SCHEMA = {"/api/v1/", "/api/v1/docs/", "/api/v1/schema/"}

# Content and weeks have names that everybody knows: nothing is hidden by hiding them.
NOT_SECRET = (Need.ANY_THAT_EXISTS, Need.OWN_WEEK)
WITH_TOKENS = (Who.AUTHOR, Who.HELPER, Who.FORMER, Who.COACH_NOTES)


def walk(visitor: Visitor, doors: Any = DOORS, **expectation: Any) -> tuple[dict[str, str], int]:
    """What differs from the law for this visitor, and how many cells were looked at."""
    expected_of = expectation.get("expected_of", lambda cell: law(visitor.who, cell))
    wrong: dict[str, str] = {}
    missing: dict[tuple[str, str], Answer] = {}
    found: list[tuple[Cell, Answer]] = []
    count = 0
    for cell in cells(visitor.world, doors):
        response, count = visitor.visit(cell), count + 1
        expected, really = expected_of(cell), met(response)
        if really != expected:
            wrong[str(cell)] = f"{really} instead of {expected} ({response.status_code})"
        if cell.thing and cell.door.need not in NOT_SECRET and really is not Outcome.PASSES:
            found.append((cell, seen(response, cell.thing)))
            if cell.thing.state == "missing":
                missing[cell.route, cell.method] = found[-1][1]
    for cell, given in found:
        like = missing.get((cell.route, cell.method))
        if expected_of(cell) is not Outcome.REFUSED and like != given:
            wrong[f"{cell}: bytes"] = f"{given} is not {like}"
    return wrong, count


@pytest.mark.django_db
class TestInvitation:
    """A link that opens for one address: for everybody else all links look the same, whatever became of them."""

    @staticmethod
    def opened(world: World, who: Who, token: str, method: str) -> Any:
        client = world.client(who)
        first = client.get(f"/household/invitations/{token}/")
        assert (first.status_code, first["Location"]) == (303, "/household/join/")
        with transaction.atomic():
            response = client.generic(method, "/household/join/")
            transaction.set_rollback(True)
        return response

    @pytest.mark.parametrize("method", ["GET", "POST"])
    @pytest.mark.parametrize("who", [who for who in Who if who is not Who.STAFF])
    def test_nobody_else_learns_which_links_work(self, world: World, who: Who, method: str) -> None:
        tokens = {name: secret for name, secret in world.secrets.items() if name.startswith("invitation ")}
        seen_by = {name: self.opened(world, who, token, method) for name, token in tokens.items()}
        unknown = answer(self.opened(world, who, "x" * 43, method))
        assert {name: answer(response) for name, response in seen_by.items()} == dict.fromkeys(
            tokens, unknown
        )
        assert unknown.status == (200 if who is Who.ANONYMOUS else 404)
        assert not any(home.name.encode() in unknown.body for home in world.homes.values())

    def test_the_one_it_was_sent_to_may_look_and_join(self, world: World) -> None:
        token = world.secrets["invitation open"]
        assert b"The attic" in self.opened(world, Who.STAFF, token, "GET").content
        assert self.opened(world, Who.STAFF, token, "POST").status_code == 303

    @pytest.mark.parametrize("became", ["withdrawn", "expired", "accepted"])
    def test_what_is_over_looks_like_what_never_was(self, world: World, became: str) -> None:
        name = "withdrawn" if became == "withdrawn" else "open"
        if became != "withdrawn":
            change = {"expired": {"expires_at": world.now}, "accepted": {"accepted_at": world.now}}[became]
            Invitation.objects.update(**change)
        over = self.opened(world, Who.STAFF, world.secrets[f"invitation {name}"], "GET")
        never = self.opened(world, Who.STAFF, "x" * 43, "GET")
        assert answer(over) == answer(never)
        assert over.status_code == 404


@pytest.mark.django_db
class TestOffer:
    """The same for a coach's link."""

    @staticmethod
    def opened(world: World, who: Who, token: str, method: str, path: str = "/coach/offers/") -> Any:
        client = world.client(who)
        first = client.get(f"/coach/offers/{token}/")
        assert (first.status_code, first["Location"]) == (303, "/coach/offers/")
        with transaction.atomic():
            response = client.generic(method, path)
            transaction.set_rollback(True)
        return response

    @pytest.mark.parametrize(
        ("method", "path"),
        [("GET", "/coach/offers/"), ("POST", "/coach/offers/"), ("POST", "/coach/offers/decline/")],
    )
    @pytest.mark.parametrize("who", [who for who in Who if who is not Who.STAFF])
    def test_nobody_else_learns_which_links_work(
        self, world: World, who: Who, method: str, path: str
    ) -> None:
        known = answer(self.opened(world, who, world.secrets["offer"], method, path))
        assert known == answer(self.opened(world, who, "x" * 43, method, path))
        assert who is Who.AUTHOR or world.users[Who.AUTHOR].email.encode() not in known.body

    def test_the_one_it_was_sent_to_may_look_and_take_it(self, world: World) -> None:
        token = world.secrets["offer"]
        assert b"author@example.org" in self.opened(world, Who.STAFF, token, "GET").content
        assert self.opened(world, Who.STAFF, token, "POST").status_code == 303

    def test_what_was_withdrawn_looks_like_what_never_was(self, world: World) -> None:
        Grant.objects.filter(accepted_at=None).update(withdrawn_at=world.now)
        over = self.opened(world, Who.STAFF, world.secrets["offer"], "GET")
        assert answer(over) == answer(self.opened(world, Who.STAFF, "x" * 43, "GET"))
        assert over.status_code == 404


@pytest.mark.django_db
class TestNamedIds:
    """An id in a query or in a body is as secret as one in an address."""

    def test_every_id_that_the_api_takes_is_classified(self) -> None:
        assert {(item.route, item.method, item.name) for item in IN_API} == set(uuid_inputs())

    def test_every_id_that_a_page_takes_is_classified(self) -> None:
        assert set(IN_PAGES) == set(form_fields())

    @pytest.mark.parametrize(
        "reference", REFERENCES, ids=lambda item: f"{item.method} {item.route} {item.name}"
    )
    def test_what_is_not_theirs_looks_like_what_is_not_there(
        self, world: World, reference: Reference
    ) -> None:
        visitor = Visitor(world, Who.CO_GUARDIAN)
        never_there = answer_to(visitor, reference, MISSING)
        hidden = invisible_ids(world, reference.kind)
        assert hidden
        assert {name: answer_to(visitor, reference, id_) for name, id_ in hidden.items()} == dict.fromkeys(
            hidden, never_there
        )

    def test_this_guard_can_see(self, world: World) -> None:
        mends = next(item for item in REFERENCES if item.name == "repairs" and item.method == "PATCH")
        visitor = Visitor(world, Who.CO_GUARDIAN)
        shared = world.thing("moment", f"{Who.AUTHOR}'s shared live").ids["moment_id"]
        assert answer_to(visitor, mends, shared) != answer_to(visitor, mends, MISSING)


def told(wrong: dict[str, Any]) -> str:
    return "\n".join(f"{cell}: {what}" for cell, what in wrong.items())


class TestTheTable:
    def test_every_route_is_classified(self) -> None:
        assert {"/log/", "/moments/{moment_id}/", "/api/v1/moments/"} <= set(routes())
        assert set(routes()) - set(DOORS) == set()

    def test_a_route_that_nobody_classified_is_found(self, settings: Any) -> None:
        """The table's own proof: whatever is added to the URLconf has to take its place in it."""
        added = ModuleType("added")
        new = [path("new/<uuid:moment_id>/", lambda _request: None), *get_resolver().url_patterns]
        vars(added)["urlpatterns"] = new
        settings.ROOT_URLCONF = added
        assert set(routes()) - set(DOORS) == {"/new/{moment_id}/"}
        assert routes()["/new/{moment_id}/"] == {"moment_id": "uuid"}

    def test_no_classified_route_is_gone(self) -> None:
        assert set(DOORS) - set(routes()) == set()

    def test_the_schema_and_the_table_know_the_same_operations(self) -> None:
        classified = {
            (route, method)
            for route, rule in API.items()
            for method in rule.doors
            if route not in NOT_IN_SCHEMA
        }
        assert classified == operations()

    @pytest.mark.django_db
    def test_everything_an_address_can_name_is_there_to_be_asked_for(self, world: World) -> None:
        for route, rule in DOORS.items():
            named = set(routes()[route])
            known = {name for thing in world.things.get(rule.kind, ()) for name in thing.ids}
            assert not rule.kind or named <= known, route
            assert rule.kind or named <= {"token"}, f"{route} names something, but no kind of it is known"


@pytest.mark.django_db
class TestMatrix:
    def test_this_guard_can_see(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        some = ("/api/v1/moments/{moment_id}/", "/moments/{moment_id}/delete/")
        everything = lambda actor_id, capability, **_: member_of(actor_id, capability)  # noqa: E731
        importers = [
            found for found in list(sys.modules.values()) if vars(found).get("visible_to") is visible_to
        ]
        for module in importers:
            monkeypatch.setattr(module, "visible_to", everything)
        wrong, _count = walk(Visitor(world, Who.CO_GUARDIAN), {route: DOORS[route] for route in some})
        assert "GET /api/v1/moments/{moment_id}/ (author's private live)" in wrong
        assert "POST /moments/{moment_id}/delete/ (author's shared live)" in wrong

    @pytest.mark.drill
    @pytest.mark.parametrize("who", Who)
    def test_it_holds_with_everything_that_everybody_ever_wrote(self, now: datetime, who: Who) -> None:
        with time_machine.travel(now, tick=False):
            complete = build_world(now, complete=True)
            wrong, count = walk(Visitor(complete, who))
        assert not wrong, told(wrong)
        assert count > 500

    @pytest.mark.timeout(600)
    @pytest.mark.parametrize("who", Who)
    def test_everybody_meets_what_the_law_says(self, world: World, who: Who) -> None:
        wrong, count = walk(Visitor(world, who))
        assert not wrong, told(wrong)
        assert count > 300

    @pytest.mark.parametrize("who", WITH_TOKENS)
    def test_a_token_that_may_write_opens_the_same_doors_of_the_api(self, world: World, who: Who) -> None:
        def expected(cell: Cell) -> Outcome:
            return without_session(cell) or law(who, cell)

        visitor = Visitor(world, who, secret=world.secrets[f"{who} write"])
        wrong, _count = walk(visitor, API, expected_of=expected)
        assert not wrong, told(wrong)

    @pytest.mark.parametrize("who", WITH_TOKENS)
    def test_a_token_that_may_read_changes_nothing(self, world: World, who: Who) -> None:
        def expected(cell: Cell) -> Outcome:
            return without_session(cell) or (Outcome.REFUSED if cell.method in UNSAFE else law(who, cell))

        visitor = Visitor(world, who, secret=world.secrets[f"{who} read"])
        wrong, _count = walk(visitor, API, expected_of=expected)
        assert not wrong, told(wrong)

    def test_a_token_opens_no_page(self, world: World) -> None:
        visitor = Visitor(world, Who.AUTHOR, secret=world.secrets[f"{Who.AUTHOR} write"])
        pages = {route: rule for route, rule in DOORS.items() if route not in API}
        wrong, _count = walk(visitor, pages, expected_of=lambda cell: law(Who.ANONYMOUS, cell))
        assert not wrong, told(wrong)

    @pytest.mark.parametrize("who", [Who.ANONYMOUS, Who.AUTHOR])
    def test_no_route_has_a_method_that_is_not_in_the_table(self, world: World, who: Who) -> None:
        visitor, passed = Visitor(world, who, raise_request_exception=False), {}
        for route, rule in DOORS.items():
            allowed = {*rule.doors, "OPTIONS", *(("HEAD",) if "GET" in rule.doors else ())}
            thing = visitor.world.things[rule.kind][0] if rule.kind else None
            for method in set(METHODS) - allowed:
                response, written = tables_written(
                    partial(visitor.send, method, path_of(route, thing)), besides=REMEMBERS
                )
                refused = response.status_code in (401, 404, 405) or met(response) is Outcome.SIGNS_IN
                if written or not refused:
                    passed[f"{method} {route}"] = (response.status_code, written)
        assert not passed, told(passed)


def without_session(cell: Cell) -> Outcome | None:
    """What a token meets where only a session passes."""
    if cell.door.need is Need.SIGN_IN_HERE:
        return Outcome.SIGNS_IN
    return Outcome.REFUSED if cell.door.need in IN_SESSION else None
