"""A client cannot choose the address that its tries are counted for."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory

from common.addresses import UNKNOWN, client_ip, network_of

FORGED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Real-IP": "203.0.113.9",
    "Forwarded": "for=203.0.113.9",
    "CF-Connecting-IP": "203.0.113.9",
    "True-Client-IP": "203.0.113.9",
    "X-Client-IP": "203.0.113.9",
}


def seen(peer: str = "198.51.100.7", **headers: str) -> str:
    return client_ip(RequestFactory().get("/", headers=headers, REMOTE_ADDR=peer))


class TestWithoutAProxy:
    @pytest.mark.parametrize("header", FORGED)
    def test_no_header_moves_the_address(self, header: str) -> None:
        assert seen(**{header: FORGED[header]}) == "198.51.100.7"

    def test_a_caller_without_an_address_has_one_name(self) -> None:
        assert seen(peer="") == UNKNOWN


class TestBehindProxies:
    @pytest.fixture(autouse=True)
    def _two(self, settings: Any) -> None:
        settings.TRUSTED_PROXY_COUNT = 2

    @pytest.mark.parametrize(
        "invented", ["", "203.0.113.9, ", "203.0.113.9, 203.0.113.8, ", "unknown, , ", "192.0.2.1, " * 50]
    )
    def test_what_the_client_wrote_stands_too_far_left_to_count(self, invented: str) -> None:
        header = {"X-Forwarded-For": f"{invented}192.0.2.44, 10.0.0.1"}
        assert seen(peer="10.0.0.2", **header) == "192.0.2.44"

    @pytest.mark.parametrize("header", [name for name in FORGED if name != "X-Forwarded-For"])
    def test_no_other_header_is_read(self, header: str) -> None:
        told = {"X-Forwarded-For": "192.0.2.44, 10.0.0.1", header: FORGED[header]}
        assert seen(peer="10.0.0.2", **told) == "192.0.2.44"

    @pytest.mark.parametrize("short", ["", "203.0.113.9"])
    def test_a_request_that_came_past_them_is_known_by_its_connection(self, short: str) -> None:
        assert seen(peer="198.51.100.7", **{"X-Forwarded-For": short}) == "198.51.100.7"

    @pytest.mark.parametrize("odd", ["nonsense", "999.1.1.1", "", "1.2.3.4.5", "192.0.2.1\x00"])
    def test_what_is_no_address_is_not_taken_for_one(self, odd: str) -> None:
        assert seen(peer="10.0.0.2", **{"X-Forwarded-For": f"{odd}, 10.0.0.1"}) == "10.0.0.2"


class TestSpelling:
    @pytest.mark.parametrize(
        ("told", "meant"),
        [
            ("192.0.2.4:51234", "192.0.2.4"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("2001:0DB8:0:0::1", "2001:db8::1"),
            ("::ffff:192.0.2.4", "192.0.2.4"),
            ("fe80::1%eth0", "fe80::1"),
        ],
    )
    def test_one_address_has_one_spelling(self, settings: Any, told: str, meant: str) -> None:
        settings.TRUSTED_PROXY_COUNT = 1
        assert seen(peer="10.0.0.2", **{"X-Forwarded-For": told}) == meant

    def test_a_home_is_one_place_however_its_phones_change_addresses(self) -> None:
        assert network_of("2001:db8:1:2:aaaa::1") == network_of("2001:db8:1:2:bbbb::9") == "2001:db8:1:2::"
        assert network_of("2001:db8:1:3::1") != network_of("2001:db8:1:2::1")
        assert network_of("192.0.2.4") == "192.0.2.4"
