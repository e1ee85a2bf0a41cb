"""Moments and self-checks as the API takes and shows them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.rules import Visibility
from checklists.rules import Dimension, Tone
from common.api import Day, Input, Instant, Output, PageOutput, PublicId, QueryNumber, Text
from observations.details import Answer
from observations.models import Observation, Revision
from observations.rules import NOTE_MAX, PAGE_SIZE, PAGE_SIZE_MAX, SEARCH_MAX, OwnKind, Precision, TickKind
from observations.selectors import MomentFilters
from observations.selectors.own import OwnSeen
from observations.shapes import ANSWER, OWN, MomentEditInput, RatingsInput

_RATINGS: dict[str, Any] = {
    "type": "object",
    "properties": {dimension.value: {"oneOf": ANSWER["oneOf"][:2]} for dimension in Dimension},
    "additionalProperties": False,
    "description": "By dimension. A dimension that was never asked is not there.",
}
_ITS_AUTHORS = "Null in what somebody else wrote."
_COOLING = "Until then it is for its author alone, and `visibility` takes `private` only. " + _ITS_AUTHORS
_NOTE = serializers.CharField(allow_null=True, help_text="Null where it cannot be opened.")
_NOTE_UNREADABLE = "There is a note that cannot be opened. It stays as it is until a new one is written."


# --- In ----------------------------------------------------------------------------------------------------------
class MomentInput(MomentEditInput):
    """A new moment. Its `id` is made by the client, so that sending it twice records it once."""

    id = PublicId()
    child = PublicId()
    tone = serializers.ChoiceField(choices=list(Tone))


class CursorQuery(Input):
    cursor = Text(required=False, allow_blank=True, help_text="`next_cursor` of the page before.")


class MomentsQuery(CursorQuery):
    """What the list is narrowed to. Days are local days of the household; both ends are included."""

    household = PublicId(required=False)
    child = PublicId(required=False)
    author = PublicId(required=False, help_text="The `person` of a member.")
    dimension = serializers.ChoiceField(choices=list(Dimension), required=False)
    tone = serializers.ChoiceField(choices=list(Tone), required=False)
    since = Day(required=False)
    until = Day(required=False)
    text = Text(
        required=False,
        max_length=SEARCH_MAX,
        help_text="Found in the note. Such a page may hold fewer items and still have a next one.",
    )
    limit = QueryNumber(required=False, min_value=1, max_value=PAGE_SIZE_MAX, default=PAGE_SIZE)


class SelfChecksQuery(CursorQuery):
    household = PublicId(required=False)


class SelfCheckInput(Input):
    """The answers about one week with one child. Answering the same week again edits it."""

    id = PublicId()
    child = PublicId()
    day = Day(help_text="Any day of the week that is meant: this week or one of the two before it.")
    ratings = RatingsInput()
    note = Text(required=False, allow_blank=True, max_length=NOTE_MAX)
    visibility = serializers.ChoiceField(choices=list(Visibility), required=False)


class FocusInput(Input):
    dimension = serializers.ChoiceField(
        choices=list(Dimension), allow_null=True, help_text="Null for no focus from here on."
    )


def asked_filters(values: dict[str, Any]) -> MomentFilters:
    """The query's words as the timeline knows them."""
    return MomentFilters(
        household_id=values.get("household"),
        child_id=values.get("child"),
        author_id=values.get("author"),
        dimension=values.get("dimension", ""),
        tone=values.get("tone", ""),
        since=values.get("since"),
        until=values.get("until"),
        text=values.get("text", ""),
    )


# --- Out ---------------------------------------------------------------------------------------------------------
class ObservationOutput(Output):
    """What a moment and a self-check have in common."""

    id = serializers.UUIDField(source="public_id")
    household = serializers.UUIDField(source="household.public_id")
    child = serializers.UUIDField(source="child.public_id")
    author = serializers.UUIDField(source="author.public_id", help_text="The `person` of a member.")
    timezone = serializers.CharField(help_text="The household's zone when this was written.")
    visibility = serializers.ChoiceField(choices=list(Visibility))
    note = serializers.SerializerMethodField()
    note_unreadable = serializers.BooleanField(help_text=_NOTE_UNREADABLE)
    ratings = serializers.SerializerMethodField()
    revision = serializers.SerializerMethodField()
    received_at = Instant()
    changed_at = serializers.SerializerMethodField()

    # How often and when an author came back to their words is theirs: it tells of drafts and of their own state.
    @extend_schema_field(serializers.IntegerField(allow_null=True, help_text=_ITS_AUTHORS))
    def get_revision(self, row: Observation) -> int | None:
        return row.revision if self._is_own(row) else None

    @extend_schema_field(Instant(allow_null=True, help_text=_ITS_AUTHORS))
    def get_changed_at(self, row: Observation) -> str | None:
        return Instant().to_representation(row.changed_at) if self._is_own(row) else None

    def _is_own(self, row: Observation) -> bool:
        """Whether the reader wrote it; a view that does not say who reads shows as if a stranger did."""
        return row.author_id == self.context.get("reader_id")

    @extend_schema_field(_NOTE)
    def get_note(self, row: Observation) -> str | None:
        return _note_of(row)

    @extend_schema_field(_RATINGS)
    def get_ratings(self, row: Observation) -> dict[str, Answer]:
        shown = getattr(row, "shown_ratings")  # noqa: B009 - set by the selector's prefetch
        return {rating.dimension: rating.value or rating.absence for rating in shown}


class MomentOutput(ObservationOutput):
    tone = serializers.ChoiceField(choices=list(Tone))
    occurred_at = Instant()
    occurred_on = serializers.DateField(help_text="The household's local day.")
    precision = serializers.ChoiceField(choices=list(Precision))
    about_adult = serializers.SerializerMethodField()
    cooling_until = serializers.SerializerMethodField()
    own = serializers.SerializerMethodField()
    cues = serializers.SerializerMethodField()
    contexts = serializers.SerializerMethodField()
    feelings = serializers.SerializerMethodField()
    repairs = serializers.SerializerMethodField()
    repaired_by = serializers.SerializerMethodField()

    # Whoever else sees the moment may be the one it is about.
    @extend_schema_field(serializers.BooleanField(allow_null=True, help_text=_ITS_AUTHORS))
    def get_about_adult(self, row: Observation) -> bool | None:
        return row.about_adult if self._is_own(row) else None

    @extend_schema_field(Instant(allow_null=True, help_text=_COOLING))
    def get_cooling_until(self, row: Observation) -> str | None:
        if row.cooling_until is None or not self._is_own(row):
            return None
        return Instant().to_representation(row.cooling_until)

    # The questions are its author's, and may be about whoever else sees the moment.
    @extend_schema_field({**OWN, "type": ["object", "null"]})
    def get_own(self, row: Observation) -> dict[str, str] | None:
        """Answers to your own questions. Null in what somebody else wrote."""
        if not self._is_own(row):
            return None
        shown = getattr(row, "shown_own")  # noqa: B009 - set by the selector's prefetch
        return {str(one.question.public_id): one.answer for one in shown}

    def get_cues(self, row: Observation) -> list[str]:
        return _ticked(row, TickKind.CUE)

    def get_contexts(self, row: Observation) -> list[str]:
        return _ticked(row, TickKind.CONTEXT)

    def get_feelings(self, row: Observation) -> list[str]:
        return _ticked(row, TickKind.FEELING)

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_repairs(self, row: Observation) -> str | None:
        """The missed moment this one comes back to, if the reader may see it."""
        return str(row.repairs.public_id) if row.repairs else None

    @extend_schema_field(serializers.ListField(child=serializers.UUIDField()))
    def get_repaired_by(self, row: Observation) -> list[str]:
        """The moments that came back to this one, as far as the reader may see them."""
        return [str(other.public_id) for other in getattr(row, "mended_by")]  # noqa: B009 - from the prefetch


class MomentPageOutput(PageOutput):
    items = MomentOutput(many=True)


class SelfCheckOutput(ObservationOutput):
    week_starts_on = serializers.DateField(
        source="occurred_on", help_text="The first day of the week it is about."
    )


class SelfCheckPageOutput(PageOutput):
    items = SelfCheckOutput(many=True)


class RevisionStateOutput(Output):
    """The fields as they were before the edit."""

    tone = serializers.CharField()
    child = serializers.UUIDField()
    occurred_at = Instant()
    precision = serializers.ChoiceField(choices=list(Precision))
    visibility = serializers.ChoiceField(choices=list(Visibility))
    about_adult = serializers.BooleanField(required=False, help_text="True, or not there.")
    repairs = serializers.UUIDField(allow_null=True)
    ratings = serializers.SerializerMethodField()
    own = serializers.SerializerMethodField()
    cues = serializers.ListField(child=serializers.CharField())
    contexts = serializers.ListField(child=serializers.CharField())
    feelings = serializers.ListField(child=serializers.CharField())

    @extend_schema_field(_RATINGS)
    def get_ratings(self, state: dict[str, Any]) -> dict[str, Answer]:
        ratings: dict[str, Answer] = state["ratings"]
        return ratings

    @extend_schema_field(OWN)
    def get_own(self, state: dict[str, Any]) -> dict[str, str]:
        own: dict[str, str] = state.get("own", {})
        return own


class RevisionOutput(Output):
    """A moment as it was until `replaced_at`."""

    number = serializers.IntegerField()
    replaced_at = Instant()
    note = serializers.SerializerMethodField()
    note_unreadable = serializers.BooleanField(help_text=_NOTE_UNREADABLE)
    state = serializers.SerializerMethodField()

    @extend_schema_field(_NOTE)
    def get_note(self, revision: Revision) -> str | None:
        return _note_of(revision)

    @extend_schema_field(RevisionStateOutput)
    def get_state(self, revision: Revision) -> Any:
        return revision.state


class RevisionPageOutput(PageOutput):
    items = RevisionOutput(many=True)


class OwnQuestionsQuery(CursorQuery):
    household = PublicId(required=False, help_text="Left out: the first that you live in.")


class OwnOptionOutput(Output):
    key = serializers.CharField(help_text="What to send as the answer.")
    words = serializers.CharField(allow_blank=True, help_text="Empty for a step that has none.")


class OwnQuestionOutput(Output):
    """One question of your own, in one wording. It never changes: other words are another question."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=list(OwnKind))
    prompt = serializers.CharField(allow_blank=True, help_text="Empty where it cannot be opened.")
    options = serializers.SerializerMethodField()
    asked_since = Instant()
    is_asked = serializers.SerializerMethodField()

    @extend_schema_field(OwnOptionOutput(many=True))
    def get_options(self, seen: OwnSeen) -> list[dict[str, str]]:
        return [{"key": key, "words": words} for key, words in seen.options]

    def get_is_asked(self, seen: OwnSeen) -> bool:
        """Whether it is in the version in force; otherwise older answers point at it."""
        return seen.key in self.context["asked"]


class OwnQuestionsOutput(PageOutput):
    """Your own questions that were ever asked: those asked now in their order, then earlier ones, latest first."""

    version = serializers.IntegerField(help_text="0 before the first.")
    items = OwnQuestionOutput(many=True)


class FocusOutput(Output):
    dimension = serializers.ChoiceField(choices=list(Dimension), allow_null=True)


def _note_of(row: Observation | Revision) -> str | None:
    return None if row.note_unreadable else row.note


def _ticked(row: Observation, kind: TickKind) -> list[str]:
    shown = getattr(row, "shown_ticks")  # noqa: B009 - set by the selector's prefetch
    return [tick.key for tick in shown if tick.kind == kind]
