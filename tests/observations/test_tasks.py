"""The nightly nudge."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from django.utils import timezone

from observations import tasks
from observations.models import Observation
from observations.services import delete_moment, purge_deleted


class TestPurge:
    def test_one_night_destroys_all_that_is_past_restoring(self, record, parent, monkeypatch):
        for _each in range(5):
            moment = record()
            long_ago = timezone.now() - timedelta(days=30)
            delete_moment(actor_id=parent.pk, moment_id=moment.public_id, now=long_ago)
        kept = record()
        monkeypatch.setattr(tasks, "purge_deleted", partial(purge_deleted, limit=2))
        tasks.purge()
        assert list(Observation.objects.values_list("pk", flat=True)) == [kept.pk]
