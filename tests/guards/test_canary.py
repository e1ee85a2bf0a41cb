"""A parent's own words are on her page and nowhere else: no log, no row, no message, no mail, no admin page.

A canary goes into every text she can write, through both doors, in requests that work, that are refused and that break.
Then everything the program leaves behind is searched for it.
"""

from __future__ import annotations

import base64
import io
import json
import logging
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from celery import Task
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test import Client

from accounts.models import User
from attune_project.celery import app as celery_app
from common.logs import LineFormatter
from common.sealed import list_sealed_columns
from households.models import Child, Household
from observations.models import Observation
from reflections.models import Digest
from reflections.services import compile_week, deliver_digest, plan_digests
from tests.conftest import NOW
from tests.guards import canary_words
from tests.guards.matrix_world import Who, World
from tests.operating import Operator, crawl, serve_admin

SEALED = {name: f"canary{name}7f3a9c" for name in ("note", "check", "thought", "question", "own")}
NAMES = {name: f"canary{name}7f3a9c"[:28] for name in ("home", "child", "person", "key")}
# What is searched for is typed as well, but kept nowhere.
TYPED = {"search": "canarysearch7f3a9c"}
WORDS = {**SEALED, **canary_words.SEALED, **TYPED}
# Sealed texts that nobody writes: where a device is reached, and what a phone had sealed already.
NO_WORDS = {
    "reminders.PushAddress.target_sealed",
    "observations.SyncOp.held_sealed",
    "observations.Draft.shut_sealed",
}


def spellings(text: str) -> Iterator[bytes]:
    """*text* as it may lie in a file: plain, wide, in hexadecimal, and in base64 at each of its three offsets."""
    raw = text.encode()
    yield from (raw, text.encode("utf-16-le"), raw.hex().encode())
    for before in range(3):
        encoded = base64.b64encode(b"x" * before + raw)
        yield encoded[4 if before else 0 : len(encoded) // 4 * 4 - 4]


def found_in(haystack: bytes, needles: dict[str, str] = WORDS) -> set[str]:
    return {name for name, text in needles.items() if any(spelt in haystack for spelt in spellings(text))}


@dataclass
class Written:
    """Everything the doors answered while she wrote, and what was logged meanwhile."""

    answers: list[Any]
    log: io.StringIO
    author: User


@pytest.fixture(scope="module")
def written(standing_world: World, django_db_blocker: Any) -> Iterator[Written]:
    """She writes everywhere, once for all of these tests. The log has its own format and its own level."""
    world, log = standing_world, io.StringIO()
    handler = logging.StreamHandler(log)
    handler.setFormatter(LineFormatter())
    logging.getLogger().addHandler(handler)
    author, child = world.users[Who.AUTHOR], world.children["pip"]
    with (
        django_db_blocker.unblock(),
        pytest.MonkeyPatch.context() as patch,
        time_machine.travel(NOW, tick=False),
    ):
        Household.objects.filter(pk=child.household_id).update(name=NAMES["home"])
        User.objects.filter(pk=author.pk).update(display_name=NAMES["person"], digest_level="full")
        Child.objects.filter(pk=child.pk).update(nickname=NAMES["child"])
        browser = world.client(Who.AUTHOR, raise_request_exception=False)
        answers = [
            *write_everywhere(browser, child, NOW, patch),
            *canary_words.write_the_rest(world, browser),
            *write_for_oneself(world),
        ]
        yield Written(answers, log, author)
    logging.getLogger().removeHandler(handler)


def write_everywhere(
    browser: Client, child: Child, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """Every text field of both doors: taken, refused, too late, and with a bug behind the door."""
    note = {"note": f"{SEALED['note']} in a sentence", "visibility": "household"}
    moment_id, when = uuid.uuid4(), (now - timedelta(days=5)).isoformat()
    new = {"id": str(moment_id), "child": str(child.public_id), "tone": "came_back", "occurred_at": when}
    send = {"content_type": "application/json"}
    yield browser.post("/api/v1/moments/", {**new, **note}, **send)
    page, api = f"/moments/{moment_id}/", f"/api/v1/moments/{moment_id}/"
    for extra in ({}, {"cues": "no-such"}, {"revision": "99"}, {"note": SEALED["note"] * 400}):
        yield browser.post(f"{page}edit/", {"tone": "in_tune", "revision": "", **note, **extra})
        yield browser.post(f"{page}more/", {"revision": "", **note, **extra})
    for extra in ({}, {"cues": ["no-such"]}, {"note": SEALED["note"] * 400}, {"no_such": SEALED["note"]}):
        yield browser.patch(api, {**note, **extra}, **send, headers={"If-Match": '"1"'})
        yield browser.post("/api/v1/moments/", {**new, "id": str(uuid.uuid4()), **note, **extra}, **send)
    yield browser.post("/api/v1/moments/", f'{{"note": "{SEALED["note"]}", "note": 1', **send)
    yield browser.post("/api/v1/moments/", {**new, "tone": "missed", **note}, **send)
    for place in ("", "edit/", "more/", "history/"):
        yield browser.get(f"{page}{place}")
    for says in ("none", "cross-site"):
        for text in (SEALED["note"], SEALED["note"] * 400):
            yield browser.post("/log/share/", {"text": text}, headers={"Sec-Fetch-Site": says})
    for door in ("/moments/?text=", "/api/v1/moments/?text="):
        yield browser.get(f"{door}{TYPED['search']}")
        yield browser.get(f"{door}{TYPED['search'] * 9}")
    yield from _questions(browser, moment_id, send)
    day = (now - timedelta(days=5)).date()
    yield from _check(browser, child, day, send)
    compile_week(household_ids=[child.household_id], label="2026-W46", now=now)
    for door in ("/reflections/2026-W46/thoughts/", "/api/v1/reflections/2026-W46/thoughts/"):
        kind = send if "api" in door else {}
        yield browser.post(door, {"text": SEALED["thought"], "visibility": "household"}, **kind)
        yield browser.post(door, {"text": SEALED["thought"] * 200, "visibility": "household"}, **kind)
    yield browser.get("/reflections/2026-W46/")
    yield from _with_a_bug(browser, page, api, note, monkeypatch)
    yield browser.post(f"{page}delete/", {"next": f"/moments/?text={TYPED['search']}"})
    yield browser.post(f"{page}restore/", {})


def _questions(browser: Client, moment_id: uuid.UUID, send: dict[str, str]) -> Iterator[Any]:
    """A question of her own: taken, refused, published, answered at both doors."""
    asked = {"kind": "steps", "prompt": SEALED["question"], "step_1": SEALED["question"], "step_5": "Much"}
    for extra in ({}, {"step_5": ""}, {"prompt": SEALED["question"] * 20}):
        yield browser.post("/household/questions/new/", {**asked, **extra})
    preview = browser.get("/household/questions/preview/")
    yield preview
    for seen_as in ("", preview.context["own"].mark):
        yield browser.post("/household/questions/preview/", {"seen_as": seen_as})
    yield browser.get("/household/questions/")
    answer = browser.get("/api/v1/own-questions/")
    yield answer
    own = {answer.json()["items"][0]["id"]: "1"}
    api = f"/api/v1/moments/{moment_id}/"
    for answers in (own, dict.fromkeys(own, SEALED["question"])):
        match = {"If-Match": browser.get(api).headers["ETag"]}
        yield browser.patch(api, {"own": answers}, **send, headers=match)
    yield browser.get(f"/moments/{moment_id}/")


def write_for_oneself(world: World) -> Iterator[Any]:
    """A coach, what is theirs alone; and the sheet for a session, which holds what the author lets them see."""
    browser = world.client(Who.COACH_NOTES, raise_request_exception=False)
    given = world.thing("grant", f"{Who.AUTHOR}'s to {Who.COACH_NOTES}")
    grant = f"/coach/grants/{given.ids['grant_id']}"
    for text in (SEALED["own"], SEALED["own"] * 400):
        yield browser.post(f"{grant}/notes/", {"text": text, "label": SEALED["own"]})
    yield browser.get("/coach/notes/")
    yield browser.get(f"{grant}/sheet/")
    yield browser.post(f"{grant}/sheet/file/")


def _check(browser: Client, child: Child, day: date, send: dict[str, str]) -> Iterator[Any]:
    body = {"id": str(uuid.uuid4()), "child": str(child.public_id), "day": day.isoformat(), "ratings": {}}
    for note in (SEALED["check"], SEALED["check"] * 400):
        yield browser.post("/api/v1/self-checks/", {**body, "note": note}, **send)
        form = {"check_id": str(uuid.uuid4()), "note": note, "visibility": "household"}
        yield browser.post("/check/?week=2026-W46", form)
    yield browser.get("/check/?week=2026-W46")


def _with_a_bug(
    browser: Client, page: str, api: str, note: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """The note is in the hands of the code that breaks, also of what would have written the row."""

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("on purpose")

    for target in ("observations.services.moments.state_of", "observations.models.Observation.save"):
        with monkeypatch.context() as patch:
            patch.setattr(target, broken)
            yield browser.post(
                f"{page}edit/", {"tone": "missed", "revision": "", **note, "note": "x" + note["note"]}
            )
            yield browser.patch(
                api, {**note, "note": "y"}, content_type="application/json", headers={"If-Match": '"9"'}
            )


def mailed_at_every_level(written: Written) -> list[bytes]:
    """Each mail of a week whole, as it travels and with every part opened: discreet, counts, full."""
    monday = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
    mail.outbox.clear()
    for level in ("discreet", "counts", "full"):
        User.objects.filter(pk=written.author.pk).update(digest_level=level)
        Digest.objects.all().delete()
        plan_digests(household_ids=[written.author.memberships.get().household_id], now=monday)
        for digest in Digest.objects.all():
            deliver_digest(digest_id=digest.pk, now=monday + timedelta(hours=12))
    sent = [message.message() for message in mail.outbox if written.author.email in message.to]
    return [
        b"\n".join(
            [
                message.as_bytes(),
                str(message.items()).encode(),
                *(part.get_payload(decode=True) or b"" for part in message.walk()),
            ]
        )
        for message in sent
    ]


Queue = Callable[[], tuple[list[Any], list[Any]]]


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    """A queue of its own for whatever is sent from now on; gives its messages and their bodies."""
    celery_app.autodiscover_tasks(force=True)
    folders = dict.fromkeys(("data_folder_in", "data_folder_out", "control_folder"), str(tmp_path))

    def messages() -> tuple[list[Any], list[Any]]:
        waiting = [json.loads(file.read_bytes()) for file in tmp_path.glob("*.msg")]
        return waiting, [json.loads(base64.b64decode(message["body"])) for message in waiting]

    with celery_app.connection_for_write("filesystem://localhost", transport_options=folders) as broker:
        send = Task.apply_async
        monkeypatch.setattr(Task, "apply_async", lambda task, **kw: send(task, **kw, connection=broker))
        yield messages


@pytest.mark.usefixtures("world")
class TestCanary:
    def test_the_search_sees_each_spelling(self) -> None:
        for text in WORDS.values():
            for before in (b"", b"-", b"--"):
                assert found_in(base64.b64encode(before + text.encode() + b"---"))
            assert found_in(f'{{"x": "{text}"}}'.encode())
            assert found_in(text.encode().hex().encode())

    def test_what_was_written_came_through_every_kind_of_answer(self, written: Written) -> None:
        statuses = {answer.status_code for answer in written.answers}
        assert statuses >= {200, 201, 303, 400, 409, 412, 422, 500}
        shown = b"".join(answer.content for answer in written.answers if answer.status_code == 200)
        assert found_in(shown) == set(WORDS)
        assert Observation.objects.exclude(note_sealed=b"").count() >= 3

    def test_it_was_written_in_every_place_for_words_that_there_is(self, written: Written) -> None:
        without = {
            str(column)
            for column in list_sealed_columns()
            if not any(
                "canary" in getattr(row, column.text.name) for row in column.model._default_manager.all()
            )
        }
        assert without == NO_WORDS

    def test_no_log_holds_a_word(self, written: Written) -> None:
        log = written.log.getvalue()
        assert "Internal Server Error" in log
        assert "Traceback" in log
        assert found_in(log.encode()) == set()
        assert found_in(log.encode(), NAMES) == set()
        # A handler of its own for the slip: other tests may have set the log up anew since she wrote.
        slip = logging.makeLogRecord({"name": "observations", "msg": f"a slip: {SEALED['note']}"})
        logging.StreamHandler(written.log).handle(slip)
        assert found_in(written.log.getvalue().encode()) == {"note"}

    def test_no_error_no_title_and_no_address_holds_a_word(self, written: Written) -> None:
        held = {}
        for number, answer in enumerate(written.answers):
            title = re.search(rb"<title>(.*?)</title>", answer.content, re.S)
            for where, text in (
                ("address", answer.get("Location", "").replace(f"?text={TYPED['search']}", "").encode()),
                ("title", title[1] if title else b""),
                ("broken", answer.content if answer.status_code == 500 else b""),
                ("headers", str(answer.headers).replace(TYPED["search"], "").encode()),
                ("cookies", answer.cookies.output().encode()),
            ):
                if found := found_in(text):
                    held[f"{number} {where}"] = found
        assert held == {}

    def test_no_row_holds_a_word(self, written: Written) -> None:
        held = {}
        for model in apps.get_models():
            for row in model._default_manager.values_list():
                content = b"\n".join(
                    bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                    for value in row
                )
                if found := found_in(content):
                    held[model._meta.label] = found
        assert held == {}
        sessions = [str(session.get_decoded()).encode() for session in Session.objects.all()]
        assert sessions
        assert [found_in(session) for session in sessions] == [set()] * len(sessions)

    @pytest.mark.skipif(connection.vendor != "sqlite", reason="the bytes of a SQLite file")
    def test_no_byte_of_the_database_file_does(self, written: Written) -> None:
        connection.ensure_connection()
        file = connection.connection.serialize()
        assert found_in(file, NAMES) >= {"home", "child", "person"}
        assert found_in(file) == set()

    def test_no_mail_of_any_level_does(self, written: Written) -> None:
        sent = mailed_at_every_level(written)
        assert len(sent) == 3
        assert [found_in(message, WORDS | NAMES) for message in sent] == [set()] * 3

    def test_a_word_that_slips_into_a_mail_is_seen(
        self, written: Written, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("reflections.mail.title", lambda _key: SEALED["note"])
        sent = mailed_at_every_level(written)
        assert [found_in(message) for message in sent] == [set(), {"note"}, {"note"}]

    def test_no_message_of_the_queue_holds_more_than_keys(
        self, written: Written, now: datetime, queue: Queue
    ) -> None:
        plan_digests(household_ids=list(Household.objects.values_list("pk", flat=True)), now=now)
        for entry in celery_app.conf.beat_schedule.values():
            celery_app.tasks[entry["task"]]()
        messages, bodies = queue()
        assert {message["headers"]["task"] for message in messages} >= {
            "reflections.tasks.plan_chunk",
            "reflections.tasks.compile_chunk",
            "reflections.tasks.deliver",
        }
        assert found_in(json.dumps([messages, bodies]).encode(), WORDS | NAMES) == set()
        said = [value for _args, kwargs, _embed in bodies for value in kwargs.values()]
        assert all(
            isinstance(key, int) for value in said for key in (value if isinstance(value, list) else [value])
        )
        assert all(args == [] for args, _kwargs, _embed in bodies)

    def test_a_word_that_slips_into_the_queue_is_seen(self, queue: Queue) -> None:
        celery_app.tasks["reflections.tasks.deliver"].apply_async(
            kwargs={"digest_id": 1, "note": SEALED["note"]}
        )
        assert found_in(json.dumps(queue()).encode()) == {"note"}

    @pytest.mark.parametrize("is_superuser", [False, True])
    def test_no_page_of_the_operators_does(
        self, written: Written, settings: Any, *, is_superuser: bool
    ) -> None:
        serve_admin(settings)
        operator = Operator().get_ready()
        User.objects.filter(pk=operator.user.pk).update(is_superuser=is_superuser)
        assert operator.open(written.author.email).status_code == 302
        pages = crawl(operator.client)
        assert str(written.author.public_id).encode() in pages["/account/opened/"]
        assert len(pages) > 60
        told = {path: found_in(page, WORDS | NAMES) for path, page in pages.items()}
        assert {path: found for path, found in told.items() if found} == {}
        assert [path for path, page in pages.items() if written.author.email.encode() in page] == []
