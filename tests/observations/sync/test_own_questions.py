"""Answers to an author's own questions, from a phone that was without a network."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from accounts.models import User
from households.models import Household
from observations.models import Draft
from observations.services import edit_moment, publish_questions, retire_question, write_question
from tests.observations.sync.conftest import moment_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(parent: User, household: Household, child: Any, now: Any) -> list[str]:
    here = {"actor_id": parent.pk, "household_id": household.public_id, "now": now}
    rows = [write_question(**here, kind="yes_no", prompt=f"Number {number}?") for number in range(2)]
    publish_questions(**here)
    return [str(row.public_id) for row in rows]


class TestAnswers:
    def test_arrive_though_the_question_is_asked_no_more(
        self, phone, tap, asked: list[str], parent: User, household: Household, now
    ) -> None:
        op = tap(own={asked[0]: "yes"})
        retire_question(
            actor_id=parent.pk,
            household_id=household.public_id,
            question_id=uuid.UUID(asked[0]),
            now=now,
        )
        (result,) = phone.flush()
        assert result["status"] == "applied"
        assert moment_of(op).own_answers.get().answer == "yes"

    def test_to_what_nobody_asked_are_kept_to_be_mended(self, phone, tap) -> None:
        own = {str(uuid.uuid4()): "yes"}
        tap(own=own, note="a walk")
        (result,) = phone.flush()
        assert (result["status"], result["code"]) == ("rescued", "own")
        fields = json.loads(Draft.objects.get().content)["fields"]
        assert (fields["own"], fields["note"]) == (own, "a walk")

    def test_half_typed_on_one_sheet_stay_when_another_answers_another_question(
        self, phone, record, asked: list[str]
    ) -> None:
        moment = record()
        phone.write("draft.put", moment_id=moment.public_id, own={asked[0]: "yes"})
        phone.write("update", moment_id=moment.public_id, base={"rev": 1}, own={asked[1]: "no"})
        assert [result["status"] for result in phone.flush()] == ["applied"] * 2
        assert json.loads(Draft.objects.get().content)["fields"]["own"] == {asked[0]: "yes"}
        phone.write("update", moment_id=moment.public_id, base={"rev": 2}, own={asked[0]: "no"})
        phone.flush()
        assert not Draft.objects.exists()

    def test_to_two_questions_are_no_two_versions_and_to_one_they_are(
        self, phone, tap, asked: list[str], parent: User, now
    ) -> None:
        op = tap()
        phone.flush()
        moment = moment_of(op)

        def elsewhere(**own: str) -> None:
            edit_moment(
                actor_id=parent.pk,
                moment_id=moment.public_id,
                details={"own": {uuid.UUID(name): value for name, value in own.items()}},
                now=now,
            )

        elsewhere(**{asked[0]: "no"})
        phone.write("update", moment_id=moment.public_id, base={"rev": 1}, own={asked[1]: "yes"})
        phone.write("update", moment_id=moment.public_id, base={"rev": 1}, own={asked[0]: "yes"})
        assert [result["status"] for result in phone.flush()] == ["merged", "conflict"]
        assert dict(moment.own_answers.values_list("question__public_id", "answer")) == {
            uuid.UUID(asked[0]): "no",
            uuid.UUID(asked[1]): "yes",
        }
