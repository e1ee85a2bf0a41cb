"""Letting a coach in: whom, what they see, of which children, from which day on."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from common.forms import ServiceForm
from households.rules import BRIEFING_LABEL_MAX, GrantScope

if TYPE_CHECKING:
    from django.http import QueryDict

    from households.models import Briefing, Child

# What each scope shows, said before it is given.
SCOPES = {
    GrantScope.SUMMARY: _("A summary: how many moments of each kind there were in a week, and no single one"),
    GrantScope.RATINGS: _("Moments without my notes: when, how it was, what I ticked and answered"),
    GrantScope.RATINGS_AND_NOTES: _(
        "Moments with my notes, in my own words, and what I answered to questions of my own"
    ),
}
# The same to whoever is asked.
SCOPES_OFFERED = {
    GrantScope.SUMMARY: _(
        "A summary: how many moments of each kind there were in a week, and no single one."
    ),
    GrantScope.RATINGS: _("Moments without their notes: when, how it was, what was ticked and answered."),
    GrantScope.RATINGS_AND_NOTES: _(
        "Moments with the notes that belong to them, and answers to questions of the author's own."
    ),
}
# The same in a few words, for lists.
SCOPES_IN_SHORT = {
    GrantScope.SUMMARY: _("a summary by week"),
    GrantScope.RATINGS: _("moments without notes"),
    GrantScope.RATINGS_AND_NOTES: _("moments with notes and answers to own questions"),
}


class TermsForm(ServiceForm):
    """What a coach sees."""

    scope = forms.ChoiceField(
        label=_("What they see"),
        help_text=_("Never what you keep to yourself, and never how you were yourself."),
        choices=list(SCOPES.items()),
        initial=GrantScope.SUMMARY,
        widget=forms.RadioSelect(attrs={"class": "scale"}),
    )
    children = forms.TypedMultipleChoiceField(
        label=_("Moments with"), coerce=uuid.UUID, widget=forms.CheckboxSelectMultiple
    )
    from_on = forms.DateField(
        label=_("From this day on"),
        help_text=_("What was earlier stays unseen. Choose an earlier day to show more of the past."),
        widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"),
    )
    looked = forms.CharField(required=False, widget=forms.HiddenInput)  # which terms the page has shown

    def __init__(self, *args: Any, children: Sequence[Child], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = cast("forms.TypedMultipleChoiceField", self.fields["children"])
        offered.choices = [(child.public_id, child.nickname) for child in children]
        # A browser sends the value back as text: an initial of the same type marks the right boxes.
        self.initial.setdefault("children", [child.public_id for child in children[:1]])
        self.initial.setdefault("from_on", today)

    def terms(self) -> dict[str, Any]:
        """What is given, as the use cases know it."""
        data = self.cleaned_data
        return {"scope": data["scope"], "child_ids": data["children"], "from_on": data["from_on"]}

    def has_looked(self) -> bool:
        """Whether the page before showed what these very terms show; for a form that holds."""
        return str(self.cleaned_data.get("looked")) == self._digest()

    def name_looked(self) -> None:
        """The page shows now what these terms show: what is sent next says that it was those."""
        self._send_next("looked", self._digest())

    def _send_next(self, field: str, value: str) -> None:
        data = cast("QueryDict", self.data).copy()
        data[field] = value
        self.data = data

    def _digest(self) -> str:
        data = self.cleaned_data
        children = sorted({str(child) for child in data["children"]})
        told = (data["scope"], str(data["from_on"]), data.get("country", ""), *children)
        return hashlib.sha256("\n".join(told).encode()).hexdigest()


class OfferForm(TermsForm):
    """The same, and whom to ask."""

    coach_email = forms.EmailField(
        label=_("Your coach's e-mail address"),
        help_text=_("The offer works for this address only, once, for seven days."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    country = forms.ChoiceField(
        label=_("Where your coach works"), help_text=_("What they must report by law differs by country.")
    )
    briefing = forms.CharField(required=False, max_length=BRIEFING_LABEL_MAX, widget=forms.HiddenInput)

    field_order = ("coach_email", "country", "scope", "children", "from_on", "looked", "briefing")

    def __init__(self, *args: Any, briefings: Sequence[Briefing], country: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = get_language() or "en"
        named = [(one.country, one.said(language)["country"]) for one in briefings]
        only = named[0][0] if len(named) == 1 else ""
        offered = cast("forms.ChoiceField", self.fields["country"])
        offered.choices = named if only else [("", _("Please choose")), *named]
        self.initial.setdefault("country", only or (country if country in dict(named) else ""))

    def name_briefing(self, briefing: Briefing) -> None:
        """The page shows *briefing* now, and what these terms show: what is sent next says that it was those."""
        self._send_next("briefing", briefing.label)
        self.name_looked()
        if self.errors.pop("briefing", None):  # a field that nobody sees
            self.add_error(None, _("Please look first at what they would see, and read what is said below."))

    def terms(self) -> dict[str, Any]:
        """With what was read; what was read about another country, or beside other terms, was not read."""
        read = str(self.cleaned_data.get("briefing", ""))
        about = read.partition(".")[0] == self.cleaned_data.get("country")
        return {**super().terms(), "briefing": read if about and self.has_looked() else ""}
