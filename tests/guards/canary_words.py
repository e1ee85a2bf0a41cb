"""The further places in which people write: on cards, about a sentence, on a phone, to an author, to a coach."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.test import Client

from tests.guards.matrix_world import Who, World
from tests.phone import Phone

SEALED = {
    name: f"canary{name}7f3a9c"
    for name in ("card", "report", "phone", "rescued", "half", "comment", "reply", "reason", "suggested")
}
TOO_MUCH = 400  # times a word: longer than any text may be


def write_the_rest(world: World, browser: Client) -> Iterator[Any]:
    """Through each of these doors: words that are taken, and words that are refused."""
    yield from _on_a_card(world, browser)
    for words in (SEALED["report"], SEALED["report"] * TOO_MUCH):
        about = {"rule": "noticed.count", "act": "words", "part": "part-noticed", "words": words}
        yield browser.post("/reflections/2026-W46/wrong/", about)
        body = {"rule": "noticed.count", "words": words}
        yield browser.post("/api/v1/reflections/2026-W46/reports/", body, content_type="application/json")
    yield browser.get("/reflections/2026-W46/")
    yield from _on_a_phone(world, browser)
    yield from _with_a_coach(world, browser)


def _on_a_card(world: World, browser: Client) -> Iterator[Any]:
    place = f"/comfort/{world.children['pip'].public_id}/"
    for words in (SEALED["card"], SEALED["card"] * TOO_MUCH):
        yield browser.post(f"{place}edit/", {"called": "", "helps": words, "revision": "1"})
    yield browser.get(place)


def _on_a_phone(world: World, browser: Client) -> Iterator[Any]:
    """Sealed where it is written; opened, kept to be mended, half-typed, held for another, and in pieces."""
    phone, at = Phone(browser).start(), world.now - timedelta(days=2)
    new = {"child": str(world.children["pip"].public_id), "tone": "missed", "at": at}
    sent = phone.write("create", **new, note=SEALED["phone"])
    phone.write("create", **new, note=SEALED["rescued"] * TOO_MUCH)
    phone.write("draft.put", **new, note=SEALED["half"])
    phone.write("update", base={"op": str(uuid.uuid4())}, note=SEALED["phone"])
    phone.queue.append(phone.seal_op(SEALED["rescued"].encode(), moment_id=uuid.uuid4()))
    shut = {**phone.seal_op(SEALED["phone"].encode(), moment_id=uuid.uuid4()), "moment_id": str(uuid.uuid4())}
    yield phone.post([*phone.queue, shut], client_now=world.now)
    yield phone.post([{**sent, "sealed": "BAAA"}], client_now=world.now)
    phone.rescue([shut], reason="undecryptable")
    yield browser.get("/api/v1/changes/")
    page = browser.get("/moments/drafts/")
    yield page
    for waiting in page.context["waiting"]:
        place = f"/moments/drafts/{waiting.draft.public_id}/"
        yield browser.get(place)
        yield browser.post(place, {**new, "note": SEALED["rescued"] * TOO_MUCH, "visibility": "nobody"})


def _with_a_coach(world: World, browser: Client) -> Iterator[Any]:
    coach = world.client(Who.COACH_NOTES, raise_request_exception=False)
    shared = world.thing("moment", f"{Who.AUTHOR}'s shared live").ids["moment_id"]
    grant = world.thing("grant", f"{Who.AUTHOR}'s to {Who.COACH_NOTES}").ids["grant_id"]
    home = world.thing("household", "attic").ids["household_id"]
    for places, words in (
        ((f"/coach/{home}/moments/{shared}/", f"/coach/grants/{grant}/weeks/2026-W46/"), SEALED["comment"]),
        ((f"/coach/grants/{grant}/later/",), SEALED["reason"]),
    ):
        for place in places:
            for said in (words, words * TOO_MUCH):
                slots = dict.fromkeys(("saw", "gives", "child", "more", "reason"), said)
                yield coach.post(place, {**slots, "days": "7"})
            yield coach.get(place)
    comment = world.thing("comment", f"{Who.COACH_NOTES}'s to {Who.AUTHOR}").ids["comment_id"]
    for said in (SEALED["reply"], SEALED["reply"] * TOO_MUCH):
        yield browser.post(f"/comments/{comment}/", {"text": said})
        body = {"text": f"{said}, again"}
        yield browser.post(f"/api/v1/comments/{comment}/replies/", body, content_type="application/json")
    for place in (f"/comments/{comment}/", "/comments/"):
        yield browser.get(place)
    yield coach.get("/coach/")
    for said in (SEALED["suggested"], SEALED["suggested"] * TOO_MUCH):
        yield coach.post(f"/coach/grants/{grant}/questions/", {"kind": "yes_no", "prompt": said})
    yield browser.get("/household/questions/")
