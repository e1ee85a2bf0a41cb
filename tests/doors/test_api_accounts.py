"""Choices, tokens and who may use the API at all."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from accounts.services import create_token, end_token

pytestmark = pytest.mark.usefixtures("that_evening")

ME = "/api/v1/me/"
TOKENS = "/api/v1/tokens/"


@pytest.fixture
def api(api_of, parent):
    return api_of(parent)


@pytest.fixture
def bearer(parent, now):
    """A client that has a token and nothing else."""

    def make(scope="read", actor=None, **arguments):
        _token, secret = create_token(
            actor_id=(actor or parent).pk, name="script", scope=scope, **{"now": now, **arguments}
        )
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
        return client

    return make


class TestMe:
    def test_it_shows_what_was_chosen(self, api, parent):
        assert api.get(ME).json() == {
            "id": str(parent.public_id),
            "email": "alice@example.org",
            "display_name": "Alice",
            "language": "en",
            "timezone": "Europe/Lisbon",
            "digest_level": "discreet",
            "digest_weekday": None,
            "digest_hour": 18,
            "standing_visibility": "private",
            "discreet": False,
        }

    def test_the_named_choices_change(self, api):
        changes = {"digest_level": "counts", "digest_weekday": 6, "discreet": True}
        shown = api.patch(ME, changes, format="json").json()
        assert {name: shown[name] for name in changes} == changes
        assert shown["display_name"] == "Alice"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("digest_hour", 3),
            ("digest_hour", "18"),
            ("digest_hour", True),
            ("digest_weekday", 7),
            ("digest_level", "everything"),
            ("timezone", "Mars"),
            ("language", "xx"),
            ("standing_visibility", None),
            ("discreet", None),
            ("discreet", 1),
            ("discreet", "on"),
            ("display_name", "x" * 61),
            ("email", "other@example.org"),
            ("is_staff", True),
            ("is_superuser", True),
            ("password", "hunter2hunter2"),
        ],
    )
    def test_what_may_not_be_chosen_is_named_and_not_stored(self, api, parent, field, value):
        before = User.objects.filter(pk=parent.pk).values().get()
        response = api.patch(ME, {field: value}, format="json")
        assert (response.status_code, list(response.json()["errors"])) == (400, [field])
        assert User.objects.filter(pk=parent.pk).values().get() == before


class TestTokens:
    @pytest.fixture
    def api(self, parent):
        """The page's own session: a token is made only by somebody who signed in or proved who they are just now."""
        client = APIClient()
        client.force_login(parent, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    def test_whoever_signed_in_long_ago_is_sent_to_the_page_to_prove_it(self, api, sign_in_was_long_ago):
        sign_in_was_long_ago(api)
        response = api.post(TOKENS, {"name": "script"}, format="json")
        assert (response.status_code, response.json()["code"]) == (403, "proof_needed")
        assert not ApiToken.objects.exists()
        assert api.get(TOKENS).status_code == 200

    def test_the_secret_is_shown_once_and_stored_nowhere(self, api):
        made = api.post(TOKENS, {"name": "backup script", "scope": "write", "days": 7}, format="json")
        assert made.status_code == 201
        secret = made.json()["secret"]
        assert secret.startswith("attune_")
        assert made.json()["expires_at"] == "2026-11-25T19:30:00Z"
        (listed,) = api.get(TOKENS).json()["items"]
        assert "secret" not in listed
        assert secret not in str(ApiToken.objects.values().get())

    def test_it_signs_in_until_it_is_ended(self, api):
        made = api.post(TOKENS, {"name": "script"}, format="json").json()
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"bearer {made['secret']}")
        assert client.get(ME).status_code == 200
        assert api.delete(f"{TOKENS}{made['id']}/").status_code == 204
        response = client.get(ME)
        assert response.status_code == 401
        assert "WWW-Authenticate" in response

    def test_nobody_ends_or_sees_anothers(self, api, api_of, co_parent):
        made = api.post(TOKENS, {"name": "script"}, format="json").json()
        other = api_of(co_parent)
        assert other.delete(f"{TOKENS}{made['id']}/").status_code == 404
        assert other.get(TOKENS).json()["items"] == []
        assert ApiToken.objects.count() == 1

    @pytest.mark.parametrize("scope", ["read", "write"])
    def test_a_token_makes_sees_and_ends_no_tokens(self, bearer, scope):
        client = bearer(scope)
        token = ApiToken.objects.get()
        answers = [
            client.get(TOKENS),
            client.post(TOKENS, {"name": "successor"}, format="json"),
            client.delete(f"{TOKENS}{token.digest}/"),
        ]
        assert [answer.status_code for answer in answers] == [403] * 3
        assert ApiToken.objects.count() == 1

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"name": ""}, "name"),
            ({"scope": "admin"}, "scope"),
            ({"days": 0}, "days"),
            ({"days": 366}, "days"),
            ({"days": None}, "days"),
            ({"user": 1}, "user"),
        ],
    )
    def test_each_wrong_field_is_named(self, api, changed, field):
        response = api.post(TOKENS, {"name": "script", **changed}, format="json")
        assert (response.status_code, list(response.json()["errors"])) == (400, [field])


class TestWhoMayUseTheApi:
    def test_a_reading_token_reads_and_changes_nothing(self, bearer, household):
        client = bearer("read")
        assert client.get(ME).status_code == 200
        response = client.patch(ME, {"display_name": "Mallory"}, format="json")
        assert response.status_code == 403
        assert User.objects.get(display_name="Alice")

    def test_a_writing_token_changes_things_without_a_csrf_token(self, bearer):
        client = bearer("write")
        client.handler.enforce_csrf_checks = True
        assert client.patch(ME, {"display_name": "Al"}, format="json").status_code == 200

    def test_an_expired_token_is_nobody(self, bearer, now):
        client = bearer(days=1)
        with time_machine.travel(now + timedelta(days=1, seconds=1), tick=False):
            assert client.get(ME).status_code == 401

    def test_a_token_of_a_closed_account_is_nobody(self, bearer, parent):
        client = bearer()
        User.objects.filter(pk=parent.pk).update(is_active=False)
        assert client.get(ME).status_code == 401

    def test_an_ended_token_stops_at_once(self, bearer, parent):
        client = bearer()
        end_token(actor_id=parent.pk, digest=ApiToken.objects.get().digest)
        assert client.get(ME).status_code == 401

    def test_a_token_sees_what_its_person_sees(self, bearer, record, co_parent):
        record(details={"visibility": "household"})
        record()
        assert len(bearer(actor=co_parent).get("/api/v1/moments/").json()["items"]) == 1

    @pytest.mark.parametrize(
        "header",
        [
            "Bearer",
            "Bearer ",
            "Bearer nonsense",
            "Bearer a b c",
            "Bearer \x00",
            "Bearer \xff\xfe",
            "Bearer " + "x" * 5000,
            "Basic YWxpY2U6aHVudGVyMg==",
            "Token abc",
        ],
    )
    def test_a_header_that_is_no_token_is_401(self, parent, header):
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=header)
        response = client.get(ME)
        assert response.status_code == 401
        assert response["Content-Type"] == "application/problem+json"

    def test_an_expired_session_is_401_and_no_redirect(self, parent, client_of):
        browser = client_of(parent)
        assert browser.get(ME).status_code == 200
        browser.session.flush()
        response = browser.get(ME)
        assert response.status_code == 401
        assert response["WWW-Authenticate"]

    def test_a_session_needs_the_csrf_token_to_change_things(self, parent):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(parent, backend="allauth.account.auth_backends.AuthenticationBackend")
        sent = {"data": {"display_name": "Al"}, "content_type": "application/json"}
        refused = browser.patch(ME, **sent)
        assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
        token = browser.get("/api/v1/docs/").context["csrf_token"]
        accepted = browser.patch(ME, **sent, headers={"X-CSRFToken": str(token)})
        assert accepted.status_code == 200

    def test_answers_are_kept_nowhere(self, api):
        for response in (api.get(ME), api.get("/api/v1/moments/"), APIClient().get(ME)):
            assert response["Cache-Control"] == "no-store"
            assert response["X-Content-Type-Options"] == "nosniff"

    @pytest.mark.parametrize(
        ("cookie", "status"),
        [
            (r'"\000abcdefghijk"', 400),  # a quoted cookie may spell a NUL, which PostgreSQL cannot look up
            (r'"\377\376abcdefgh"', 401),
            ("x" * 4000, 401),
            ("", 401),
            ("é", 401),
        ],
    )
    def test_a_cookie_that_is_no_session_signs_nobody_in(self, db, cookie, status):
        response = Client().get(ME, headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"})
        assert response.status_code == status
        assert response["Content-Type"] == "application/problem+json"
