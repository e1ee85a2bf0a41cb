"""Many at the same moment, on PostgreSQL: one effect for each operation, and a feed in which nothing is missed."""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, connections, transaction

from observations.feed import FeedCounter as Counter
from observations.models import Draft, FeedEntry, Observation, SyncOp
from observations.services import delete_moment, edit_moment, record_moment
from tests.observations.sync.test_feed import Reader
from tests.phone import FINAL, V1, Phone

pytestmark = [
    pytest.mark.skipif(
        connection.vendor == "sqlite",
        reason="one connection for all threads: SQLite's test database is in memory",
    ),
    pytest.mark.usefixtures("transactional_db"),
]
THREADS = 8


def in_threads(acts: list[Callable[[], Any]], threads: int = THREADS) -> list[Any]:
    def run(act: Callable[[], Any]) -> Any:
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, acts))


class TestTwoBacklogs:
    def test_of_two_authors_that_mend_each_others_misses_arrive(
        self, phone_of, parent, co_parent, child, record, now
    ) -> None:
        """Each batch names the other's miss: whoever would wait for a lock goes second."""
        shared = {"visibility": "household"}
        misses = {who.pk: record(who, tone="missed", details=shared) for who in (parent, co_parent)}
        phones = {parent.pk: phone_of(parent), co_parent.pk: phone_of(co_parent)}
        for who, other in ((parent, co_parent), (co_parent, parent)):
            sender = phones[who.pk]
            for number in range(10):
                sender.write(
                    "create",
                    child=str(child.public_id),
                    tone="came_back",
                    at=now,
                    repairs=str(misses[other.pk].public_id),
                    note=f"back {number}",
                )
                sender.write("update", moment_id=misses[who.pk].public_id, base={"rev": 1}, feelings=["calm"])

        def deliver(sender: Phone) -> int:
            for _ in range(5):
                if not sender.queue:
                    break
                sender.flush()
            return len(sender.queue)

        assert in_threads([partial(deliver, sender) for sender in phones.values()]) == [0, 0]
        assert Observation.objects.filter(tone="came_back", repairs__isnull=False).count() == 20


class TestDeliveredThreeTimes:
    def test_shuffled_by_eight_threads_each_has_one_effect(self, phone, tap, client_of, parent) -> None:
        rng = random.Random(8)
        ops = []
        for _ in range(20):
            op = tap(note="one")
            later = phone.write("update", moment_id=op["moment_id"], base={"op": op["op_id"]}, note="two")
            ops += [op, later]
        batches = []
        for _ in range(3):
            shuffled = rng.sample(ops, len(ops))
            batches += [shuffled[start : start + 5] for start in range(0, len(shuffled), 5)]
        rng.shuffle(batches)
        client = client_of(parent)

        def deliver(batch: list[dict[str, str]]) -> Any:
            return Phone(client_of(parent), session=phone.session).post(batch)

        answers = in_threads([lambda batch=batch: deliver(batch) for batch in batches])
        assert {answer.status_code for answer in answers} == {200}
        left = Phone(client, session=phone.session).send(ops)
        assert {result["status"] for result in left} <= FINAL
        assert Observation.objects.count() == 20
        assert SyncOp.objects.count() == 40
        assert {(row.revision, row.note) for row in Observation.objects.all()} == {(2, "two")}
        assert not Draft.objects.exists()


class TestAWaitTooLong:
    def test_an_operation_that_would_wait_comes_again(self, phone, tap, parent, monkeypatch) -> None:
        monkeypatch.setattr("observations.sync.patience.WAIT_MS", 100)
        tap()
        held, done = threading.Event(), threading.Event()

        def hold() -> None:
            with transaction.atomic():
                type(parent).objects.select_for_update().get(pk=parent.pk)
                held.set()
                done.wait(20)
            connections.close_all()

        holder = threading.Thread(target=hold)
        holder.start()
        held.wait(20)
        try:
            (result,) = phone.flush()
        finally:
            done.set()
            holder.join()
        assert (result["status"], result["code"]) == ("deferred", "busy")
        assert [r["status"] for r in phone.flush()] == ["applied"]


class TestTheFeedUnderEightWriters:
    WRITES = 12

    def watch(self, phone_of, make_user, join, child, now, parent) -> tuple[int, int]:
        """How many changes a reader who asks all the time missed, and how many came twice."""
        people = [make_user(f"w{number}") for number in range(THREADS)]
        for person in people:
            join(person)
        reader = Reader(phone_of(parent))
        told: list[str] = []
        stop = threading.Event()

        def read() -> None:
            while not stop.is_set():
                page = reader.phone.changes(reader.cursor, limit=7)
                reader.cursor = page["next"]
                told.extend(item["id"] for item in page["items"])
            connections.close_all()

        def write(person: Any) -> list[str]:
            made = []
            for _ in range(self.WRITES):
                moment = record_moment(
                    actor_id=person.pk,
                    moment_id=uuid.uuid4(),
                    child_id=child.public_id,
                    tone="in_tune",
                    details={"visibility": "household"},
                    now=now,
                )
                made.append(str(moment.public_id))
            return made

        watcher = threading.Thread(target=read)
        watcher.start()
        written = [key for made in in_threads([lambda p=p: write(p) for p in people]) for key in made]
        stop.set()
        watcher.join()
        told.extend(item["id"] for item in _rest(reader))
        return len(set(written) - set(told)), len(told) - len(set(told))

    def test_nothing_is_missed_and_nothing_comes_twice(
        self, phone_of, make_user, join, child, now, parent
    ) -> None:
        assert self.watch(phone_of, make_user, join, child, now, parent) == (0, 0)
        counter = Counter.objects.get()
        assert counter.last == FeedEntry.objects.count() == THREADS * self.WRITES

    def test_this_test_can_see_a_feed_that_numbers_without_the_lock(
        self, phone_of, make_user, join, child, now, parent, monkeypatch
    ) -> None:
        """The same with a sequence in the place of the counter: it counts when asked, and not when committed."""
        with connection.cursor() as cursor:
            cursor.execute("CREATE SEQUENCE feed_without_lock")

        def take(household_id: int) -> Any:
            with connection.cursor() as cursor:
                cursor.execute("SELECT nextval('feed_without_lock')")
                (number,) = cursor.fetchone()
            counter = Counter(household_id=household_id, last=number - 1)
            counter.save = _save_the_highest(household_id, number)  # type: ignore[method-assign]
            # Between its number and its commit a transaction may take as long as it likes.
            _pause()
            return counter

        monkeypatch.setattr("observations.feed._hold", take)
        try:
            missed, _twice = self.watch(phone_of, make_user, join, child, now, parent)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("DROP SEQUENCE feed_without_lock")
        assert missed > 0


def _rest(reader: Reader) -> list[dict[str, Any]]:
    items, has_more = [], True
    while has_more:
        page = reader.phone.changes(reader.cursor)
        reader.cursor, has_more = page["next"], page["has_more"]
        items += page["items"]
    return items


def _pause() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(random() * 0.03)")


def _save_the_highest(household_id: int, number: int) -> Callable[..., None]:
    def save(**_fields: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO observations_feedcounter (household_id, last, epoch) VALUES (%s, %s, %s) "
                "ON CONFLICT (household_id) DO UPDATE "
                "SET last = greatest(observations_feedcounter.last, excluded.last)",
                [household_id, number, uuid.UUID(int=0)],
            )

    return save


class TestRaces:
    def test_after_deleting_or_taking_back_nothing_is_shown(
        self, phone, phone_of, tap, parent, co_parent, now
    ) -> None:
        """Deleting, editing and taking back at the same moment: whoever comes last, no other reader sees it after."""
        readers = phone_of(co_parent)
        for round_ in range(10):
            op = tap(note="shared", visibility="household")
            phone.flush()
            moment_id = uuid.UUID(op["moment_id"])
            own = {"actor_id": parent.pk, "moment_id": moment_id, "now": now + timedelta(seconds=round_)}
            edit = phone.write("update", moment_id=moment_id, base={"rev": 1}, note="edited")

            def end(delete: bool = bool(round_ % 2), own: Any = own) -> Any:
                if delete:
                    return delete_moment(**own)
                return edit_moment(details={"visibility": "private"}, **own)

            def send(edit: Any = edit) -> Any:
                return phone.send([edit])[0]["status"]

            _ended, status = in_threads([end, send], 2)
            assert status in FINAL
            seen = readers.client.get(f"{V1}/moments/").json()["items"]
            assert [item for item in seen if item["id"] == str(moment_id)] == []
        assert not [item for item in readers.changes()["items"] if item["kind"] == "upsert"]
