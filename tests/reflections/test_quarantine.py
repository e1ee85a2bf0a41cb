"""The way out of quarantine, and what is not kept of a mail that ended."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command

from attune_project import doctor
from reflections import tasks
from reflections.models import Digest
from reflections.rules import BYTES_KEPT, Status
from reflections.services import deliver_digest, plan_digests, prepare_digest, release_digest
from tests.reflections.conftest import CLOSED, EVENING, LABEL

SECOND = timedelta(seconds=1)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("digests", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def digest(family) -> Digest:
    """Alice's, composed and set apart."""
    family.note(family.alice)
    plan_digests(household_ids=[family.household.pk], now=CLOSED)
    found = Digest.objects.get(membership=family.membership(family.alice), week__label=LABEL)
    prepare_digest(digest_id=found.pk, now=EVENING)
    Digest.objects.filter(pk=found.pk).update(status=Status.QUARANTINED, ended_at=EVENING)
    found.refresh_from_db()
    return found


class TestStatus:
    def test_counts_each_state_and_tells_no_content(self, family, digest):
        said = run("status")
        assert said.split()[:4] == ["planned", "3", "quarantined", "1"]
        assert f"In quarantine: {digest.pk}" in said
        assert family.alice.email not in said


class TestRelease:
    @pytest.mark.parametrize("by_id", [True, False])
    def test_a_released_one_is_sent(self, digest, by_id):
        with time_machine.travel(EVENING, tick=False):
            assert "1 released" in run("release", *([str(digest.pk)] if by_id else []))
        digest.refresh_from_db()
        assert digest.status == Status.READY
        assert deliver_digest(digest_id=digest.pk, now=EVENING) == Status.SENT

    def test_others_are_left_where_they_are(self, family, digest):
        other = Digest.objects.exclude(pk=digest.pk).first()
        with pytest.raises(CommandError, match=f"Not in quarantine: {other.pk}, 1000000"):
            run("release", str(other.pk), "1000000")
        digest.refresh_from_db()
        assert digest.status == Status.QUARANTINED


class TestDoctor:
    def test_a_quarantine_is_a_finding(self, digest):
        Digest.objects.exclude(pk=digest.pk).delete()  # they are overdue by now, which is another finding
        [finding] = doctor.check_digests()
        assert "1 weekly mail is in quarantine" in finding.wrong
        assert "digests release" in finding.mend

    def test_without_one_there_is_none(self, family):
        assert list(doctor.check_digests()) == []


class TestForget:
    def forget(self, at) -> None:
        with time_machine.travel(at, tick=False):
            tasks.forget()

    @pytest.mark.parametrize("status", [Status.QUARANTINED, Status.FAILED_TEMP, Status.SENT])
    def test_bytes_older_than_thirty_days_are_dropped(self, digest, status):
        Digest.objects.filter(pk=digest.pk).update(status=status)
        self.forget(EVENING + BYTES_KEPT)
        digest.refresh_from_db()
        assert bytes(digest.message)
        self.forget(EVENING + BYTES_KEPT + SECOND)
        digest.refresh_from_db()
        assert bytes(digest.message) == b""

    def test_what_is_still_to_be_sent_keeps_them(self, digest):
        Digest.objects.filter(pk=digest.pk).update(status=Status.READY)
        self.forget(EVENING + BYTES_KEPT + SECOND)
        digest.refresh_from_db()
        assert bytes(digest.message)

    def test_a_quarantined_one_is_composed_afresh_after_it(self, digest):
        later = EVENING + BYTES_KEPT + SECOND
        self.forget(later)
        release_digest(digest_id=digest.pk, now=later)
        digest = prepare_digest(digest_id=digest.pk, now=later)
        assert digest.status == Status.READY
        assert bytes(digest.message)
