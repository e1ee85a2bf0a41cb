"""A phone that comes back from a drawer: all of it arrives, and the last batch costs what the first one did."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from observations.models import Draft, Observation, SyncOp
from tests.phone import FINAL

pytestmark = pytest.mark.django_db

BATCH = 30


def test_a_backlog_arrives_and_no_batch_costs_more_than_the_one_before(phone, tap) -> None:
    for number in range(BATCH * 2):
        op = tap(note=f"one {number}")
        phone.write("update", moment_id=op["moment_id"], base={"op": op["op_id"]}, note=f"two {number}")
    queries, told = [], []
    for start in range(0, len(phone.queue), BATCH):
        with CaptureQueriesContext(
            connection,
        ) as seen:
            told += phone.send(phone.queue[start : start + BATCH])
        queries.append(len(seen))
    assert {result["status"] for result in told} <= FINAL
    assert len(told) == SyncOp.objects.count() == BATCH * 4
    assert {(row.revision, row.note[:3]) for row in Observation.objects.all()} == {(2, "two")}
    assert (Observation.objects.count(), Draft.objects.count()) == (BATCH * 2, 0)
    # The first one also asks what stays the same for the others.
    assert max(queries[1:]) <= queries[0]
    assert len(set(queries[1:])) == 1
