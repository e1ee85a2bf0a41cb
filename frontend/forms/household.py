"""Forms of a household: itself, its children, its invitations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import ServiceForm
from frontend.forms.fields import MonthField, WeekdayField, ZoneField
from households.rules import COLOURS, EMOJI_MAX, HOUSEHOLD_NAME_MAX, NICKNAME_MAX, Role

if TYPE_CHECKING:
    from households.models import Child, Membership

COLOUR_NAMES = {
    "moss": _("Moss"),
    "clay": _("Clay"),
    "dusk": _("Dusk"),
    "honey": _("Honey"),
    "slate": _("Slate"),
    "berry": _("Berry"),
}
EMOJI = ("🦊", "🐻", "🐰", "🦉", "🐢", "🐝", "🐳", "🦋", "🌻", "🍓", "⭐", "🚀")


class HouseholdForm(ServiceForm):
    """Name, zone and week of a household; for a new one the browser's zone is guessed."""

    name = forms.CharField(
        label=_("What do you call your household?"),
        help_text=_("Only the people in it see this name."),
        max_length=HOUSEHOLD_NAME_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    timezone = ZoneField(label=_("Time zone"), help_text=_("It decides when a day and a week begin."))
    week_starts_on = WeekdayField(label=_("A week starts on"), required=False, initial=0)

    def __init__(self, *args: Any, guess_zone: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = self.fields["timezone"]
        if isinstance(zone, ZoneField):
            zone.offer(str(self.initial.get("timezone", "UTC")))
        if guess_zone and not self.is_bound:
            zone.widget.attrs["data-timezone"] = ""

    def clean_week_starts_on(self) -> int:
        """Left out means Monday."""
        return self.cleaned_data["week_starts_on"] or 0


class ChildForm(ServiceForm):
    """A nickname, a birth month, and how to tell this child's chip from the others."""

    nickname = forms.CharField(
        label=_("Nickname"),
        help_text=_("Any name that you will recognise. It never appears in a mail subject or an address."),
        max_length=NICKNAME_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    colour = forms.ChoiceField(
        label=_("Colour"),
        required=False,
        choices=[(colour, COLOUR_NAMES[colour]) for colour in COLOURS],
        widget=forms.RadioSelect(attrs={"class": "hues"}),
    )

    field_order = ("nickname", "birth_month", "emoji", "colour")

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["birth_month"] = MonthField(
            today=today,
            label=_("Birth month"),
            help_text=_("Questions are worded for the age. The day is not needed."),
        )
        kept = str(self.initial.get("emoji") or "")
        signs = EMOJI if not kept or kept in EMOJI else (kept, *EMOJI)
        self.fields["emoji"] = forms.ChoiceField(
            label=_("Sign"),
            required=False,
            choices=[("", _("None")), *((sign, sign) for sign in signs if len(sign) <= EMOJI_MAX)],
            widget=forms.RadioSelect,
        )
        self.order_fields(self.field_order)

    def changed(self) -> dict[str, Any]:
        """What to store of an existing child: without a colour it keeps its own."""
        return {**self.cleaned_data, "colour": self.cleaned_data["colour"] or None}


class InvitationForm(ServiceForm):
    """Whom to invite, and as what."""

    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("The invitation works for this address only, once, for three days."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(
        label=_("They join as"),
        choices=[
            (Role.GUARDIAN, _("Guardian: a parent like you, logs and changes settings")),
            (Role.HELPER, _("Helper: logs, and reads what is shared")),
        ],
        widget=forms.RadioSelect(attrs={"class": "scale"}),
    )


class LeaveForm(ServiceForm):
    """Who of those who stay shall not write to the one who leaves."""

    block = forms.TypedMultipleChoiceField(
        label=_("Let nothing more reach you from"),
        help_text=_("They are not told. You can take it back under Choices."),
        required=False,
        coerce=UUID,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, others: Sequence[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self.fields["block"], ((member.public_id, member.user.called) for member in others))


class SeparateForm(ServiceForm):
    """A household of one's own: what it is called, where it is, and which children it is about."""

    name = forms.CharField(
        label=_("What do you call your own household?"),
        max_length=HOUSEHOLD_NAME_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    timezone = ZoneField(label=_("Time zone"), help_text=_("It decides when a day and a week begin."))
    child_ids = forms.TypedMultipleChoiceField(
        label=_("Children you go on noting with"),
        help_text=_(
            "Their nickname, birth month, sign and colour are copied. A child you wrote about and leave out here comes "
            "along put away, so that no moment is lost."
        ),
        required=False,
        coerce=UUID,
        widget=forms.CheckboxSelectMultiple,
    )

    field_order = ("name", "child_ids", "timezone")

    def __init__(self, *args: Any, children: Sequence[Child], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self.fields["child_ids"], ((child.public_id, child.nickname) for child in children))
        zone = self.fields["timezone"]
        if isinstance(zone, ZoneField):
            zone.offer(str(self.initial.get("timezone", "UTC")))


def _offer(field: forms.Field, choices: Iterable[tuple[UUID, str]]) -> None:
    """Put these choices on a field that has none of its own; without any it is not asked."""
    if isinstance(field, forms.ChoiceField):
        field.choices = [(str(value), label) for value, label in choices]


class HouseholdChoiceForm(ServiceForm):
    """Which of several households the pages are about."""

    household = forms.UUIDField(widget=forms.HiddenInput)
