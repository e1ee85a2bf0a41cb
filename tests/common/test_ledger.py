"""What was erased or withdrawn stays so: noted with the act, written outside of the database, done again from there."""

from __future__ import annotations

import json
import stat
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from accounts.models import ApiToken, User
from accounts.services import change_choices, create_token, end_token
from common import ledger
from common.models import LedgerEntry
from households.models import Child, Grant, GrantChild, Household, Membership
from households.scope import live_grants
from households.services import change_grant, leave_household, return_grant, withdraw_grant
from observations.models import Draft, Observation
from observations.services import delete_moment, edit_moment, purge_deleted, restore_moment
from observations.sync import let_go
from observations.sync.drafts import settle_deleted_draft

HOUR = timedelta(hours=1)


@pytest.fixture
def file(settings: Any) -> Path:
    path: Path = settings.ERASURE_LEDGER
    return path


def a_draft(author: User, now: datetime, **said: Any) -> Draft:
    draft = Draft(author=author, **{"moment_id": uuid.uuid4(), "kind": "rescued", "received_at": now, **said})
    draft.content = '{"type": "create", "fields": {"note": "kept"}}'
    draft.save()
    return draft


def lines_of(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.mark.django_db
class TestNote:
    def test_a_kind_that_nobody_would_apply_is_refused(self, now: datetime) -> None:
        with pytest.raises(LookupError):
            ledger.note("something_else", "x", now)

    def test_every_kind_of_every_app_is_known(self) -> None:
        assert {"moment_deleted", "membership_ended", "grant_ended", "token_ended"} <= set(ledger.appliers())


class TestFlush:
    def test_a_line_is_on_disk_as_soon_as_the_act_holds(
        self, transactional_db: None, file: Path, now: datetime
    ) -> None:
        with transaction.atomic():
            ledger.note("membership_ended", "some-id", now)
            assert not file.exists()
        assert lines_of(file) == [{"kind": "membership_ended", "subject": "some-id", "at": now.isoformat()}]
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert LedgerEntry.objects.get().written_at is not None

    def test_an_act_that_was_rolled_back_leaves_no_line(
        self, transactional_db: None, file: Path, now: datetime
    ) -> None:
        with transaction.atomic():
            ledger.note("membership_ended", "some-id", now)
            transaction.set_rollback(True)
        assert not file.exists()
        assert not LedgerEntry.objects.exists()

    def test_a_disk_that_cannot_be_written_undoes_nothing_and_the_sweep_comes(
        self, transactional_db: None, file: Path, settings: Any, now: datetime
    ) -> None:
        settings.ERASURE_LEDGER = file.parent / "away" / "ledger.jsonl"
        ledger.note("membership_ended", "some-id", now)
        assert LedgerEntry.objects.get().written_at is None
        assert ledger.count_late(now=now + ledger.LATE_AFTER + HOUR) == 1
        settings.ERASURE_LEDGER = file
        assert ledger.flush() == 1
        assert len(lines_of(file)) == 1
        assert ledger.flush() == 0

    def test_a_line_that_a_crash_cut_short_spoils_no_other(self, db: None, file: Path, now: datetime) -> None:
        file.write_text('{"kind": "member')
        ledger.note("membership_ended", "some-id", now)
        ledger.flush()
        torn, whole = file.read_text().splitlines()
        assert json.loads(whole)["subject"] == "some-id"
        assert ledger.reapply([torn]).unread == [1]

    def test_a_row_goes_once_its_line_has_long_been_written(
        self, db: None, file: Path, now: datetime
    ) -> None:
        ledger.note("membership_ended", "some-id", now)
        assert ledger.forget_written(now=now + timedelta(days=400)) == 0
        ledger.flush()
        LedgerEntry.objects.update(written_at=now)
        assert ledger.forget_written(now=now + ledger.KEPT) == 0
        assert ledger.forget_written(now=now + ledger.KEPT + HOUR) == 1


Act = Callable[[], None]


@pytest.mark.django_db
class TestReapply:
    """Each act is done, the rows are put back as a restored dump would, and the ledger does it again."""

    def test_reading_goes_on_behind_a_line_that_says_nothing(self) -> None:
        lines = ["[]", "{}", "nonsense", '{"kind": "?", "subject": "x", "at": "2026-01-01T00:00:00+00:00"}']
        lines += ['{"kind": "membership_ended", "subject": "no-id", "at": "2026-01-01T00:00:00+00:00"}']
        lines += ['{"kind": "membership_ended", "subject": "x", "at": "2026-01-01T00:00:00"}', ""]
        assert ledger.reapply(lines).unread == [1, 2, 3, 4, 5, 6]

    def again(self, file: Path) -> dict[str, int]:
        ledger.flush()
        first = ledger.reapply(file.read_text().splitlines())
        assert first.unread == []
        # Twice is once.
        assert not any(ledger.reapply(file.read_text().splitlines()).changed.values())
        return {kind: count for kind, count in first.changed.items() if count}

    def test_a_deleted_moment_is_deleted_and_then_destroyed(
        self, record: Callable[..., Observation], parent: User, file: Path, now: datetime
    ) -> None:
        moment = record()
        later = now + HOUR
        delete_moment(actor_id=parent.pk, moment_id=moment.public_id, now=later)
        Observation.objects.filter(pk=moment.pk).update(deleted_at=None, changed_at=now, revision=1)
        assert self.again(file) == {"moment_deleted": 1}
        assert Observation.objects.get().deleted_at == later
        assert purge_deleted(now=later + timedelta(days=8)) == 1

    def test_one_that_was_brought_back_stays(
        self, record: Callable[..., Observation], parent: User, file: Path, now: datetime
    ) -> None:
        moment = record()
        delete_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now + HOUR)
        restore_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now + 2 * HOUR)
        Observation.objects.filter(pk=moment.pk).update(deleted_at=None, changed_at=now, revision=1)
        assert self.again(file) == {"moment_deleted": 1, "moment_restored": 1}
        assert Observation.objects.get().deleted_at is None

    def test_words_that_waited_and_were_discarded_stay_so(
        self, parent: User, file: Path, now: datetime
    ) -> None:
        draft = a_draft(parent, now)
        let_go(actor_id=parent.pk, draft_id=draft.public_id, now=now + HOUR)
        assert not Draft.objects.exists()
        draft.save(force_insert=True)
        assert self.again(file) == {"draft_discarded": 1}
        assert not Draft.objects.exists()

    def test_what_was_to_become_of_them_and_was_deleted_ends_when_it_would_have(
        self, parent: User, file: Path, now: datetime
    ) -> None:
        draft = a_draft(parent, now)
        settle_deleted_draft(draft, now=now + HOUR)
        Draft.objects.update(kind="rescued", expires_at=None)
        assert self.again(file) == {"draft_let_go": 1}
        draft.refresh_from_db()
        assert (draft.kind, draft.expires_at) == ("gone", now + HOUR + timedelta(days=7))

    def test_what_waited_beside_a_deleted_moment_ends_with_it(
        self, record: Callable[..., Observation], parent: User, file: Path, now: datetime
    ) -> None:
        moment = record()
        beside = a_draft(parent, now, moment_id=moment.public_id, kind="half")
        delete_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now + HOUR)
        Observation.objects.filter(pk=moment.pk).update(deleted_at=None, changed_at=now, revision=1)
        Draft.objects.update(kind="half", expires_at=None)
        assert self.again(file) == {"moment_deleted": 1}
        beside.refresh_from_db()
        assert (beside.kind, beside.expires_at) == ("gone", now + HOUR + timedelta(days=30))

    def test_what_was_shared_and_then_kept_to_oneself_is_not_shared_again(
        self, record: Callable[..., Observation], parent: User, file: Path, now: datetime
    ) -> None:
        moment = record(details={"visibility": "household"})
        edit_moment(
            actor_id=parent.pk,
            moment_id=moment.public_id,
            details={"visibility": "private"},
            now=now + HOUR,
        )
        Observation.objects.filter(pk=moment.pk).update(visibility="household", changed_at=now, revision=1)
        assert self.again(file) == {"moment_private": 1}
        assert Observation.objects.get().visibility == "private"

    def test_what_was_shared_again_before_the_dump_stays_shared(
        self, record: Callable[..., Observation], parent: User, file: Path, now: datetime
    ) -> None:
        moment = record(details={"visibility": "household"})
        for hours, visibility in enumerate(["private", "household"], 1):
            edit_moment(
                actor_id=parent.pk,
                moment_id=moment.public_id,
                details={"visibility": visibility},
                now=now + hours * HOUR,
            )
        assert self.again(file) == {}
        assert Observation.objects.get().visibility == "household"

    def test_who_left_has_left(
        self, household: Household, co_parent: User, file: Path, now: datetime
    ) -> None:
        leave_household(actor_id=co_parent.pk, household_id=household.public_id, now=now)
        Membership.objects.filter(user=co_parent).update(left_at=None)
        assert self.again(file) == {"membership_ended": 1}
        assert Membership.objects.get(user=co_parent).left_at == now

    @pytest.mark.parametrize("end", ["withdraw", "return"])
    def test_a_grant_that_ended_opens_nothing(
        self, give: Callable[..., Grant], parent: User, coach: User, file: Path, now: datetime, end: str
    ) -> None:
        grant = give()
        if end == "withdraw":
            withdraw_grant(actor_id=parent.pk, grant_id=grant.public_id, now=now)
        else:
            return_grant(actor_id=coach.pk, grant_id=grant.public_id, now=now)
        Grant.objects.update(withdrawn_at=None, returned_at=None)
        assert self.again(file) == {"grant_ended": 1}
        assert not live_grants(now=now).exists()

    def test_a_grant_that_was_narrowed_shows_no_more_again(
        self,
        give: Callable[..., Grant],
        parent: User,
        child: Child,
        second_child: Child,
        file: Path,
        now: datetime,
    ) -> None:
        grant = give(child_ids=[child.public_id, second_child.public_id])
        was = {"scope": grant.scope, "from_on": grant.from_on}
        change_grant(
            actor_id=parent.pk,
            grant_id=grant.public_id,
            scope="summary",
            child_ids=[child.public_id],
            from_on=date(2026, 11, 1),
            now=now,
        )
        Grant.objects.update(**was)
        GrantChild.objects.create(household=grant.household, grant=grant, child=second_child)
        assert self.again(file) == {"grant_scope": 1, "grant_from": 1, "grant_child": 1}
        grant.refresh_from_db()
        assert (grant.scope, grant.from_on) == ("summary", date(2026, 11, 1))
        assert grant.children.get().child == child

    def test_a_token_that_was_ended_opens_nothing(self, parent: User, file: Path, now: datetime) -> None:
        token, _secret = create_token(actor_id=parent.pk, name="Old", now=now)
        kept, _secret = create_token(actor_id=parent.pk, name="Kept", now=now)
        end_token(actor_id=parent.pk, digest=token.digest)
        token.save(force_insert=True)
        assert self.again(file) == {"token_ended": 1}
        assert list(ApiToken.objects.all()) == [kept]

    def test_a_choice_that_protects_is_not_taken_back(self, parent: User, file: Path, now: datetime) -> None:
        User.objects.update(digest_level="full", standing_visibility="household")
        change_choices(
            actor_id=parent.pk,
            choices={"digest_level": "none", "standing_visibility": "private", "discreet": True},
        )
        User.objects.update(digest_level="full", standing_visibility="household", discreet=False)
        assert self.again(file) == {"choice_made": 3}
        parent.refresh_from_db()
        assert (parent.digest_level, parent.standing_visibility) == ("none", "private")
        assert parent.discreet is True

    def test_a_choice_that_opens_leaves_no_line(self, parent: User) -> None:
        change_choices(
            actor_id=parent.pk,
            choices={"digest_level": "full", "standing_visibility": "household", "discreet": False},
        )
        assert not LedgerEntry.objects.exists()
