"""What an author may say about a moment, as a program writes it down: for the API, and for what a phone sends later."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.rules import Visibility
from checklists.rules import KEY_MAX, VALUE_MAX, VALUE_MIN, VALUES, Absence, Tone
from common.api import Input, Instant, PublicId, Text, YesOrNo
from observations.rules import NOTE_MAX, OWN_ANSWERS, OWN_ANSWERS_MAX, TICKS_MAX, Precision
from observations.when import Said

if TYPE_CHECKING:
    from observations.details import Answer, Details

ANSWER: dict[str, Any] = {
    "oneOf": [
        {"type": "integer", "minimum": VALUE_MIN, "maximum": VALUE_MAX},
        {"type": "string", "enum": [absence.value for absence in Absence]},
        {"type": "null"},
    ]
}
ABOUT_ADULT = "Also about another adult: private for 24 hours, and then its author may say who sees it."


@extend_schema_field(ANSWER)
class AnswerField(serializers.Field[Any, Any, Any, Any]):
    """1 to 5, `not_seen`, `skipped`, or null to take the answer away."""

    def __init__(self) -> None:
        super().__init__(required=False, allow_null=True)

    def to_internal_value(self, data: Any) -> Answer:
        if isinstance(data, str) and data in list(Absence):
            return Absence(data)
        if isinstance(data, int | float) and not isinstance(data, bool) and data in VALUES:
            return int(data)
        raise serializers.ValidationError(_("Please choose one of the answers."), code="choice")


class RatingsInput(Input):
    """Answers by dimension; a dimension that is not named keeps its answer."""

    needs = AnswerField()
    safety = AnswerField()
    openness = AnswerField()
    settled = AnswerField()
    comfort = AnswerField()
    repair = AnswerField()
    self = AnswerField()


OWN_KEYS = sorted({key for keys in OWN_ANSWERS.values() for key in keys})
OWN: dict[str, Any] = {
    "type": "object",
    "additionalProperties": {"type": "string", "enum": OWN_KEYS},
    "description": "By the `id` of the question, in the keys of its `options`.",
}


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": {"oneOf": [{"type": "string", "enum": OWN_KEYS}, {"type": "null"}]},
    }
)
class OwnField(serializers.Field[Any, Any, Any, Any]):
    """Answers to one's own questions by question; null takes an answer away, one that is not named keeps its answer."""

    def to_internal_value(self, data: Any) -> dict[uuid.UUID, str | None]:
        if not isinstance(data, dict) or len(data) > OWN_ANSWERS_MAX:
            raise serializers.ValidationError(_("Please choose one of the answers."), code="choice")
        return {self._id(name): self._answer(answer) for name, answer in data.items()}

    def _id(self, name: Any) -> uuid.UUID:
        found: uuid.UUID = PublicId().to_internal_value(name)
        return found

    def _answer(self, answer: Any) -> str | None:
        if answer is None or (isinstance(answer, str) and answer in OWN_KEYS):
            return answer
        raise serializers.ValidationError(_("Please choose one of the answers."), code="choice")


class Keys(serializers.ListField):
    """The whole list of what is ticked."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=Text(max_length=KEY_MAX), max_length=TICKS_MAX, required=False, **kwargs)


class MomentEditInput(Input):
    """What changes of a moment; what is not named stays. Lists of ticks are whole."""

    child = PublicId(required=False)
    tone = serializers.ChoiceField(choices=list(Tone), required=False)
    occurred_at = Instant(required=False, help_text="With its offset from UTC. Left out: just now.")
    precision = serializers.ChoiceField(
        choices=list(Precision),
        required=False,
        help_text="How exactly `occurred_at` is known; `exact` if left out.",
    )
    visibility = serializers.ChoiceField(choices=list(Visibility), required=False)
    about_adult = YesOrNo(required=False, help_text=ABOUT_ADULT)
    note = Text(required=False, allow_blank=True, max_length=NOTE_MAX)
    cues = Keys(help_text="Keys of the checklist's `cues`.")
    contexts = Keys(help_text="Keys of the checklist's `contexts`.")
    feelings = Keys(help_text="Keys of the checklist's `feelings`.")
    ratings = RatingsInput(required=False)
    own = OwnField(required=False, help_text="Answers to your own questions, by their `id`.")
    repairs = PublicId(
        required=False, allow_null=True, help_text="The earlier missed moment that this one comes back to."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "precision" in attrs and "occurred_at" not in attrs:
            raise serializers.ValidationError(
                {"occurred_at": ["Please give the time that this precision is about."]}, code="required"
            )
        return attrs


def said_details(values: dict[str, Any]) -> Details:
    """The input's own words as the use cases know them; what was not sent is not there."""
    details: Any = dict(values)
    if "child" in details:
        details["child_id"] = details.pop("child")
    if "occurred_at" in details:
        precision = Precision(details.pop("precision", Precision.EXACT))
        details["occurred"] = Said(at=details.pop("occurred_at"), precision=precision)
    said: Details = details
    return said
