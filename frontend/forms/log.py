"""The capture sheet: a child, and how it was between you."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from checklists.rules import Tone
from frontend.forms.sheets import IdField, InstantField, SheetForm

ALL = "all"
"""In the place of one child: every child of the household, a moment with each."""


class WhomField(IdField):
    """One child, or ALL of them."""

    def to_python(self, value: Any) -> Any:
        return ALL if value == ALL else super().to_python(value)


class CaptureForm(SheetForm):
    """`moment_id` and `opened_at` come with the sheet: sending it twice is one moment, at the time it was opened."""

    shown_as = {"occurred_at": "opened_at", "child_id": "child"}

    child = WhomField(error_messages={"required": _("Please choose with whom.")})
    tone = forms.ChoiceField(
        choices=[(tone, tone) for tone in Tone],
        error_messages={
            "required": _("Please choose how it was between you."),
            "invalid_choice": _("Please choose how it was between you."),
        },
    )
    moment_id = IdField()
    opened_at = InstantField()
    repairs = IdField(required=False)
    # Only where words were shared to the app: the sheet itself asks for none.
    note = forms.CharField(required=False, strip=False)
