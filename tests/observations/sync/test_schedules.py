"""Two phones of one author, a page and a co-parent who reads along, in any order that chance finds, against a model.

After everything was delivered, however late and however often: each operation became what `model.py` says, so that
nothing conflicts unless another place wrote the same since; no words are lost; everybody sees one revision, and the
co-parent never what was not shared. The drill runs five hundred schedules, the suite some.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from observations.models import Draft, Observation, Revision
from observations.services import delete_moment, edit_moment, restore_moment
from observations.sync.taking import SentOp, account_of, take_ops
from tests.observations.sync.model import PAGE, Model, Op
from tests.phone import FINAL, Phone

FIELDS = ("note", "feelings", "contexts", "visibility")
VALUES = {
    "feelings": (["calm"], ["sad"], []),
    "contexts": (["bedtime"], ["meals"], []),
    "visibility": ("private", "household"),
}
FIELD = st.sampled_from((*FIELDS, "note", "note"))
EDIT = st.tuples(st.just("edit"), st.integers(0, 1), FIELD, st.integers(0, 2))
PAGE_EDIT = st.tuples(st.just("page"), st.just(0), FIELD, st.integers(0, 2))
FLUSH = st.tuples(st.just("flush"), st.integers(0, 1), st.just(""), st.integers(0, 5))
RARE = st.sampled_from(
    [
        *(("delete", which, "", 0) for which in (0, 1)),
        *(("look", which, "", 0) for which in (0, 1, 0, 1)),
        *(("read", which, "", 0) for which in (0, 1, 2, 2)),
        *((name, 0, "", 0) for name in ("page delete", "page restore", "page restore")),
    ]
)
# Deleting ends most of what there is to see, so it is rare, and what is deleted comes back.
SCHEDULE = st.lists(st.one_of(EDIT, EDIT, PAGE_EDIT, FLUSH, RARE), min_size=6, max_size=20)


class Device:
    """A phone with one moment on it: what it knows of it, and its chain of changes since."""

    def __init__(self, world: World, phone: Phone, name: str) -> None:
        self.world, self.phone, self.name = world, phone, name
        self.base: dict[str, Any] = {"rev": 1}

    def edit(self, field: str, value: Any) -> None:
        self.write("update", {field: value})

    def delete(self) -> None:
        self.write("delete", {})

    def write(self, kind: str, change: dict[str, Any]) -> None:
        op = self.phone.write(kind, moment_id=self.world.moment_id, base=self.base, **change)
        base = self.base.get("rev") or self.base["op"]
        self.world.model.ops[op["op_id"]] = Op(op["op_id"], self.name, base, change)
        self.base = {"op": op["op_id"]}

    def look(self) -> None:
        """Everything of its own is sent, and it sees what is there."""
        self.deliver(0)
        if not self.phone.queue:
            self.base = {"rev": self.world.moment().revision}

    def deliver(self, luck: int) -> None:
        """A delivery as networks are: out of order, in part, or with its answer lost."""
        queue = list(self.phone.queue)
        if luck % 3 == 1:
            queue.reverse()
        if luck % 3 == 2:
            queue = queue[: len(queue) // 2]
        results = take_ops(
            actor_id=self.world.author_id,
            ops=[
                SentOp(uuid.UUID(o["op_id"]), uuid.UUID(o["moment_id"]), o["kid"], o["sealed"]) for o in queue
            ],
            client_now=self.world.now,
            now=self.world.now,
        )
        self.world.compare(results, self.world.model.deliver([op["op_id"] for op in queue]))
        if luck >= 3:
            return  # the answer was lost: everything is sent again
        final = {str(result.op_id) for result in results if result.status in FINAL}
        self.phone.queue = [op for op in self.phone.queue if op["op_id"] not in final]


class Reader:
    """Somebody who follows the feed, and sees of the moment what it told them last."""

    def __init__(self, world: World, phone: Phone) -> None:
        self.world, self.phone = world, phone
        self.cursor = ""
        self.sees: dict[str, Any] | None = None
        self.rev: int | None = None
        self.told = ""

    def read(self) -> None:
        has_more = True
        while has_more:
            page = self.phone.changes(self.cursor)
            self.told += json.dumps(page["items"])
            for item in page["items"]:
                if item["id"] == str(self.world.moment_id):
                    self.sees, self.rev = item["moment"], item["rev"]
            self.cursor, has_more = page["next"], page["has_more"]


class World:
    def __init__(self, phones: list[Phone], reads_along: Phone, moment: Observation, now: Any) -> None:
        self.author_id, self.moment_id, self.now = moment.author_id, moment.public_id, now
        self.model = Model({"note": "", "feelings": [], "contexts": [], "visibility": moment.visibility})
        self.devices = [Device(self, phone, f"phone {number}") for number, phone in enumerate(phones)]
        self.readers = [Reader(self, phone) for phone in (*phones, reads_along)]
        self.steps: list[Any] = []
        self.counts: Counter[str] = Counter()
        self.written: set[str] = set()
        self.shared: set[str] = set()

    def moment(self) -> Observation:
        return Observation.objects.get(public_id=self.moment_id)

    def run(self, step: tuple[str, int, str, int]) -> None:
        name, which, field, number = step
        self.steps.append(step)
        self.now += timedelta(seconds=1)
        if name == "edit":
            self.devices[which].edit(field, self.value(field, number))
        elif name == "delete":
            self.devices[which].delete()
        elif name == "flush":
            self.devices[which].deliver(number)
        elif name == "look":
            self.devices[which].look()
        elif name == "read":
            self.read(self.readers[which])
        else:
            self.on_the_page(name, field, number)

    def on_the_page(self, name: str, field: str, number: int) -> None:
        own = {"actor_id": self.author_id, "moment_id": self.moment_id, "now": self.now}
        deleted = self.moment().deleted_at is not None
        if name == "page" and not deleted:
            value = self.value(field, number)
            edit_moment(details={field: value}, **own)
            self.model.write(PAGE, {field: value})
        elif name == "page delete" and not deleted:
            delete_moment(**own)
            self.model.delete()
        elif name == "page restore" and deleted:
            restore_moment(**own)
            self.model.restore()

    def value(self, field: str, number: int) -> Any:
        if field != "note":
            return VALUES[field][number % len(VALUES[field])]
        self.written.add(words := f"words {len(self.written)}.")
        return words

    def settle(self) -> None:
        """Both phones come home, twice, and everybody reads what there is."""
        for device in (*self.devices, *self.devices):
            device.deliver(0)
        for reader in self.readers:
            self.read(reader)

    def read(self, reader: Reader) -> None:
        """Each reads what is there now, and the co-parent of it what is shared now."""
        is_author = reader in self.readers[:2]
        is_there = not self.model.is_deleted and (is_author or self.model.fields["visibility"] == "household")
        before = len(reader.told)
        reader.read()
        behind = (reader.sees is not None) != is_there or (
            (reader.sees is not None and {name: reader.sees[name] for name in FIELDS} != self.model.fields)
            or (is_author and is_there and reader.rev != self.model.rev)
        )
        self.counts["readers behind"] += behind
        if not is_author:
            private = self.written - ({self.model.fields["note"]} if is_there else set())
            self.counts["private words told"] += sum(words in reader.told[before:] for words in private)

    def compare(self, results: list[Any], expected: list[str]) -> None:
        for result, status in zip(results, expected, strict=True):
            told = str(result.status)
            self.counts["operations"] += 1
            self.counts["conflicts"] += told == "conflict"
            self.counts["conflicts that nobody caused"] += told == "conflict" != status
            self.counts["conflicts untold"] += status == "conflict" != told
            self.counts["other results"] += told != status and "conflict" not in (told, status)

    def kept(self) -> str:
        """Every word that is anywhere."""
        notes = [moment.note for moment in Observation.objects.filter(public_id=self.moment_id)]
        notes += [r.note for r in Revision.objects.select_related("observation")]
        return "\n".join([*notes, *(d.content for d in Draft.objects.all())])


NEVER = (
    "words lost",
    "left on a phone",
    "readers behind",
    "private words told",
    "conflicts that nobody caused",
    "conflicts untold",
    "other results",
)


def check(world: World) -> None:
    """Everything that must never be, counted."""
    kept, moment = world.kept(), world.moment()
    world.counts["words lost"] += sum(words not in kept for words in world.written)
    world.counts["left on a phone"] += sum(len(device.phone.queue) for device in world.devices)
    world.counts["clashes"] += world.model.clashes
    wrong = {name: world.counts[name] for name in NEVER if world.counts[name]}
    assert wrong == {}, world.steps
    assert (moment.revision, moment.deleted_at is not None) == (world.model.rev, world.model.is_deleted)
    assert (moment.note, moment.visibility) == (world.model.fields["note"], world.model.fields["visibility"])


class TestSchedules:
    @pytest.fixture
    def play(self, phone_of, parent, co_parent, record, now) -> Callable[[list[Any]], Counter[str]]:
        phones, reads_along = [phone_of(parent), phone_of(parent)], phone_of(co_parent)
        assert account_of(parent.public_id) == phones[0].session["account"]

        def run(schedule: list[Any]) -> Counter[str]:
            with transaction.atomic():
                for phone in phones:
                    phone.queue = []
                world = World(phones, reads_along, record(), now)
                for step in schedule:
                    world.run(step)
                world.settle()
                check(world)
                transaction.set_rollback(True)
            return world.counts

        return run

    @pytest.mark.django_db
    def test_nothing_is_lost_and_everybody_sees_the_same(self, play) -> None:
        explore(play, 15)

    @pytest.mark.drill
    @pytest.mark.django_db
    @pytest.mark.timeout(1800)
    def test_five_hundred_schedules(self, play) -> None:
        explore(play, 500)

    @pytest.mark.django_db
    @pytest.mark.parametrize("deliveries", [[0], [1, 0], [3, 1, 0], [2, 4, 0]])
    def test_a_chain_alone_never_conflicts_with_itself(
        self, phone_of, parent, co_parent, record, now, deliveries
    ) -> None:
        """One phone, nobody else: whatever becomes of its deliveries, all of it is applied."""
        world = World([phone_of(parent), phone_of(parent)], phone_of(co_parent), record(), now)
        for number in range(12):
            field = FIELDS[number % len(FIELDS)]
            world.devices[0].edit(field, world.value(field, number))
        for luck in deliveries:
            world.devices[0].deliver(luck)
        check(world)
        assert (world.model.clashes, world.moment().note) == (0, "words 2.")
        assert not Draft.objects.exists()


def explore(play: Callable[[list[Any]], Counter[str]], times: int) -> None:
    counted: Counter[str] = Counter()

    @settings(
        max_examples=times,
        database=None,
        derandomize=times < 100,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(SCHEDULE)
    def schedules(schedule: list[Any]) -> None:
        counted["schedules"] += 1
        counted.update(play(schedule))

    schedules()
    assert counted["schedules"] >= times
    assert counted["conflicts"] >= counted["clashes"] > 0  # else nothing was asked
    told = ("schedules", "operations", "clashes", "conflicts", *NEVER)
    print(", ".join(f"{name} {counted[name]}" for name in told))
