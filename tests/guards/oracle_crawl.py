"""Everything one person can fetch: every address that exists or that a page leads to, whole and in pieces."""

from __future__ import annotations

import html
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.core import mail
from django.test import Client

from checklists.rules import Dimension, Tone
from tests.guards.matrix import DOORS
from tests.guards.matrix_bytes import Answer, answer
from tests.guards.matrix_routes import fill, routes
from tests.guards.matrix_world import sign_in
from tests.guards.oracle_life import COACHES, HER_CHECKS, SECRET_WORD, WEEKS, Life, named

_LINK = re.compile(r'(?:href|hx-get|action|src)="([^"]*)"')
# A cursor is new each time it is sealed, as long as all others, and leads to the next page.
_CURSOR = re.compile(rb'((?:[?&;]cursor=|"next(?:_cursor)?":"))[A-Za-z0-9_-]+')
# A phone's token and the key it seals to are new in each installation and session; both have one length.
_OF_A_SESSION = re.compile(rb'("(?:csrf|pub)":")[A-Za-z0-9_-]+')
# A thought's id is made by the server; it is random, and opens nothing.
_THOUGHT = re.compile(rb'"id":"[0-9a-f-]{36}"(,"author":"[0-9a-f-]{36}","text")')
# So are these in what somebody takes along; every other id there was given by whoever wrote it.
_UUID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_IDS_OF_THE_SERVER = ("/thoughts.json", "/thoughts.csv", "/invitations.json", "/invitations.csv")
_BOUNDARY = re.compile(rb"={15}\d+==")
_ID = re.compile(r"/[0-9a-f-]{36}/|repairs=")
SAME_FOR_ALL = ("/household/join", "/coach/offers", "/dev/", "/api/v1/docs", "/api/v1/schema")
PAGES_MAX = 1_500


@dataclass
class Crawl:
    """What *who* was answered, by address; of a list's pages by how one comes to them."""

    life: Life
    who: str
    thorough: bool = False
    answers: dict[str, Answer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.browser = Client(raise_request_exception=False)
        sign_in(self.browser, self.life.users[self.who])

    def everything(self, *, lists_only: bool = False) -> dict[str, Answer]:
        """All answers; *lists_only*: but those about one thing, which lists show as well."""
        waiting = [(path, path) for path in self._addresses() if not (lists_only and _ID.search(path))]
        if self.who in self.life.places:
            query = urlencode({"cursor": self.life.places[self.who]})
            waiting.append(("what changed since", f"/api/v1/changes/?{query}"))
        for name, path in waiting:
            waiting += [(f"{name} | next", found) for found in self._look(name, path)]
        assert len(waiting) < PAGES_MAX, "this crawl does not end"
        self.answers |= dict(self._mails())
        self.answers |= dict(self._export())
        return self.answers

    # --- Where to look -------------------------------------------------------------------------------------------
    def _addresses(self) -> Iterator[str]:
        """Every GET there is, about everything whose id is known; every filter of every list."""
        for route, rule in DOORS.items():
            if "GET" in rule.doors and not route.startswith(SAME_FOR_ALL):
                yield from self._about(route)
        for filters in self._filters() if self.thorough or self.who == "bela" else ():
            yield f"/moments/?{urlencode(filters)}"
            yield f"/api/v1/moments/?{urlencode(filters)}"
        for week in WEEKS:
            yield f"/reflections/{week}/?keep=1&practice=1"
        for child in self.life.children.values():
            for author in self.life.users.values():
                asked = {"child": child.public_id, "author": author.public_id, "months": 6}
                yield f"/patterns/?{urlencode(asked)}"
        yield f"/check/?week={WEEKS[1]}"
        yield "/log/?tone=came_back"
        for moment_id in self._moments():
            yield f"/log/?repairs={moment_id}"

    def _about(self, route: str) -> Iterator[str]:
        names = list(routes()[route])
        # What only its author may open is closed to everybody in the same way, one moment like another.
        theirs = self.who == "cora" if route.startswith("/coach/") else True
        whole = self.thorough or (theirs and route.endswith("/moments/{moment_id}/"))
        known: dict[str, list[Any]] = {
            "moment_id": self._moments() if whole else self._moments()[:3],
            "check_id": [named("check", number) for number in HER_CHECKS],
            "child_id": [child.public_id for child in self.life.children.values()],
            "household_id": [named("household", name) for name in ("attic", "loft")],
            "grant_id": [named("grant", name) for name in COACHES],
            "label": list(WEEKS),
            "week": list(WEEKS),
            "slug": ["notice"],
            "key": ["attune"],
        }
        if not names:
            yield route
        elif set(names) <= set(known):
            for values in product(*(known[name] for name in names)):
                yield fill(route, dict(zip(names, values, strict=True)))

    def _moments(self) -> list[Any]:
        """Every moment with a name of its own; of those of which there are many, three and whatever stands out."""
        if self.thorough:
            return list(self.life.moments.values())
        many = {f"{kind} {number}" for kind in ("shared", "hers") for number in range(3, 36)} - {"shared 8"}
        return [moment_id for name, moment_id in self.life.moments.items() if name not in many]

    def _filters(self) -> Iterator[dict[str, Any]]:
        yield from ({"child": child.public_id} for child in self.life.children.values())
        yield from ({"author": user.public_id} for user in self.life.users.values())
        yield from ({"dimension": str(dimension)} for dimension in Dimension)
        yield from ({"tone": str(tone)} for tone in Tone)
        yield from ({"text": text} for text in (SECRET_WORD, "number 1", "reads now", "Bela"))
        days = {days_ago: str(self.life.day(days_ago).date()) for days_ago in (1, 5, 7, 41)}
        yield from ({"since": day, "until": day} for day in days.values())
        yield {"author": self.life.users["alice"].public_id, "tone": "missed", "dimension": "needs"}

    # --- Looking -------------------------------------------------------------------------------------------------
    def _look(self, name: str, path: str) -> Iterator[str]:
        """Keep the answer under *name*; gives the addresses of further pages of a list."""
        whole, piece = {}, {"HX-Request": "true"}
        kinds: list[dict[str, str]] = [whole, piece]
        if path.startswith("/api/") or (_ID.search(path) and "cursor" not in path):
            kinds = [whole]  # what is about one thing has no pieces
        elif path.startswith("/moments/?") and not self.thorough:
            kinds = [piece]  # the rows are what a filter changes
        for headers in kinds:
            response = self.browser.get(path, headers=headers)
            self.answers[f"{name} {'(piece)' if headers else ''}"] = masked(answer(response))
            if headers is kinds[0]:
                yield from next_pages(path, response)

    def _mails(self) -> Iterator[tuple[str, Answer]]:
        mine = [sent for sent in mail.outbox if self.life.users[self.who].email in sent.to]
        for number, sent in enumerate(mine):
            raw = sent.message().as_bytes()
            yield f"mail {number}", Answer(200, (), _BOUNDARY.sub(b"<boundary>", raw))

    def _export(self) -> Iterator[tuple[str, Answer]]:
        """Every file of what they can take along; the manifest holds the sums of these, ids and all."""
        response = self.browser.post("/household/data/export/")
        with zipfile.ZipFile(io.BytesIO(response.getvalue())) as archive:
            for name in set(archive.namelist()) - {"manifest.json"}:
                body = archive.read(name)
                if name.endswith(_IDS_OF_THE_SERVER):
                    body = _UUID.sub(b"<id>", body)
                yield f"export {name}", Answer(response.status_code, (), body)


def next_pages(path: str, response: Any) -> Iterator[str]:
    """Where a list goes on; filters and the like that a page links to are among the addresses already."""
    if response.get("Content-Type", "").startswith("application/json"):
        found = json.loads(response.content)
        if cursor := found.get("next_cursor") or (found.get("has_more") and found.get("next")):
            yield f"{path}{'&' if '?' in path else '?'}{urlencode({'cursor': cursor})}"
        return
    for link in dict.fromkeys(map(html.unescape, _LINK.findall(response.content.decode()))):
        parts = urlsplit(link)
        if "cursor" in dict(parse_qsl(parts.query)):
            yield f"{parts.path or urlsplit(path).path}?{parts.query}"


def masked(found: Answer) -> Answer:
    """Without what is fresh in every answer; of a cursor its length stays."""
    body = _CURSOR.sub(lambda match: match[1] + b"<%d>" % len(match[0]), found.body)
    body = _OF_A_SESSION.sub(lambda match: match[1] + b"<%d>" % len(match[0]), body)
    return Answer(found.status, found.headers, _THOUGHT.sub(rb'"id":"<thought>"\1', body))
