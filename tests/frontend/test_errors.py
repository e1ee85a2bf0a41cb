"""Every error has a page of its own that says what to do, and none of them needs the database."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import SuspiciousOperation
from django.template.loader import get_template
from django.test import Client, override_settings
from django.urls import path, reverse

from accounts.models import User
from common.errors import Conflict
from households.models import Household


def _break(request: object) -> None:
    raise RuntimeError("a secret in a message")


def _conflict(request: object) -> None:
    raise Conflict("it changed")


def _suspicious(request: object) -> None:
    raise SuspiciousOperation("odd")


from attune_project.urls import urlpatterns as _own  # noqa: E402

urlpatterns = [
    path("break/", _break),
    path("conflict/", _conflict),
    path("suspicious/", _suspicious),
    *_own,
]


class TestErrorPages:
    @pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413, 422, 429, 500, 503])
    def test_stand_without_a_request(self, status: int) -> None:
        page = get_template(f"{status}.html").render()
        assert "<h1>" in page
        assert "/help/" in page

    def test_nothing_here(self, client: Client) -> None:
        page = client.get("/nope/")
        assert page.status_code == 404
        assert "Nothing here" in page.content.decode()

    def test_the_address_of_a_button_says_that_nothing_happened(
        self, client_of: Callable[[User], Client], parent: User, household: Household
    ) -> None:
        page = client_of(parent).get(reverse("household-switch"))
        assert (page.status_code, page["Allow"]) == (405, "POST")
        assert "Nothing was changed" in page.content.decode()

    def test_a_query_no_database_can_hold(self, client: Client) -> None:
        page = client.get("/help/?country=%00")
        assert page.status_code == 400
        assert "<h1>" in page.content.decode()

    def test_too_much_at_once(self, client: Client) -> None:
        page = client.post("/account/login/", b"x" * (1024 * 1024 + 1), content_type="text/plain")
        assert page.status_code == 413
        assert "<h1>" in page.content.decode()

    @pytest.mark.django_db
    def test_a_form_that_was_open_too_long(self, parent: User) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(parent, backend="allauth.account.auth_backends.AuthenticationBackend")
        page = client.post(reverse("choices"), {"display_name": "x"})
        assert page.status_code == 403
        assert "<h1>" in page.content.decode()

    @pytest.mark.django_db
    @override_settings(ROOT_URLCONF="tests.frontend.test_errors")
    @pytest.mark.parametrize(
        ("address", "status"), [("/break/", 500), ("/conflict/", 409), ("/suspicious/", 400)]
    )
    def test_whatever_goes_wrong_says_so_kindly_and_tells_no_secret(
        self,
        client_of: Callable[[User], Client],
        parent: User,
        household: Household,
        address: str,
        status: int,
    ) -> None:
        client = client_of(parent)
        client.raise_request_exception = False
        page = client.get(address)
        assert page.status_code == status
        text = page.content.decode()
        assert "<h1>" in text
        for secret in ("a secret", "Traceback", household.name, parent.email):
            assert secret not in text

    @pytest.mark.django_db
    def test_too_many_tries_in_a_row(self, client: Client) -> None:
        for number in range(40):
            page = client.post(reverse("account_signup"), {"email": f"n{number}@example.org"})
            client.cookies.clear()
            if page.status_code == 429:
                break
        assert page.status_code == 429
        assert "<h1>" in page.content.decode()
