"""Weeks and thoughts as the API takes and shows them."""

from __future__ import annotations

from rest_framework import serializers

from accounts.rules import Visibility
from checklists.rules import Tone
from common.api import Input, Instant, Output, PageOutput, PublicId, QueryNumber, Text
from reflections.composition import Kind
from reflections.models import Thought
from reflections.rules import PAGE_SIZE, PAGE_SIZE_MAX, REPORT_WORDS_MAX, RULE_MAX, THOUGHT_MAX


# --- In ----------------------------------------------------------------------------------------------------------
class WeekQuery(Input):
    household = PublicId(
        required=False,
        help_text="Needed by who lives in several: without it the oldest with that week is meant.",
    )


class WeeksQuery(WeekQuery):
    cursor = Text(required=False, allow_blank=True, help_text="`next_cursor` of the page before.")
    limit = QueryNumber(required=False, min_value=1, max_value=PAGE_SIZE_MAX, default=PAGE_SIZE)


class ThoughtInput(Input):
    """Your own words on your week."""

    text = Text(max_length=THOUGHT_MAX)
    visibility = serializers.ChoiceField(choices=list(Visibility), required=False)
    household = PublicId(required=False)


class ReportInput(Input):
    """That a sentence of your week is wrong. Said again, it changes what is given."""

    rule = serializers.CharField(max_length=RULE_MAX, help_text="As the sentence has it.")
    hidden = serializers.BooleanField(required=False, help_text="Leave it out of this week's page.")
    words = Text(
        max_length=REPORT_WORDS_MAX, required=False, allow_blank=True, help_text="What is wrong, if you like."
    )
    household = PublicId(required=False)


# --- Out ---------------------------------------------------------------------------------------------------------
class WeekOutput(Output):
    week = serializers.CharField(source="label", help_text="Such as 2026-W46.")
    household = serializers.UUIDField(source="household_id")
    start_on = serializers.DateField()
    last_on = serializers.DateField()
    kind = serializers.ChoiceField(choices=[kind.value for kind in Kind])
    revision = serializers.IntegerField(help_text="Grows when what the week was composed from changed.")


class WeekSummaryOutput(WeekOutput):
    moments = serializers.IntegerField(source="count", help_text="Your own.")


class WeekPageOutput(PageOutput):
    items = WeekSummaryOutput(many=True)


class MomentNameOutput(Output):
    id = serializers.UUIDField(source="public_id")
    tone = serializers.ChoiceField(choices=list(Tone))
    occurred_on = serializers.DateField()


class ReportOutput(Output):
    """What you said against a sentence."""

    rule = serializers.CharField()
    hidden = serializers.BooleanField(source="is_hidden", help_text="Left out of this week's page.")
    words = serializers.CharField(help_text="Only you can read them.")
    reported_at = Instant()


class SentenceOutput(Output):
    """A sentence, why it is said, what it rests on, and what you said against it."""

    rule = serializers.CharField()
    text = serializers.CharField()
    why = serializers.CharField(help_text="When this rule speaks.")
    moments = MomentNameOutput(many=True)
    report = ReportOutput(allow_null=True)


class PartOutput(Output):
    key = serializers.CharField()
    title = serializers.CharField()
    sentences = SentenceOutput(many=True)
    drawn = serializers.DictField(
        source="data", help_text="What a page draws beside the sentences; its shape follows from `key`."
    )


class ReflectionOutput(WeekOutput):
    """Your own week as it stands now."""

    timezone = serializers.CharField()
    is_open = serializers.BooleanField()
    compiled_at = Instant(allow_null=True)
    parts = PartOutput(many=True)
    earlier = serializers.CharField(source="earlier_label", allow_blank=True)
    later = serializers.CharField(source="later_label", allow_blank=True)


class ThoughtOutput(Output):
    id = serializers.UUIDField(source="public_id")
    author = serializers.UUIDField(source="author.public_id", help_text="The `person` of a member.")
    text = serializers.CharField()
    visibility = serializers.ChoiceField(choices=list(Visibility))
    written_at = Instant()


class ThoughtListOutput(Output):
    items = ThoughtOutput(many=True)


def shown_thoughts(thoughts: list[Thought]) -> dict[str, object]:
    """The whole list: a week holds a handful."""
    return {"items": ThoughtOutput(thoughts, many=True).data}
