"""The one sanitiser of what people type."""

from __future__ import annotations

import unicodedata

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from common.text import clean_text, required_text


def clean(value: str, **arguments) -> str:
    return clean_text(value, **{"field": "note", "max_length": 100, "multiline": True, **arguments})


class TestCleanText:
    @pytest.mark.parametrize(
        ("typed", "kept"),
        [
            ("  a walk \n", "a walk"),
            ("one\r\ntwo\rthree", "one\ntwo\nthree"),
            ("a\u2028b\u2029c\x85d\x0be\x0cf", "a\nb\nc\nd\ne\nf"),
            ("a\u0007b\x1b[31mc", "ab[31mc"),
            ("safe\u202eevil\u2066", "safeevil"),
            ("cafe\u0301", "café"),
            ("tab\tstays", "tab\tstays"),
            ("👩‍👧 🦊", "👩‍👧 🦊"),
            ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ],
    )
    def test_it_keeps_the_words_and_drops_what_misleads(self, typed, kept):
        assert clean(typed) == kept

    def test_in_one_line_breaks_become_spaces(self):
        assert clean("one\ntwo\u2028three", multiline=False) == "one two three"

    @pytest.mark.parametrize("typed", ["\x00", "a\x00b", "\ud800", "x\udfff"])
    def test_what_no_database_can_hold_is_refused(self, typed):
        with pytest.raises(ValidationError) as error:
            clean(typed)
        assert error.value.error_dict["note"][0].code == "bad_character"

    def test_length_is_counted_after_cleaning(self):
        assert len(clean(" " * 50 + "x" * 100 + "\u202e" * 50)) == 100
        with pytest.raises(ValidationError) as error:
            clean("x" * 103)
        assert error.value.message_dict["note"] == ["This is 3 characters too long. There is room for 100."]

    @given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60))
    def test_cleaning_twice_changes_nothing(self, typed):
        once = clean(typed, max_length=1000)
        assert clean(once, max_length=1000) == once
        assert unicodedata.is_normalized("NFC", once)

    @given(st.text(max_size=40))
    def test_whatever_is_typed_is_kept_or_refused(self, typed):
        try:
            clean(typed, max_length=1000).encode("utf-8")
        except ValidationError:
            assert "\x00" in typed or any(0xD800 <= ord(char) <= 0xDFFF for char in typed)


class TestRequiredText:
    @pytest.mark.parametrize("typed", ["", "  ", "\n\t", "\u202e"])
    def test_nothing_is_not_enough(self, typed):
        with pytest.raises(ValidationError) as error:
            required_text(typed, field="name", max_length=10)
        assert error.value.error_dict["name"][0].code == "required"
