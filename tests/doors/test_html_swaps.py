"""A page, or the piece of it that htmx asked for: decided by the server alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from households.models import Child
from observations.models import Observation

pytestmark = pytest.mark.usefixtures("that_evening")

SWAP = {"HX-Request": "true"}


@pytest.fixture
def browser(client_of: Callable[[User], Client], parent: User, child: Child) -> Client:
    return client_of(parent)


class TestRenderPage:
    def test_sends_the_piece_for_a_swap(self, browser: Client, record: Callable[..., Observation]) -> None:
        record()
        piece = browser.get("/moments/", headers=SWAP).content.decode()
        assert "<html" not in piece
        assert "We were in tune" in piece

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {**SWAP, "HX-Boosted": "true"},
            {**SWAP, "HX-History-Restore-Request": "true"},
        ],
    )
    def test_sends_the_whole_page_for_everything_else(self, browser: Client, headers: dict[str, str]) -> None:
        assert "<html" in browser.get("/moments/", headers=headers).content.decode()

    @pytest.mark.parametrize("path", ["/", "/log/", "/moments/", "/check/"])
    def test_says_that_the_answer_depends_on_who_asks_and_is_stored_nowhere(
        self, browser: Client, path: str
    ) -> None:
        for headers in ({}, SWAP):
            response = browser.get(path, headers=headers)
            assert "HX-Request" in response.headers["Vary"]
            assert response.headers["Cache-Control"] == "no-store"

    def test_a_broken_filter_is_a_page_that_htmx_may_swap_in(self, browser: Client) -> None:
        assert browser.get("/moments/?since=x", headers=SWAP).status_code == 422


class TestSeeOther:
    def test_after_a_form_the_browser_goes_on_with_a_get(
        self, browser: Client, record: Callable[..., Observation]
    ) -> None:
        path = f"/moments/{record().public_id}/delete/"
        assert browser.post(path).status_code == 303

    def test_htmx_is_told_to_go_there_as_a_page(
        self, browser: Client, record: Callable[..., Observation]
    ) -> None:
        moment = record()
        response = browser.post(f"/moments/{moment.public_id}/delete/", headers=SWAP)
        assert response.headers["HX-Redirect"] == f"/moments/{moment.public_id}/"


class TestMethods:
    @pytest.mark.parametrize("path", ["/", "/moments/"])
    def test_pages_that_only_show_refuse_to_be_written(self, browser: Client, path: str) -> None:
        assert browser.post(path).status_code == 405

    def test_without_the_token_of_the_page_nothing_is_written(
        self, parent: User, child: Child, record: Callable[..., Observation]
    ) -> None:
        moment = record()
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(parent, backend="allauth.account.auth_backends.AuthenticationBackend")
        for path in (
            "/log/",
            "/check/",
            *(f"/moments/{moment.public_id}/{a}/" for a in ("delete", "more", "edit")),
        ):
            assert browser.post(path, {"tone": "in_tune"}).status_code == 403
        moment.refresh_from_db()
        assert moment.revision == 1
