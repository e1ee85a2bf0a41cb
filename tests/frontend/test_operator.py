"""What machines ask of the site."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from frontend.views import operator


@pytest.fixture
def _nothing_known() -> Iterator[None]:
    operator._has_pending_migrations.cache_clear()
    yield
    operator._has_pending_migrations.cache_clear()


class TestHealthz:
    def test_answers_without_a_database(self, client: Client) -> None:
        answer = client.get("/healthz")
        assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.usefixtures("_nothing_known")
class TestReadyz:
    @pytest.mark.django_db
    def test_says_ok_when_every_migration_is_there(self, client: Client) -> None:
        assert client.get("/readyz").status_code == 200

    @pytest.mark.django_db
    def test_says_not_yet_until_then_and_asks_again(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        plan: list[Any] = [("a migration", False)]
        monkeypatch.setattr(operator.MigrationExecutor, "migration_plan", lambda self, targets: plan)
        for _time in range(2):
            answer = client.get("/readyz")
            assert (answer.status_code, answer.content) == (503, b"migrations\n")
        plan.clear()
        assert client.get("/readyz").status_code == 200

    @pytest.mark.django_db
    def test_says_not_now_when_the_database_is_away(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(*args: object, **kwargs: object) -> None:
            raise OperationalError("connection refused")

        monkeypatch.setattr(connection, "cursor", away)
        answer = client.get("/readyz")
        assert (answer.status_code, answer.content) == (503, b"database\n")


class TestRobotsAndIcon:
    def test_robots_see_the_first_page_and_help_alone(self, client: Client) -> None:
        text = client.get("/robots.txt").content.decode()
        assert "Disallow: /\n" in text

    def test_the_icon_is_found_at_the_root(self, client: Client) -> None:
        answer = client.get("/favicon.ico")
        assert answer.status_code == 302
        assert "/static/icons/notes" in answer["Location"]  # nobody knows here who asks
