"""The gate before the mail server: the pace of all senders, the breaker, and one household's mails at a time."""

from __future__ import annotations

import smtplib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection

from reflections import mail as mail_module
from reflections.models import Digest, MailGate
from reflections.rules import BREAKER_FAILURES, BREAKER_REST, CLOCKS_APART, LEASE, PATIENCE, Status
from reflections.selectors import get_standing, list_due_digest_ids
from reflections.services import deliver_digest, plan_digests, prepare_digest
from reflections.services.gate import Turn, note_contact, take_turn
from tests.reflections.conftest import CLOSED, EVENING, LABEL

SECOND = timedelta(seconds=1)
FIFTH = timedelta(seconds=0.2)


@pytest.mark.django_db
class TestPace:
    def test_whoever_comes_takes_the_next_place(self):
        assert [take_turn(now=EVENING).at for _ in range(3)] == [
            EVENING,
            EVENING + FIFTH,
            EVENING + 2 * FIFTH,
        ]

    def test_quiet_hours_save_nothing_up(self):
        take_turn(now=EVENING - 5 * LEASE)
        assert [take_turn(now=EVENING).at for _ in range(2)] == [EVENING, EVENING + FIFTH]

    def test_a_clock_that_was_ahead_holds_nobody_up(self):
        take_turn(now=EVENING + timedelta(hours=1))
        assert [take_turn(now=EVENING).at for _ in range(2)] == [EVENING, EVENING + FIFTH]

    def test_clocks_that_are_a_little_apart_keep_one_pace(self):
        take_turn(now=EVENING + CLOCKS_APART)
        assert take_turn(now=EVENING).at == EVENING + CLOCKS_APART + FIFTH

    @pytest.mark.parametrize("a_second", [0.0002, 0.02])
    def test_who_does_not_wait_takes_nobodys_place(self, settings, a_second):
        """However many come meanwhile: each place is somebody's who sends."""
        settings.DIGESTS_PER_SECOND = a_second
        apart = SECOND / a_second
        assert take_turn(now=EVENING).at == EVENING
        assert {take_turn(now=EVENING + SECOND).at for _ in range(20)} == {EVENING + apart}
        assert [take_turn(now=EVENING + apart).at for _ in range(2)] == [EVENING + apart, EVENING + 2 * apart]

    def test_the_operator_sets_it(self, settings):
        settings.DIGESTS_PER_SECOND = 50
        take_turn(now=EVENING)
        assert take_turn(now=EVENING).at == EVENING + SECOND / 50

    def test_a_sender_waits_for_its_place(self, family, no_waiting):
        digest = ready(family)
        take_turn(now=EVENING)
        assert deliver_digest(digest_id=digest.pk, now=EVENING) == Status.SENT
        assert no_waiting == [pytest.approx(0.2)]

    def test_where_the_line_is_long_it_comes_back_at_its_time(self, family, settings):
        settings.DIGESTS_PER_SECOND = 0.05
        digest = ready(family)
        take_turn(now=EVENING)
        assert deliver_digest(digest_id=digest.pk, now=EVENING) == Status.READY
        digest.refresh_from_db()
        assert (digest.next_at, digest.attempts) == (EVENING + 20 * SECOND, 0)
        assert digest.next_at > EVENING + PATIENCE


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="threads have databases of their own there")
class TestPaceOfMany:
    def test_no_two_senders_have_the_same_place(self):
        def take(_: int) -> Turn:
            try:
                return take_turn(now=EVENING)
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as senders:
            places = {turn.at for turn in senders.map(take, range(40))}
        assert places == {EVENING + number * FIFTH for number in range(40)}


@pytest.mark.django_db
class TestBreaker:
    def fail(self, times: int, *, apart: timedelta = SECOND) -> None:
        for number in range(times):
            note_contact(reached=False, now=EVENING + number * apart)

    def test_five_failures_within_a_minute_close_it_for_five_minutes(self):
        self.fail(BREAKER_FAILURES)
        closed = take_turn(now=EVENING + 5 * SECOND)
        assert closed == Turn(EVENING + 4 * SECOND + BREAKER_REST, closed=True)

    def test_four_do_not(self):
        self.fail(BREAKER_FAILURES - 1)
        assert not take_turn(now=EVENING + 5 * SECOND).closed

    def test_nor_do_five_in_an_hour(self):
        self.fail(BREAKER_FAILURES, apart=61 * SECOND)
        assert not take_turn(now=EVENING + 400 * SECOND).closed

    def test_a_word_from_the_mail_server_begins_the_count_anew(self):
        self.fail(BREAKER_FAILURES - 1)
        note_contact(reached=True, now=EVENING)
        self.fail(BREAKER_FAILURES - 1)
        assert not take_turn(now=EVENING + 5 * SECOND).closed

    def test_after_the_rest_one_tries_for_everybody(self):
        self.fail(BREAKER_FAILURES)
        then = EVENING + BREAKER_REST + 5 * SECOND
        assert not take_turn(now=then).closed
        assert take_turn(now=then + SECOND).closed
        note_contact(reached=False, now=then + 2 * SECOND)
        assert take_turn(now=then + 3 * SECOND) == Turn(then + 2 * SECOND + BREAKER_REST, closed=True)
        later = then + BREAKER_REST + 5 * SECOND
        assert not take_turn(now=later).closed
        note_contact(reached=True, now=later)
        assert not take_turn(now=later + SECOND).closed
        assert MailGate.objects.get().failing_since is None

    def test_a_clock_that_was_ahead_closes_it_for_nobody(self):
        self.fail(BREAKER_FAILURES)
        before = EVENING - timedelta(hours=3)
        assert get_standing(now=before).closed_until is None
        assert take_turn(now=before) == Turn(before)
        assert take_turn(now=before + SECOND).closed, "one tries for everybody"

    def test_failures_of_a_clock_that_was_ahead_are_no_part_of_a_minute(self):
        self.fail(BREAKER_FAILURES - 1)
        for hour in range(3, 0, -1):
            then = EVENING - timedelta(hours=hour)
            note_contact(reached=False, now=then)
            assert not take_turn(now=then + SECOND).closed

    def test_a_mail_that_waits_for_it_uses_up_no_attempt(self, family):
        digest = ready(family)
        self.fail(BREAKER_FAILURES)
        assert deliver_digest(digest_id=digest.pk, now=EVENING + 5 * SECOND) == Status.READY
        digest.refresh_from_db()
        assert digest.attempts == 0
        assert digest.next_at == EVENING + 4 * SECOND + BREAKER_REST
        assert mail.outbox == []

    def test_two_hours_without_a_mail_server_lose_nothing_and_try_each_mail_three_times_at_most(
        self, make_family, monkeypatch
    ):
        """Thirty households; a tick every five minutes; from the third hour on the server answers again."""
        families = [make_family(str(number)) for number in range(30)]
        for family in families:
            family.note(family.alice)
        plan_digests(household_ids=[family.household.pk for family in families], now=CLOSED)
        connected = mail_module.get_connection
        refused, tries, opened = {"now": True}, [], 0

        def connect() -> object:
            tries.append(refused["now"])
            return AwayServer() if refused["now"] else connected()

        monkeypatch.setattr(mail_module, "get_connection", connect)
        for tick in range(12 * 5):
            now = EVENING + tick * timedelta(minutes=5)
            refused["now"] = now < EVENING + timedelta(hours=2)
            for number in list_due_digest_ids(now=now):
                deliver_digest(digest_id=number, now=now)
            opened += MailGate.objects.filter(closed_until__gt=now).exists()
        # Closed at the end of every tick of the two hours, and only then: five found out, and one at a time since.
        assert opened == 24
        assert sum(tries) <= BREAKER_FAILURES + 24
        rows = Digest.objects.filter(week__label=LABEL, membership__user__email__startswith="alice")
        assert set(rows.values_list("status", flat=True)) == {Status.SENT}
        assert max(rows.values_list("attempts", flat=True)) <= 3
        ids = [message.message()["Message-ID"] for message in mail.outbox]
        assert len(ids) == len(set(ids))


@pytest.mark.django_db
class TestOneHousehold:
    def test_two_of_its_mails_are_on_their_way_at_most(self, family):
        digest = ready(family)
        Digest.objects.exclude(pk=digest.pk).update(
            status=Status.SENDING, message_id="<x@y>", lease_until=EVENING + LEASE
        )
        assert Digest.objects.filter(status=Status.SENDING).count() >= 2
        assert deliver_digest(digest_id=digest.pk, now=EVENING) == Status.READY
        assert deliver_digest(digest_id=digest.pk, now=EVENING + LEASE) == Status.SENT


class AwayServer:
    def send_messages(self, messages: list[object]) -> int:
        raise smtplib.SMTPConnectError(421, b"not here")


def ready(family) -> Digest:
    family.note(family.alice)
    plan_digests(household_ids=[family.household.pk], now=CLOSED)
    digest = Digest.objects.get(membership=family.membership(family.alice), week__label=LABEL)
    return prepare_digest(digest_id=digest.pk, now=EVENING)
