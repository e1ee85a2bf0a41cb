"""Forms of the comfort card."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from common.forms import ServiceForm
from households.rules import NICKNAME_MAX
from reflections.comfort import CardWords, Part
from reflections.phrases.cards import HEADINGS
from reflections.rules import CARD_LINK_DAYS, CARD_PART_MAX, ForWhom

_HELP = {
    Part.HARD: _("When it comes up, and what you see then."),
    Part.HELPS: _("One line each, as you would say it to somebody at the door."),
    Part.BACK: _("How the two of you find back to each other."),
    Part.ALSO: _("A toy, a song, a word of your own. What to leave out."),
}
FOR_WHOM = {
    ForWhom.NURSERY: _("Nursery or school"),
    ForWhom.GRANDPARENTS: _("Grandparents"),
    ForWhom.OTHER_HOME: _("The other home"),
    ForWhom.SOMEBODY: _("Somebody else"),
}
_DAYS = ngettext_lazy("%(n)d day", "%(n)d days", "n")


class CardForm(ServiceForm):
    """The words of a card, part by part; `revision` is the one they were read from."""

    called = forms.CharField(
        label=_("The child’s name on it"),
        help_text=_("Whoever holds the card reads it. Leave it empty to print no name."),
        max_length=NICKNAME_MAX,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    revision = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args: Any, words: CardWords, revision: int, **kwargs: Any) -> None:
        said = {"called": words.called, **{str(part): words.of(part) for part in Part}}
        super().__init__(*args, initial={**said, "revision": revision}, **kwargs)
        for part in Part:
            self.fields[part] = forms.CharField(
                label=HEADINGS[part],
                help_text=_HELP[part],
                max_length=CARD_PART_MAX,
                required=False,
                widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off"}),
            )

    def saw(self, revision: int) -> None:
        """The reader is shown what they wrote beside what is stored now: saving once more replaces that."""
        self.data = {**self.data.dict(), "revision": str(revision)}  # type: ignore[attr-defined]

    @property
    def values(self) -> dict[str, Any]:
        """What the use case takes."""
        said = {name: value for name, value in self.cleaned_data.items() if name != "revision"}
        return {"words": said, "revision": self.cleaned_data["revision"] or 0}


class CardLinkForm(ServiceForm):
    """A link to a card: for whom, and how long."""

    for_whom = forms.ChoiceField(
        label=_("For whom"), choices=list(FOR_WHOM.items()), widget=forms.RadioSelect
    )
    days = forms.TypedChoiceField(
        label=_("How long it works"),
        choices=[(days, _DAYS % {"n": days}) for days in CARD_LINK_DAYS],
        coerce=int,
        initial=7,
        widget=forms.RadioSelect,
    )


class PaperForm(ServiceForm):
    """On which paper a card is printed."""

    paper = forms.ChoiceField(choices=[("a4", "A4"), ("a6", "A6")], required=False)
