from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command

from attune_project.celery import app
from households.models import Household, Membership
from reflections import tasks
from reflections.models import Digest, DigestWeek, Reflection
from reflections.rules import CHUNK_LEASE, LEASE, TICK, Status
from reflections.services import ensure_weeks, open_run, work_chunk
from tests.reflections.conftest import CLOSED, EVENING, LABEL


@pytest.fixture
def sent_to(monkeypatch) -> set[tuple[str, str]]:
    """Messages are worked off as they are sent; which task was sent to which queue."""
    seen: set[tuple[str, str]] = set()

    def at_once(task):
        def apply_async(*, kwargs, queue, expires):
            seen.add((task.name.rpartition(".")[2], queue))
            task(**kwargs)

        return apply_async

    for task in (tasks.plan_chunk, tasks.compile_chunk, tasks.deliver):
        monkeypatch.setattr(task, "apply_async", at_once(task))
    return seen


def killed(**_arguments: object) -> None:
    """Stands for a worker that dies while it works."""
    raise KeyboardInterrupt


def call(name: str, *arguments: str) -> str:
    out = StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("sent_to")
class TestTasks:
    def test_ticks_at_any_time_bring_one_mail_to_everybody(self, family):
        family.note(family.alice)
        family.note(family.bela)
        for hours in range(0, 48, 3):
            with time_machine.travel(CLOSED + timedelta(hours=hours), tick=False):
                tasks.plan()
                tasks.compile_changed()
        to = sorted(message.to[0] for message in mail.outbox if b"9 to 15" in message.message().as_bytes())
        assert to == [family.alice.email, family.bela.email]

    def test_the_sweep_compiles_what_closed(self, family):
        with time_machine.travel(EVENING, tick=False):
            tasks.plan()
            tasks.compile_changed()
        assert Reflection.objects.filter(week__label=LABEL).count() == 2

    def test_everything_has_a_queue_of_its_own(self, family, sent_to):
        family.note(family.alice)
        for _ in range(2):
            with time_machine.travel(EVENING, tick=False):
                tasks.plan()
                tasks.compile_changed()
        assert sent_to == {("plan_chunk", "compile"), ("compile_chunk", "compile"), ("deliver", "mail")}

    def test_a_message_may_carry_more_than_this_release_knows(self, family):
        tasks.plan_chunk(household_ids=[family.household.pk], invented_later=True)


class TestCompileReflections:
    def test_it_compiles_the_week_that_is_named(self, family):
        family.note(family.alice)
        with time_machine.travel(EVENING, tick=False):
            assert "2 reflections written, 0 unchanged" in call("compile_reflections", "--week", LABEL)
            assert "0 reflections written, 2 unchanged" in call("compile_reflections", "--week", LABEL)

    def test_without_a_week_it_compiles_what_closed(self, family):
        with time_machine.travel(EVENING, tick=False):
            call("compile_reflections")
        assert Reflection.objects.filter(week__label=LABEL).count() == 2

    def test_it_shows_how_far_it_is(self, make_family):
        for number in range(3):
            make_family(str(number))
        shown = StringIO()
        with time_machine.travel(EVENING, tick=False):
            call_command("compile_reflections", week=LABEL, chunk=1, stdout=StringIO(), stderr=shown)
        assert [f"{done}/3 [" in shown.getvalue() for done in (0, 3)] == [True, True]

    @pytest.mark.usefixtures("sent_to")
    def test_the_workers_do_it_and_it_shows_how_far_they_are(self, family, monkeypatch):
        sent = []

        def send_task(name, *, kwargs, queue):
            sent.append((name, queue))
            tasks.compile_chunk(**kwargs)

        monkeypatch.setattr(app, "send_task", send_task)
        with time_machine.travel(EVENING, tick=False):
            assert "2 reflections written" in call("compile_reflections", "--week", LABEL, "--queue")
        assert sent == [(tasks.compile_chunk.name, "compile")]

    def test_what_another_worker_holds_is_said_so(self, make_family, monkeypatch):
        for number in range(2):
            make_family(str(number))
        with time_machine.travel(EVENING, tick=False):
            run = open_run(label=LABEL, now=EVENING, size=1)
            with monkeypatch.context() as patched:
                patched.setattr("reflections.services.running.compile_week", killed)
                with pytest.raises(KeyboardInterrupt):
                    work_chunk(run_id=run.pk, now=EVENING)
            assert "1 households are with another worker" in call("compile_reflections", "--week", LABEL)
        with time_machine.travel(EVENING + CHUNK_LEASE, tick=False):
            assert "4 reflections written" in call("compile_reflections", "--week", LABEL)

    @pytest.mark.django_db
    def test_what_is_no_week_is_said_so(self):
        with pytest.raises(CommandError, match="2026-W46"):
            call("compile_reflections", "--week", "46")


class TestSendDigests:
    def test_it_plans_and_delivers_what_is_due(self, family):
        family.note(family.alice)
        family.note(family.bela)
        with time_machine.travel(EVENING, tick=False):
            told = call("send_digests")
            assert "4 planned" in told
            assert "nothing was due" in call("send_digests")
        sent = Digest.objects.filter(status=Status.SENT, week__label=LABEL)
        assert sent.count() == 2


class TestLimits:
    def test_a_tick_takes_what_can_be_sent_until_the_next_and_no_more(self, family, monkeypatch, settings):
        settings.DIGESTS_PER_SECOND = 0.1
        nudged = []
        monkeypatch.setattr(tasks.plan_chunk, "apply_async", lambda **_: None)
        monkeypatch.setattr(tasks.deliver, "apply_async", lambda *, kwargs, **_: nudged.append(kwargs))
        [week, *_] = ensure_and_list_weeks(family)
        person = family.alice
        homes = Household.objects.bulk_create(
            Household(name="n", timezone="UTC", created_at=CLOSED, changed_at=CLOSED) for _ in range(31)
        )
        members = Membership.objects.bulk_create(
            Membership(household=home, user=person, role="guardian", joined_at=CLOSED) for home in homes
        )
        Digest.objects.bulk_create(
            Digest(household=home, membership=member, week=week, due_at=CLOSED, next_at=CLOSED)
            for home, member in zip(homes, members, strict=True)
        )
        with time_machine.travel(EVENING, tick=False):
            tasks.plan()
        assert len(nudged) == 30

    def test_the_tick_is_as_long_as_the_rule_says(self):
        plan = app.conf.beat_schedule["plan"]
        assert timedelta(seconds=plan["options"]["expires"]) == TICK
        assert sorted(plan["schedule"].minute)[:2] == [0, TICK.total_seconds() // 60]

    def test_a_delivery_that_hangs_is_ended_before_its_lease_and_after_the_mail_server_had_its_time(
        self, settings
    ):
        assert tasks.deliver.time_limit == 60
        assert settings.EMAIL_TIMEOUT < tasks.deliver.time_limit < LEASE.total_seconds()


def ensure_and_list_weeks(family) -> list[DigestWeek]:
    ensure_weeks(household_ids=[family.household.pk], now=CLOSED)
    return list(DigestWeek.objects.order_by("starts_at"))
