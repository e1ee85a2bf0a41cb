"""Whatever a phone seals: its neighbours in the batch have their effect, and nothing that was said is lost."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest

from observations.models import Draft, Observation
from tests.doors.test_api_strictness import BROKEN_BODIES, NASTY_VALUES
from tests.phone import FINAL, uuid7

pytestmark = pytest.mark.django_db

LONGEST = 100_000  # bytes; what is longer is turned away at the door

FIELDS = (
    "child",
    "tone",
    "note",
    "ratings",
    "cues",
    "contexts",
    "repairs",
    "visibility",
    "when",
    "picked",
    "about_adult",
)
BESIDE = ("type", "base", "occurred_at", "tz", "occurred_src", "logged_at", "heard", "fields", "no_such")
TYPES = ("create", "update", "delete", "draft.put")


def corpus(child_id: str) -> list[bytes]:
    """What is no operation, or one with a value that nobody means: more than 300 in all."""
    good = {"child": child_id, "tone": "in_tune", "note": "said beside it"}

    def op(kind: str, **changed: Any) -> bytes:
        plain = {"type": kind, "occurred_at": "2026-11-18T19:00:00Z", "fields": good, **changed}
        return json.dumps(plain).encode("utf-8")

    values = [*NASTY_VALUES.values()]
    found = [body[:LONGEST] for body in BROKEN_BODIES.values()]
    found += [op("create", fields={**good, name: value}) for name, value in product(FIELDS, values[::2])]
    found += [
        op(kind, **{name: value}) for kind in TYPES[:2] for name, value in product(BESIDE, values[1::4])
    ]
    found += [op(kind, fields=value) for kind, value in product(TYPES, values[::8])]
    return found


def test_in_a_batch_of_bad_input_every_neighbour_has_its_effect(phone, tap, child, settings) -> None:
    settings.RATE_LIMIT_FACTOR = 1000
    bad = [phone.seal_op(content, moment_id=uuid7()) for content in corpus(str(child.public_id))]
    assert len(bad) > 300
    told, good = {}, []
    for start in range(0, len(bad), 50):
        some = bad[start : start + 50]
        neighbours = [tap() for _op in some]
        good += neighbours
        ops = [op for pair in zip(some, neighbours, strict=True) for op in pair]
        told |= {result["op_id"]: result["status"] for result in phone.send(ops)}
    assert {told[op["op_id"]] for op in good} == {"applied"}
    ids = {op["moment_id"] for op in good}
    assert Observation.objects.filter(public_id__in=ids).count() == len(good)
    left = {op["op_id"]: told[op["op_id"]] for op in bad if told[op["op_id"]] not in FINAL}
    assert left == {}, "the phone would send these for ever"
    kept = [op for op in bad if told[op["op_id"]] == "rescued"]
    assert len(kept) > 150
    assert Draft.objects.filter(op_id__in=[op["op_id"] for op in kept]).count() == len(kept)
