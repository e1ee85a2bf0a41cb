"""What a page tells the outbox on the phone (js/outbox/), and what the phone tells back: how many of its own wait."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest

from observations.sync import account_of

# What a service worker needs of the page's modules, in the order in which one needs the other.
_SHARED = ("database", "store", "session", "flush")
_OFFERED = ("Outbox", "Phone", "ask", "bootstrap", "flush")
_IMPORT = re.compile(r"^import [^;]*;$", re.MULTILINE)
# "2.k3Fq9a~1.x8Yz0b": how many of whom, as js/outbox/here.js writes it. A tag may hold "_" and "-".
_WAITING = re.compile(r"(?:^|~)([0-9]{1,4})\.")
_EXPORT = re.compile(r"^export ", re.MULTILINE)


def told_to_scripts(request: HttpRequest) -> dict[str, Any]:
    """For `base.html`: whose page it is, and the names of the cookies that scripts write."""
    user = getattr(request, "user", None)
    account = account_of(user.public_id) if user is not None and user.is_authenticated else ""
    return {
        "account": account,
        "pending_cookie": settings.PENDING_COOKIE_NAME,
        "kit_cookie": settings.KIT_COOKIE_NAME,
    }


def count_pending(request: HttpRequest) -> int:
    """How many operations the phone says are waiting on it, whoever's they are; 0 for a cookie that cannot be read."""
    found = _WAITING.findall(request.COOKIES.get(settings.PENDING_COOKIE_NAME, ""))
    return sum(int(count) for count in found)


def shared_script() -> str:
    """The modules that the worker shares with the pages, as one classic script: not every worker imports.

    Import and export lines are all that tells the two apart; what is offered comes back as the properties of `shared`.
    """
    texts = []
    for name in _SHARED:
        path = finders.find(f"js/outbox/{name}.js")
        if not isinstance(path, str):
            raise LookupError(f"js/outbox/{name}.js is not among the static files")
        texts.append(_EXPORT.sub("", _IMPORT.sub("", Path(path).read_text("utf-8"))))
    offered = ", ".join(_OFFERED)
    return f"const shared = (() => {{\n{''.join(texts)}\nreturn {{ {offered} }};\n}})();"
