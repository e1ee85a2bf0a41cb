"""Stable names for what must not be written down: addresses of people and of machines."""

from __future__ import annotations

from django.utils.crypto import salted_hmac


def pseudonym(text: str, *, purpose: str) -> str:
    """64 hexadecimal digits that always stand for *text*, and tell nothing of it to whoever lacks `SECRET_KEY`.

    Keyed (HMAC-SHA-256): every IPv4 address, and every mail address of a list, can be tried out on a plain digest.
    Different for each *purpose*, so that two tables cannot be laid side by side.
    """
    return salted_hmac(f"attune.{purpose}", text.encode("utf-8", "replace"), algorithm="sha256").hexdigest()
