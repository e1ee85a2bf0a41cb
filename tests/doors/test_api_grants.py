"""Letting a coach in by the API, and who looked. For coaches there is nothing here."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.core import mail
from rest_framework.test import APIClient

from accounts.services import create_token
from households.models import Grant
from households.rules import GRANT_LIFETIME
from households.services import return_grant
from observations.services import look_at_family, look_at_moment
from tests.conftest import BRIEFING

GRANTS, ACCESS = "/api/v1/grants/", "/api/v1/access/"
pytestmark = pytest.mark.usefixtures("that_evening")


@pytest.fixture
def api(client_of, parent, child):
    """The page's own session, of somebody who signed in just now."""
    return client_of(parent)


@pytest.fixture
def program(parent, child, now):
    """A program of the parent's with a key that may write."""
    _token, secret = create_token(actor_id=parent.pk, name="a script", scope="write", now=now)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


@pytest.fixture
def body(household, child):
    return {
        "household": str(household.public_id),
        "coach_email": "Cleo@example.org",
        "scope": "ratings",
        "children": [str(child.public_id)],
        "from_on": "2026-11-01",
        "briefing": BRIEFING,
    }


def send(client, method, url, data=None):
    kind = {} if isinstance(client, APIClient) else {"content_type": "application/json"}
    format_ = {"format": "json"} if isinstance(client, APIClient) else {}
    return getattr(client, method)(url, data or {}, **kind, **format_)


class TestOffering:
    def test_sends_the_mail_and_shows_no_token(self, api, body):
        response = send(api, "post", GRANTS, body)
        assert response.status_code == 201
        shown = response.json()
        assert (shown["state"], shown["coach_email"], shown["scope"]) == (
            "offered",
            "cleo@example.org",
            "ratings",
        )
        assert shown["children"] == body["children"]
        sent, _notice = mail.outbox
        token = sent.body.split("/coach/offers/")[1].split("/")[0]
        assert token not in response.content.decode()

    def test_from_today_when_nothing_is_said(self, api, body):
        del body["from_on"]
        assert send(api, "post", GRANTS, body).json()["from_on"] == "2026-11-18"

    def test_takes_a_session_and_a_fresh_proof(self, api, program, body):
        refused = send(program, "post", GRANTS, body)
        assert refused.status_code == 403
        session = api.session
        session.pop("account_authentication_methods")
        session.save()
        refused = send(api, "post", GRANTS, body)
        assert (refused.status_code, refused.json()["code"]) == (403, "proof_needed")
        assert not Grant.objects.exists()

    @pytest.mark.parametrize(
        ("field", "value"),
        [("coach_email", "x"), ("scope", "all"), ("children", []), ("from_on", "1990-01-01")],
    )
    def test_says_which_field_is_wrong(self, api, body, field, value):
        response = send(api, "post", GRANTS, {**body, field: value})
        assert response.status_code == 400
        assert list(response.json()["errors"]) == [field]

    def test_a_child_that_is_not_theirs_is_not_there(self, api, body):
        assert send(api, "post", GRANTS, {**body, "children": [str(uuid.uuid4())]}).status_code == 404


class TestReading:
    def test_lists_the_authors_own(self, program, give):
        grant = give()
        (shown,) = program.get(GRANTS).json()["items"]
        assert (shown["id"], shown["state"], shown["is_renewable"]) == (str(grant.public_id), "live", False)
        assert program.get(f"{GRANTS}{grant.public_id}/").json() == shown

    @pytest.mark.parametrize("who", ["co_parent", "helper", "stranger", "coach"])
    def test_nobody_else_learns_of_it(self, request, api_of, give, who):
        grant, other = give(), api_of(request.getfixturevalue(who))
        assert other.get(GRANTS).json()["items"] == []
        url = f"{GRANTS}{grant.public_id}/"
        assert other.get(url).status_code == 404
        assert other.patch(url, {"scope": "summary"}, format="json").status_code == 404
        assert other.delete(url).status_code == 404
        assert other.get(ACCESS).json()["items"] == []

    def test_a_coach_has_nothing_of_a_family_here(self, api_of, coach, give, record, household):
        give()
        moment = record(details={"visibility": "household"})
        other = api_of(coach)
        assert other.get("/api/v1/moments/").json()["items"] == []
        assert other.get(f"/api/v1/moments/{moment.public_id}/").status_code == 404
        assert other.get(f"/api/v1/households/{household.public_id}/").status_code == 404
        assert other.get("/api/v1/households/").json()["items"] == []


class TestChanging:
    def test_a_program_may_show_less(self, program, give):
        url = f"{GRANTS}{give().public_id}/"
        response = program.patch(url, {"scope": "summary", "from_on": "2026-11-10"}, format="json")
        assert (response.status_code, response.json()["scope"]) == (200, "summary")

    def test_showing_more_takes_a_session_and_a_fresh_proof(self, api, program, give):
        url = f"{GRANTS}{give(scope='summary').public_id}/"
        assert program.patch(url, {"scope": "ratings"}, format="json").status_code == 403
        assert send(api, "patch", url, {"scope": "ratings"}).json()["scope"] == "ratings"

    def test_a_program_may_end_it(self, program, give):
        url = f"{GRANTS}{give().public_id}/"
        assert program.delete(url).status_code == 204
        assert program.get(url).status_code == 404
        assert program.delete(url).status_code == 404

    def test_renewing_takes_a_session(self, api, program, give, now):
        grant = give(now=now - GRANT_LIFETIME + timedelta(days=3))
        url = f"{GRANTS}{grant.public_id}/renew/"
        assert program.post(url).status_code == 403
        assert send(api, "post", url).json()["is_renewable"] is False
        assert send(api, "post", url).status_code == 400

    def test_what_was_given_back_is_listed_as_ended(self, program, give, coach, now):
        grant = give()
        return_grant(actor_id=coach.pk, grant_id=grant.public_id, now=now)
        (shown,) = program.get(GRANTS).json()["items"]
        assert shown["state"] == "ended"


class TestAccess:
    def test_tells_what_the_coach_opened(self, program, give, coach, household, record, now):
        give()
        moment = record(details={"visibility": "coaches"})
        look = {"coach_id": coach.pk, "household_id": household.public_id, "now": now}
        look_at_family(**look)
        look_at_moment(**look, moment_id=moment.public_id)
        items = program.get(ACCESS).json()["items"]
        assert [(item["opened"], item["moment"], item["coach_email"]) for item in items] == [
            ("moment", str(moment.public_id), "cleo@example.org"),
            ("summary", None, "cleo@example.org"),
        ]
        assert program.get(ACCESS, {"household": str(uuid.uuid4())}).json()["items"] == []

    def test_a_cursor_that_is_none_is_refused(self, program):
        assert program.get(ACCESS, {"cursor": "x"}).status_code == 400
