import email
import smtplib
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import OperationalError

from accounts.models import User
from common.errors import Conflict, NotVisible
from households.models import Membership
from households.services import leave_household
from observations.services import delete_moment, edit_moment
from reflections import mail as mail_module
from reflections.models import Digest, Reflection
from reflections.rules import BREAKER_FAILURES, LEASE, Reply, Status
from reflections.selectors import find_subscription, list_due_digest_ids
from reflections.services import (
    claim_digest,
    compile_closed,
    deliver_digest,
    plan_digests,
    prepare_digest,
    release_digest,
    unsubscribe,
)
from reflections.services.delivery import record_reply
from reflections.services.gate import note_contact
from reflections.tokens import unsubscribe_token
from tests.reflections.conftest import CLOSED, EVENING, LABEL, MONDAY

HOUR = timedelta(hours=1)
WEEK = timedelta(weeks=1)


def plan(family, now: datetime = CLOSED) -> int:
    return plan_digests(household_ids=[family.household.pk], now=now)


def digest_of(family, user, label: str = LABEL) -> Digest:
    return Digest.objects.get(membership=family.membership(user), week__label=label)


def answers(monkeypatch, *replies: object) -> list[bytes]:
    """A mail server that answers each hand-over in turn, and the bytes it was given."""
    given: list[bytes] = []
    turns = iter(replies)

    class Server:
        def send_messages(self, messages):
            given.extend(message.message().as_bytes(linesep="\r\n") for message in messages)
            reply = next(turns)
            if isinstance(reply, Exception):
                raise reply
            return 1

    monkeypatch.setattr(mail_module, "get_connection", Server)
    return given


class TestPlanDigests:
    def test_everybody_with_a_whole_week_gets_one(self, family):
        assert plan(family) == 4  # the week that closes now and the one before, for two people
        digest = digest_of(family, family.alice)
        local = digest.due_at.astimezone(ZoneInfo("Europe/Lisbon"))
        assert (local.date(), local.hour) == (date(2026, 11, 16), 18)
        assert digest.status == Status.PLANNED

    def test_it_may_run_any_number_of_times(self, family):
        plan(family)
        assert plan(family) == 0
        assert plan(family, CLOSED + timedelta(days=5)) == 0

    def test_an_open_week_is_not_planned(self, family):
        plan(family, CLOSED - timedelta(seconds=1))
        assert not Digest.objects.filter(week__label=LABEL).exists()

    def test_weeks_that_closed_long_ago_are_left_to_the_app(self, family):
        plan(family, CLOSED + timedelta(weeks=3))
        assert not Digest.objects.filter(week__label=LABEL).exists()

    def test_a_first_partial_week_has_no_mail(self, family):
        Membership.objects.filter(user=family.bela).update(joined_at=MONDAY)
        plan(family)
        assert not Digest.objects.filter(week__label=LABEL, membership__user=family.bela).exists()

    def test_who_stopped_the_mail_gets_none(self, family):
        User.objects.filter(pk=family.bela.pk).update(digest_level="none")
        plan(family)
        assert not Digest.objects.filter(membership__user=family.bela).exists()

    def test_each_member_has_their_own_hour_in_their_own_zone(self, family):
        User.objects.filter(pk=family.bela.pk).update(
            timezone="America/Los_Angeles", digest_hour=7, digest_weekday=2
        )
        plan(family)
        local = digest_of(family, family.bela).due_at.astimezone(ZoneInfo("America/Los_Angeles"))
        assert (local.strftime("%a"), local.hour) == ("Wed", 7)


class TestPrepareDigest:
    def test_it_freezes_the_bytes_and_their_name(self, family):
        family.note(family.alice)
        plan(family)
        digest = prepare_digest(digest_id=digest_of(family, family.alice).pk, now=EVENING)
        assert digest.status == Status.READY
        parsed = email.message_from_bytes(bytes(digest.message))
        assert parsed["Message-ID"] == digest.message_id
        assert parsed["To"] == family.alice.email
        assert digest.revision == 1

    def test_before_its_hour_nothing_happens(self, family):
        plan(family)
        digest = prepare_digest(digest_id=digest_of(family, family.alice).pk, now=CLOSED + 7 * HOUR)
        assert digest.status == Status.PLANNED

    def test_it_tells_what_arrived_until_this_moment(self, family):
        plan(family)
        family.note(family.alice, received=CLOSED + HOUR)
        digest = prepare_digest(digest_id=digest_of(family, family.alice).pk, now=EVENING)
        assert b"1 moment" in bytes(digest.message)

    def test_what_came_after_its_hour_and_before_its_bytes_is_told_and_not_late(self, family):
        family.note(family.alice)
        plan(family)
        compile_closed(household_ids=[family.household.pk], now=CLOSED + 6 * HOUR)
        family.note(family.alice, at=MONDAY + 2 * HOUR, received=EVENING - timedelta(minutes=30))
        digest = prepare_digest(digest_id=digest_of(family, family.alice).pk, now=EVENING)
        assert b"2 moments" in bytes(digest.message)
        stored = Reflection.objects.get(member=family.membership(family.alice), week__label=LABEL)
        said = [item["rule"] for part in stored.content["sections"] for item in part["sentences"]]
        assert "print.late" not in said

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"digest_level": "none"}, "unsubscribed"),
            ({"is_active": False}, "left"),
            ({"email": "new@example.org"}, "unverified"),
        ],
    )
    def test_who_should_get_nothing_gets_nothing(self, family, change, code):
        plan(family)
        User.objects.filter(pk=family.alice.pk).update(**change)
        digest = prepare_digest(digest_id=digest_of(family, family.alice).pk, now=EVENING)
        assert (digest.status, digest.last_code, bytes(digest.message)) == (Status.SUPPRESSED, code, b"")

    def test_who_left_gets_nothing(self, family):
        plan(family)
        digest = digest_of(family, family.alice)
        leave_household(actor_id=family.alice.pk, household_id=family.household.public_id, now=EVENING)
        assert prepare_digest(digest_id=digest.pk, now=EVENING).last_code == "left"

    def test_three_days_after_its_hour_it_stays_in_the_app(self, family):
        plan(family)
        digest = digest_of(family, family.alice)
        late = digest.due_at + timedelta(hours=73)
        assert prepare_digest(digest_id=digest.pk, now=late).status == Status.SKIPPED_STALE

    def test_quiet_weeks_fall_silent_step_by_step(self, family):
        family.note(family.alice, at=MONDAY - 5 * WEEK)
        sent = {}
        for number in range(-4, 14):
            closed = CLOSED + number * WEEK
            plan_digests(household_ids=[family.household.pk], now=closed)
            row = Digest.objects.filter(membership__user=family.alice).latest("week__ends_at")
            digest = prepare_digest(digest_id=row.pk, now=closed + timedelta(hours=23))
            sent[number + 5] = digest.status
        assert [week for week, status in sent.items() if status == Status.READY] == [1, 3, 7, 11, 15]
        assert {status for week, status in sent.items() if week not in (1, 3, 7, 11, 15)} == {
            Status.SKIPPED_EMPTY
        }

    def test_a_moment_ends_the_silence(self, family):
        family.note(family.alice)
        plan(family)
        digest = prepare_digest(digest_id=digest_of(family, family.alice).pk, now=EVENING)
        assert digest.status == Status.READY


class TestClaimDigest:
    def ready(self, family) -> Digest:
        family.note(family.alice)
        plan(family)
        return prepare_digest(digest_id=digest_of(family, family.alice).pk, now=EVENING)

    def test_only_one_can_have_it(self, family):
        digest = self.ready(family)
        claim = claim_digest(digest_id=digest.pk, now=EVENING)
        assert (claim.fence, claim.attempts) == (1, 1)
        assert claim_digest(digest_id=digest.pk, now=EVENING + LEASE - timedelta(seconds=1)) is None

    def test_a_sender_that_went_silent_is_replaced_with_the_same_bytes(self, family):
        digest = self.ready(family)
        first = claim_digest(digest_id=digest.pk, now=EVENING)
        second = claim_digest(digest_id=digest.pk, now=EVENING + LEASE)
        assert (second.fence, second.message) == (2, first.message)

    @pytest.mark.parametrize("change", ["private", "deleted"])
    def test_what_was_withdrawn_while_it_waited_is_written_out_of_it(self, family, change):
        """Bela's miss of last week, which Alice came back to this week, stands in her mail while it is shared."""
        missed = family.note(family.bela, "missed", at=MONDAY - WEEK, visibility="household")
        family.note(family.alice, "came_back", repairs=missed.public_id)
        plan(family)
        digest = prepare_digest(digest_id=digest_of(family, family.alice).pk, now=EVENING)
        waited = EVENING + timedelta(minutes=5)
        if change == "private":
            details = {"visibility": "private"}
            edit_moment(actor_id=family.bela.pk, moment_id=missed.public_id, details=details, now=waited)
        else:
            delete_moment(actor_id=family.bela.pk, moment_id=missed.public_id, now=waited)
        assert claim_digest(digest_id=digest.pk, now=waited) is None
        anew = prepare_digest(digest_id=digest.pk, now=waited)
        assert anew.message != digest.message
        assert claim_digest(digest_id=digest.pk, now=waited) is not None

    @pytest.mark.parametrize("change", ["late", "edited", "somebody_s_private", "louder"])
    @pytest.mark.parametrize("said", [True, False])
    def test_one_that_may_have_arrived_stays_the_same_mail(self, family, change, said):
        """Whether its sender went silent, or could only say that the mail server did."""
        User.objects.filter(pk=family.alice.pk).update(digest_level="counts")
        noted = family.note(family.alice)
        private = family.note(family.bela, visibility="private")
        digest = self.ready(family)
        first = claim_digest(digest_id=digest.pk, now=EVENING)
        if said:
            record_reply(claim=first, reply=Reply.LATER, code="connection TimeoutError", now=EVENING)
        waited = EVENING + timedelta(minutes=1)
        if change == "late":
            family.note(family.alice, at=MONDAY + HOUR, received=waited)
        elif change == "edited":
            edit_moment(
                actor_id=family.alice.pk, moment_id=noted.public_id, details={"tone": "missed"}, now=waited
            )
        elif change == "louder":
            User.objects.filter(pk=family.alice.pk).update(digest_level="full")
        else:
            delete_moment(actor_id=family.bela.pk, moment_id=private.public_id, now=waited)
        compile_closed(household_ids=[family.household.pk], now=waited)
        assert claim_digest(digest_id=digest.pk, now=EVENING + LEASE).message == first.message

    @pytest.mark.parametrize("change", ["private", "deleted", "own", "left", "quieter"])
    @pytest.mark.parametrize("said", [True, False])
    def test_what_was_withdrawn_changes_even_one_that_may_have_arrived_and_it_has_another_name(
        self, family, change, said
    ):
        missed = family.note(family.bela, "missed", at=MONDAY - WEEK, visibility="household")
        back = family.note(family.alice, "came_back", repairs=missed.public_id)
        digest = self.ready(family)
        first = claim_digest(digest_id=digest.pk, now=EVENING)
        if said:
            record_reply(claim=first, reply=Reply.LATER, code="connection TimeoutError", now=EVENING)
        self.withdraw(family, change, missed=missed, back=back)
        later = EVENING + LEASE
        assert claim_digest(digest_id=digest.pk, now=later) is None
        anew = prepare_digest(digest_id=digest.pk, now=later)
        second = claim_digest(digest_id=digest.pk, now=later)
        names = {email.message_from_bytes(claim.message)["Message-ID"] for claim in (first, second)}
        assert len(names) == 2
        assert anew.message_id in names

    def withdraw(self, family, change, *, missed, back) -> None:
        waited = EVENING + timedelta(minutes=1)
        if change == "private":
            edit_moment(
                actor_id=family.bela.pk,
                moment_id=missed.public_id,
                details={"visibility": "private"},
                now=waited,
            )
        elif change == "deleted":
            delete_moment(actor_id=family.bela.pk, moment_id=missed.public_id, now=waited)
        elif change == "own":
            delete_moment(actor_id=family.alice.pk, moment_id=back.public_id, now=waited)
        elif change == "left":
            leave_household(actor_id=family.bela.pk, household_id=family.household.public_id, now=waited)
        else:
            User.objects.filter(pk=family.alice.pk).update(digest_level="discreet")

    def test_a_discreet_one_tells_nothing_that_could_be_withdrawn(self, family):
        User.objects.filter(pk=family.alice.pk).update(digest_level="discreet")
        noted = family.note(family.alice)
        digest = self.ready(family)
        first = claim_digest(digest_id=digest.pk, now=EVENING)
        delete_moment(actor_id=family.alice.pk, moment_id=noted.public_id, now=EVENING)
        assert claim_digest(digest_id=digest.pk, now=EVENING + LEASE).message == first.message

    def test_what_an_earlier_release_tried_is_written_anew_when_its_week_changed(self, family):
        """That release did not keep what a mail tells."""
        digest = self.ready(family)
        claim_digest(digest_id=digest.pk, now=EVENING)
        Digest.objects.filter(pk=digest.pk).update(sources=None)
        family.note(family.alice, at=MONDAY + HOUR, received=EVENING + timedelta(minutes=1))
        assert claim_digest(digest_id=digest.pk, now=EVENING + LEASE) is None

    @pytest.mark.parametrize("tried", ["never", "said", "silent"])
    @pytest.mark.parametrize("step", [prepare_digest, claim_digest, deliver_digest])
    def test_three_days_after_its_hour_it_stays_in_the_app_however_far_it_had_come(self, family, tried, step):
        """A planner, or the senders, were away. One that was tried may have arrived, and its code says so."""
        digest = self.ready(family)
        if tried != "never":
            claim = claim_digest(digest_id=digest.pk, now=EVENING)
        if tried == "said":
            record_reply(claim=claim, reply=Reply.LATER, code="connection TimeoutError", now=EVENING)
        step(digest_id=digest.pk, now=digest.due_at + timedelta(days=6))
        row = digest_of(family, family.alice)
        code = "stale" if tried == "never" else "stale, may have arrived"
        assert (row.status, row.last_code, bytes(row.message)) == (Status.SKIPPED_STALE, code, b"")
        assert row.sources is None
        assert mail.outbox == []

    def test_within_three_days_it_is_sent(self, family):
        digest = self.ready(family)
        then = digest.due_at + timedelta(hours=72)
        assert deliver_digest(digest_id=digest.pk, now=then) == Status.SENT

    def test_old_news_ends_while_nobody_speaks_to_the_mail_server(self, family):
        digest = self.ready(family)
        now = digest.due_at + timedelta(hours=73)
        for _ in range(BREAKER_FAILURES):
            note_contact(reached=False, now=now)
        assert deliver_digest(digest_id=digest.pk, now=now) == Status.SKIPPED_STALE

    def test_the_slower_sender_cannot_overwrite_the_faster(self, family):
        digest = self.ready(family)
        slow = claim_digest(digest_id=digest.pk, now=EVENING)
        fast = claim_digest(digest_id=digest.pk, now=EVENING + LEASE)
        assert record_reply(claim=fast, reply=Reply.ACCEPTED, code="250", now=EVENING + LEASE)
        assert not record_reply(claim=slow, reply=Reply.LATER, code="data 451", now=EVENING + LEASE)
        assert digest_of(family, family.alice).status == Status.SENT

    def test_who_unsubscribed_meanwhile_gets_nothing(self, family):
        digest = self.ready(family)
        unsubscribe(token=unsubscribe_token(user_id=family.alice.public_id))
        assert claim_digest(digest_id=digest.pk, now=EVENING) is None
        assert digest_of(family, family.alice).status == Status.SUPPRESSED

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"is_active": False}, "left"),
            ({"erase_at": EVENING + WEEK}, "left"),
            ({"mail_stopped_at": EVENING}, "unverified"),
            ({"email": "new@example.org"}, "unverified"),
        ],
    )
    @pytest.mark.parametrize("tried", [False, True])
    def test_what_waits_is_suppressed_whenever_its_reason_ends(self, family, change, code, tried):
        """While it waits to be sent, and while a sender that went silent may have sent it."""
        digest = self.ready(family)
        if tried:
            claim_digest(digest_id=digest.pk, now=EVENING)
        User.objects.filter(pk=family.alice.pk).update(**change)
        assert claim_digest(digest_id=digest.pk, now=EVENING + LEASE) is None
        row = digest_of(family, family.alice)
        assert (row.status, row.last_code, bytes(row.message)) == (Status.SUPPRESSED, code, b"")

    def test_who_left_while_it_waited_gets_nothing_and_stands_in_nobody_s_mail(self, family):
        """Bela's shared moments leave the mails that wait with her."""
        missed = family.note(family.bela, "missed", at=MONDAY - WEEK, visibility="household")
        family.note(family.alice, "came_back", repairs=missed.public_id)
        family.note(family.bela)
        plan(family)
        theirs = prepare_digest(digest_id=digest_of(family, family.bela).pk, now=EVENING)
        own = prepare_digest(digest_id=digest_of(family, family.alice).pk, now=EVENING)
        waited = EVENING + timedelta(minutes=5)
        leave_household(actor_id=family.bela.pk, household_id=family.household.public_id, now=waited)
        assert claim_digest(digest_id=theirs.pk, now=waited) is None
        theirs.refresh_from_db()
        assert theirs.status == Status.SUPPRESSED
        assert claim_digest(digest_id=own.pk, now=waited) is None
        assert prepare_digest(digest_id=own.pk, now=waited).message != own.message

    def test_a_quieter_level_chosen_meanwhile_writes_it_anew(self, family):
        digest = self.ready(family)
        User.objects.filter(pk=family.alice.pk).update(digest_level="discreet")
        assert claim_digest(digest_id=digest.pk, now=EVENING) is None
        row = digest_of(family, family.alice)
        assert (row.status, bytes(row.message)) == (Status.PLANNED, b"")
        again = prepare_digest(digest_id=digest.pk, now=EVENING)
        assert b"1 moment" not in bytes(again.message)


class TestDeliverDigest:
    @pytest.fixture
    def digest(self, family) -> Digest:
        family.note(family.alice)
        plan(family)
        return digest_of(family, family.alice)

    def test_it_is_sent_once(self, family, digest):
        assert deliver_digest(digest_id=digest.pk, now=EVENING) == Status.SENT
        assert deliver_digest(digest_id=digest.pk, now=EVENING + HOUR) == Status.SENT
        assert len(mail.outbox) == 1
        row = digest_of(family, family.alice)
        assert (row.sent_at, row.attempts, bytes(row.message)) == (EVENING, 1, b"")
        assert len(row.sha256) == 64

    def test_a_mail_server_that_says_later_gets_the_same_bytes_later(self, digest, monkeypatch):
        busy = smtplib.SMTPDataError(451, b"busy")
        given = answers(monkeypatch, busy, smtplib.SMTPServerDisconnected("gone"), 1)
        assert deliver_digest(digest_id=digest.pk, now=EVENING) == Status.READY
        assert deliver_digest(digest_id=digest.pk, now=EVENING + timedelta(minutes=4)) == Status.READY
        assert len(given) == 1
        assert deliver_digest(digest_id=digest.pk, now=EVENING + timedelta(minutes=5)) == Status.READY
        assert deliver_digest(digest_id=digest.pk, now=EVENING + timedelta(minutes=20)) == Status.SENT
        assert len(given) == 3
        assert len(set(given)) == 1

    def test_after_a_day_of_trying_it_waits_in_the_app(self, family, digest, monkeypatch):
        answers(monkeypatch, *[ConnectionRefusedError()] * 20)
        now = EVENING
        for _ in range(20):
            if deliver_digest(digest_id=digest.pk, now=now) != Status.READY:
                break
            now = digest_of(family, family.alice).next_at
        row = digest_of(family, family.alice)
        assert (row.status, row.attempts, row.last_code) == (
            Status.FAILED_TEMP,
            8,
            "connection ConnectionRefusedError",
        )
        assert row.ended_at - EVENING <= timedelta(hours=24)

    @pytest.mark.parametrize(
        ("reply", "status", "code"),
        [
            (
                smtplib.SMTPRecipientsRefused({"a": (550, b"no such user")}),
                Status.FAILED_PERM,
                "recipient 550",
            ),
            (smtplib.SMTPRecipientsRefused({"a": (450, b"greylisted")}), Status.READY, "recipient 450"),
            (smtplib.SMTPDataError(552, b"refused"), Status.QUARANTINED, "data 552"),
            (smtplib.SMTPSenderRefused(553, b"not you", "x"), Status.READY, "server 553"),
            (smtplib.SMTPConnectError(421, b"busy"), Status.READY, "server 421"),
            (TimeoutError(), Status.READY, "connection TimeoutError"),
            (ValueError("a broken header"), Status.QUARANTINED, "ValueError"),
        ],
    )
    def test_each_answer_has_its_state(self, family, digest, monkeypatch, reply, status, code):
        answers(monkeypatch, reply)
        assert deliver_digest(digest_id=digest.pk, now=EVENING) == status
        assert digest_of(family, family.alice).last_code == code

    def test_a_week_that_breaks_is_quarantined_and_others_go_on(self, family, digest, monkeypatch):
        family.note(family.bela)
        real = mail_module.build_message

        def breaks(letter):
            if letter.email == family.alice.email:
                raise ValueError("poison")
            return real(letter)

        monkeypatch.setattr("reflections.services.planning.build_message", breaks)
        due = list_due_digest_ids(now=EVENING)
        states = {number: deliver_digest(digest_id=number, now=EVENING) for number in due}
        assert states[digest.pk] == Status.QUARANTINED
        assert states[digest_of(family, family.bela).pk] == Status.SENT

    def test_a_database_that_is_busy_leaves_it_for_the_next_nudge(self, digest, monkeypatch):
        def busy(**_arguments):
            raise OperationalError("database is locked")

        with monkeypatch.context() as patched:
            patched.setattr("reflections.services.delivery.claim_digest", busy)
            with pytest.raises(OperationalError):
                deliver_digest(digest_id=digest.pk, now=EVENING)
        assert deliver_digest(digest_id=digest.pk, now=EVENING + HOUR) == Status.SENT

    def test_an_operator_lifts_a_quarantine(self, digest, monkeypatch):
        answers(monkeypatch, smtplib.SMTPDataError(552, b"refused"), 1)
        deliver_digest(digest_id=digest.pk, now=EVENING)
        release_digest(digest_id=digest.pk, now=EVENING + HOUR)
        assert deliver_digest(digest_id=digest.pk, now=EVENING + HOUR) == Status.SENT

    def test_only_a_quarantine_can_be_lifted(self, digest):
        with pytest.raises(Conflict):
            release_digest(digest_id=digest.pk, now=EVENING)

    def test_what_does_not_exist_is_said_so(self, db):
        with pytest.raises(NotVisible):
            deliver_digest(digest_id=1_000_000, now=EVENING)

    def test_a_late_moment_changes_the_page_and_sends_nothing_again(self, family, digest):
        deliver_digest(digest_id=digest.pk, now=EVENING)
        family.note(family.alice, received=EVENING + HOUR)
        plan(family, EVENING + 2 * HOUR)
        assert digest.pk not in list_due_digest_ids(now=EVENING + 2 * HOUR)
        assert len(mail.outbox) == 1


class TestAWholeSeason:
    def test_a_planner_that_was_down_three_days_loses_and_doubles_nothing(
        self, make_family, django_user_model
    ):
        """Twelve weeks, three zones, ticks at odd times, one outage, one clock set back: each week at most one mail."""
        families = [
            make_family("l"),
            make_family("k", timezone="Asia/Kathmandu", week_starts_on=6),
            make_family("h", timezone="America/Havana", week_starts_on=5),
        ]
        start = datetime(2026, 10, 6, tzinfo=UTC)
        for family in families:
            for number in range(84):
                family.note(family.alice, at=start + timedelta(days=number, hours=3))
        django_user_model.objects.filter(email__startswith="bela").update(digest_level="none")
        now, down = start + WEEK, range(700, 772)
        for hour in range(12 * 7 * 24):
            now = start + timedelta(hours=hour)
            if hour in down or hour % 5:
                continue
            tick = now - HOUR if hour == 500 else now
            plan_digests(household_ids=[family.household.pk for family in families], now=tick)
            for number in list_due_digest_ids(now=tick):
                deliver_digest(digest_id=number, now=tick)
        ids = [message.message()["Message-ID"] for message in mail.outbox]
        assert len(ids) == len(set(ids))
        closed = Digest.objects.filter(due_at__lte=now - 6 * HOUR)
        assert set(closed.values_list("status", flat=True)) == {Status.SENT}
        assert closed.count() >= 3 * 10
        assert len(ids) == Digest.objects.filter(status=Status.SENT).count()


class TestUnsubscribe:
    def test_it_stops_the_mail_and_once_is_enough(self, family):
        token = unsubscribe_token(user_id=family.alice.public_id)
        assert find_subscription(token=token).is_live
        for _ in range(2):
            assert not unsubscribe(token=token).is_live
        assert User.objects.get(pk=family.alice.pk).digest_level == "none"
        assert User.objects.get(pk=family.bela.pk).digest_level == "full"

    def test_a_link_is_always_the_same(self, family):
        assert unsubscribe_token(user_id=family.alice.public_id) == unsubscribe_token(
            user_id=family.alice.public_id
        )

    def test_its_key_is_its_own(self, family, settings):
        token = unsubscribe_token(user_id=family.alice.public_id)
        settings.SECRET_KEY = "another" * 10
        assert find_subscription(token=token).is_live
        settings.UNSUBSCRIBE_KEY = "another" * 10
        with pytest.raises(NotVisible):
            find_subscription(token=token)

    @pytest.mark.parametrize("token", ["", "x", "a:b", "e30:abc", "\x00", "\ud800"])
    def test_anything_else_is_not_a_link_of_ours(self, db, token):
        with pytest.raises(NotVisible):
            unsubscribe(token=token)

    def test_a_closed_account_has_no_subscription(self, family):
        token = unsubscribe_token(user_id=family.alice.public_id)
        User.objects.filter(pk=family.alice.pk).update(is_active=False)
        with pytest.raises(NotVisible):
            unsubscribe(token=token)


class TestDigestRows:
    def test_a_reflection_is_stored_with_what_was_mailed(self, family):
        family.note(family.alice)
        plan(family)
        for number in list_due_digest_ids(now=EVENING):
            deliver_digest(digest_id=number, now=EVENING)
        assert (
            digest_of(family, family.alice).revision
            == Reflection.objects.get(member=family.membership(family.alice), week__label=LABEL).revision
        )
