"""Whatever somebody types is text: on a page, in a piece of one, in an answer of the API, in a mail.

The proof is a twin: the same house with harmless texts of the same length. Element by element and attribute by
attribute both have to be the same, so nothing that was typed became markup. `tests/journeys` asks a browser as well.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
import time_machine
from django.core import mail
from django.db import transaction
from django.test import Client

from accounts.models import User
from common.text import clean_text
from households.models import Grant
from tests.conftest import NOW
from tests.guards.matrix import DOORS
from tests.guards.matrix_routes import routes
from tests.guards.matrix_visit import Visitor, path_of
from tests.guards.matrix_world import Who, World, sign_in
from tests.guards.xss_corpus import PAYLOADS, chunks, harmless
from tests.guards.xss_house import House, Spell, build

# Attributes whose value is text that a person reads or typed; of all others the value has to be the same too.
TEXT = {"value", "title", "aria-label", "alt", "placeholder", "content", "checked", "selected"}
ADDRESSES = {"href", "src", "action", "formaction", "hx-get", "hx-post"}
FRESH = re.compile(
    r'(?<=;base64,)[A-Za-z0-9+/=]+|(?<="challenge": ")[\w-]+|(?<="id": ")[\w-]{2,8}(?=")|'
    r"[0-9a-f]{8}-[0-9a-f-]{27}|[A-Za-z0-9]{64}|\d+"
)
_MORE = re.compile(rb'href="(/(?:moments|reflections|coach/[0-9a-f-]{36})/\?[^"]*cursor=[^"]*)"')
# Both houses are built and walked through before the first test; on a busy machine that takes its time.
pytestmark = [pytest.mark.once, pytest.mark.timeout(600)]

MARKUP = re.compile(r"[<>\"']")
# A form posts all of these, whatever it asks for; a page reads all of those from its address.
_FIELDS = """
name nickname display_name email role note text visibility tone child moment_id check_id opened_at revision timezone
week_starts_on birth_month birth_month_month birth_month_year colour emoji language digest_level digest_weekday
digest_hour standing_visibility focus scope days token household action next when picked asked cues contexts feelings
repairs rating_needs rating_self login password code credential device send coach_email children from_on block
saw gives more practice introduction reply_days wish country briefing prompt step_1 step_3 step_5
label undo
"""
_PARAMETERS = """
text child author tone dimension since until cursor after week country repairs next keep practice household q tick
"""


class Skeleton(HTMLParser):
    """The elements of a document with their attributes, and apart from them everything that is text."""

    def __init__(self, document: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[Any, ...]] = []
        self.texts: list[str] = []
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, *(self._kept(name, value or "") for name, value in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.elements.append(("/" + tag,))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.elements.append(("a comment", data))

    def handle_decl(self, decl: str) -> None:
        self.elements.append(("a declaration", decl))

    def handle_pi(self, data: str) -> None:
        self.elements.append(("an instruction", data))

    def _kept(self, name: str, value: str) -> tuple[str, str]:
        if name in TEXT:
            self.texts.append(value)
            return name, ""
        if name in ADDRESSES:
            parts = urlsplit(value)
            value = f"{parts.scheme}//{parts.netloc}{parts.path}?{[key for key, _ in parse_qsl(parts.query)]}"
        return name, FRESH.sub("#", value)


def looked_at(house: House) -> Iterator[tuple[str, Any]]:
    """Every page, whole and in pieces, of the owner of this house, and those of the coach who looks into it."""
    yield from looked_at_by(house.owner, addresses(house))
    yield from looked_at_by(house.coach, coachs_addresses(house))


def looked_at_by(user: User, paths: Iterable[tuple[str, str]]) -> Iterator[tuple[str, Any]]:
    browser = Client()
    sign_in(browser, user)
    for name, path in paths:
        pieces = [("", {}), (" (piece)", {"HX-Request": "true", "HX-Target": PAYLOADS[0]})]
        for kind, headers in pieces if name == "/moments/" else pieces[:1]:
            response = browser.get(path, headers=headers)
            yield name + kind, response
            page = 1
            while link := _MORE.search(response.content):
                page += 1
                response = browser.get(html.unescape(link[1].decode()), headers=headers)
                yield f"{name}{kind}, {page}", response


def addresses(house: House) -> Iterator[tuple[str, str]]:
    ids = {
        "moment_id": house.moments[0],
        "check_id": house.check_id,
        "draft_id": house.drafts[-1],
        "child_id": house.child.public_id,
        "household_id": house.home.public_id,
        "label": house.label,
        "week": house.label,
        "slug": "notice",
        "key": "attune",
    }
    for route, rule in DOORS.items():
        names = set(routes()[route])
        if "GET" in rule.doors and names <= set(ids) and not route.startswith(("/dev/", "/account/logout")):
            yield route, path_with(route, ids)
    yield "a card behind its link", f"/card/{house.card_token}/"
    for number, draft_id in enumerate(house.drafts[:-1]):
        yield f"draft {number}", f"/moments/drafts/{draft_id}/"
    for number, moment_id in enumerate(house.moments[1:]):
        for place in ("", "edit/", "history/"):
            yield f"moment {number} {place}", f"/moments/{moment_id}/{place}"


def coachs_addresses(house: House) -> Iterator[tuple[str, str]]:
    family = f"/coach/{house.home.public_id}/"
    yield "the coach's families", "/coach/"
    yield "the coach's family", family
    yield "the coach's months", f"{family}months/"
    yield "the coach's own words", "/coach/words/"
    yield "the coach's profile", "/coach/profile/"
    yield "the coach's own notes", "/coach/notes/"
    grant = f"/coach/grants/{Grant.objects.get(coach=house.coach).public_id}/"
    yield "the coach's own notes beside", f"{grant}notes/"
    yield "the coach's sheet", f"{grant}sheet/"
    for number, moment_id in enumerate(house.moments):
        yield f"the coach's moment {number}", f"{family}moments/{moment_id}/"


def path_with(route: str, ids: dict[str, Any]) -> str:
    for name, value in ids.items():
        route = route.replace(f"{{{name}}}", str(value))
    return route


def is_html(response: Any) -> bool:
    return response.get("Content-Type", "").startswith("text/html")


Seen = dict[str, tuple[int, list[tuple[Any, ...]], list[str]]]


def look(spell: Spell) -> tuple[Seen, list[Any], list[Any]]:
    """Skeletons and texts of every page, the answers of the API, and the mails of a house that is spelled so."""
    with transaction.atomic(), time_machine.travel(NOW, tick=False):
        mail.outbox.clear()
        house, pages, answers = build(NOW, spell), {}, []
        for name, response in looked_at(house):
            if is_html(response):
                raw_markup(response.content.decode(), name)
                skeleton = Skeleton(response.content.decode())
                pages[name] = (response.status_code, skeleton.elements, skeleton.texts)
            elif response.get("Content-Type") == "application/json":
                answers.append(response)
        sent = list(mail.outbox)
        transaction.set_rollback(True)
    return pages, answers, sent


def raw_markup(document: str, name: str) -> None:
    """Pass if no text of the corpus that has a meaning as markup stands in the document as it was typed."""
    raw = [payload for payload in PAYLOADS if len(MARKUP.findall(payload)) > 1 and payload in document]
    assert raw == [], name


@pytest.fixture(scope="module")
def houses(django_db_setup: None, django_db_blocker: Any) -> dict[str, Any]:
    with django_db_blocker.unblock():
        return {"typed": look(lambda text: text), "harmless": look(harmless)}


class TestTheCheck:
    def test_the_corpus_is_large_enough(self) -> None:
        assert len(set(PAYLOADS)) >= 150
        assert sum("hx-" in payload for payload in PAYLOADS) >= 15

    @pytest.mark.parametrize(
        "template", ["<p>{}</p>", '<input value="{}">', "<p title='{}'>", "<title>{}</title>"]
    )
    def test_it_sees_what_is_not_escaped(self, template: str) -> None:
        twin = Skeleton(template.format(harmless("x"))).elements
        unescaped = [text for text in PAYLOADS if Skeleton(template.format(text)).elements != twin]
        escaped = [text for text in PAYLOADS if Skeleton(template.format(html.escape(text))).elements != twin]
        assert len(unescaped) > 5
        assert escaped == []


@pytest.mark.django_db
class TestStored:
    def test_no_page_gains_an_element_or_an_attribute(self, houses: dict[str, Any]) -> None:
        typed, twin = houses["typed"][0], houses["harmless"][0]
        assert set(typed) == set(twin)
        assert len(typed) > 50
        changed = {
            name: next(
                (one, other)
                for one, other in zip(typed[name][1], twin[name][1], strict=False)
                if one != other
            )
            for name in typed
            if typed[name][:2] != twin[name][:2]
        }
        assert changed == {}

    def test_every_text_is_there_to_be_read(self, houses: dict[str, Any]) -> None:
        read = "\n".join(text for _status, _elements, texts in houses["typed"][0].values() for text in texts)
        drafts = [page for name, page in houses["typed"][0].items() if name.startswith("draft ")]
        waiting = "\n".join(text for _status, _elements, texts in drafts for text in texts)
        kept = {
            payload: clean_text(payload, field="x", max_length=5_000, multiline=True) for payload in PAYLOADS
        }
        assert [payload for payload, text in kept.items() if text not in read] == []
        # What waits is shown as it was typed, and is cleaned when a moment is made of it.
        assert [
            payload for payload, text in kept.items() if text not in waiting and payload not in waiting
        ] == []

    def test_the_api_answers_in_json_and_says_so(self, houses: dict[str, Any]) -> None:
        typed = houses["typed"][1]
        assert len(typed) > 10
        assert {answer["X-Content-Type-Options"] for answer in typed} == {"nosniff"}
        told = json.dumps([json.loads(answer.content) for answer in typed], ensure_ascii=False)
        assert all(
            json.dumps(payload[:16], ensure_ascii=False)[1:-1] in told
            for payload in PAYLOADS
            if payload.isprintable()
        )

    def test_no_mail_gains_anything(self, houses: dict[str, Any]) -> None:
        typed, twin = houses["typed"][2], houses["harmless"][2]
        assert len(typed) == len(twin) > 20
        for one, other in zip(typed, twin, strict=True):
            sent, harmless_twin = one.message(), other.message()
            assert sent.keys() == harmless_twin.keys()
            assert len(sent.get_all("To")) == 1
            assert "\n" not in sent["Subject"]
            for part, twin_part in zip(sent.walk(), harmless_twin.walk(), strict=True):
                assert part.get_content_type() == twin_part.get_content_type()
                if part.get_content_type() == "text/html":
                    document, twin_document = (
                        item.get_payload(decode=True).decode() for item in (part, twin_part)
                    )
                    raw_markup(document, "mail")
                    assert Skeleton(document).elements == Skeleton(twin_document).elements


@pytest.mark.django_db
class TestReflected:
    """What comes back at once: a form with its errors, a filter, an address that is none."""

    @pytest.fixture
    def visitor(self, world: World) -> Visitor:
        return Visitor(world, Who.AUTHOR)

    def same(self, answers: list[Any], name: str) -> str:
        """'' if these responses have the same elements, else what differs."""
        first, *others = [(item.status_code, Skeleton(item.content.decode()).elements) for item in answers]
        for item in answers:
            raw_markup(item.content.decode(), name)
        return "" if all(other == first for other in others) else name

    def test_no_form_gives_it_back_as_markup(self, world: World, visitor: Visitor) -> None:
        changed = []
        for route, rule in DOORS.items():
            if "POST" not in rule.doors or route.startswith("/api/"):
                continue
            path = path_of(route, world.things[rule.kind][0] if rule.kind else None)
            for text in chunks(PAYLOADS, longest=6_000):
                typed = [dict.fromkeys(_FIELDS.split(), said) for said in (text, harmless(text))]
                answers = [visitor.send("POST", path, data) for data in typed]
                if all(map(is_html, answers)):
                    changed.append(self.same(answers, route))
        assert len(changed) > 30
        assert set(changed) == {""}

    def test_no_address_gives_it_back_as_markup(self, world: World, visitor: Visitor) -> None:
        changed = []
        for route, rule in DOORS.items():
            if "GET" not in rule.doors or route.startswith("/api/"):
                continue
            path = path_of(route, world.things[rule.kind][0] if rule.kind else None)
            for text in chunks(PAYLOADS, longest=6_000):
                asked = [
                    urlencode(dict.fromkeys(_PARAMETERS.split(), said)) for said in (text, harmless(text))
                ]
                answers = [visitor.send("GET", f"{path}?{query}") for query in asked]
                if all(map(is_html, answers)):
                    changed.append(self.same(answers, route))
        assert len(changed) > 40
        assert set(changed) == {""}

    def test_no_page_that_is_not_there_says_what_was_asked_for(self, visitor: Visitor) -> None:
        for text in PAYLOADS:
            for place in ("/", "/api/v1/"):
                answer = visitor.send("GET", f"{place}{quote(text, safe='')}/")
                raw_markup(answer.content.decode(), place)
                assert answer.status_code == 404, (place, text)
