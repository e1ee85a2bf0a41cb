"""JSON without surprises: UTF-8, at most 8 levels, no key twice, no NaN, no absurdly long number."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.parsers import BaseParser

MAX_JSON_DEPTH = 8
MAX_NUMBER_CHARS = 32

# A string, or one bracket; a string that never ends runs to the end of the text.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


class StrictJSONParser(BaseParser):
    """The only way a body comes in. Python's own reader is too kind: it keeps the last of two equal keys."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return read_json(stream.read())


def read_json(content: bytes) -> Any:
    """What *content* says.

    Raises:
        ParseError: it is not UTF-8, not JSON, or more surprising than that.
    """
    try:
        text = content.decode("utf-8")
        _refuse_depth(text)
        return json.loads(
            text,
            object_pairs_hook=_unique_keys,
            parse_constant=_no_constant,
            parse_int=_short_int,
            parse_float=_short_float,
        )
    except ValueError as error:
        raise exceptions.ParseError(_("This is not JSON that can be read.")) from error


def _refuse_depth(text: str) -> None:
    """Find the depth before anything recurses into it: brackets inside strings do not count."""
    if text.count("[") + text.count("{") <= MAX_JSON_DEPTH:
        return
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        if match[0] in "[{":
            depth += 1
        elif match[0] in "]}":
            depth -= 1
        if depth > MAX_JSON_DEPTH:
            raise exceptions.ParseError(_("This JSON is nested too deeply."))


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise exceptions.ParseError(_("The same key stands twice in this JSON."))
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _short_int(digits: str) -> int:
    return int(_short(digits))


def _short_float(digits: str) -> float:
    number = float(_short(digits))
    if not math.isfinite(number):
        raise ValueError("number too large")
    return number


def _short(digits: str) -> str:
    if len(digits) > MAX_NUMBER_CHARS:
        raise ValueError("number too long")
    return digits
