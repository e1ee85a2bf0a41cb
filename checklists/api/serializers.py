"""Checklists as the API shows them: the views of `checklists.content`, field by field."""

from __future__ import annotations

from rest_framework import serializers

from checklists.rules import Absence, Dimension, Occasion, QuestionKind, Scale, TermKind, Tone
from common.api import Instant, Output, PageOutput


class ChecklistOutput(Output):
    """One checklist in its current version."""

    key = serializers.CharField(source="checklist_key")
    number = serializers.IntegerField()
    language = serializers.CharField()
    title = serializers.CharField()
    about = serializers.CharField()
    status = serializers.CharField(help_text="`unvalidated`: the questions were never checked as a test.")
    digest = serializers.CharField(help_text="SHA-256 of the content; the same digest is the same content.")
    published_at = Instant()


class ChecklistPageOutput(PageOutput):
    """All checklists; there is never a second page."""

    items = ChecklistOutput(many=True)


class TermOutput(Output):
    """The plain name of a dimension or a tone."""

    kind = serializers.ChoiceField(choices=list(TermKind))
    key = serializers.CharField()
    label = serializers.CharField()
    about = serializers.CharField()
    source = serializers.CharField()


class AnchorOutput(Output):
    value = serializers.IntegerField()
    label = serializers.CharField()


class AgeWordingOutput(Output):
    """How a question is put about a child of these months, both included; null is open-ended."""

    from_months = serializers.IntegerField()
    to_months = serializers.IntegerField(allow_null=True)
    text = serializers.CharField()


class QuestionOutput(Output):
    key = serializers.CharField()
    dimension = serializers.ChoiceField(choices=list(Dimension))
    occasion = serializers.ChoiceField(choices=list(Occasion))
    kind = serializers.ChoiceField(choices=list(QuestionKind))
    prompt = serializers.CharField()
    help = serializers.CharField()
    scale = serializers.ChoiceField(choices=list(Scale))
    scale_help = serializers.CharField()
    anchors = AnchorOutput(many=True)
    absence = serializers.ChoiceField(
        choices=list(Absence), help_text="What to send when `absence_label` is chosen."
    )
    absence_label = serializers.CharField()
    age_wordings = AgeWordingOutput(many=True)
    gated = serializers.BooleanField(help_text="Asked only when the child was hurt, ill or scared.")
    author_only = serializers.BooleanField(help_text="The answer is shown to nobody but its author.")
    source = serializers.CharField()


class CueOutput(Output):
    key = serializers.CharField()
    tone = serializers.ChoiceField(choices=list(Tone))
    dimension = serializers.ChoiceField(choices=list(Dimension))
    label = serializers.CharField()
    opens_help = serializers.BooleanField()
    source = serializers.CharField()


class OptionOutput(Output):
    key = serializers.CharField()
    label = serializers.CharField()
    gates_comfort = serializers.BooleanField(
        help_text="Says that the child was hurt, ill or scared, so comfort is asked."
    )
    source = serializers.CharField()


class PracticeOutput(Output):
    slug = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    why = serializers.CharField()
    try_text = serializers.CharField()
    not_for = serializers.CharField()
    dimension = serializers.ChoiceField(choices=list(Dimension))
    seconds = serializers.IntegerField()
    contexts = serializers.ListField(child=serializers.CharField())
    source = serializers.CharField()


class ThreadOutput(Output):
    key = serializers.CharField()
    title = serializers.CharField()
    in_tune = serializers.CharField()
    missed = serializers.CharField()
    scene = serializers.CharField()
    example_missed = serializers.CharField()
    example_in_tune = serializers.CharField()
    example_came_back = serializers.CharField()
    source = serializers.CharField()


class ChipOutput(Output):
    key = serializers.CharField()
    label = serializers.CharField()


class SelfPromptOutput(Output):
    key = serializers.CharField()
    prompt = serializers.CharField()
    chips = ChipOutput(many=True)
    source = serializers.CharField()


class ChecklistContentOutput(Output):
    """Everything the current version of one checklist holds."""

    version = ChecklistOutput()
    terms = TermOutput(many=True)
    questions = QuestionOutput(many=True)
    cues = CueOutput(many=True)
    contexts = OptionOutput(many=True)
    feelings = OptionOutput(many=True)
    practices = PracticeOutput(many=True)
    threads = ThreadOutput(many=True)
    self_prompts = SelfPromptOutput(many=True)
