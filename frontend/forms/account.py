"""Forms of a person's own choices and API tokens."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.rules import (
    DIGEST_HOUR_DEFAULT,
    DIGEST_HOUR_FIRST,
    DIGEST_HOUR_LAST,
    DISPLAY_NAME_MAX,
    TOKEN_DAYS_DEFAULT,
    TOKEN_DAYS_MAX,
    TOKEN_NAME_MAX,
    DigestLevel,
    TokenScope,
    Visibility,
)
from accounts.services import Choices
from checklists.content import Content
from common.forms import ServiceForm
from frontend.forms.fields import WeekdayField, ZoneField

VISIBILITIES = {
    Visibility.PRIVATE: _("Only I see what I log, until I share it"),
    Visibility.COACHES: _("My coach sees it too, unless I keep it to myself"),
    Visibility.HOUSEHOLD: _("The household sees it, unless I keep it to myself"),
}
DIGEST_LEVELS = [
    (DigestLevel.DISCREET, _("One neutral sentence and a link")),
    (DigestLevel.COUNTS, _("How much I noticed, in numbers")),
    (DigestLevel.FULL, _("My week in full, without my own words")),
    (DigestLevel.NONE, _("No mail; I look in the app")),
]
DISCREET_MEANS = _(
    "Nobody else sees this choice. The app is called Notes, lists show times and colours until you tap them, and the "
    "screen covers itself when you look away, or after two minutes. It is not a lock: whoever holds your unlocked "
    "phone can open everything. Is the app on your home screen already? Then take it off and add it again."
)
HOURS = [(hour, f"{hour}:00") for hour in range(DIGEST_HOUR_FIRST, DIGEST_HOUR_LAST + 1)]


class StandingChoicesForm(ServiceForm):
    """What is asked once at the start and may be changed any day: nothing in it is required."""

    standing_visibility = forms.ChoiceField(
        label=_("Who sees what you log?"),
        help_text=_(
            "Missed moments and how you felt always start with you alone. You can decide anew each time."
        ),
        required=False,
        widget=forms.RadioSelect(attrs={"class": "scale"}),
    )
    discreet = forms.BooleanField(
        label=_("Make this look like a plain notebook, with no words in sight until I tap"), required=False
    )
    digest_level = forms.ChoiceField(
        label=_("Your week by mail"),
        help_text=_("The subject is always neutral. What may the mail itself hold?"),
        choices=DIGEST_LEVELS,
        required=False,
        widget=forms.RadioSelect(attrs={"class": "scale"}),
    )
    digest_hour = forms.TypedChoiceField(
        label=_("When the week closes, at"),
        choices=HOURS,
        initial=DIGEST_HOUR_DEFAULT,
        coerce=int,
        required=False,
        empty_value=None,
    )

    def __init__(self, *args: Any, content: Content, coaches: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        coaches = coaches or self.initial.get("standing_visibility") == Visibility.COACHES
        offered = [item for item in VISIBILITIES if coaches or item != Visibility.COACHES]
        visibility = cast("forms.ChoiceField", self.fields["standing_visibility"])
        visibility.choices = [(item, VISIBILITIES[item]) for item in offered]
        self.fields["focus"] = forms.ChoiceField(
            label=_("What would you like to look at for a while?"),
            help_text=_("One question is asked about it when you add more to a moment."),
            choices=[
                ("", _("Nothing in particular")),
                *((dimension, term.label) for dimension, term in content.dimensions.items()),
            ],
            required=False,
            widget=forms.RadioSelect(attrs={"class": "scale"}),
        )

    def chosen(self) -> Choices:
        """The account's own choices that were made; what was left open stays as it is."""
        given = self._given()
        return cast("Choices", {name: value for name, value in given.items() if value})

    def _given(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "focus"}


class ChoicesForm(StandingChoicesForm):
    """Everything a person may choose about their account."""

    display_name = forms.CharField(
        label=_("What should others here call you?"),
        help_text=_("Empty: the first part of your e-mail address."),
        max_length=DISPLAY_NAME_MAX,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    timezone = ZoneField(
        label=_("Your time zone"), help_text=_("For the hours on your pages and the hour of your mail.")
    )
    digest_weekday = WeekdayField(label=_("On"), required=False, empty=_("the day the week closes"))

    field_order = (
        "display_name",
        "language",
        "timezone",
        "standing_visibility",
        "discreet",
        "digest_level",
        "digest_weekday",
        "digest_hour",
        "focus",
    )

    def __init__(self, *args: Any, has_household: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(self.field_order)
        zone = self.fields["timezone"]
        if isinstance(zone, ZoneField):
            zone.offer(str(self.initial.get("timezone", "UTC")))
        self.fields["digest_hour"].label = _("At")
        self.fields["discreet"].help_text = DISCREET_MEANS
        for name in ("standing_visibility", "digest_level", "digest_hour"):
            self.fields[name].required = True
        if len(settings.LANGUAGES) == 1:
            del self.fields["language"]
        if not has_household:
            del self.fields["focus"]

    def chosen(self) -> Choices:
        """All of the account's choices: here an empty one is a choice too."""
        return cast("Choices", self._given())


class TokenForm(ServiceForm):
    """A new key to the API."""

    name = forms.CharField(
        label=_("What is it for?"),
        max_length=TOKEN_NAME_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scope = forms.ChoiceField(
        label=_("It may"),
        choices=[(TokenScope.READ, _("read only")), (TokenScope.WRITE, _("read and write"))],
        initial=TokenScope.READ,
        widget=forms.RadioSelect,
    )
    days = forms.IntegerField(
        label=_("It ends after so many days"),
        min_value=1,
        max_value=TOKEN_DAYS_MAX,
        initial=TOKEN_DAYS_DEFAULT,
    )


class EndTokenForm(ServiceForm):
    """Which key to end, by the digest it is stored under; in the body, so that no log holds it."""

    token = forms.CharField(max_length=128, widget=forms.HiddenInput)


class EndDeviceForm(ServiceForm):
    """Which device to sign out."""

    device = forms.IntegerField(min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)


class UnblockForm(ServiceForm):
    """Who may write again."""

    sender = forms.UUIDField(widget=forms.HiddenInput)
