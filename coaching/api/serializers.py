"""What coaches wrote to an author, as the author's own programs take and show it."""

from __future__ import annotations

from rest_framework import serializers

from checklists.rules import KEY_MAX
from coaching.rules import FOCUS_WEEKS, PAGE_SIZE, REPLY_MAX, Answer
from coaching.statistics import Verdict
from common.api import Input, Instant, Output, PageOutput, PublicId, QueryNumber, Text, WholeNumber

PAGE_SIZE_MAX = 100


# --- In ----------------------------------------------------------------------------------------------------------
class CommentsQuery(Input):
    household = PublicId(required=False)
    cursor = Text(required=False, allow_blank=True, help_text="`next_cursor` of the page before.")
    limit = QueryNumber(required=False, min_value=1, max_value=PAGE_SIZE_MAX, default=PAGE_SIZE)


class CommentReplyInput(Input):
    """Your answer, for the coach alone."""

    text = Text(max_length=REPLY_MAX)


class FocusesQuery(Input):
    household = PublicId(required=False)


class CoachFocusAnswerInput(Input):
    """What you say to a suggestion: accept it as it is or changed, decline it, or stop."""

    answer = serializers.ChoiceField(choices=["accept", "decline", "stop"])
    practice = Text(required=False, max_length=KEY_MAX, help_text="With `accept`: another practice.")
    weeks = WholeNumber(required=False, min_value=min(FOCUS_WEEKS), max_value=max(FOCUS_WEEKS))


# --- Out ---------------------------------------------------------------------------------------------------------
class CommentReplyOutput(Output):
    id = serializers.UUIDField(source="public_id")
    text = serializers.CharField()
    written_at = Instant()


class CommentOutput(Output):
    """A coach's words to you on a moment or a week of yours."""

    id = serializers.UUIDField(source="public_id")
    household = serializers.UUIDField(source="household.public_id")
    coach = serializers.SerializerMethodField(help_text="How the coach presents themselves to you.")
    moment = serializers.UUIDField(source="observation.public_id", allow_null=True, default=None)
    week = serializers.CharField(help_text="Such as 2026-W46; empty when it is about a moment.")
    saw = serializers.CharField(help_text="What they saw you do.")
    gives = serializers.CharField(help_text="What that gives.")
    child = serializers.CharField(help_text="What your child did then.")
    more = serializers.CharField(help_text="A question or a suggestion.")
    written_at = Instant()
    read_at = Instant(allow_null=True, help_text="Your own mark. The coach does not see it.")
    can_reply = serializers.BooleanField(
        source="reads_along", help_text="Whether the coach still reads along."
    )
    replies = CommentReplyOutput(source="shown_replies", many=True)

    def get_coach(self, comment: object) -> str:
        presented = self.context["coaches"].get(getattr(comment, "coach_id", 0))
        return presented.called if presented else ""


class CommentPageOutput(PageOutput):
    items = CommentOutput(many=True)


class BlockOutput(Output):
    n = serializers.IntegerField()
    mean = serializers.FloatField(allow_null=True, help_text="Null below five answers.")
    low = serializers.FloatField(source="interval.low", allow_null=True, default=None)
    high = serializers.FloatField(source="interval.high", allow_null=True, default=None)


class ComparisonOutput(Output):
    """Your answers before and while you tried it, of what your coach may see: one family, one time."""

    before = BlockOutput()
    during = BlockOutput()
    verdict = serializers.ChoiceField(choices=[verdict.value for verdict in Verdict])


class CoachFocusOutput(Output):
    """A practice that a coach suggested."""

    id = serializers.UUIDField(source="focus.public_id")
    household = serializers.UUIDField(source="focus.household.public_id")
    practice = serializers.CharField(source="focus.practice")
    weeks = serializers.IntegerField(source="focus.weeks")
    answer = serializers.ChoiceField(
        source="focus.answer", choices=[item.value for item in Answer if item], allow_blank=True
    )
    suggested_at = Instant(source="focus.suggested_at")
    from_on = serializers.DateField(source="focus.from_on", allow_null=True)
    until_on = serializers.DateField(
        source="focus.until_on", allow_null=True, help_text="The first day on which it is over."
    )
    comparison = ComparisonOutput(allow_null=True, help_text="Once it is over.")


class CoachFocusListOutput(Output):
    items = CoachFocusOutput(many=True)
