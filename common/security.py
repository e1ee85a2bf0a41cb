"""The security log: one line per event on the logger `attune.security`, with codes and ids only.

`event=<code> key=value …`: no address, no name, no words, so that the log may be kept and shown. docs/operations.md
explains every code; a test compares.
"""

from __future__ import annotations

import logging
import re
from enum import StrEnum
from typing import Final

from django.http import HttpRequest

from common.addresses import client_ip, network_of
from common.pseudonyms import pseudonym

logger = logging.getLogger("attune.security")

PSEUDONYM_CHARS: Final = 12
VALUE_MAX: Final = 64
_NOT_PLAIN: Final = re.compile(r"[^A-Za-z0-9_.:-]")


class Event(StrEnum):
    """What is worth knowing. The name is the code in the log."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    CODE_REJECTED = "code_rejected"
    TOKEN_REJECTED = "token_rejected"  # noqa: S105 (the name of an event)
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    ADDRESS_CHANGED = "address_changed"
    EXPORTED = "exported"
    ERASURE_ASKED = "erasure_asked"
    ERASURE_TAKEN_BACK = "erasure_taken_back"
    LIMIT_HIT = "limit_hit"
    OPERATOR_REFUSED = "operator_refused"
    OPERATOR_ACTED = "operator_acted"


# What an operator may want to be woken for; the rest is information.
_WARNINGS: Final = {
    Event.SIGN_IN_FAILED,
    Event.CODE_REJECTED,
    Event.TOKEN_REJECTED,
    Event.LIMIT_HIT,
    Event.OPERATOR_REFUSED,
}


def tell(event: Event, *, request: HttpRequest | None = None, **about: object) -> None:
    """Write *event* to the security log, with where it came from, and what it is *about* by id or code.

    A value loses whatever could begin another line or another `key=`.
    """
    said: dict[str, object] = {"event": event, **about}
    if request is not None:
        said["place"] = place_name(request)
    line = " ".join(f"{key}={_plain(value)}" for key, value in said.items() if value is not None)
    logger.log(logging.WARNING if event in _WARNINGS else logging.INFO, "%s", line)


def place_name(request: HttpRequest) -> str:
    """A name for the network of *request*, the same as long as `SECRET_KEY` is."""
    return pseudonym(network_of(client_ip(request)), purpose="place")[:PSEUDONYM_CHARS]


def _plain(value: object) -> str:
    return _NOT_PLAIN.sub("?", str(value))[:VALUE_MAX] or "-"
