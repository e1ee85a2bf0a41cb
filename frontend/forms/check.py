"""The weekly self-check: seven questions about one child's week, a note, and who sees it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.rules import Visibility
from checklists.content import Content
from checklists.rules import Absence, Dimension, Occasion
from common.dates import parse_week_label
from frontend.forms.fields import who_sees
from frontend.forms.sheets import NOTE_UNREADABLE, AnswerField, IdField, SheetForm
from frontend.words import prompt_for
from observations.details import Answer

if TYPE_CHECKING:
    from households.models import Child
    from observations.models import Observation


class WeekForm(forms.Form):
    """Which week and which child, from the address. Empty means this week and the first child."""

    week = forms.CharField(required=False)
    child = IdField(required=False)

    def clean_week(self) -> date | None:
        """A day of that week."""
        label = self.cleaned_data["week"]
        if not label:
            return None
        try:
            return parse_week_label(label).middle
        except ValueError as error:
            raise ValidationError(_("There is no such week."), code="week") from error


class CheckForm(SheetForm):
    """All seven questions are asked: one left empty was skipped."""

    check_id = IdField(widget=forms.HiddenInput)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        content: Content,
        child: Child,
        first_day: date,
        before: Observation | None,
        coaches: bool,
        fresh_id: Any,
    ) -> None:
        super().__init__(data)
        self.initial["check_id"] = before.public_id if before else fresh_id
        ratings = getattr(before, "shown_ratings", ())
        answers = {rating.dimension: str(rating.value or rating.absence) for rating in ratings}
        for dimension, question in content.questions_of[Occasion.WEEK].items():
            prompt = prompt_for(question, child, first_day)
            self.fields[f"rating_{dimension}"] = AnswerField(question, prompt=prompt)
            self.initial[f"rating_{dimension}"] = answers.get(dimension, "")
        self.fields["note"] = forms.CharField(
            required=False,
            strip=False,
            label=_("Anything to add?"),
            widget=forms.Textarea({"rows": 3, "autocomplete": "off"}),
        )
        self.initial["note"] = before.note if before else ""
        if before and before.note_unreadable:
            self.fields["note"].help_text = NOTE_UNREADABLE
        kept = before.visibility if before else Visibility.PRIVATE
        self.fields["visibility"] = forms.ChoiceField(
            required=False,
            label=_("Who sees it?"),
            choices=who_sees(coaches=coaches or kept == Visibility.COACHES),
            widget=forms.RadioSelect,
        )
        self.initial["visibility"] = kept

    def ratings(self) -> dict[str, Answer]:
        """The answer to every question of the week."""
        given = {dimension: self.cleaned_data[f"rating_{dimension}"] for dimension in Dimension}
        return {str(name): Absence.SKIPPED if answer == "" else answer for name, answer in given.items()}
