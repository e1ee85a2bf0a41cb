"""The record shows what was changed past the program, holds no words, and says nothing of what was purged."""

from __future__ import annotations

import io
import json
import logging
import re
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from common.person_keys import destroy_person_key
from households.models import Child, Household
from households.services import add_child, create_household
from observations import tasks
from observations.estate import ObservationsEstate
from observations.history import state_of
from observations.models import Observation, RecordHead, RecordLink, Revision
from observations.record import Flaw, Report, check_record, keep_heads, list_links, sum_of_day
from observations.record.chain import START, content_hash, link_digest
from observations.record.content import content_of
from observations.rules import Act
from observations.services import (
    answer_self_check,
    delete_moment,
    edit_moment,
    purge_deleted,
    record_moment,
    restore_moment,
)
from observations.when import Said

DAY = date(2026, 11, 18)
Record = Callable[..., Observation]


def run_sql(statement: str, *values: Any) -> int:
    """What somebody with the database can do, past the program."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


def flaws(author: User) -> set[Flaw]:
    return {finding.flaw for finding in check_record(author_id=author.pk).findings}


def acts(author: User) -> list[str]:
    return [link.act for link in list_links(author_id=author.pk)]


@pytest.fixture
def make_child(parent: User, now: datetime) -> Callable[[Household], Child]:
    def make(household: Household, nickname: str = "Pip") -> Child:
        return add_child(
            actor_id=parent.pk,
            household_id=household.public_id,
            nickname=nickname,
            birth_month=date(2022, 5, 1),
            now=now,
        )

    return make


@pytest.fixture
def written(record: Record, parent: User, child: Child, now: datetime) -> list[Observation]:
    """Everything that can be done with one's own: three moments and a self-check, eleven acts."""

    def later(minutes: int) -> datetime:
        return now + timedelta(minutes=minutes)

    full = {"note": "words", "ratings": {"needs": 4, "safety": "skipped"}, "cues": ["phone_away", "held"]}
    first = record(details={**full, "visibility": "household"})
    missed = record(tone="missed", occurred=Said(at=now - timedelta(hours=2)))
    mended = record(tone="came_back", details={"repairs": missed.public_id, "cues": ["said_sorry"]})
    for minutes, details in enumerate(
        [{"note": "other words"}, {"tone": "missed", "cues": []}, {"note": ""}, {"ratings": {"needs": None}}]
    ):
        edit_moment(actor_id=parent.pk, moment_id=first.public_id, details=details, now=later(minutes))
    delete_moment(actor_id=parent.pk, moment_id=mended.public_id, now=later(5))
    restore_moment(actor_id=parent.pk, moment_id=mended.public_id, now=later(6))
    check = {"actor_id": parent.pk, "child_id": child.public_id, "day": DAY, "check_id": uuid.uuid4()}
    answer_self_check(**check, ratings={"needs": 3}, note="a week", now=later(7))
    answer_self_check(**check, ratings={"needs": 5}, now=later(8))
    return list(Observation.objects.order_by("pk"))


class TestEveryWriteIsALink:
    def test_each_act_of_each_use_case(self, written: list[Observation], parent: User) -> None:
        assert acts(parent) == [
            *[Act.RECORDED] * 3,
            *[Act.EDITED] * 4,
            Act.DELETED,
            Act.RESTORED,
            Act.RECORDED,
            Act.EDITED,
        ]
        assert check_record(author_id=parent.pk) == Report(held=11)

    def test_what_changed_nothing_is_none(
        self, record: Record, parent: User, child: Child, now: datetime
    ) -> None:
        moment = record()
        record(moment_id=moment.public_id)
        edit_moment(actor_id=parent.pk, moment_id=moment.public_id, details={"tone": "in_tune"}, now=now)
        restore_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        check = {"actor_id": parent.pk, "child_id": child.public_id, "day": DAY, "check_id": uuid.uuid4()}
        for _each in range(2):
            answer_self_check(**check, ratings={"needs": 3}, now=now)
        assert acts(parent) == [Act.RECORDED, Act.RECORDED]
        assert flaws(parent) == set()

    def test_a_write_that_fails_leaves_none(self, record: Record, parent: User) -> None:
        with pytest.raises(Exception, match="choose one of the answers"):
            record(details={"note": "kept?", "ratings": {"needs": 6}})
        assert not RecordLink.objects.exists()

    def test_each_author_has_a_record_of_their_own(
        self, record: Record, parent: User, co_parent: User
    ) -> None:
        for _each in range(3):
            record(details={"visibility": "household"})
        record(co_parent)
        assert [link.number for link in list_links(author_id=co_parent.pk)] == [1]
        assert len({link.chain for link in RecordLink.objects.all()}) == 2

    def test_in_each_household_a_chain_of_its_own(
        self, record: Record, parent: User, now: datetime, make_child: Callable[[Household], Child]
    ) -> None:
        second = create_household(actor_id=parent.pk, name="Weekends", timezone="UTC", now=now)
        record()
        record(child_id=make_child(second).public_id)
        assert len({link.chain for link in list_links(author_id=parent.pk)}) == 2

    @pytest.mark.skipif(connection.vendor == "sqlite", reason="one writer at a time there")
    def test_writes_at_the_same_time_come_one_by_one(
        self, transactional_db: None, parent: User, child: Child, now: datetime
    ) -> None:
        def write(_number: int) -> None:
            try:
                record_moment(
                    actor_id=parent.pk,
                    moment_id=uuid.uuid4(),
                    child_id=child.public_id,
                    tone="in_tune",
                    details={"note": "words"},
                    now=now,
                )
            finally:
                connections.close_all()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(write, range(20)))
        assert [link.number for link in list_links(author_id=parent.pk)] == [*range(1, 21)]
        assert check_record(author_id=parent.pk) == Report(held=20)

    def test_a_moment_takes_two_queries_more_for_it(self, record: Record) -> None:
        record()
        with CaptureQueriesContext(connection) as asked:
            record()
        about = [query["sql"] for query in asked if "observations_recordlink" in query["sql"]]
        assert [sql.split()[0] for sql in about] == ["SELECT", "INSERT"]


class TestTampering:
    """Four kinds that a record has to show, each done by SQL as somebody would who knows the tables."""

    @pytest.fixture(autouse=True)
    def _written(self, written: list[Observation], parent: User) -> None:
        keep_heads(day=DAY)
        assert flaws(parent) == set()

    OTHER_NOTE = "(SELECT note_sealed FROM observations_observation ORDER BY id DESC LIMIT 1)"

    @pytest.mark.parametrize(
        ("table", "column", "value"),
        [
            ("observation", "tone", "'in_tune'"),
            ("observation", "occurred_at", "'2026-11-01 12:00:00+00:00'"),
            ("observation", "occurred_on", "'2026-11-01'"),
            ("observation", "precision", "'exact'"),
            ("observation", "visibility", "'coaches'"),
            ("observation", "received_at", "'2026-11-01 12:00:00+00:00'"),
            ("observation", "timezone", "'Asia/Tokyo'"),
            ("observation", "deleted_at", "'2026-11-18 12:00:00+00:00'"),
            ("observation", "revision", "9"),
            ("observation", "note_sealed", OTHER_NOTE),
            ("observation", "salt", "note_sealed"),
            ("rating", "absence", "'not_seen'"),
            ("tick", "key", "'went_back'"),
            ("revision", "note_sealed", OTHER_NOTE),
            ("revision", "number", "8"),
            ("recordlink", "act", "'edited'"),
            ("recordlink", "at", "'2026-11-01 12:00:00+00:00'"),
            ("recordlink", "content", "digest"),
        ],
    )
    def test_a_flipped_value(self, parent: User, table: str, column: str, value: str) -> None:
        first = f"(SELECT min(id) FROM observations_{table})"
        assert run_sql(f"UPDATE observations_{table} SET {column} = {value} WHERE id = {first}") == 1
        assert flaws(parent) & {Flaw.CHANGED, Flaw.UNRECORDED, Flaw.BROKEN}

    def test_a_flipped_state_of_before(self, parent: User) -> None:
        revision = Revision.objects.order_by("pk")[0]
        Revision.objects.filter(pk=revision.pk).update(state={**revision.state, "tone": "missed"})
        assert flaws(parent) == {Flaw.CHANGED}

    def test_somebody_elses_name_under_it(
        self, written: list[Observation], parent: User, co_parent: User
    ) -> None:
        run_sql(
            "UPDATE observations_observation SET author_id = %s WHERE id = %s", co_parent.pk, written[1].pk
        )
        assert (flaws(parent), flaws(co_parent)) == ({Flaw.LOST}, {Flaw.UNRECORDED})

    @pytest.mark.parametrize("cut", ["the row alone", "its links as well", "its links made to forget"])
    def test_a_deleted_row(self, written: list[Observation], parent: User, cut: str) -> None:
        gone = written[1].pk
        if cut == "its links as well":
            run_sql("DELETE FROM observations_recordlink WHERE observation_id = %s", gone)
        forgets = "observation_id = NULL" + (
            ", act = '', at = NULL, revision = NULL" if cut == "its links made to forget" else ""
        )
        run_sql(f"UPDATE observations_recordlink SET {forgets} WHERE observation_id = %s", gone)
        run_sql("UPDATE observations_observation SET repairs_id = NULL WHERE repairs_id = %s", gone)
        run_sql("DELETE FROM observations_observation WHERE id = %s", gone)
        assert flaws(parent) == ({Flaw.MISSING} if cut == "its links as well" else {Flaw.LOST})

    def test_a_row_that_nobody_recorded(self, written: list[Observation], parent: User) -> None:
        made_up = written[1]
        made_up.pk, made_up.public_id = None, uuid.uuid4()
        made_up.save(force_insert=True)
        assert flaws(parent) == {Flaw.UNRECORDED}

    def test_links_in_another_order(self, parent: User) -> None:
        third, fourth = list_links(author_id=parent.pk)[2:4]
        for key, number in ((third.pk, 99), (fourth.pk, 3), (third.pk, 4)):
            run_sql("UPDATE observations_recordlink SET number = %s WHERE id = %s", number, key)
        assert Flaw.BROKEN in flaws(parent)

    def test_links_in_another_order_and_hashed_again(self, parent: User) -> None:
        third, fourth = list_links(author_id=parent.pk)[2:4]
        self.swap(third, fourth)
        self.hash_again(parent)
        assert flaws(parent) & {Flaw.REPLACED, Flaw.UNRECORDED}

    @pytest.mark.parametrize("last", [1, 5, 11])
    def test_a_record_without_its_end(self, parent: User, last: int) -> None:
        """Even where the rows that the end spoke of are gone as well, a head of that day is known."""
        end = list(list_links(author_id=parent.pk).order_by("-number")[:last])
        spoken_of = {link.observation_id for link in end}
        run_sql(f"DELETE FROM observations_recordlink WHERE number > {11 - last}")
        for table, column in (
            ("revision", "observation_id"),
            ("rating", "observation_id"),
            ("tick", "observation_id"),
        ):
            for key in spoken_of:
                run_sql(f"DELETE FROM observations_{table} WHERE {column} = %s", key)
        assert Flaw.SHORT in flaws(parent)

    def test_a_record_rewritten_with_all_its_hashes(self, parent: User) -> None:
        """Whoever makes every hash again has still to make the head that was kept."""
        RecordLink.objects.filter(number=2).update(content=bytes(32))
        self.hash_again(parent)
        assert Flaw.REPLACED in flaws(parent)

    def test_a_record_rewritten_with_its_head_has_another_sum(self, parent: User, co_parent: User) -> None:
        """Then nothing inside of the database tells, but the line in the log does."""
        logged = sum_of_day(day=DAY)
        self.hash_again(parent, first=bytes(32))
        end = list_links(author_id=parent.pk).last()
        assert end is not None
        RecordHead.objects.update(digest=end.digest)
        assert sum_of_day(day=DAY) != logged

    @staticmethod
    def swap(one: RecordLink, other: RecordLink) -> None:
        spoken = ("observation_id", "act", "revision", "at", "content")
        columns = {
            key: {name: getattr(link, name) for name in spoken}
            for key, link in ((one.pk, other), (other.pk, one))
        }
        for key, values in columns.items():
            RecordLink.objects.filter(pk=key).update(**values)

    @staticmethod
    def hash_again(author: User, first: bytes = b"") -> None:
        before = START
        for link in list_links(author_id=author.pk):
            content = first if first and link.number == 1 else bytes(link.content)
            before = link_digest(before, number=link.number, content=content)
            RecordLink.objects.filter(pk=link.pk).update(content=content, digest=before)


class TestWhatIsDestroyed:
    """Purged moments and erased people leave no flaw, and a chain that says nothing of them."""

    @pytest.fixture
    def purged(self, written: list[Observation], parent: User, now: datetime) -> Observation:
        delete_moment(actor_id=parent.pk, moment_id=written[0].public_id, now=now)
        assert purge_deleted(now=now + timedelta(days=8)) == 1
        return written[0]

    def test_a_purge_leaves_a_whole_record(self, purged: Observation, parent: User) -> None:
        assert check_record(author_id=parent.pk) == Report(held=7, destroyed=6)

    def test_its_links_say_nothing_any_more(self, purged: Observation, parent: User) -> None:
        first, *_others, last = list_links(author_id=parent.pk)
        assert (first.observation_id, first.act, first.revision, first.at) == (None, "", None, None)
        assert last.act == Act.PURGED
        assert last.at is None
        assert last.says == {"links": {str(last.chain): [1, 4, 5, 6, 7, 12]}}

    def test_a_record_goes_on_behind_a_purge(self, purged: Observation, record: Record, parent: User) -> None:
        record()
        assert flaws(parent) == set()

    def test_a_purge_that_never_was_cannot_be_claimed(
        self, purged: Observation, written: list[Observation], parent: User
    ) -> None:
        run_sql(
            "UPDATE observations_recordlink SET observation_id = NULL WHERE observation_id = %s",
            written[1].pk,
        )
        claim = list_links(author_id=parent.pk).last()
        assert claim is not None
        RecordLink.objects.filter(pk=claim.pk).update(says={"links": {str(claim.chain): [*range(1, 13)]}})
        assert {Flaw.CHANGED, Flaw.LOST} <= flaws(parent)

    def test_a_miss_that_is_purged_leaves_what_mended_it(
        self, written: list[Observation], parent: User, now: datetime
    ) -> None:
        delete_moment(actor_id=parent.pk, moment_id=written[1].public_id, now=now)
        purge_deleted(now=now + timedelta(days=8))
        assert Observation.objects.get(pk=written[2].pk).repairs is None
        assert flaws(parent) == set()

    def test_the_same_purge_again_and_one_of_many_people(
        self, purged: Observation, record: Record, parent: User, co_parent: User, now: datetime
    ) -> None:
        for actor in (parent, co_parent):
            for _each in range(3):
                moment = record(actor)
                delete_moment(actor_id=actor.pk, moment_id=moment.public_id, now=now)
        assert [purge_deleted(now=now + timedelta(days=8), limit=4) for _each in range(3)] == [4, 2, 0]
        assert (flaws(parent), flaws(co_parent)) == (set(), set())

    def test_an_erased_person_leaves_a_sum_that_can_still_be_made(
        self, written: list[Observation], record: Record, parent: User, co_parent: User, household: Household
    ) -> None:
        record(co_parent)
        logged = keep_heads(day=DAY)
        ObservationsEstate().erase(parent.pk)
        User.objects.get(pk=parent.pk).delete()
        assert not RecordLink.objects.exclude(author_id=co_parent.pk).exists()
        assert RecordHead.objects.filter(author_id=None).count() == 1
        assert sum_of_day(day=DAY) == (logged, 2)
        assert flaws(co_parent) == set()

    def test_words_without_a_key_are_destroyed_and_not_changed(
        self, written: list[Observation], parent: User
    ) -> None:
        destroy_person_key(owner_id=parent.pk)
        report = check_record(author_id=parent.pk)
        assert report.findings == []
        assert report.destroyed == 5
        assert report.held == 6

    def test_a_household_that_is_gone_takes_its_record_along(
        self, record: Record, parent: User, household: Household, now: datetime
    ) -> None:
        moment = record()
        keep_heads(day=DAY)
        delete_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        purge_deleted(now=now + timedelta(days=8))
        household.delete()
        assert not RecordLink.objects.exists()
        assert flaws(parent) == set()


class TestOtherWaysToChange:
    def test_coming_back_narrows_what_was_shared(
        self, record: Record, parent: User, household: Household, now: datetime
    ) -> None:
        shared = record(details={"visibility": "household", "note": "words"})
        for minutes, visibility in enumerate(["private", "household"]):
            edit_moment(
                actor_id=parent.pk,
                moment_id=shared.public_id,
                details={"visibility": visibility},
                now=now + timedelta(minutes=minutes),
            )
        ObservationsEstate().come_back(parent.pk, household_id=household.pk, now=now)
        assert acts(parent)[-1] == Act.NARROWED
        assert flaws(parent) == set()
        run_sql("UPDATE observations_observation SET visibility = 'household'")
        assert flaws(parent) == {Flaw.CHANGED}

    @pytest.mark.parametrize(
        "kind", ["moment_deleted", "moment_restored", "moment_private", "moment_coaches"]
    )
    def test_what_a_ledger_does_again_is_recorded(
        self, record: Record, parent: User, now: datetime, kind: str
    ) -> None:
        moment = record(details={"visibility": "household"})
        if kind == "moment_restored":
            delete_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        again = ObservationsEstate().appliers()[kind]
        subject = f"{parent.public_id}:{moment.public_id}"
        assert [again(subject, now + timedelta(hours=1)) for _each in range(2)] == [1, 0]
        assert flaws(parent) == set()

    def test_a_record_goes_along_and_still_knows_the_child(
        self,
        written: list[Observation],
        parent: User,
        household: Household,
        child: Child,
        record: Record,
        make_child: Callable[[Household], Child],
        now: datetime,
    ) -> None:
        keep_heads(day=DAY)
        before, here = household, child
        for number in range(2):
            new = create_household(actor_id=parent.pk, name=f"New {number}", timezone="UTC", now=now)
            copy = make_child(new)
            ObservationsEstate().move(
                parent.pk, source_id=before.pk, target_id=new.pk, children={here.pk: copy.pk}
            )
            record(child_id=copy.public_id)
            edit_moment(
                actor_id=parent.pk, moment_id=written[1].public_id, details={"note": f"{number}"}, now=now
            )
            before, here = new, copy
        assert acts(parent)[11:] == [Act.MOVED, Act.RECORDED, Act.EDITED] * 2
        assert check_record(author_id=parent.pk) == Report(held=17)
        assert {link.household_id for link in list_links(author_id=parent.pk)} == {before.pk}
        Observation.objects.filter(pk=written[2].pk).update(child=make_child(before, "Moth"))
        assert flaws(parent) == {Flaw.CHANGED}

    def test_a_note_that_did_not_open_meanwhile_is_no_flaw(
        self, record: Record, parent: User, now: datetime
    ) -> None:
        moment = record(details={"note": "gone astray"})
        sealed = bytes(Observation.objects.get(pk=moment.pk).note_sealed)
        Observation.objects.filter(pk=moment.pk).update(note_sealed=sealed[:-1] + b"\0\0")
        assert flaws(parent) == {Flaw.CHANGED}
        edit_moment(actor_id=parent.pk, moment_id=moment.public_id, details={"tone": "missed"}, now=now)
        assert [finding.number for finding in check_record(author_id=parent.pk).findings] == [1]


class TestHeads:
    def test_a_day_is_kept_once_and_logged_without_a_name(
        self, record: Record, parent: User, co_parent: User, caplog: pytest.LogCaptureFixture
    ) -> None:
        record()
        record(co_parent)
        with caplog.at_level(logging.INFO, "observations.record"):
            first = keep_heads(day=DAY)
            record()
            assert keep_heads(day=DAY) == first
        assert caplog.messages == [f"heads of 2026-11-18: sum={first} records=2"] * 2
        assert re.fullmatch("[0-9a-f]{64}", first)

    def test_only_records_that_grew_have_a_new_one(
        self, record: Record, parent: User, co_parent: User
    ) -> None:
        record()
        record(co_parent)
        keep_heads(day=DAY)
        record()
        keep_heads(day=DAY + timedelta(days=1))
        keep_heads(day=DAY + timedelta(days=2))
        assert [
            (head.day.day, head.author_id, head.number) for head in RecordHead.objects.order_by("pk")
        ] == [
            (18, parent.pk, 1),
            (18, co_parent.pk, 1),
            (19, parent.pk, 2),
        ]
        assert sum_of_day(day=DAY + timedelta(days=2))[1] == 0

    def test_the_nightly_task_keeps_them(self, record: Record) -> None:
        record()
        tasks.keep_heads()
        assert RecordHead.objects.count() == 1


class TestCommand:
    @staticmethod
    def verify(**options: Any) -> str:
        out = io.StringIO()
        call_command("verify_record", stdout=out, **options)
        return out.getvalue()

    def test_a_whole_record_is_counted_with_the_days_sum(
        self, written: list[Observation], record: Record, co_parent: User
    ) -> None:
        record(co_parent)
        total = keep_heads(day=DAY)
        assert self.verify().splitlines() == [
            "2 records: 12 links hold, 0 say nothing any more.",
            f"heads of 2026-11-18: sum={total} records=2",
        ]
        assert self.verify(person=co_parent.pk).startswith("1 records: 1 links hold")
        assert "heads of 2026-11-17: sum=" in self.verify(day=DAY - timedelta(days=1))

    def test_a_flaw_is_told_by_ids_alone_and_ends_with_an_error(
        self, written: list[Observation], parent: User
    ) -> None:
        Observation.objects.filter(pk=written[1].pk).update(
            tone="in_tune", received_at=written[1].received_at
        )
        out = io.StringIO()
        with pytest.raises(CommandError, match="1 things are not as they were recorded"):
            call_command("verify_record", stdout=out)
        [link] = [one for one in list_links(author_id=parent.pk) if one.observation_id == written[1].pk]
        assert out.getvalue().splitlines()[0] == (
            f"  user {parent.pk}: changed link={link.number} chain={link.chain} id={written[1].public_id}"
        )

    def test_somebody_without_a_link_left_is_looked_at_as_well(
        self, written: list[Observation], parent: User
    ) -> None:
        keep_heads(day=DAY)
        run_sql("DELETE FROM observations_recordlink")
        with pytest.raises(CommandError):
            self.verify()


class TestWhatItHolds:
    def test_no_word_and_nothing_that_a_word_can_be_guessed_from(self, record: Record, parent: User) -> None:
        """The same moment twice, with the same salt: only who has the person's key can tell that the notes agree."""
        one = record(details={"note": "a canary in the coal mine"})
        link = list_links(author_id=parent.pk)[0]
        held = json.dumps([bytes(link.content).hex(), link.says, link.act, str(link.at)])
        assert "canary" not in held
        salt = bytes(Observation.objects.get(pk=one.pk).salt)
        assert len(salt) == 32
        guessed = content_of(
            one,
            act=Act.RECORDED,
            revision=1,
            at=one.received_at,
            fields=state_of(one).fields,
            note="a canary in the coal mine",
        )
        assert content_hash(guessed, salt=salt) != bytes(link.content)

    def test_each_observation_has_a_salt_of_its_own(self, written: list[Observation]) -> None:
        assert len({bytes(row.salt) for row in written}) == len(written)
