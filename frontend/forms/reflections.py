"""Forms of the week's page."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.rules import Visibility
from common.forms import ServiceForm
from reflections.rules import REPORT_WORDS_MAX, RULE_MAX, THOUGHT_MAX


class ThoughtForm(ServiceForm):
    """One's own words on a week."""

    text = forms.CharField(
        label=_("What do you make of it?"),
        max_length=THOUGHT_MAX,
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off"}),
    )
    visibility = forms.ChoiceField(
        label=_("Who sees it"),
        choices=[(Visibility.PRIVATE, _("Only me")), (Visibility.HOUSEHOLD, _("My household"))],
        initial=Visibility.PRIVATE,
        widget=forms.RadioSelect,
    )


class SwapForm(ServiceForm):
    """Which of the offered moments and practices the page shows: places in their lists, 0 for the first."""

    keep = forms.IntegerField(required=False, min_value=0, max_value=99)
    practice = forms.IntegerField(required=False, min_value=0, max_value=99)


class WrongForm(ServiceForm):
    """What the reader says of one sentence; `part` is the place on the page they come back to."""

    WRONG, HIDE, SHOW, WORDS, TAKE_BACK = "wrong", "hide", "show", "words", "take_back"

    rule = forms.CharField(max_length=RULE_MAX)
    act = forms.ChoiceField(choices=[(act, act) for act in (WRONG, HIDE, SHOW, WORDS, TAKE_BACK)])
    part = forms.SlugField(max_length=RULE_MAX)
    words = forms.CharField(max_length=REPORT_WORDS_MAX, required=False)
