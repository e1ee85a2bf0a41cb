"""Erasing a person: hidden at once, taken back by signing in, and after seven days nothing of them is left anywhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.test import Client

from accounts import services
from accounts.estate import AccountsEstate
from accounts.models import BlockedSender, User
from accounts.rules import ERASURE_DELAY
from accounts.selectors import find_token, is_blocked
from accounts.services import (
    ask_to_be_erased,
    block_sender,
    carry_blocks,
    create_token,
    erase_due,
    erase_person,
    take_address,
    take_back_erasure,
)
from common import ledger
from common.errors import NotVisible
from common.estates import Estate, list_estates
from common.models import LedgerEntry
from common.traces import count_traces
from households.models import AccessEntry, Child, Grant, Household, Invitation, Membership
from households.rules import Opened, Reader
from households.selectors import list_members
from households.services import find_offer, invite_member, leave_household, note_access, remove_helper
from observations.models import Observation
from observations.selectors import list_moments
from observations.services import choose_focus, edit_moment
from reflections.models import Digest, Reflection, Thought
from reflections.selectors import list_thoughts
from reflections.services import compile_week, plan_digests, write_thought

LABEL = "2026-W47"
Ask = Callable[[User], User]


@pytest.fixture
def ask(now: datetime) -> Ask:
    return lambda user: ask_to_be_erased(actor_id=user.pk, confirmation="erase", now=now)


@pytest.fixture
def later(now: datetime) -> datetime:
    """When the seven days are over."""
    return now + ERASURE_DELAY


@pytest.fixture
def full_life(
    parent: User,
    co_parent: User,
    household: Household,
    record: Callable[..., Observation],
    give: Callable[..., Grant],
    coach: User,
    client_of: Callable[[User], Client],
    now: datetime,
) -> Observation:
    """The co-parent did everything there is to do; the parent shared a moment and thought about it."""
    shared = {"visibility": "household"}
    theirs = record(details={"note": "Theirs.", **shared})
    moment = record(co_parent, tone="missed", details={"note": "Mine.", "ratings": {"needs": 2}, **shared})
    edit_moment(actor_id=co_parent.pk, moment_id=moment.public_id, details={"note": "Mine!"}, now=now)
    record(tone="came_back", details={"repairs": moment.public_id, **shared})
    choose_focus(actor_id=co_parent.pk, household_id=household.public_id, dimension="needs", now=now)
    compile_week(household_ids=[household.pk], label=LABEL, now=now)
    plan_digests(household_ids=[household.pk], now=now + timedelta(days=7))
    for author in (parent, co_parent):
        write_thought(actor_id=author.pk, label=LABEL, text="A thought.", visibility="household", now=now)
    grant = give(co_parent)
    note_access(
        reader_id=coach.pk,
        reader_kind=Reader.COACH,
        opened=Opened.MOMENT,
        household_pk=household.pk,
        author_ids=[co_parent.pk],
        now=now,
    )
    assert grant.author == co_parent
    invite_member(
        actor_id=co_parent.pk, household_id=household.public_id, email="x@example.org", role="helper", now=now
    )
    invite_member(
        actor_id=parent.pk, household_id=household.public_id, email=co_parent.email, role="helper", now=now
    )
    create_token(actor_id=co_parent.pk, name="Mine", now=now)
    client_of(co_parent)
    return theirs


def left_of(user: User) -> dict[str, int]:
    return count_traces(person_id=user.pk, names=[user.email, str(user.public_id)])


class TestAsking:
    def test_needs_the_word(self, parent: User, now: datetime) -> None:
        with pytest.raises(ValidationError) as refused:
            ask_to_be_erased(actor_id=parent.pk, confirmation="yes", now=now)
        assert list(refused.value.error_dict) == ["confirmation"]
        parent.refresh_from_db()
        assert parent.erase_at is None

    @pytest.mark.parametrize("typed", ["erase", " Erase ", "ERASE"])
    def test_takes_the_word_as_people_type_it(self, parent: User, now: datetime, typed: str) -> None:
        assert (
            ask_to_be_erased(actor_id=parent.pk, confirmation=typed, now=now).erase_at == now + ERASURE_DELAY
        )

    def test_asking_again_does_not_put_it_off(self, parent: User, ask: Ask, now: datetime) -> None:
        ask(parent)
        again = now + timedelta(days=3)
        user = ask_to_be_erased(actor_id=parent.pk, confirmation="erase", now=again)
        assert user.erase_at == now + ERASURE_DELAY

    def test_nothing_is_destroyed_yet(
        self, full_life: Observation, co_parent: User, ask: Ask, now: datetime
    ) -> None:
        before = Observation.objects.count()
        ask(co_parent)
        assert erase_due(now=now + ERASURE_DELAY - timedelta(seconds=1)) == 0
        assert Observation.objects.count() == before


class TestHiding:
    """From the same commit on, on every surface."""

    def test_moments_and_thoughts(
        self, full_life: Observation, parent: User, co_parent: User, ask: Ask
    ) -> None:
        assert {row.author for row in list_moments(actor_id=parent.pk).items} == {parent, co_parent}
        ask(co_parent)
        assert {row.author for row in list_moments(actor_id=parent.pk).items} == {parent}
        assert all(row.repairs is None for row in list_moments(actor_id=parent.pk).items)
        assert {row.author for row in list_thoughts(actor_id=parent.pk, label=LABEL)} == {parent}

    def test_the_list_of_members(self, parent: User, co_parent: User, household: Household, ask: Ask) -> None:
        ask(co_parent)
        members = list_members(actor_id=parent.pk, household_id=household.public_id)
        assert [member.user for member in members] == [parent]

    def test_a_helper_who_is_gone_cannot_be_removed(
        self, parent: User, helper: User, ask: Ask, now: datetime
    ) -> None:
        membership = Membership.objects.get(user=helper)
        ask(helper)
        with pytest.raises(NotVisible):
            remove_helper(actor_id=parent.pk, membership_id=membership.public_id, now=now)

    def test_the_coach_and_offers_and_invitations(
        self,
        full_life: Observation,
        co_parent: User,
        coach: User,
        offer: Callable[..., tuple[Grant, str]],
        ask: Ask,
        now: datetime,
    ) -> None:
        _grant, token = offer(co_parent, coach_email="other@example.org")
        ask(co_parent)
        with pytest.raises(NotVisible):
            find_offer(token=token, email="other@example.org", now=now)
        open_ones = Invitation.objects.filter(withdrawn_at__isnull=True)
        assert not open_ones.filter(invited_by=co_parent).exists()

    def test_tokens_open_nothing_until_it_is_taken_back(
        self, co_parent: User, ask: Ask, now: datetime
    ) -> None:
        _token, secret = create_token(actor_id=co_parent.pk, name="Mine", now=now)
        ask(co_parent)
        assert find_token(secret=secret, now=now) is None
        take_back_erasure(user_id=co_parent.pk, now=now)
        assert find_token(secret=secret, now=now) is not None

    def test_no_mail_is_planned(self, co_parent: User, household: Household, ask: Ask, now: datetime) -> None:
        Membership.objects.update(joined_at=now - timedelta(days=30))
        ask(co_parent)
        plan_digests(household_ids=[household.pk], now=now + timedelta(days=7))
        assert not Digest.objects.filter(membership__user=co_parent).exists()

    def test_nobody_is_told(self, co_parent: User, ask: Ask, mailoutbox: list[Any]) -> None:
        ask(co_parent)
        assert mailoutbox == []


class TestTakingBack:
    def test_everything_is_as_it_was(
        self, full_life: Observation, parent: User, co_parent: User, ask: Ask, now: datetime, later: datetime
    ) -> None:
        ask(co_parent)
        assert take_back_erasure(user_id=co_parent.pk, now=now)
        assert {row.author for row in list_moments(actor_id=parent.pk).items} == {parent, co_parent}
        assert erase_due(now=later) == 0

    def test_who_did_not_ask_takes_nothing_back(self, parent: User, now: datetime) -> None:
        assert not take_back_erasure(user_id=parent.pk, now=now)
        assert not LedgerEntry.objects.exists()

    def test_it_is_too_late_once_it_has_begun(self, co_parent: User, ask: Ask, later: datetime) -> None:
        ask(co_parent)
        User.objects.filter(pk=co_parent.pk).update(is_active=False)
        assert not take_back_erasure(user_id=co_parent.pk, now=later)


class TestErasing:
    def test_nothing_names_the_person_in_any_table(
        self, full_life: Observation, co_parent: User, ask: Ask, later: datetime
    ) -> None:
        assert len(left_of(co_parent)) > 12
        ask(co_parent)
        assert erase_due(now=later) == 1
        assert left_of(co_parent) == {}
        assert not Session.objects.exists()

    def test_nothing_of_anybody_else_is_touched(
        self,
        full_life: Observation,
        parent: User,
        co_parent: User,
        household: Household,
        child: Child,
        ask: Ask,
        later: datetime,
    ) -> None:
        rows = Observation.objects.order_by("pk").values("pk", "note_sealed", "revision", "changed_at")
        own = list(rows.filter(author=parent))
        ask(co_parent)
        erase_due(now=later)
        assert list(rows) == own
        assert Thought.objects.get().author == parent
        assert Reflection.objects.get().member.user == parent
        assert list(Household.objects.all()) == [household]
        assert list(Child.objects.all()) == [child]

    def test_a_household_goes_with_the_last_one(
        self, record: Callable[..., Observation], parent: User, ask: Ask, later: datetime
    ) -> None:
        record()
        ask(parent)
        erase_due(now=later)
        assert not Household.objects.exists()
        assert not Child.objects.exists()
        assert left_of(parent) == {}

    def test_a_household_stays_for_the_words_of_somebody_who_left(
        self,
        record: Callable[..., Observation],
        parent: User,
        co_parent: User,
        household: Household,
        ask: Ask,
        now: datetime,
        later: datetime,
    ) -> None:
        words = record(co_parent)
        leave_household(actor_id=co_parent.pk, household_id=household.public_id, now=now)
        ask(parent)
        erase_due(now=later)
        assert list(Observation.objects.all()) == [words]
        ask(co_parent)
        erase_due(now=later)
        assert not Household.objects.exists()

    def test_a_coach_leaves_the_authors_list_of_who_looked_without_a_name(
        self, full_life: Observation, coach: User, ask: Ask, later: datetime
    ) -> None:
        ask(coach)
        erase_due(now=later)
        assert left_of(coach) == {}
        entry = AccessEntry.objects.get()
        assert (entry.reader, entry.reader_kind) == (None, "coach")

    def test_the_ledger_remembers_a_random_id(self, co_parent: User, ask: Ask, later: datetime) -> None:
        ask(co_parent)
        erase_due(now=later)
        assert list(LedgerEntry.objects.order_by("pk").values_list("kind", "subject")) == [
            ("erasure_asked", str(co_parent.public_id)),
            ("person_erased", str(co_parent.public_id)),
        ]

    def test_once_it_has_begun_nobody_signs_in(
        self, co_parent: User, ask: Ask, later: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ask(co_parent)
        monkeypatch.setattr(services.erasure, "list_estates", fail)
        assert erase_due(now=later) == 0
        co_parent.refresh_from_db()
        assert not co_parent.is_active


class Crash(Exception):
    """The process dies here."""


def fail(*_: object, **__: object) -> Any:
    raise Crash


class TestCrash:
    @pytest.mark.parametrize(
        "step", ["ReflectionsEstate", "ObservationsEstate", "HouseholdsEstate", "AccountsEstate"]
    )
    @pytest.mark.parametrize("when", ["before", "after"])
    def test_the_next_run_goes_on(
        self,
        full_life: Observation,
        co_parent: User,
        ask: Ask,
        later: datetime,
        monkeypatch: pytest.MonkeyPatch,
        step: str,
        when: str,
    ) -> None:
        [estate] = [estate for estate in list_estates() if type(estate).__name__ == step]
        erase: Callable[[int], None] = estate.erase

        def crash(person_id: int) -> None:
            if when == "after":
                erase(person_id)
            raise Crash

        ask(co_parent)
        with monkeypatch.context() as patch:
            patch.setattr(estate, "erase", crash)
            with pytest.raises(Crash):
                erase_person(user_id=co_parent.pk, now=later)
        assert User.objects.filter(pk=co_parent.pk, erase_at__isnull=False).exists()
        assert erase_person(user_id=co_parent.pk, now=later)
        assert left_of(co_parent) == {}

    def test_one_in_the_last_step_keeps_the_person_in_the_queue(
        self, co_parent: User, ask: Ask, later: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ask(co_parent)
        with monkeypatch.context() as patch:
            patch.setattr(services.erasure, "count_traces", fail)
            with pytest.raises(Crash):
                erase_person(user_id=co_parent.pk, now=later)
        assert User.objects.filter(pk=co_parent.pk).exists()
        assert erase_due(now=later) == 1

    def test_running_twice_is_running_once(self, co_parent: User, ask: Ask, later: datetime) -> None:
        ask(co_parent)
        assert erase_person(user_id=co_parent.pk, now=later)
        assert not erase_person(user_id=co_parent.pk, now=later)


class TestVerification:
    def test_what_is_left_fails_loudly_and_stays_in_the_queue(
        self,
        full_life: Observation,
        parent: User,
        co_parent: User,
        ask: Ask,
        later: datetime,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        ask(co_parent)
        own = Reflection.objects.get(member__user=parent)
        monkeypatch.setattr("reflections.estate._forget_in_others_weeks", lambda _person_id: None)
        with pytest.raises(services.ErasureIncomplete) as failed:
            erase_person(user_id=co_parent.pk, now=later)
        assert failed.value.left == {"reflections.Reflection.content": 1}
        assert erase_due(now=later) == 0
        assert "reflections.Reflection.content: 1" in caplog.text
        assert User.objects.filter(pk=co_parent.pk, is_active=False).exists()
        assert Reflection.objects.filter(pk=own.pk).exists()

    def test_an_estate_that_forgets_its_rows_is_found(
        self,
        full_life: Observation,
        co_parent: User,
        ask: Ask,
        later: datetime,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("observations.estate.ObservationsEstate.erase", lambda _self, _person_id: None)
        ask(co_parent)
        with pytest.raises(services.ErasureIncomplete) as failed:
            erase_person(user_id=co_parent.pk, now=later)
        assert failed.value.left["observations.Observation"] == 1

    def test_one_who_cannot_be_erased_stops_nobody_else(
        self,
        parent: User,
        co_parent: User,
        ask: Ask,
        later: datetime,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        erase = Estate.erase

        def poisoned(self: Estate, person_id: int) -> None:
            if person_id == parent.pk:
                raise Crash
            erase(self, person_id)

        monkeypatch.setattr(Estate, "erase", poisoned)
        for user in (parent, co_parent):
            ask(user)
        assert erase_due(now=later) == 1
        assert list(User.objects.all()) == [parent]


class TestAfterARestore:
    def test_whoever_was_erased_since_the_dump_is_erased_again(
        self, co_parent: User, ask: Ask, later: datetime, settings: Any
    ) -> None:

        ask(co_parent)
        erase_due(now=later)
        ledger.flush()
        again = User.objects.create_user(co_parent.email, public_id=co_parent.public_id)
        done = ledger.reapply(settings.ERASURE_LEDGER.read_text().splitlines())
        assert done.changed["person_erased"] == 1
        assert left_of(again) == {}

    def test_whoever_asked_since_the_dump_is_still_hidden_and_whoever_came_back_is_not(
        self, parent: User, co_parent: User, ask: Ask, now: datetime, settings: Any
    ) -> None:

        ask(parent)
        ask(co_parent)
        take_back_erasure(user_id=parent.pk, now=now)
        User.objects.update(erase_at=None)
        ledger.flush()
        ledger.reapply(settings.ERASURE_LEDGER.read_text().splitlines())
        assert list(User.objects.filter(erase_at=now + ERASURE_DELAY)) == [co_parent]


class TestBlocksUnderAFormerAddress:
    """What an address said goes with whoever had it, whatever their address is in the end."""

    @pytest.fixture
    def moved_on(self, co_parent: User, parent: User, now: datetime) -> str:
        """The co-parent wants nothing of the parent, and has another address since; which one they had."""
        former = co_parent.email
        block_sender(email=former, sender_id=parent.pk, known_as="Alice", now=now)
        new = co_parent.emailaddress_set.create(email="new@example.org", verified=True)
        take_address(user_id=co_parent.pk, email=new.email)
        carry_blocks(user_id=co_parent.pk, from_email=former, to_email=new.email)
        co_parent.emailaddress_set.exclude(pk=new.pk).delete()
        User.objects.filter(pk=co_parent.pk).update(email=new.email)
        return former

    def test_are_erased_with_their_owner(
        self, moved_on: str, parent: User, co_parent: User, ask: Ask, later: datetime
    ) -> None:
        assert is_blocked(email=moved_on, sender_id=parent.pk)
        ask(co_parent)
        assert erase_person(user_id=co_parent.pk, now=later)
        assert not BlockedSender.objects.exists()
        assert count_traces(person_id=co_parent.pk, names=[moved_on, "new@example.org"]) == {}

    def test_are_a_trace_that_the_count_finds(
        self, moved_on: str, co_parent: User, ask: Ask, later: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert count_traces(person_id=co_parent.pk, names=[])["accounts.BlockedSender.owner"] == 2
        monkeypatch.setattr(AccountsEstate, "erase", lambda *_: None)
        ask(co_parent)
        with pytest.raises(services.ErasureIncomplete) as left:
            erase_person(user_id=co_parent.pk, now=later)
        assert left.value.left["accounts.BlockedSender"] == 2

    def test_what_others_said_of_somebody_else_stays(
        self,
        moved_on: str,
        parent: User,
        co_parent: User,
        helper: User,
        ask: Ask,
        now: datetime,
        later: datetime,
    ) -> None:
        block_sender(email="nobody@example.org", sender_id=parent.pk, known_as="Alice", now=now)
        block_sender(email=helper.email, sender_id=parent.pk, known_as="Alice", now=now)
        block_sender(email=helper.email, sender_id=co_parent.pk, known_as="Bela", now=now)
        ask(co_parent)
        assert erase_person(user_id=co_parent.pk, now=later)
        assert set(BlockedSender.objects.values_list("email", "sender_id")) == {
            ("nobody@example.org", parent.pk),
            (helper.email, parent.pk),
        }

    def test_whoever_reads_that_mailbox_now_keeps_what_they_said(
        self,
        moved_on: str,
        parent: User,
        co_parent: User,
        make_user: Callable[..., User],
        ask: Ask,
        now: datetime,
        later: datetime,
    ) -> None:
        reader = make_user("reader")
        reader.emailaddress_set.update(email=moved_on)
        take_address(user_id=reader.pk, email=moved_on)
        block_sender(email=moved_on, sender_id=parent.pk, known_as="A stranger", now=now)
        ask(co_parent)
        assert erase_person(user_id=co_parent.pk, now=later)
        assert BlockedSender.objects.get().owner == reader
