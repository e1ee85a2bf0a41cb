"""The operator's process: nothing in it answers without a passkey, and nothing in it is a family's."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import User
from attune_project.operators.gate import IDLE, LONGEST, PUBLIC, WAY_IN
from attune_project.operators.site import site
from common.sealed import list_sealed_columns
from tests.conftest import NOW
from tests.guards.matrix_routes import sample
from tests.guards.matrix_world import BACKEND, Who, World
from tests.guards.test_headers import missing_from
from tests.operating import Operator, is_sign_in, serve_admin

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent.parent
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _admin(settings: Any) -> None:
    serve_admin(settings)


@pytest.fixture
def operator(world: World) -> Operator:
    return Operator().get_ready()


def doors() -> Iterator[tuple[str, str]]:
    """Every URL name of the operator's process with an address that its route takes."""

    def walk(found: list[URLPattern | URLResolver], before: str = "") -> Iterator[tuple[str, str]]:
        for pattern in found:
            route = before + str(pattern.pattern).removeprefix("^").removesuffix("$")
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, route)
            else:
                yield pattern.name or "", "/" + address(route)

    yield from walk(get_resolver().url_patterns)


def address(route: str) -> str:
    kinds = {
        match["name"]: match["kind"] or "str"
        for match in re.finditer(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>", route)
    }
    plain = re.sub(r"\(\?P<app_label>[^)]*\)", "checklists", route)
    return sample(re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", plain), kinds)


class TestNobodyElse:
    """Every address, asked by everybody who is not an operator signed in here with a passkey a short time ago."""

    def answers(self, client: Client) -> Iterator[tuple[str, str, Any]]:
        for name, path in doors():
            for method in ("GET", "POST"):
                yield f"{method} {path}", name, client.generic(method, path)

    def let_in(self, make_client: Any, *, besides: set[str]) -> dict[str, int]:
        """What answered with something else than sign-in, a refusal, or the setting-up of a passkey."""
        found = {}
        for name, path in doors():
            if name in besides:
                continue
            for method in ("GET", "POST"):
                response = make_client().generic(method, path)
                refused = response.status_code in (403, 404, 405) or is_sign_in(response)
                if not refused and response.headers.get("Location") != reverse("mfa_add_webauthn"):
                    found[f"{method} {path}"] = response.status_code
        return found

    def test_there_are_doors_to_ask_at(self, world: World) -> None:
        paths = {path for _name, path in doors()}
        assert paths >= {"/", "/account/find/", "/account/opened/", "/state/", "/checklists/question/"}
        assert len(paths) > 40

    def test_nobody_signed_out(self, world: World) -> None:
        assert self.let_in(Client, besides=PUBLIC | WAY_IN) == {}

    def test_no_parent_and_no_staff_whose_session_began_on_the_familys_pages(self, world: World) -> None:
        for who in (Who.AUTHOR, Who.STAFF):

            def browser(who: Who = who) -> Client:
                client = Client()
                client.force_login(world.users[who], backend=BACKEND)
                return client

            assert self.let_in(browser, besides=PUBLIC) == {}, who

    def test_no_operator_without_a_passkey(self, world: World) -> None:
        newcomer = Operator()
        newcomer.type_password()
        setting_up = {"account_logout", "account_reauthenticate", "mfa_add_webauthn"}
        assert self.let_in(lambda: newcomer.client, besides=PUBLIC | setting_up) == {}

    def test_no_operator_who_set_a_passkey_up_and_did_not_use_it(self, world: World) -> None:
        newcomer = Operator()

        def browser() -> Client:
            newcomer.client = Client()
            newcomer.type_password()
            if newcomer.user.authenticator_set.exists():
                assert newcomer.client.session.get("_auth_user_id") is None
                return newcomer.client
            newcomer.add_passkey()
            return newcomer.client

        assert self.let_in(browser, besides=PUBLIC | WAY_IN) == {}

    def test_no_operator_of_yesterday(self, operator: Operator) -> None:
        User.objects.filter(pk=operator.user.pk).update(is_staff=False)
        assert operator.client.get("/").status_code == 403
        assert is_sign_in(operator.client.get("/"))

    def test_an_operator_gets_in_and_meets_no_page_of_a_family(self, operator: Operator) -> None:
        assert operator.client.get("/").status_code == 200
        for path in (
            "/account/signup/",
            "/account/tokens/",
            "/account/choices/",
            "/account/sessions/",
            "/moments/",
        ):
            assert operator.client.get(path).status_code in (302, 404), path


class TestSessions:
    def test_one_that_is_not_used_for_a_quarter_of_an_hour_is_over(self, operator: Operator) -> None:
        with time_machine.travel(NOW, tick=False) as clock:
            clock.shift(IDLE - SECOND)
            assert operator.client.get("/").status_code == 200
            clock.shift(IDLE - SECOND)
            assert operator.client.get("/").status_code == 200
            clock.shift(IDLE)
            assert is_sign_in(operator.client.get("/"))

    def test_one_that_is_used_is_over_after_an_hour(self, operator: Operator) -> None:
        with time_machine.travel(NOW, tick=False) as clock:
            while clock_left(clock) > 0:
                assert operator.client.get("/").status_code == 200
                clock.shift(min(600, clock_left(clock)))
            assert is_sign_in(operator.client.get("/"))

    def test_the_row_in_the_database_ends_as_well(self, operator: Operator) -> None:
        row = Session.objects.get(session_key=operator.client.session.session_key)
        assert row.expire_date <= NOW + IDLE


def clock_left(clock: Any) -> float:
    from django.utils import timezone

    return (NOW + LONGEST - timezone.now()).total_seconds()


class TestWhatIsThere:
    def test_no_registered_model_has_a_column_of_a_family(self) -> None:
        sealed = {column.model for column in list_sealed_columns()}
        wrong = {
            model._meta.label: why for model in site._registry if (why := belongs_to_a_family(model, sealed))
        }
        assert wrong == {}

    def test_this_guard_can_see(self) -> None:
        from households.models import Child, Invitation
        from observations.models import Observation

        sealed = {column.model for column in list_sealed_columns()}
        assert all(belongs_to_a_family(model, sealed) for model in (Child, Invitation, Observation, User))


def belongs_to_a_family(model: type[Model], sealed: set[type[Model]]) -> list[str]:
    """The columns that make this model a family's: sealed ones, those of an address, and the way to a household."""
    names = {field.name for field in model._meta.get_fields()}
    found = [
        name
        for name in ("household", "household_id", "email", "nickname", "display_name", "author")
        if name in names
    ]
    return [*found, *(["sealed"] if model in sealed else [])]


class TestHeaders:
    def test_every_answer_carries_them(self, operator: Operator) -> None:
        wrong = {}
        for client in (Client(), operator.client):
            for name, path in doors():
                if name in ("account_logout", "favicon", "robots"):
                    continue
                response = client.get(path)
                if found := missing_from(response):
                    wrong[f"{path} {response.status_code}"] = found
            for response in (client.get("/no/such/page/"), client.post("/account/find/", {})):
                wrong |= {str(response.status_code): found} if (found := missing_from(response)) else {}
        assert wrong == {}


class TestLimits:
    def test_signing_in_and_finding_accounts_are_counted(self, operator: Operator, settings: Any) -> None:
        settings.RATE_LIMIT_FACTOR = 0
        assert operator.open("somebody@example.org").status_code == 429
        assert operator.change("close").status_code == 429
        assert Operator("new@example.org").type_password().status_code == 429
        assert Client().post(reverse("mfa_login_webauthn"), {"credential": "{}"}).status_code == 429

    def test_the_eleventh_password_is_refused(self, world: World) -> None:
        newcomer = Operator()
        form = {"login": newcomer.user.email, "password": "wrong"}
        assert [Client().post("/account/login/", form).status_code for _ in range(11)] == [200] * 10 + [429]
        assert newcomer.type_password(Client()).status_code == 429


IN_A_PROCESS = """
import json, os, django
django.setup()
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import get_resolver
from common import sealing
try:
    sealing.seal(b"x", table="t", row="1", field="f")
    seals = True
except ImproperlyConfigured:
    seals = False
browser = Client(headers={"Host": "op.example"})
print(json.dumps({
    "keys": settings.FIELD_KEYS,
    "unsubscribe": settings.UNSUBSCRIBE_KEY,
    "seals": seals,
    "cookie": settings.SESSION_COOKIE_NAME,
    "healthz": browser.get("/healthz", secure=True).status_code,
    "api": browser.get("/api/v1/me/", secure=True).status_code,
}))
"""


class TestProcess:
    """A real start, in a process of its own: settings are read once."""

    @pytest.fixture
    def environment(self, tmp_path: Path) -> dict[str, str]:
        return {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "DJANGO_SETTINGS_MODULE": "attune_project.settings",
            "ATTUNE_MODE": "production",
            "ATTUNE_SERVES": "admin",
            "VAR_DIR": str(tmp_path),
            "STATIC_ROOT": str(ROOT / "var" / "static"),
            "ALLOWED_HOSTS": "op.example",
            "SITE_URL": "https://op.example",
            "EMAIL_URL": "smtp://127.0.0.1:1",
            "SECRET_KEY": "s" * 30 + "".join(chr(65 + number) for number in range(26)),
        }

    def run(self, environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *command],
            check=False,
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=100,
        )

    def test_starts_without_keys_seals_nothing_and_has_no_other_doors(
        self, environment: dict[str, str]
    ) -> None:
        done = self.run(environment, "-c", IN_A_PROCESS)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout.splitlines()[-1]) == {
            "keys": [],
            "unsubscribe": "",
            "seals": False,
            "cookie": "__Host-operator-session",
            "healthz": 200,
            "api": 404,
        }

    @pytest.mark.parametrize("name", ["FIELD_KEYS", "UNSUBSCRIBE_KEY"])
    def test_does_not_start_with_a_key_in_its_environment(
        self, environment: dict[str, str], name: str
    ) -> None:
        done = self.run({**environment, name: "k1:" + "x" * 60}, "manage.py", "check")
        assert done.returncode != 0
        assert f"{name} is set" in done.stderr

    def test_djangos_own_deployment_check_has_nothing_to_say(self, environment: dict[str, str]) -> None:
        done = self.run(environment, "manage.py", "check", "--deploy", "--fail-level", "WARNING")
        assert done.returncode == 0, done.stderr

    def test_it_does_not_serve_what_it_does_not_know(self, environment: dict[str, str]) -> None:
        assert self.run({**environment, "ATTUNE_SERVES": "everything"}, "manage.py", "check").returncode != 0


class TestTheFamilysProcess:
    def test_has_no_page_of_the_operators(self, world: World, settings: Any) -> None:
        settings.SERVES, settings.ROOT_URLCONF = "family", "attune_project.urls"
        client = world.client(Who.STAFF)
        for path in (
            "/admin/",
            "/admin/login/",
            "/account/find/",
            "/account/opened/",
            "/state/",
            "/checklists/question/",
        ):
            assert client.get(path).status_code == 404, path
        names = {found.name for found in get_resolver().url_patterns if isinstance(found, URLPattern)}
        assert "admin:index" not in names
