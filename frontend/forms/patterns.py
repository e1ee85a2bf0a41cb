"""Which months a reader wants to look at."""

from __future__ import annotations

from django import forms

from common.forms import ServiceForm
from frontend.forms.sheets import IdField
from reflections.patterns import PERIODS


class PatternsForm(ServiceForm):
    """Whom, by whom, how far back. The page itself only ever links to what there is."""

    child = IdField(required=False)
    author = IdField(required=False)
    months = forms.TypedChoiceField(
        required=False, coerce=int, choices=[(months, months) for months in PERIODS], empty_value=None
    )
