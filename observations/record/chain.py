"""How links hang together: hashes, and nothing of Django.

In a chain of hashes every later link is a witness of all earlier ones (S. Haber and W. S. Stornetta, "How to time-stamp
a digital document", 1991). What was written enters as HMAC-SHA-256 (RFC 2104) under a salt of its own: while salt and
content are there, anybody can make the hash again; when they are destroyed, nobody can guess what it was about.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Mapping
from typing import Any, Final

START: Final = bytes(32)
"""The digest before the first link."""

_PURPOSE: Final = b"attune.record.1"


def new_salt() -> bytes:
    """Random bytes for the links of one observation, as long as a hash (RFC 2104, 3)."""
    return os.urandom(hashlib.sha256().digest_size)


def content_hash(content: Mapping[str, Any], *, salt: bytes) -> bytes:
    """32 bytes that stand for *content*, which is JSON: its keys in order, no spaces, ASCII."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hmac.digest(salt, _PURPOSE + canonical.encode("ascii"), "sha256")


def link_digest(before: bytes, *, number: int, content: bytes) -> bytes:
    """The digest of the link with this number and content hash, behind a link with the digest *before*."""
    return hashlib.sha256(_PURPOSE + before + number.to_bytes(8, "big") + content).digest()


def sum_of_heads(digests: Iterable[bytes]) -> str:
    """The SHA-256 of a day's heads, whatever their order, in hexadecimal."""
    return hashlib.sha256(_PURPOSE + b"".join(sorted(digests))).hexdigest()
