"""An answer as bytes that can be compared: what is fresh in every answer is masked, nothing else is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

# The CSRF token, the nonce, the id of a sheet that was just opened, the challenge for a passkey and the secret that is
# offered to an app are new in every answer, by design.
_FRESH = [
    (re.compile(rb"(&quot;challenge&quot;: &quot;)[A-Za-z0-9_-]{43}"), rb"\1<challenge>"),
    # The reader's own number, which a passkey is made for: no two databases count alike.
    (re.compile(rb"(&quot;id&quot;: &quot;)[A-Za-z0-9_-]{2,8}(?=&quot;)"), rb"\1<me>"),
    (re.compile(rb'(src="data:image/svg\+xml;base64,)[A-Za-z0-9+/=]+'), rb"\1<secret>"),
    (re.compile(rb"(otpauth://[^\"]+secret=|<pre class=\"secret\"><code>)[A-Z2-7 ]+"), rb"\1<secret>"),
    (re.compile(rb'(name="(?:moment|check)_id" value=")[0-9a-f-]{36}'), rb"\1<fresh>"),
    (re.compile(rb'(name="csrfmiddlewaretoken" value=")[A-Za-z0-9]{64}'), rb"\1<csrf>"),
    (re.compile(rb"(X-CSRFToken[^A-Za-z0-9]{3,20})[A-Za-z0-9]{64}"), rb"\1<csrf>"),
    # Of the doors for phones: the token, the hour, and a cursor, which is sealed anew each time and always as long.
    (re.compile(rb'("(?:csrf|server_time)":")[^"]+'), rb"\1<fresh>"),
    (re.compile(rb'("next":")([^"]+)'), lambda found: found[1] + b"x" * len(found[2])),
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
    body = _mask(response.getvalue() if response.streaming else response.content, names)
    headers = [(name, _mask_text(value, names)) for name, value in response.items()]
    if response.has_header("Content-Length"):
        headers = [
            *(item for item in headers if item[0] != "Content-Length"),
            ("Content-Length", str(len(body))),
        ]
    cookies = [
        (f"Set-Cookie {name}", repr([(key, morsel[key]) for key in _COOKIE_KEEPS]))
        for name, morsel in response.cookies.items()
    ]
    return Answer(response.status_code, tuple(sorted(headers + cookies)), body)


def _mask(body: bytes, names: list[str]) -> bytes:
    for name in names:
        body = body.replace(name.encode(), b"<id>")
    for pattern, put in _FRESH:
        body = pattern.sub(put, body)
    return body


def _mask_text(value: str, names: list[str]) -> str:
    return _mask(value.encode(), names).decode()
