"""What somebody asks to be reminded of, and where."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django import forms
from django.utils.formats import time_format
from django.utils.translation import gettext_lazy as _

from common.forms import ServiceForm
from reminders.rules import (
    ENDPOINT_MAX,
    EVENING_FIRST,
    EVENING_FREE_FROM,
    EVENING_LAST,
    HOURS_FIRST,
    HOURS_LAST,
    STEP,
    Said,
)
from reminders.services import Wishes

_ANY_DAY = datetime(2000, 1, 1)  # noqa: DTZ001  # times of a day, in no zone


class TimeOfDayField(forms.TypedChoiceField):
    """A time on the clock in steps of half an hour; None where it was left empty."""

    def __init__(self, *, times: list[Any], empty: Any, **kwargs: Any) -> None:
        super().__init__(
            choices=[("", empty), *times],
            coerce=time.fromisoformat,
            empty_value=None,
            required=False,
            **kwargs,
        )

    def prepare_value(self, value: Any) -> Any:
        return f"{value:%H:%M}" if isinstance(value, time) else value


def _times(first: time, last: time) -> list[Any]:
    """Every half hour from *first* to *last*, as a list offers them."""
    at, end = datetime.combine(_ANY_DAY, first), datetime.combine(_ANY_DAY, last)
    steps = [(at + number * STEP).time() for number in range(int((end - at) / STEP) + 1)]
    return [(f"{step:%H:%M}", time_format(step, "H:i")) for step in steps]


_HOURS = _times(HOURS_FIRST, HOURS_LAST)
_ALL_DAY = _times(time(0, 0), time(23, 30))


class RemindersForm(ServiceForm):
    """Every kind of reminder, each of them off until it is chosen."""

    evening_at = TimeOfDayField(
        label=_("In the evening"),
        help_text=_("Only on days on which you noted nothing."),
        times=[
            *_times(EVENING_FREE_FROM, EVENING_LAST),
            (_("While many eat and go to bed"), _times(EVENING_FIRST, EVENING_FREE_FROM)[:-1]),
        ],
        empty=_("not at all"),
    )
    moment_from = TimeOfDayField(label=_("from"), times=_HOURS, empty=_("not at all"))
    moment_until = TimeOfDayField(label=_("until"), times=_HOURS, empty=_("not at all"))
    week_ready = forms.BooleanField(
        label=_("When my week is ready"), help_text=_("Once a week, by day."), required=False
    )
    something_new = forms.BooleanField(
        label=_("When somebody wrote to me here"),
        help_text=_(
            "By day, as the one of its day. It says that there is something, never what or from whom."
        ),
        required=False,
    )
    quiet_from = TimeOfDayField(label=_("from"), times=_ALL_DAY, empty=_("none"))
    quiet_until = TimeOfDayField(label=_("until"), times=_ALL_DAY, empty=_("none"))

    def wishes(self) -> Wishes:
        """All that was chosen, for `choose_reminders`."""
        data = self.cleaned_data
        return Wishes(
            evening_at=data["evening_at"],
            moment_from=data["moment_from"],
            moment_until=data["moment_until"],
            week_ready=data["week_ready"],
            something_new=data["something_new"],
            quiet_from=data["quiet_from"],
            quiet_until=data["quiet_until"],
        )


class AddressForm(ServiceForm):
    """Where this browser takes reminders: what it says itself, in the body, so that no log holds it."""

    endpoint = forms.CharField(max_length=ENDPOINT_MAX, widget=forms.HiddenInput)
    p256dh = forms.CharField(max_length=200, widget=forms.HiddenInput)
    auth = forms.CharField(max_length=100, widget=forms.HiddenInput)


class EndAddressForm(ServiceForm):
    """Which of one's own devices is to take none any more."""

    address = forms.IntegerField(min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)


class SaidForm(forms.Form):
    """What a phone says of a prompt that it was sent."""

    secret = forms.CharField(max_length=64)
    said = forms.ChoiceField(choices=[(said, said) for said in Said])
