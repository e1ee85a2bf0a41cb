"""An answer as bytes that can be compared: what is fresh in every answer is masked, nothing else is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

# The CSRF token, the nonce and the id of a sheet that was just opened are new in every answer, by design.
_FRESH = [
    (re.compile(rb'(name="(?:moment|check)_id" value=")[0-9a-f-]{36}'), rb"\1<fresh>"),
    (re.compile(rb'(name="csrfmiddlewaretoken" value=")[A-Za-z0-9]{64}'), rb"\1<csrf>"),
    (re.compile(rb"(X-CSRFToken[^A-Za-z0-9]{3,20})[A-Za-z0-9]{64}"), rb"\1<csrf>"),
    (re.compile(rb'(nonce[-=]"?)[A-Za-z0-9+/_=-]{16,}'), rb"\1<nonce>"),
]
_ID_CHARS = 16  # shorter ones name content that is the same for everybody
_COOKIE_KEEPS = ("path", "samesite", "secure", "httponly", "domain", "max-age")


@dataclass(frozen=True)
class Answer:
    """Status, headers and body, masked."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def answer(response: Any, *, masked: Iterable[object] = ()) -> Answer:
    """*response* with these ids masked wherever they stand."""
    names = sorted({str(value) for value in masked if len(str(value)) >= _ID_CHARS}, key=len, reverse=True)
    headers = [(name, _mask_text(value, names)) for name, value in response.items()]
    cookies = [
        (f"Set-Cookie {name}", repr([(key, morsel[key]) for key in _COOKIE_KEEPS]))
        for name, morsel in response.cookies.items()
    ]
    body = response.getvalue() if response.streaming else response.content
    return Answer(response.status_code, tuple(sorted(headers + cookies)), _mask(body, names))


def _mask(body: bytes, names: list[str]) -> bytes:
    for name in names:
        body = body.replace(name.encode(), b"<id>")
    for pattern, put in _FRESH:
        body = pattern.sub(put, body)
    return body


def _mask_text(value: str, names: list[str]) -> str:
    return _mask(value.encode(), names).decode()
