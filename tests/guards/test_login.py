"""Every address is private unless it stands on the short list of public ones; signing in leads nowhere else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.test import Client

from accounts.models import User
from observations.services import restore_moment
from tests.guards.matrix import DOORS, Outcome, outcome
from tests.guards.matrix_routes import routes
from tests.guards.matrix_visit import path_of
from tests.guards.matrix_world import PASSWORD, Who, World

# What a signed-out person may fetch. A new public page is added here on purpose; `matrix` has its reason.
PUBLIC = {
    "/",
    "/help/",
    "/offline/",
    "/waiting/",
    "/log/offline/",
    "/goodbye/",
    "/log/share/",
    "/account/reminders/noted/",
    "/manifest.webmanifest",
    "/sw.js",
    "/robots.txt",
    "/favicon.ico",
    "/healthz",
    "/readyz",
    "/household/invitations/{token}/",
    "/household/join/",
    "/household/join/block/",
    "/household/join/decline/",
    "/household/coaches/asked/",
    "/household/coaches/asked/decline/",
    "/coach/asks/{token}/",
    "/coach/offers/",
    "/coach/offers/{token}/",
    "/coach/offers/decline/",
    "/not-me/{token}/",
    "/card/{token}/",
    "/unsubscribe/{token}/",
    "/dev/mail/",
    "/dev/mail/{name}/",
    "/dev/mail/{name}/html/",
}
# allauth's own flows begin and end signed out.
FLOWS = re.compile(r"/account/(login|logout|signup|inactive|confirm-email|password/reset)/")

_PLACES = """
//evil.example  ///evil.example  ////evil.example  //evil.example/%2f..  //evil.example#@testserver  //[::2]/  //[evil
/\\evil.example  \\\\evil.example  \\/evil.example  /\\/evil.example  ///\\evil.example  //0x7f000001/  //evil。example
http://evil.example  https://evil.example  HtTpS://evil.example  ftp://evil.example  ws://evil.example
https:evil.example  https:/evil.example  https:///evil.example  https:\\\\evil.example  http:\\\\evil.example
https://testserver@evil.example  //testserver@evil.example  https://testserver.evil.example  http://testserver:81/
https://evil.example\\@testserver  //evil.example:80\\@testserver/  https://evil.example?testserver
javascript:alert(1)  JaVaScRiPt:alert(1)  vbscript:x  data:text/html,x  mailto:a@b  blob:x  view-source:x
"""
_CONTROLS = ["\t//", " //", "\n//", "/\t/", "/\n/", "/\r/", "\x01//", "https\t://"]
ELSEWHERE = [*_PLACES.split(), *(f"{start}evil.example" for start in _CONTROLS)]


def stays_here(location: str) -> bool:
    """Whether a browser that is sent to *location* stays on this host (WHATWG URL: tabs vanish, backslashes turn)."""
    seen = re.sub(r"[\t\r\n]", "", location).strip("".join(map(chr, range(33)))).replace("\\", "/")
    if seen.startswith("//") or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", seen):
        return bool(re.match(r"http://testserver(/|$)", seen))
    return True


class TestSignedOut:
    """The matrix sends somebody who is signed out to every address; here is the list of those that let them in."""

    def test_what_is_public_is_this_list_and_no_more(self) -> None:
        asks = {
            route
            for route, rule in DOORS.items()
            if any(
                outcome(Who.ANONYMOUS, door, None, kind=rule.kind) is Outcome.SIGNS_IN
                for door in rule.doors.values()
            )
        }
        nowhere = {"/api/v1/"}
        open_to_all = set(routes()) - asks - nowhere
        assert {route for route in open_to_all if not FLOWS.match(route)} == PUBLIC


@pytest.mark.django_db
class TestLeadsNowhereElse:
    """What stands in `next` may be anybody's: a link in a mail, a page that wants a password."""

    @pytest.fixture
    def author(self, world: World, settings: Any) -> User:
        # Each sign-in below checks a password: with the real hasher that takes longer than all the rest.
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        settings.RATE_LIMIT_FACTOR = 100
        User.objects.update(password=make_password(PASSWORD))
        Authenticator.objects.all().delete()  # a second step would come before what is looked at here
        return world.users[Who.AUTHOR]

    def test_the_check_sees_every_one_of_them(self) -> None:
        assert len(ELSEWHERE) >= 40
        assert stays_here("/moments/?text=a:b")
        assert stays_here("http://testserver/moments/")
        assert [place for place in ELSEWHERE if stays_here(place)] == []

    def test_neither_after_a_password_nor_when_signed_in_nor_after_leaving(
        self, world: World, author: User
    ) -> None:
        left = {}
        moment = world.thing("moment", f"{Who.AUTHOR}'s private live")
        for place in ELSEWHERE:
            signed_in, password = world.client(Who.AUTHOR), {"password": PASSWORD, "next": place}
            answers = {
                "password": Client().post("/account/login/", {"login": author.email, **password}),
                "signed in": signed_in.get("/account/login/", {"next": place}),
                "again": signed_in.post("/account/reauthenticate/", password),
                "deleted": signed_in.post(path_of("/moments/{moment_id}/delete/", moment), {"next": place}),
                "out": signed_in.post("/account/logout/", {"next": place}),
            }
            left |= {
                f"{way} {place!r}": (answer.status_code, answer.get("Location"))
                for way, answer in answers.items()
                if answer.status_code not in (200, 302, 303) or not stays_here(answer.get("Location", "/"))
            }
            restore_moment(actor_id=author.pk, moment_id=moment.ids["moment_id"], now=world.now)
        assert not left, "\n".join(map(str, left.items()))
