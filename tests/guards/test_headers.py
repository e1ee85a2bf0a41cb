"""What every response carries, whatever it is: pages, pieces, errors, the API, files. No exception is unnamed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests.guards.matrix import DOORS
from tests.guards.matrix_routes import routes
from tests.guards.matrix_visit import path_of
from tests.guards.matrix_world import Who, World

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent.parent

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "worker-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "default",
}
_POWERS = """
accelerometer browsing-topics camera clipboard-read display-capture geolocation gyroscope idle-detection local-fonts
magnetometer microphone midi payment screen-wake-lock serial sync-xhr unload usb
"""
POWERS = _POWERS.split()

# What is the same for everybody may be kept by browsers. Each says so itself.
MAY_BE_STORED = {
    "/sw.js": "no-cache",
    "/robots.txt": "public, max-age=86400",
    "/favicon.ico": "public, max-age=86400",
}
# Who opens a card's link does not tell the address, and the token in it, to any other page.
REFERRERS = {"/card/{token}/": "no-referrer"}
# A caught mail is shown in a frame of the page about it, as a mail program would show it: sandboxed, without scripts.
IN_A_FRAME = "/dev/mail/{name}/html/"
FRAMED_POLICY = {
    "default-src": "'none'",
    "style-src": "'unsafe-inline'",
    "img-src": "data:",
    "frame-ancestors": "'self'",
    "sandbox": "",
}


# The pages of a family, of whoever looks in from outside, and of whoever runs the installation and strays here.
EVERYBODY = [Who.ANONYMOUS, Who.AUTHOR, Who.HELPER, Who.COACH_NOTES, Who.STAFF]


# A file carries what browsers heed on files. Permissions are asked of pages; the policy is the strictest there is.
FILE_POLICY = {"default-src": "'none'", "frame-ancestors": "'none'"}


def policy_of(response: Any) -> dict[str, str]:
    """The content security policy by directive, without the nonce."""
    found = {}
    for directive in response.headers.get("Content-Security-Policy", "").split(";"):
        name, _space, value = directive.strip().partition(" ")
        found[name] = " ".join(source for source in value.split() if not source.startswith("'nonce-"))
    return found


def missing_from(response: Any, route: str = "", *, policy: dict[str, str] | None = None) -> list[str]:
    """What this response lacks, in words."""
    stored = MAY_BE_STORED.get(route) if response.status_code < 400 else None
    expected = ALWAYS | ({"Cache-Control": stored} if stored else {})
    # Somebody turned away before the page is reached never saw the card.
    if route in REFERRERS and response.status_code in (200, 404):
        expected = {**expected, "Referrer-Policy": REFERRERS[route]}
    wrong = [
        f"{name}: {response.headers.get(name)!r}"
        for name, value in expected.items()
        # allauth says more about its own pages: "max-age=0, no-cache, no-store, …".
        if value not in response.headers.get(name, "").split(", ") and response.headers.get(name) != value
    ]
    if policy_of(response) != (policy or POLICY):
        wrong.append(f"policy: {policy_of(response)}")
    allowed = response.headers.get("Permissions-Policy", "")
    wrong += [f"{power} is not denied" for power in POWERS if f"{power}=()" not in allowed]
    if not stored and "Cookie" not in response.headers.get("Vary", ""):
        wrong.append("Vary: Cookie")
    return [*wrong, *loose_cookies(response)]


def loose_cookies(response: Any) -> Iterator[str]:
    for name, morsel in response.cookies.items():
        if not (morsel["httponly"] and morsel["samesite"] == "Lax" and morsel["path"] == "/"):
            yield f"cookie {name}: {morsel.OutputString()}"


def told(wrong: dict[str, list[str]]) -> str:
    return "\n".join(f"{name}: {what}" for name, what in wrong.items())


class TestTheCheck:
    def test_it_sees_what_is_missing(self) -> None:
        from django.http import HttpResponse

        bare = HttpResponse()
        bare.set_cookie("loose", "x")
        assert len(missing_from(bare)) == len(ALWAYS) + 1 + len(POWERS) + 1 + 1


@pytest.mark.django_db
class TestEveryAddress:
    @pytest.mark.parametrize("who", EVERYBODY)
    def test_carries_them_whatever_it_answers(self, world: World, who: Who) -> None:
        """200 and redirects, 401, 403 without a CSRF token, 404, 405."""
        client = world.client(who, enforce_csrf_checks=True, raise_request_exception=False)
        wrong, statuses = {}, set()
        for route, rule in DOORS.items():
            things = world.things.get(rule.kind, [None])
            asked = [("GET", things[0]), ("GET", things[-1]), ("POST", things[0])]
            # Which methods there are is the same for everybody.
            for method, thing in [*asked, *([("TRACE", things[0])] if who in EVERYBODY[:2] else ())]:
                response = client.generic(method, path_of(route, thing))
                statuses.add(response.status_code)
                found = missing_from(response, route)
                if found and route != IN_A_FRAME and not adds_frames(route, response):
                    wrong[f"{method} {route} {response.status_code}"] = found
        assert not wrong, told(wrong)
        assert statuses >= {200, 302, 403, 404} | ({405} if who in EVERYBODY[:2] else set())

    def test_whoever_may_look_carries_them_on_what_they_see(self, world: World) -> None:
        """The coach's pages answer 200 here, and 404 for what the grant does not hold; each in whole and in pieces."""
        client, wrong, statuses = world.client(Who.COACH_NOTES), {}, set()
        for route, rule in DOORS.items():
            if route.startswith("/coach/") and "GET" in rule.doors:
                for thing in world.things.get(rule.kind, [None]):
                    for headers in ({}, {"HX-Request": "true"}):
                        response = client.get(path_of(route, thing), headers=headers)
                        statuses.add(response.status_code)
                        if found := missing_from(response, route):
                            wrong[f"{route} {thing} {response.status_code}"] = found
        assert not wrong, told(wrong)
        assert statuses >= {200, 204, 303, 404}

    def test_a_piece_of_a_page_carries_them_too(self, world: World) -> None:
        client, wrong = world.client(Who.AUTHOR), {}
        for route, rule in DOORS.items():
            if "GET" in rule.doors and route != IN_A_FRAME:
                thing = world.things.get(rule.kind, [None])[0]
                response = client.get(path_of(route, thing), headers={"HX-Request": "true"})
                found = missing_from(response, route)
                if found and not adds_frames(route, response):
                    wrong[route] = found
        assert not wrong, told(wrong)


def adds_frames(route: str, response: Any) -> bool:
    """Whether all that differs is that the page of a caught mail may show it in a frame."""
    return route.startswith("/dev/mail/") and not missing_from(
        response, route, policy={**POLICY, "frame-src": "'self'"}
    )


@pytest.mark.django_db
class TestErrors:
    """Each error in both forms: a page, and a problem document."""

    def broken(self, *_: object, **__: object) -> None:
        raise RuntimeError("on purpose")

    def answers(self, world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, Any]]:
        browser = world.client(Who.AUTHOR, raise_request_exception=False)
        huge = {"CONTENT_LENGTH": str(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)}
        log = DOORS["/log/"].doors["POST"].sends(world, Who.AUTHOR, None)
        fields = "&".join(f"a{number}=1" for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1))
        form = "application/x-www-form-urlencoded"
        for path in ("/log/", "/api/v1/moments/", "/account/login/"):
            yield 400, browser.get(f"{path}?text=%00")
            yield 400, browser.get(path, headers={"Host": "evil.example"})
            yield 413, browser.post(path, b"", content_type=form, **huge)
        yield 400, browser.post("/log/", fields, content_type=form)
        yield 400, browser.post("/log/", b"no boundary", content_type="multipart/form-data")
        yield 400, browser.post("/api/v1/moments/", "{", content_type="application/json")
        yield 415, browser.post("/api/v1/moments/", "a=1", content_type=form)
        yield 406, browser.get("/api/v1/moments/", headers={"Accept": "image/png"})
        for path in (
            "/no-such-page",
            "/no/such/page/",
            "/api/v1/no",
            "/moments/not-a-uuid/",
            "/%ff/",
            "/static/no.css",
        ):
            yield 404, browser.get(path)
        yield 301, browser.get("/moments")
        yield 303, browser.post("/log/", log)
        yield 409, browser.post("/log/", {**log, "tone": "missed"})
        yield 422, browser.post("/log/", {})
        yield 428, browser.delete(path_of("/api/v1/moments/{moment_id}/", world.things["moment"][0]))
        monkeypatch.setattr("frontend.views.today.render_page", self.broken)
        monkeypatch.setattr("accounts.api.views.get_user", self.broken)
        yield 500, browser.get("/")
        yield 500, browser.get("/api/v1/me/")

    def test_every_error_carries_them(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        wrong = {}
        for number, (status, response) in enumerate(self.answers(world, monkeypatch)):
            found = missing_from(response)
            if response.status_code != status:
                found.append(f"{response.status_code} instead of {status}")
            if found:
                wrong[f"{number} {response.request['PATH_INFO']} {status}"] = found
        assert not wrong, told(wrong)

    @pytest.mark.parametrize("who", EVERYBODY)
    def test_an_error_carries_them_whoever_meets_it(
        self, world: World, monkeypatch: pytest.MonkeyPatch, settings: Any, who: Who
    ) -> None:
        browser = world.client(who, raise_request_exception=False)
        careful = world.client(who, enforce_csrf_checks=True)
        for view in ("today", "coach", "help"):
            monkeypatch.setattr(f"frontend.views.{view}.render_page", self.broken)
        broken = "/coach/" if who in (Who.COACH_NOTES, Who.STAFF) else "/help/"
        answers = [
            (400, browser.get("/help/?text=%00")),
            (403, careful.post("/account/login/", {})),
            (404, browser.get("/no/such/page/")),
            (401 if who is Who.ANONYMOUS else 404, browser.get("/api/v1/no/")),
            (405, browser.post("/help/")),
            (500, browser.get(broken)),
        ]
        settings.RATE_LIMIT_FACTOR = 0
        answers += [(429, browser.post("/account/login/code/", {"email": "a@example.org"}))]
        answers += [(429, browser.get("/api/v1/me/"))]
        wrong = {
            f"{expected} {answer.request['PATH_INFO']}": [answer.status_code, *missing_from(answer)]
            for expected, answer in answers
            if answer.status_code != expected or missing_from(answer)
        }
        assert not wrong, told(wrong)

    def test_too_many_tries_carry_them(self, world: World, settings: Any) -> None:
        settings.RATE_LIMIT_FACTOR = 0
        answers = [Client().post("/account/login/", {"login": "a@example.org"}), Client().get("/api/v1/me/")]
        assert [(answer.status_code, missing_from(answer)) for answer in answers] == [(429, []), (429, [])]

    def test_no_error_says_what_went_wrong_inside(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bodies = chain.from_iterable(
            [response.content] for _status, response in self.answers(world, monkeypatch) if response.content
        )
        assert not [body for body in bodies if b"Traceback" in body or b"on purpose" in body]


@pytest.mark.django_db
class TestFiles:
    @pytest.mark.parametrize("name", ["css/base.css", "js/log.js", "icons/icons.svg"])
    def test_a_file_with_its_hash_in_its_name_may_be_kept_for_good(self, name: str) -> None:
        from django.templatetags.static import static

        response = Client().get(static(name))
        assert response.getvalue()  # read to its end it closes as for a client: close() ends our database too
        assert "immutable" in response.headers["Cache-Control"]
        assert "Access-Control-Allow-Origin" not in response.headers
        response.headers["Cache-Control"] = "no-store"
        response.headers["Vary"] = "Cookie"
        assert missing_from(response, policy=FILE_POLICY) == [f"{power} is not denied" for power in POWERS]


IN_PRODUCTION = """
import json, django
django.setup()
from django.core.management import call_command
from django.test import Client
from django.test.utils import setup_test_environment
call_command("migrate", verbosity=0)
call_command("load_library", verbosity=0)
from accounts.services import open_account
open_account(email="a@example.org", password="an attic full of kites", display_name="A", timezone="UTC")
browser = Client(headers={"Host": "attune.example.org", "Referer": "https://attune.example.org/"})
answers = {"http": browser.get("/")}
for path in %s:
    answers["GET " + path] = browser.get(path, secure=True)
answers["signed in"] = browser.post(
    "/account/login/", {"login": "a@example.org", "password": "an attic full of kites"}, secure=True
)
answers["home"] = browser.get("/", secure=True)
print(json.dumps({name: [a.status_code, dict(a.headers), [m.OutputString() for m in a.cookies.values()]]
                  for name, a in answers.items()}))
"""


class TestProduction:
    """A real start in production mode, in a process of its own: settings are read once."""

    @pytest.fixture(scope="class")
    @staticmethod
    def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
        home = tmp_path_factory.mktemp("production")
        return {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "DJANGO_SETTINGS_MODULE": "attune_project.settings",
            "ATTUNE_MODE": "production",
            "VAR_DIR": str(home),
            "STATIC_ROOT": str(settings.STATIC_ROOT),
            "SITE_URL": "https://attune.example.org",
            "ALLOWED_HOSTS": "attune.example.org",
            "EMAIL_URL": "smtp://127.0.0.1:1",
            "SECRET_KEY": "s" * 30 + "".join(chr(65 + number) for number in range(26)),
            "UNSUBSCRIBE_KEY": "u" * 30 + "".join(chr(65 + number) for number in range(26)),
            "FIELD_KEYS": "k1:" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=",
        }

    def run(self, environment: dict[str, str], *command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command],
            check=False,
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @pytest.fixture(scope="class")
    @staticmethod
    def answers(environment: dict[str, str]) -> dict[str, Any]:
        paths = [route for route in routes() if "{" not in route]
        out = TestProduction().run(environment, "-c", IN_PRODUCTION % json.dumps(paths))
        found: dict[str, Any] = json.loads(out.splitlines()[-1])
        return found

    def test_every_cookie_is_bound_to_this_host_and_to_https(self, answers: dict[str, Any]) -> None:
        cookies = {cookie for _status, _headers, given in answers.values() for cookie in given}
        kept = [cookie for cookie in cookies if not cookie.partition("=")[2].startswith('""')]
        assert {cookie.partition("=")[0] for cookie in kept} >= {"__Host-session", "__Host-csrf"}
        loose = [
            cookie
            for cookie in kept
            if not cookie.startswith("__Host-")
            or not {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
            or "Domain" in cookie
        ]
        assert loose == []

    def test_plain_http_only_leads_to_https(self, answers: dict[str, Any]) -> None:
        status, headers, _cookies = answers["http"]
        assert (status, headers["Location"]) == (301, "https://attune.example.org/")

    def test_every_answer_asks_for_https_from_now_on(self, answers: dict[str, Any]) -> None:
        told = {
            name: headers.get("Strict-Transport-Security")
            for name, (_status, headers, _cookies) in answers.items()
            if name != "http"
        }
        assert set(told.values()) == {"max-age=31536000; includeSubDomains; preload"}

    def test_no_caught_mail_is_shown(self, answers: dict[str, Any]) -> None:
        assert answers["GET /dev/mail/"][0] == 404

    def test_it_signs_in(self, answers: dict[str, Any]) -> None:
        assert answers["signed in"][0] == 302
        assert answers["home"][1]["Location"] == "/welcome/"

    def test_djangos_own_deployment_check_has_nothing_to_say(self, environment: dict[str, str]) -> None:
        self.run(environment, "manage.py", "check", "--deploy", "--fail-level", "WARNING")
