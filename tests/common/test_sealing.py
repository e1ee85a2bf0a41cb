"""Text at rest: sealed by the newest key, opened by any, and only in its own place."""

from __future__ import annotations

import base64
import os

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from common.sealing import SealBroken, current_key_id, key_id, seal, unseal

PLACE = {"table": "notes", "row": "7:a", "field": "note"}


def key(name: str) -> str:
    return f"{name}:{base64.b64encode(os.urandom(32)).decode()}"


class TestSeal:
    @given(st.binary(min_size=1, max_size=200))
    def test_what_was_sealed_opens(self, content):
        assert unseal(seal(content, **PLACE), **PLACE) == content

    def test_nothing_stays_nothing(self):
        assert seal(b"", **PLACE) == b""
        assert unseal(b"", **PLACE) == b""
        assert key_id(b"") == ""

    def test_the_same_words_never_look_the_same(self):
        assert seal(b"same", **PLACE) != seal(b"same", **PLACE)

    @pytest.mark.parametrize("part", ["table", "row", "field"])
    def test_another_place_does_not_open_it(self, part):
        with pytest.raises(SealBroken):
            unseal(seal(b"mine", **PLACE), **{**PLACE, part: "other"})

    def test_every_flipped_bit_is_noticed(self):
        sealed = seal(b"words", **PLACE)
        for position in range(len(sealed)):
            damaged = bytearray(sealed)
            damaged[position] ^= 1
            with pytest.raises(SealBroken):
                unseal(bytes(damaged), **PLACE)

    @pytest.mark.parametrize("junk", [b"\x00", b"\xff", b"\x05abc", b"x" * 5, b"\x01k" + b"\x00" * 11])
    def test_junk_is_broken_and_nothing_worse(self, junk):
        with pytest.raises(SealBroken):
            unseal(junk, **PLACE)


class TestKeys:
    def test_the_first_key_seals_and_every_key_opens(self, settings):
        old, new = key("old"), key("new")
        settings.FIELD_KEYS = [old]
        sealed = seal(b"words", **PLACE)
        settings.FIELD_KEYS = [new, old]
        assert current_key_id() == "new"
        assert unseal(sealed, **PLACE) == b"words"
        assert key_id(seal(b"words", **PLACE)) == "new"

    def test_without_its_key_it_stays_shut(self, settings):
        settings.FIELD_KEYS = [key("old")]
        sealed = seal(b"words", **PLACE)
        settings.FIELD_KEYS = [key("new")]
        with pytest.raises(SealBroken, match="unknown key"):
            unseal(sealed, **PLACE)

    def test_another_key_of_the_same_name_does_not_open_it(self, settings):
        settings.FIELD_KEYS = [key("k")]
        sealed = seal(b"words", **PLACE)
        settings.FIELD_KEYS = [key("k")]
        with pytest.raises(SealBroken):
            unseal(sealed, **PLACE)

    @pytest.mark.parametrize(
        "entry",
        [
            "",
            "k",
            "k:",
            "k:short",
            ":" + "A" * 44,
            f"{'x' * 33}:{'A' * 43}=",
            f"clé:{'A' * 43}=",
            "k:!!!!",
            "k:é",
        ],
    )
    def test_a_key_that_cannot_work_is_named_at_once(self, settings, entry):
        settings.FIELD_KEYS = [entry]
        with pytest.raises(ImproperlyConfigured, match="FIELD_KEYS"):
            current_key_id()

    def test_two_keys_of_one_name_are_refused(self, settings):
        settings.FIELD_KEYS = [key("k"), key("k")]
        with pytest.raises(ImproperlyConfigured, match="two keys"):
            current_key_id()

    def test_a_key_that_cannot_seal_stops_the_process_when_it_starts(self, settings):
        settings.FIELD_KEYS = ["k:short"]
        with pytest.raises(ImproperlyConfigured, match="FIELD_KEYS"):
            apps.get_app_config("common").ready()
