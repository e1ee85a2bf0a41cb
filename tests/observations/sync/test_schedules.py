"""Two phones of one author and a page, in any order that chance finds, against a model that fits in a few lines.

After everything was delivered, however late and however often: no words are lost, both phones and every reader see
one revision, and no chain conflicts with itself. The drill runs five hundred schedules, the suite some dozens.
"""

from __future__ import annotations

import json
import uuid
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
from tests.phone import FINAL, Phone

FIELDS = ("note", "feelings", "contexts", "visibility")
VALUES = {
    "feelings": (["calm"], ["sad"], []),
    "contexts": (["bedtime"], ["meals"], []),
    "visibility": ("private", "household"),
}
STEP = st.one_of(
    st.tuples(st.just("edit"), st.integers(0, 1), st.sampled_from(FIELDS), st.integers(0, 2)),
    st.tuples(st.just("delete"), st.integers(0, 1), st.just(""), st.just(0)),
    st.tuples(st.just("flush"), st.integers(0, 1), st.just(""), st.integers(0, 5)),
    st.tuples(st.just("look"), st.integers(0, 1), st.just(""), st.just(0)),
    st.tuples(st.just("page"), st.just(0), st.sampled_from(FIELDS), st.integers(0, 2)),
    st.tuples(st.just("page delete"), st.just(0), st.just(""), st.just(0)),
    st.tuples(st.just("page restore"), st.just(0), st.just(""), st.just(0)),
)
SCHEDULE = st.lists(STEP, min_size=3, max_size=14)


class Device:
    """A phone with one moment on it: what it knows of it, and its chain of changes since."""

    def __init__(self, world: World, phone: Phone) -> None:
        self.world, self.phone = world, phone
        self.base: dict[str, Any] = {"rev": 1}
        self.others_wrote = False

    def edit(self, field: str, value: Any) -> None:
        op = self.phone.write("update", moment_id=self.world.moment_id, base=self.base, **{field: value})
        self.base = {"op": op["op_id"]}

    def delete(self) -> None:
        op = self.phone.write("delete", moment_id=self.world.moment_id, base=self.base)
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
        if luck >= 3:
            return  # the answer was lost: everything is sent again
        for result in results:
            self.world.told.append(str(result.status))
        final = {str(result.op_id) for result in results if result.status in FINAL}
        self.phone.queue = [op for op in self.phone.queue if op["op_id"] not in final]


class World:
    def __init__(self, parent: Any, phones: list[Phone], moment: Observation, now: Any) -> None:
        self.author_id, self.moment_id, self.now = parent.pk, moment.public_id, now
        self.devices = [Device(self, phone) for phone in phones]
        self.told: list[str] = []
        self.written: set[str] = set()
        self.page_changed = False

    def moment(self) -> Observation:
        return Observation.objects.get(public_id=self.moment_id)

    def run(self, step: tuple[str, int, str, int]) -> None:
        name, which, field, number = step
        self.now += timedelta(seconds=1)
        device = self.devices[which]
        if name == "edit":
            device.edit(field, self.value(field, number))
        elif name == "delete":
            device.delete()
        elif name == "flush":
            device.deliver(number)
        elif name == "look":
            device.look()
        else:
            self.on_the_page(name, field, number)

    def on_the_page(self, name: str, field: str, number: int) -> None:
        own = {"actor_id": self.author_id, "moment_id": self.moment_id, "now": self.now}
        deleted = self.moment().deleted_at is not None
        if name == "page" and not deleted:
            edit_moment(details={field: self.value(field, number)}, **own)
        elif name == "page delete" and not deleted:
            delete_moment(**own)
        elif name == "page restore" and deleted:
            restore_moment(**own)

    def value(self, field: str, number: int) -> Any:
        if field != "note":
            return VALUES[field][number % len(VALUES[field])]
        self.written.add(words := f"words {len(self.written)}")
        return words

    def settle(self) -> None:
        """Both phones come home, twice."""
        for device in (*self.devices, *self.devices):
            device.deliver(0)

    def kept(self) -> str:
        """Every word that is anywhere."""
        notes = [moment.note for moment in Observation.objects.filter(public_id=self.moment_id)]
        notes += [r.note for r in Revision.objects.select_related("observation")]
        return "\n".join([*notes, *(json.dumps(json.loads(d.content)) for d in Draft.objects.all())]) + "\n"


def check(world: World) -> None:
    kept = world.kept()
    assert [words for words in world.written if f"{words}\n" not in kept and f'{words}"' not in kept] == []
    assert [device.phone.queue for device in world.devices] == [[], []]
    assert set(world.told) <= FINAL | {"deferred"}
    moment = world.moment()
    for device in world.devices:
        mine = {item["id"]: item for item in device.phone.changes()["items"]}
        if moment.deleted_at is None:
            assert mine[str(world.moment_id)]["rev"] == moment.revision


class TestSchedules:
    @pytest.fixture
    def play(self, phone_of, parent, record, now) -> Callable[[list[Any]], None]:
        phones = [phone_of(parent), phone_of(parent)]
        assert account_of(parent.public_id) == phones[0].session["account"]

        def run(schedule: list[Any]) -> None:
            with transaction.atomic():
                for phone in phones:
                    phone.queue = []
                world = World(parent, phones, record(), now)
                for step in schedule:
                    world.run(step)
                world.settle()
                check(world)
                transaction.set_rollback(True)

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
        self, phone_of, parent, record, now, deliveries
    ) -> None:
        """One phone, nobody else: whatever becomes of its deliveries, all of it is applied."""
        world = World(parent, [phone_of(parent), phone_of(parent)], record(), now)
        for number in range(12):
            field = FIELDS[number % len(FIELDS)]
            world.devices[0].edit(field, world.value(field, number))
        for luck in deliveries:
            world.devices[0].deliver(luck)
        assert set(world.told) <= {"applied", "duplicate", "deferred"}
        assert world.moment().note == "words 2"
        assert not Draft.objects.exists()


def explore(play: Callable[[list[Any]], None], times: int) -> None:
    played = 0

    @settings(
        max_examples=times,
        deadline=None,
        database=None,
        derandomize=times < 100,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(SCHEDULE)
    def schedules(schedule: list[Any]) -> None:
        nonlocal played
        played += 1
        play(schedule)

    schedules()
    print(
        f"{played} schedules of two phones and a page: text lost 0, phones behind 0, conflicts of a chain 0"
    )
    assert played >= times
