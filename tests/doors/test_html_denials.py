"""Who may not: every page about a moment or a week, tried by everybody it does not belong to."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from checklists.rules import Dimension
from households.models import Child
from observations.models import Observation
from observations.services import answer_self_check, delete_moment

pytestmark = pytest.mark.usefixtures("that_evening")

READING = ["/moments/{id}/"]
OWN_READING = ["/log/saved/{id}/", "/moments/{id}/more/", "/moments/{id}/edit/", "/moments/{id}/history/"]
OWN_WRITING = [
    "/moments/{id}/more/",
    "/moments/{id}/edit/",
    "/moments/{id}/delete/",
    "/moments/{id}/restore/",
]
EVERYTHING = [
    *(("get", path) for path in READING + OWN_READING),
    *(("post", path) for path in OWN_WRITING),
]
PAGES = ["/log/", "/moments/", "/check/"]
OUTSIDERS = ["stranger", "former_member"]
HOUSEMATES = ["co_parent", "helper"]


@pytest.fixture
def shared(record: Callable[..., Observation]) -> Observation:
    return record(tone="missed", details={"visibility": "household", "note": "Told to everyone here"})


@pytest.fixture
def kept(record: Callable[..., Observation]) -> Observation:
    return record(tone="missed", details={"note": "Told to nobody"})


@pytest.fixture
def as_(request: pytest.FixtureRequest, client_of: Callable[[User], Client]) -> Callable[[str], Client]:
    """A browser in which the member of the cast with this name is signed in."""
    return lambda name: client_of(request.getfixturevalue(name))


def call(browser: Client, method: str, path: str, moment: Any) -> int:
    sent = {"tone": "in_tune", "note": "Mine now"} if method == "post" else {}
    return getattr(browser, method)(path.format(id=moment.public_id), sent).status_code


class TestSignedOut:
    @pytest.mark.parametrize(("method", "path"), EVERYTHING)
    def test_is_led_to_the_sign_in(self, client: Client, shared: Observation, method: str, path: str) -> None:
        response = getattr(client, method)(path.format(id=shared.public_id))
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/account/login/")

    @pytest.mark.parametrize("path", PAGES)
    def test_sees_no_page_of_the_family(self, client: Client, shared: Observation, path: str) -> None:
        assert client.get(path).status_code == 302
        assert client.post("/log/", {"tone": "in_tune"}).status_code == 302


class TestOutsiders:
    @pytest.mark.parametrize("name", OUTSIDERS)
    @pytest.mark.parametrize(("method", "path"), EVERYTHING)
    def test_find_nothing_there(
        self, as_: Callable[[str], Client], shared: Observation, name: str, method: str, path: str
    ) -> None:
        assert call(as_(name), method, path, shared) == 404
        shared.refresh_from_db()
        assert (shared.revision, shared.deleted_at) == (1, None)

    @pytest.mark.parametrize("name", OUTSIDERS)
    def test_see_none_of_it_on_any_page(
        self, as_: Callable[[str], Client], shared: Observation, name: str
    ) -> None:
        browser = as_(name)
        for path in ("/", *PAGES):
            page = browser.get(path)
            assert page.status_code in (200, 302, 303)
            assert "Told to everyone here" not in page.content.decode()

    @pytest.mark.parametrize("name", OUTSIDERS)
    def test_cannot_log_or_answer_about_the_child(
        self,
        as_: Callable[[str], Client],
        child: Child,
        name: str,
        now: datetime,
        request: pytest.FixtureRequest,
    ) -> None:
        browser = as_(name)
        data = {"child": child.public_id, "tone": "in_tune", "moment_id": uuid.uuid4()}
        assert browser.post("/log/", data).status_code in (
            303,
            404,
        )  # 303: no child of their own, to the welcome
        path = f"/check/?child={child.public_id}"
        assert browser.post(path, {"check_id": uuid.uuid4(), "rating_needs": 3}).status_code in (303, 404)
        assert not Observation.objects.exists()


class TestHousemates:
    @pytest.mark.parametrize("name", HOUSEMATES)
    @pytest.mark.parametrize("path", READING)
    def test_read_what_is_shared(
        self, as_: Callable[[str], Client], shared: Observation, name: str, path: str
    ) -> None:
        assert call(as_(name), "get", path, shared) == 200

    @pytest.mark.parametrize("name", HOUSEMATES)
    @pytest.mark.parametrize(
        ("method", "path"),
        [*(("get", path) for path in OWN_READING), *(("post", path) for path in OWN_WRITING)],
    )
    def test_change_nothing_of_it(
        self, as_: Callable[[str], Client], shared: Observation, name: str, method: str, path: str
    ) -> None:
        assert call(as_(name), method, path, shared) == 404
        shared.refresh_from_db()
        assert (shared.revision, shared.deleted_at, shared.note) == (1, None, "Told to everyone here")

    @pytest.mark.parametrize("name", HOUSEMATES)
    @pytest.mark.parametrize(("method", "path"), EVERYTHING)
    def test_find_no_private_moment(
        self, as_: Callable[[str], Client], kept: Observation, name: str, method: str, path: str
    ) -> None:
        assert call(as_(name), method, path, kept) == 404

    def test_cannot_link_a_repair_to_a_miss_they_may_not_know(
        self, as_: Callable[[str], Client], kept: Observation, child: Child, co_parent: User
    ) -> None:
        browser = as_("co_parent")
        data = {"child": child.public_id, "tone": "came_back", "moment_id": uuid.uuid4()}
        assert browser.post("/log/", {**data, "repairs": kept.public_id}).status_code == 422
        assert browser.post("/log/", {**data, "repairs": uuid.uuid4()}).status_code == 422
        sheet = browser.get(f"/log/?repairs={kept.public_id}")
        assert sheet.context["repairs"] is None

    def test_do_not_see_a_private_week(
        self, as_: Callable[[str], Client], parent: User, child: Child, now: datetime, co_parent: User
    ) -> None:
        week = answer_self_check(
            actor_id=parent.pk,
            check_id=uuid.uuid4(),
            child_id=child.public_id,
            day=now.date(),
            ratings={Dimension.NEEDS: 2},
            now=now,
        )
        assert as_("co_parent").get(f"/check/{week.public_id}/done/").status_code == 404
        assert as_("co_parent").get("/check/").context["answered_before"] is False


class TestTheAuthor:
    @pytest.mark.parametrize("path", [*READING, *OWN_READING])
    def test_opens_every_page_of_their_own(
        self, as_: Callable[[str], Client], kept: Observation, path: str
    ) -> None:
        assert call(as_("parent"), "get", path, kept) == 200

    @pytest.mark.parametrize("path", OWN_READING)
    def test_finds_a_deleted_one_nowhere_but_where_it_can_be_restored(
        self, as_: Callable[[str], Client], kept: Observation, parent: User, path: str, now: datetime
    ) -> None:
        delete_moment(actor_id=parent.pk, moment_id=kept.public_id, now=now)
        assert call(as_("parent"), "get", path, kept) == 404
        assert call(as_("parent"), "get", "/moments/{id}/", kept) == 200

    def test_is_no_author_any_more_after_leaving(
        self, as_: Callable[[str], Client], record: Callable[..., Observation], co_parent: User, now: datetime
    ) -> None:
        theirs = record(co_parent)
        co_parent.memberships.update(left_at=now + timedelta(seconds=1))
        for method, path in EVERYTHING:
            assert call(as_("co_parent"), method, path, theirs) == 404


class TestNoLeak:
    def test_an_unknown_id_and_anothers_private_one_take_the_same_queries(
        self, as_: Callable[[str], Client], kept: Observation, co_parent: User
    ) -> None:
        browser = as_("co_parent")
        counts = []
        for moment_id in (kept.public_id, uuid.uuid4()):
            with CaptureQueriesContext(connection) as captured:
                assert browser.get(f"/moments/{moment_id}/").status_code == 404
            counts.append(len(captured))
        assert counts[0] == counts[1]
