"""What a coach writes, and what an author answers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from checklists.content import Content
from coaching.rules import (
    FOCUS_WEEKS,
    INTRODUCTION_MAX,
    NAME_MAX,
    OWN_LABEL_MAX,
    OWN_NOTE_MAX,
    PRACTICE_MAX,
    REPLY_DAYS_DEFAULT,
    REPLY_DAYS_MAX,
    REPLY_DAYS_MIN,
    REPLY_MAX,
    SLOT_MAX,
    SNOOZE_DAYS,
    SNOOZE_REASON_MAX,
)
from common.forms import ServiceForm


def _words(
    label: Any, *, rows: int, required: bool = False, help_text: Any = "", longest: int = SLOT_MAX
) -> Any:
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=required,
        max_length=longest,
        widget=forms.Textarea(attrs={"rows": rows, "autocomplete": "off"}),
    )


class CommentForm(ServiceForm):
    """Three slots, the first of them needed, and one more that comes after it."""

    saw = _words(
        _("What I saw you do"),
        rows=3,
        required=True,
        help_text=_("One thing that went well, as plainly as it happened."),
    )
    gives = _words(_("What that gives"), rows=2, help_text=_("What a child learns or feels from it."))
    child = _words(_("What your child did then"), rows=2)
    more = _words(_("A question or a suggestion"), rows=2, help_text=_("If there is one. It can wait."))


class ReplyForm(ServiceForm):
    """An author's answer."""

    text = _words(_("Your answer"), rows=3, required=True, longest=REPLY_MAX)


def _in_days() -> list[tuple[int, str]]:
    return [
        (days, ngettext("%(n)s working day", "%(n)s working days", days) % {"n": days})
        for days in range(REPLY_DAYS_MIN, REPLY_DAYS_MAX + 1)
    ]


class ProfileForm(ServiceForm):
    """How a coach presents themselves to whoever lets them in."""

    name = forms.CharField(
        label=_("Your name"), max_length=NAME_MAX, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    practice = forms.CharField(
        label=_("Practice or service"),
        required=False,
        max_length=PRACTICE_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    introduction = _words(
        _("A short introduction"),
        rows=4,
        help_text=_("Who you are, how you work, what you can and cannot do."),
        longest=INTRODUCTION_MAX,
    )
    reply_days = forms.TypedChoiceField(
        label=_("You reply within"),
        help_text=_("A promise that families read. Choose one that holds in a full week too."),
        choices=_in_days,
        coerce=int,
        initial=REPLY_DAYS_DEFAULT,
    )
    country = forms.ChoiceField(
        label=_("Where you work"),
        help_text=_("Families read what a coach must report by law there."),
        required=False,
    )

    def __init__(self, *args: Any, countries: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = [("", _("Please choose")), *countries]  # type: ignore[attr-defined]


class FamilyInvitationForm(ServiceForm):
    """Asking a family."""

    email = forms.EmailField(
        label=_("Their e-mail address"),
        help_text=_("The link works for this address only, for seven days."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


def _for_days() -> list[tuple[int, str]]:
    return [(days, ngettext("%(n)s day", "%(n)s days", days) % {"n": days}) for days in SNOOZE_DAYS]


class OwnNoteForm(ServiceForm):
    """A coach's own note."""

    text = _words(
        _("The note"),
        rows=5,
        required=True,
        help_text=_("For you alone. It stays with you when they end what you may see."),
        longest=OWN_NOTE_MAX,
    )
    label = forms.CharField(
        label=_("What to call it"),
        help_text=_("This is what you find it by later: by then no name of theirs stands beside it."),
        required=False,
        max_length=OWN_LABEL_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class SnoozeForm(ServiceForm):
    """Putting somebody off, with a reason."""

    days = forms.TypedChoiceField(label=_("For"), choices=_for_days, coerce=int, initial=SNOOZE_DAYS[1])
    reason = forms.CharField(
        label=_("Why"),
        help_text=_("For you alone, so that nobody is forgotten."),
        max_length=SNOOZE_REASON_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class HandOverForm(ServiceForm):
    """Suggesting a colleague."""

    colleague_email = forms.EmailField(
        label=_("Your colleague's e-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )


class CaseloadForm(ServiceForm):
    """Which part of the list is shown."""

    q = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    lane = forms.ChoiceField(label=_("Reason"), required=False)

    def __init__(self, *args: Any, lanes: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lane"].choices = [("", _("Every reason")), *lanes]  # type: ignore[attr-defined]


class FocusForm(ServiceForm):
    """A practice and for how long: a coach suggests them, an author may change them."""

    practice = forms.ChoiceField(label=_("What to try"))
    weeks = forms.TypedChoiceField(label=_("For"), coerce=int, initial=FOCUS_WEEKS[1])

    def __init__(self, *args: Any, content: Content, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        practices = [(practice.slug, practice.title) for practice in content.practices]
        self.fields["practice"].choices = practices  # type: ignore[attr-defined]
        lengths = [(n, ngettext("%(n)s week", "%(n)s weeks", n) % {"n": n}) for n in FOCUS_WEEKS]
        self.fields["weeks"].choices = lengths  # type: ignore[attr-defined]
