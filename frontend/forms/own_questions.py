"""Writing a question of one's own, and looking at it as the sheet asks it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from checklists.rules import LABEL_MAX, PROMPT_MAX
from common.forms import ServiceForm
from frontend.forms.sheets import OwnAnswerField
from observations.rules import OwnKind
from observations.selectors import OwnSeen
from observations.services import LABEL_FIELDS

OWN = "own_"
"""How the fields of a sheet begin that ask one's own questions; the question's id follows."""


def _line(label: Any, *, longest: int, required: bool = False, help_text: Any = "") -> Any:
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=required,
        strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "maxlength": longest}),
    )


class OwnQuestionForm(ServiceForm):
    """One question: what is asked, how it is answered, and the words of the five steps."""

    prompt = _line(
        _("The question"),
        longest=PROMPT_MAX,
        required=True,
        help_text=_("About one moment, short enough to be read in passing."),
    )
    kind = forms.ChoiceField(
        label=_("How it is answered"),
        choices=[
            (OwnKind.STEPS, _("Five steps, from one end to the other")),
            (OwnKind.YES_NO, _("Yes, no, or not observed")),
        ],
        initial=OwnKind.STEPS,
        widget=forms.RadioSelect(attrs={"class": "scale"}),
        error_messages={"required": _("Please choose how it is answered.")},
    )
    step_1 = _line(_("Words for 1"), longest=LABEL_MAX, help_text=_("The end with least of it."))
    step_2 = _line(_("Words for 2, if you like"), longest=LABEL_MAX)
    step_3 = _line(_("Words for 3, if you like"), longest=LABEL_MAX)
    step_4 = _line(_("Words for 4, if you like"), longest=LABEL_MAX)
    step_5 = _line(_("Words for 5"), longest=LABEL_MAX, help_text=_("The end with most of it."))

    @classmethod
    def words_of(cls, seen: OwnSeen) -> dict[str, Any]:
        """What a form about this question starts with."""
        return {
            "prompt": seen.prompt,
            "kind": seen.kind,
            **dict(zip(LABEL_FIELDS, seen.labels, strict=False)),
        }

    def asked(self) -> dict[str, Any]:
        """The question, as the use cases know it."""
        data = self.cleaned_data
        return {
            "prompt": data["prompt"],
            "kind": data["kind"],
            "labels": [data[name] for name in LABEL_FIELDS],
        }


def own_fields(asked: Sequence[OwnSeen], answers: Mapping[str, str]) -> dict[str, OwnAnswerField]:
    """A field for each question, by its name on a sheet; *answers* are those given so far, by the question's id."""
    return {f"{OWN}{seen.id}": OwnAnswerField(seen, answered=str(seen.id) in answers) for seen in asked}


def named_in(names: Iterable[str]) -> Iterator[uuid.UUID]:
    """The questions that the fields of these *names* ask; a name that is none of ours is passed over."""
    for name in names:
        if name.startswith(OWN):
            with suppress(ValueError):
                yield uuid.UUID(name.removeprefix(OWN))


class AskedForm(forms.Form):
    """The questions as the sheet would ask them: to look at, never sent."""

    def __init__(self, asked: Sequence[OwnSeen]) -> None:
        super().__init__()
        self.fields.update(own_fields(asked, {}))
