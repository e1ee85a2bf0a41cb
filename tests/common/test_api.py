"""The base of the API door: how JSON is read, how errors are told."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st
from rest_framework import exceptions, serializers
from rest_framework.test import APIRequestFactory

from common.api import Day, Input, Instant, PublicId, QueryNumber, StrictJSONParser, Text, WholeNumber
from common.api.parsing import MAX_JSON_DEPTH
from common.api.problems import domain_errors, problem_response
from common.errors import Conflict, NotVisible, Refused

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def parse(text: str | bytes):
    return StrictJSONParser().parse(io.BytesIO(text if isinstance(text, bytes) else text.encode()))


class TestStrictJson:
    @given(JSON)
    def test_what_is_plain_json_is_read_as_it_is(self, value):
        text = json.dumps(value)
        if text.count("[") + text.count("{") <= MAX_JSON_DEPTH:
            assert parse(text) == value

    def test_depth_is_counted_as_nesting_and_not_as_brackets(self):
        assert parse("[" + "[],".join([""] * 50) + "[]]")
        deepest = "[" * MAX_JSON_DEPTH + "]" * MAX_JSON_DEPTH
        assert parse(deepest)
        with pytest.raises(exceptions.ParseError):
            parse(f"[{deepest}]")

    @pytest.mark.parametrize("text", [r'["[[[[[[[[[[[["]', r'["\"[[[[[[[[[[[[["]', r'["\\", "[[[[[[[[[["]'])
    def test_brackets_in_words_are_words(self, text):
        assert parse(text) == json.loads(text)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{",
            "[1,]",
            "{'a': 1}",
            '{"a": 1, "a": 1}',
            '[{"a": {"b": 1, "b": 2}}]',
            "NaN",
            "-Infinity",
            "1e999",
            "-1e999",
            "9" * 33,
            "1." + "0" * 40,
            b'"\xff"',
            b"\xef\xbb\xbf1",
            '"' + "[" * 100,
            "[" * 1_000_000,
            '{"a":' * 1_000_000,
        ],
    )
    def test_whatever_else_is_refused(self, text):
        with pytest.raises(exceptions.ParseError):
            parse(text)


class Ask(Input):
    text = Text(required=False)
    count = WholeNumber(required=False)
    number = QueryNumber(required=False)
    day = Day(required=False)
    at = Instant(required=False)
    id = PublicId(required=False)


class TestFields:
    @pytest.mark.parametrize(
        ("name", "sent", "read"),
        [
            ("text", "words", "words"),
            ("count", 3, 3),
            ("count", 3.0, 3),
            ("number", "12", 12),
            ("day", "2026-11-18", date(2026, 11, 18)),
            ("at", "2026-11-18T19:30:00Z", datetime(2026, 11, 18, 19, 30, tzinfo=UTC)),
            ("at", "2026-11-18T19:30:00.5+01:00", datetime(2026, 11, 18, 18, 30, 0, 500_000, tzinfo=UTC)),
        ],
    )
    def test_a_value_of_the_right_kind_is_read(self, name, sent, read):
        asked = Ask(data={name: sent})
        assert asked.is_valid(), asked.errors
        assert asked.validated_data[name] == read

    @pytest.mark.parametrize(
        ("name", "sent", "code"),
        [
            ("text", 5, "invalid"),
            ("text", ["a"], "invalid"),
            ("text", "\x00", "null_characters_not_allowed"),
            ("text", "\ud800", "surrogate_characters_not_allowed"),
            ("count", "3", "invalid"),
            ("count", True, "invalid"),
            ("count", 3.5, "invalid"),
            ("number", "٣", "invalid"),
            ("number", "1_000", "invalid"),
            ("number", " 1", "invalid"),
            ("day", "20261118", "invalid"),
            ("day", "2026-W47-3", "invalid"),
            ("day", "2026-02-30", "invalid"),
            ("day", 20_261_119, "invalid"),
            ("at", "2026-11-18T19:30:00", "no_zone"),
            ("at", "2026-11-18", "invalid"),
            ("at", 1_795_000_000, "invalid"),
            ("at", "2026-11-18T25:00:00Z", "invalid"),
            ("at", "0001-01-01T00:00:00+14:00", "overflow"),
            ("at", "٢٠٢٦-11-18T19:30:00Z", "invalid"),
            ("id", "12345678123456781234567812345678", "invalid"),
            ("id", "urn:uuid:12345678-1234-5678-1234-567812345678", "invalid"),
            ("id", 5, "invalid"),
        ],
    )
    def test_a_value_of_another_kind_is_refused(self, name, sent, code):
        asked = Ask(data={name: sent})
        assert not asked.is_valid()
        assert asked.errors[name][0].code == code

    def test_what_is_not_declared_is_named_beside_what_is_wrong(self):
        asked = Ask(data={"count": "x", "owner": 1})
        assert not asked.is_valid()
        assert {name: errors[0].code for name, errors in asked.errors.items()} == {
            "count": "invalid",
            "owner": "unknown",
        }

    @pytest.mark.parametrize("data", [None, [], "text", 5, [{"text": "a"}]])
    def test_only_an_object_is_an_input(self, data):
        asked = Ask(data=data)
        assert not asked.is_valid()


class TestProblems:
    def told(self, error: Exception, **headers: str):
        request = APIRequestFactory().get("/", headers=headers)
        return problem_response(error, {"request": request})

    @pytest.mark.parametrize(
        ("error", "status", "code"),
        [
            (NotVisible("x"), 404, "not_found"),
            (Refused("x"), 403, "refused"),
            (Conflict("x"), 409, "changed"),
            (ValidationError({"a": "x"}), 400, "invalid"),
            (exceptions.NotAuthenticated(), 401, "not_authenticated"),
            (exceptions.Throttled(wait=7), 429, "throttled"),
            (exceptions.UnsupportedMediaType("x"), 415, "unsupported_media_type"),
        ],
    )
    def test_each_error_has_its_status_and_code(self, error, status, code):
        answer = self.told(error)
        assert (answer.status_code, answer.data["status"], answer.data["code"]) == (status, status, code)
        assert answer.content_type == "application/problem+json"

    def test_a_conflict_of_a_conditional_request_is_412(self):
        assert self.told(Conflict("x"), **{"If-Match": '"1"'}).status_code == 412

    def test_who_has_to_wait_is_told_how_long(self):
        assert self.told(exceptions.Throttled(wait=7.2))["Retry-After"] == "8"

    def test_a_bug_is_no_answer(self):
        assert self.told(KeyError("x")) is None

    def test_nested_errors_have_a_path(self):
        error = serializers.ValidationError({"ratings": {"needs": ["wrong"]}, "cues": {2: ["wrong"]}})
        assert set(self.told(error).data["errors"]) == {"ratings.needs", "cues.2"}

    def test_errors_of_the_whole_stand_under_all(self):
        assert set(domain_errors(ValidationError("x", code="too_many"))) == {"all"}
        assert set(self.told(serializers.ValidationError("x")).data["errors"]) == {"all"}
        assert set(self.told(serializers.ValidationError({"non_field_errors": ["x"]})).data["errors"]) == {
            "all"
        }

    def test_what_no_answer_can_carry_is_replaced(self):
        error = serializers.ValidationError({"\ud800": ["\udfff"]})
        json.dumps(self.told(error).data, ensure_ascii=False).encode("utf-8")
