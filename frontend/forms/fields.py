"""Fields that several forms share: who sees it, a time zone, a birth month, a day of the week."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.translation import gettext_lazy as _

from accounts.rules import Visibility
from common.dates import is_zone, zone_names
from households.rules import BIRTH_MONTHS_AHEAD_MAX, CHILD_AGE_YEARS_MAX

_REGIONS = (
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)
_MONTH = re.compile(r"([0-9]{4})-([0-9]{1,2})(?:-[0-9]{1,2})?")


def who_sees(*, coaches: bool) -> list[tuple[Visibility, Any]]:
    """Who may see what somebody writes, from the fewest on. *coaches*: whether there is one to speak of."""
    if not coaches:
        return [(Visibility.PRIVATE, _("Only me")), (Visibility.HOUSEHOLD, _("My household"))]
    return [
        (Visibility.PRIVATE, _("Only me")),
        (Visibility.COACHES, _("Me and my coach")),
        (Visibility.HOUSEHOLD, _("My household and my coach")),
    ]


def posted(request: HttpRequest) -> QueryDict | None:
    """What binds a form: the posted data, even when it is empty; None for a page that was only opened."""
    return request.POST if request.method == "POST" else None


def zone_choices(kept: str = "UTC") -> list[Any]:
    """Every zone a person may live in, by region: a browser may report an old name, so those are here too.

    *kept* is one that was stored before and may stand outside of the regions.
    """
    by_region: dict[str, list[tuple[str, str]]] = {region: [] for region in _REGIONS}
    for name in sorted(zone_names()):
        region, _slash, place = name.partition("/")
        if region in by_region:
            by_region[region].append((name, place.replace("_", " ").replace("/", " – ")))
    others = [name for name in dict.fromkeys(("UTC", kept)) if name.partition("/")[0] not in by_region]
    return [*((name, name) for name in others if is_zone(name)), *by_region.items()]


class ZoneField(forms.ChoiceField):
    """A time zone from the list."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.Select(attrs={"autocomplete": "off"})
        super().__init__(choices=zone_choices, widget=widget, **kwargs)

    def offer(self, name: str) -> None:
        """Put the stored zone among the choices, whatever it is called."""
        self.choices = zone_choices(name)

    def valid_value(self, value: Any) -> bool:
        return is_zone(str(value))


class MonthWidget(forms.MultiWidget):
    """A month and a year to choose from; also reads `2022-05`, as programs and month inputs send it."""

    template_name = "frontend/components/month.html"
    use_fieldset = True

    def __init__(self, years: list[tuple[str, str]]) -> None:
        months = [("", _("Month")), *((str(number), name) for number, name in MONTHS.items())]
        super().__init__(
            {
                "month": forms.Select(attrs={"aria-label": _("Month")}, choices=months),
                "year": forms.Select(attrs={"aria-label": _("Year")}, choices=[("", _("Year")), *years]),
            }
        )

    def decompress(self, value: Any) -> list[Any]:
        match = _MONTH.fullmatch(value.isoformat() if isinstance(value, date) else str(value or ""))
        return [str(int(match[2])), match[1]] if match else ["", ""]

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        return self.decompress(data[name]) if name in data else super().value_from_datadict(data, files, name)


class MonthField(forms.MultiValueField):
    """A birth month, as the first day of that month."""

    def __init__(self, *, today: date, **kwargs: Any) -> None:
        last = today.year + (today.month + BIRTH_MONTHS_AHEAD_MAX > 12)
        years = [(str(year), str(year)) for year in range(last, today.year - CHILD_AGE_YEARS_MAX - 1, -1)]
        message = _("Please choose a month and a year.")
        pickers = (
            forms.ChoiceField(
                choices=[(str(number), name) for number, name in MONTHS.items()],
                error_messages={"invalid_choice": message},
            ),
            forms.ChoiceField(choices=years, error_messages={"invalid_choice": message}),
        )
        super().__init__(
            fields=pickers, widget=MonthWidget(years), error_messages={"required": message}, **kwargs
        )

    def compress(self, data_list: list[str]) -> date | None:
        return date(int(data_list[1]), int(data_list[0]), 1) if data_list else None


class WeekdayField(forms.TypedChoiceField):
    """A day of the week, 0 for Monday to 6 for Sunday; None where it was left to *empty*."""

    def __init__(self, *, empty: Any = None, **kwargs: Any) -> None:
        choices = [*([("", empty)] if empty else []), *WEEKDAYS.items()]
        super().__init__(choices=choices, coerce=int, empty_value=None, **kwargs)
