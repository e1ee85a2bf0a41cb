"""Nothing is changed by a request that no page of ours made, and nothing by looking."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.conf import settings

from tests.guards.matrix import API, Outcome
from tests.guards.matrix_law import IN_SESSION
from tests.guards.matrix_routes import UNSAFE
from tests.guards.matrix_visit import Cell, Visitor, cells, met, open_cells, path_of
from tests.guards.matrix_world import Who, World
from tests.guards.matrix_writes import COUNTS, REMEMBERS, tables_written

# A mail program has no CSRF token: the signed token in the address stands for the person (RFC 8058).
WITHOUT_TOKEN = {"/unsubscribe/{token}/"}
# What no page of ours sends, but the phone itself: a share from another app, and what became of a reminder. Another
# site's page is told from it by what the browser says of the request; `TestFromThePhone` has the rest.
FROM_THE_PHONE = {"/log/share/", "/account/reminders/noted/"}
OURS, STALE = "o" * 32, "s" * 32
OTHER_SITE = {"Origin": "https://evil.example"}

# What a coach opens is written down for its author before it is shown; what is shown once, that it was shown.
WRITTEN_DOWN = {
    **dict.fromkeys(
        [
            "/coach/{household_id}/",
            "/coach/{household_id}/months/",
            "/coach/{household_id}/moments/{moment_id}/",
        ],
        frozenset({"households_accessentry"}),
    ),
    "/coach/grants/{grant_id}/weeks/{label}/": frozenset({"households_accessentry"}),
    "/coach/grants/{grant_id}/sheet/": frozenset({"households_accessentry"}),
    # The installation's key for phones, where there is none yet: the same whoever asks first.
    "/api/v1/sync/session": frozenset({"observations_sealingkey"}),
    "/account/recovery-codes/": frozenset({"mfa_authenticator"}),
}


def forger(world: World, who: Who, *, cookie: str = OURS) -> Visitor:
    """The person's own browser, into which another site puts a request. Tokens are checked as they are outside."""
    visitor = Visitor(world, who, enforce_csrf_checks=True)
    if cookie:
        visitor.keep_cookie(settings.CSRF_COOKIE_NAME, cookie)
    return visitor


def with_token(visitor: Visitor, cell: Cell, token: str, **headers: str) -> Any:
    """A proper request with this CSRF token: in a header for the API, in the form for a page."""
    if cell.route in API:
        return visitor.visit(cell, **({"X-CSRFToken": token} if token else {}), **headers)
    return visitor.visit(cell, besides={"csrfmiddlewaretoken": token} if token else {}, **headers)


# What somebody else can send, by what it lacks: the token in the cookie, the token sent along, other headers.
FORGERIES = {
    "without a token": (OURS, "", {}),
    "without a token or its cookie": ("", "", {}),
    "with a token from before": (OURS, STALE, {}),
    "with somebody else's token and no cookie": ("", STALE, {}),
    "with a token that is none": (OURS, "<script>", {}),
    "with our token, from another site": (OURS, OURS, OTHER_SITE),
    "with our token, from nowhere": (OURS, OURS, {"Origin": "null"}),
    "with our token, by another site's page": (OURS, OURS, {"Sec-Fetch-Site": "cross-site"}),
}


@pytest.mark.django_db
class TestForgedRequests:
    @pytest.mark.parametrize("who", [Who.ANONYMOUS, Who.AUTHOR, Who.HELPER])
    def test_a_request_of_our_own_pages_passes(self, world: World, who: Who) -> None:
        visitor, wrote = forger(world, who), set()
        for cell in open_cells(world, who, UNSAFE).values():
            response, tables = tables_written(partial(with_token, visitor, cell, OURS))
            assert met(response) is Outcome.PASSES, cell
            wrote |= tables
        seen = {"observations_observation", "households_child", "accounts_apitoken"}
        assert who is not Who.AUTHOR or wrote >= seen

    @pytest.mark.parametrize("forgery", FORGERIES)
    @pytest.mark.parametrize("who", [Who.ANONYMOUS, Who.AUTHOR, Who.COACH_NOTES])
    def test_a_forged_one_is_refused_and_changes_nothing(self, world: World, who: Who, forgery: str) -> None:
        cookie, token, headers = FORGERIES[forgery]
        visitor, doors = forger(world, who, cookie=cookie), open_cells(world, who, UNSAFE)
        answers = {}
        for name, cell in doors.items():
            if cell.route not in WITHOUT_TOKEN | FROM_THE_PHONE:
                send = partial(with_token, visitor, cell, token, **headers)
                response, tables = tables_written(send, besides=COUNTS if cell.route in API else ())
                answers[name] = (response.status_code, tables)
        assert len(answers) > (35 if who is Who.AUTHOR else 8)
        assert answers == dict.fromkeys(answers, (403, set()))

    def test_what_needs_no_token_is_what_we_say(self, world: World) -> None:
        visitor = forger(world, Who.ANONYMOUS, cookie="")
        passing = {
            cell.route
            for cell in open_cells(world, Who.ANONYMOUS, UNSAFE).values()
            if met(with_token(visitor, cell, "", **{"Sec-Fetch-Site": "cross-site"})) is Outcome.PASSES
        }
        assert passing == WITHOUT_TOKEN

    def test_a_program_with_a_key_needs_none(self, world: World) -> None:
        visitor = Visitor(
            world, Who.AUTHOR, secret=world.secrets[f"{Who.AUTHOR} write"], enforce_csrf_checks=True
        )
        cells = open_cells(world, Who.AUTHOR, UNSAFE).values()
        api = [cell for cell in cells if cell.route in API and cell.door.need not in IN_SESSION]
        assert len(api) > 10
        assert {str(cell): met(visitor.visit(cell)) for cell in api} == {
            str(cell): Outcome.PASSES for cell in api
        }
        foreign = {met(visitor.visit(cell, **{"Sec-Fetch-Site": "cross-site"})) for cell in api}
        assert foreign == {Outcome.REFUSED}  # a program sends no such header; a page that found the key does

    def test_a_key_beside_a_session_does_not_make_up_for_the_token(self, world: World) -> None:
        visitor = forger(world, Who.AUTHOR)
        visitor.headers["Authorization"] = f"Bearer {world.secrets[f'{Who.STRANGER} write']}"
        cells = open_cells(world, Who.AUTHOR, UNSAFE).values()
        assert {met(visitor.visit(cell)) for cell in cells if cell.route in API} == {Outcome.REFUSED}


@pytest.mark.django_db
class TestFromThePhone:
    @staticmethod
    def cells(world: World) -> list[Cell]:
        found = [cell for cell in cells(world) if cell.route in FROM_THE_PHONE and cell.method == "POST"]
        assert len(found) == len(FROM_THE_PHONE)
        return found

    @pytest.mark.parametrize("who", [Who.ANONYMOUS, Who.AUTHOR])
    def test_needs_no_token_and_writes_nothing_of_the_family(self, world: World, who: Who) -> None:
        visitor = forger(world, who, cookie="")
        for cell in self.cells(world):
            response, tables = tables_written(partial(visitor.visit, cell), besides=REMEMBERS)
            assert (met(response), tables) == (Outcome.PASSES, set()), cell

    @pytest.mark.parametrize("who", [Who.ANONYMOUS, Who.AUTHOR])
    def test_is_refused_from_another_sites_page(self, world: World, who: Who) -> None:
        visitor = forger(world, who)
        for cell in self.cells(world):
            response = visitor.visit(cell, besides={}, **{"Sec-Fetch-Site": "cross-site"})
            assert met(response) is Outcome.REFUSED, cell

    @pytest.mark.parametrize("says", ["", "same-site", "cross-site", "nonsense"])
    def test_words_are_shown_only_where_the_browser_says_who_shared_them(
        self, world: World, says: str
    ) -> None:
        (share,) = [cell for cell in self.cells(world) if cell.route == "/log/share/"]
        response = forger(world, Who.AUTHOR).visit(share, **{"Sec-Fetch-Site": says})
        assert met(response) is Outcome.REFUSED


@pytest.mark.django_db
class TestLooking:
    @pytest.mark.parametrize(
        ("who", "method"),
        [
            (Who.ANONYMOUS, "GET"),
            (Who.AUTHOR, "GET"),
            (Who.HELPER, "HEAD"),
            (Who.AUTHOR, "OPTIONS"),
            (Who.COACH_NOTES, "GET"),
        ],
    )
    def test_changes_nothing_the_first_time_and_the_second(self, world: World, who: Who, method: str) -> None:
        browser, wrote = world.client(who), {}
        for name, cell in open_cells(world, who, ["GET"]).items():
            look = partial(browser.generic, method, path_of(cell.route, cell.thing))
            for time in ("first", "second"):
                response, tables = tables_written(
                    look, besides=REMEMBERS | WRITTEN_DOWN.get(cell.route, frozenset())
                )
                if tables or response.status_code >= 500:
                    wrote[f"{name}, the {time} time"] = (response.status_code, tables)
        assert wrote == {}
