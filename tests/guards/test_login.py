"""Every address is private unless it stands on the short list of public ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

# What a signed-out person may fetch. A new public page is added here on purpose, with its reason.
PUBLIC = {
    "",  # what Attune is
    "help/",  # help must not ask for a sign-in first
    "offline/",
    "manifest.webmanifest",
    "sw.js",
    "robots.txt",
    "favicon.ico",
    "healthz",
    "readyz",
    "household/invitations/<token>/",  # puts the token away and shows nothing; whoever was invited may have no account
    "household/join/",
    "unsubscribe/<token>/",  # the signed token stands for the person
    "dev/mail/",  # local mode only: where the code to sign in arrives
    "dev/mail/<name>/",
    "dev/mail/<name>/html/",
}
SAMPLE = {
    "uuid": "00000000-0000-4000-8000-000000000000",
    "week": "2026-W46",
    "slug": "notice",
    "token": "x" * 43,
    "str": "x",
    "int": "1",
    "key": "attune",
}


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


def own_routes() -> list[str]:
    """All but allauth's, which decide for themselves who is signed in."""
    return [route for route in routes(get_resolver().url_patterns) if not route.startswith("account/")]


def sample_path(route: str) -> str:
    path = ""
    for part in route.replace("<", "\0").replace(">", "\0").split("\0"):
        is_parameter = f"<{part}>" in route
        kind, _, name = part.rpartition(":")
        path += SAMPLE.get(name, SAMPLE.get(kind, "x")) if is_parameter else part
    return "/" + path.removesuffix("\\Z").removesuffix("$")


def is_public(route: str) -> bool:
    return route in PUBLIC or any(
        sample_path(route) == sample_path(public) for public in PUBLIC if "<" in public
    )


class TestSignedOut:
    def test_the_guard_sees_the_routes(self) -> None:
        assert {"log/", "moments/", "reflections/"} <= set(own_routes())

    def test_no_entry_of_the_public_list_is_stale(self) -> None:
        known = {sample_path(route) for route in own_routes()}
        assert {route for route in PUBLIC if sample_path(route) not in known} == set()

    @pytest.mark.django_db
    def test_every_other_address_asks_who_is_there(self) -> None:
        client = Client()
        open_to_all = {}
        for route in own_routes():
            if is_public(route):
                continue
            response = client.get(sample_path(route))
            asks = response.status_code == 401 or (
                response.status_code == 302 and "/account/login/" in response["Location"]
            )
            if not asks:
                open_to_all[route] = response.status_code
        assert open_to_all == {}
