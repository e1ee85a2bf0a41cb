"""Fields that the sheets share: they check shapes and leave what they read as it was said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from checklists.content import Question
from checklists.rules import COMFORT_GATES, NOMINAL_SCALES, Absence
from common.forms import ServiceForm
from observations.details import Answer
from observations.rules import OwnKind
from observations.selectors import OwnSeen

TAKE_BACK = "none"
"""The answer that takes an earlier one away, as if the question had never been asked."""

NOTE_UNREADABLE = _("This note cannot be opened. It stays as it is, unless you write a new one.")

_DAMAGED = _("Something in this form was damaged on its way. Please try again.")
_PICK_TIME = _("Please pick a day and a time.")


class IdField(forms.UUIDField):
    """A public id that the page itself put into the form."""

    default_error_messages = {"invalid": _DAMAGED}


class InstantField(forms.DateTimeField):
    """An instant that the page or the phone put into the form, ISO 8601 with its offset."""

    default_error_messages = {"invalid": _DAMAGED}
    widget = forms.HiddenInput(attrs={"data-opened-at": True})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        """An instant keeps its offset; what came from the phone stays as it came."""
        return value.isoformat() if isinstance(value, datetime) else value


class WallClockField(forms.Field):
    """A day and a time as they stand on a clock, without a zone: what `datetime-local` sends."""

    default_error_messages = {"invalid": _PICK_TIME}
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        try:
            wall_clock = datetime.fromisoformat(str(value))
        except ValueError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error
        if wall_clock.tzinfo is not None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return wall_clock


class Chips(forms.CheckboxSelectMultiple):
    """Chips of which some say that the child was hurt, ill or scared: the page then asks about comfort at once."""

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(*args, **kwargs)
        if option["value"] in COMFORT_GATES:
            option["attrs"]["data-asks-comfort"] = True
        return option


class KeysField(forms.MultipleChoiceField):
    """Keys of whatever was ticked; which keys there are is for the use case to know."""

    widget = Chips

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, **kwargs})

    def valid_value(self, value: Any) -> bool:
        return True


class AnswerField(forms.ChoiceField):
    """One question with its five anchored answers and, apart from them, why there is none.

    Cleans to what `observations.details` calls an answer, and to '' where nothing was chosen.
    """

    def __init__(self, question: Question, *, prompt: str, answered: bool = False) -> None:
        choices: list[tuple[str, Any]] = [(str(anchor.value), anchor.label) for anchor in question.anchors]
        choices.append((question.absence, question.absence_label))
        if answered:
            choices.append((TAKE_BACK, _("Leave this out")))
        super().__init__(
            required=False,
            choices=choices,
            label=prompt,
            help_text=question.help,
            # Falling asleep is not more than playing again: what is not ordered gets no bars.
            widget=forms.RadioSelect(attrs={} if question.scale in NOMINAL_SCALES else {"class": "scale"}),
        )

    def valid_value(self, value: Any) -> bool:
        return super().valid_value(value) or value in (TAKE_BACK, *Absence)

    def clean(self, value: Any) -> Any:
        chosen = super().clean(value)
        return chosen if chosen == "" else _answer(chosen)


class OwnAnswerField(forms.ChoiceField):
    """One question of the author's own. Cleans to the answer's key, None to take it back, '' for none."""

    def __init__(self, seen: OwnSeen, *, answered: bool = False) -> None:
        choices: list[tuple[str, Any]] = [(key, seen.words_of(key)) for key, _words in seen.options]
        if answered:
            choices.append((TAKE_BACK, _("Leave this out")))
        scale = {"class": "scale"} if seen.kind is OwnKind.STEPS else {}
        super().__init__(
            required=False, choices=choices, label=seen.prompt, widget=forms.RadioSelect(attrs=scale)
        )

    def valid_value(self, value: Any) -> bool:
        return super().valid_value(value) or value == TAKE_BACK

    def clean(self, value: Any) -> Any:
        chosen = super().clean(value)
        return None if chosen == TAKE_BACK else chosen


def _answer(chosen: str) -> Answer:
    if chosen == TAKE_BACK:
        return None
    return int(chosen) if chosen.isdecimal() else Absence(chosen)


class SheetForm(ServiceForm):
    """A form whose fields do not all bear the names that the use case knows."""

    shown_as: ClassVar[Mapping[str, str]] = {}

    def show(self, error: ValidationError) -> None:
        """Put the use case's errors on the fields of this sheet."""
        if hasattr(error, "error_dict"):
            error = ValidationError(
                {self.shown_as.get(name, name): errors for name, errors in error.error_dict.items()}
            )
        super().show(error)
