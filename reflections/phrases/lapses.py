"""How the time between a miss and a came-back is said, in the active language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.contrib.humanize.templatetags.humanize import apnumber
from django.utils.translation import gettext_lazy, ngettext_lazy

from reflections.threads import Lapse, Span

_LAPSES: Final[Mapping[Span, Any]] = {
    Span.WITHIN_THE_HOUR: gettext_lazy("within the hour"),
    Span.SAME_MORNING: gettext_lazy("the same morning"),
    Span.SAME_AFTERNOON: gettext_lazy("the same afternoon"),
    Span.SAME_EVENING: gettext_lazy("the same evening"),
    Span.SAME_NIGHT: gettext_lazy("the same night"),
    Span.LATER_THAT_DAY: gettext_lazy("later that day"),
    Span.SAME_DAY: gettext_lazy("the same day"),
    Span.NEXT_MORNING: gettext_lazy("the next morning"),
    Span.NEXT_DAY: gettext_lazy("the next day"),
    Span.DAYS: ngettext_lazy("a day later", "%(count)s days later", "number"),
    Span.WEEKS: ngettext_lazy("a week later", "%(count)s weeks later", "number"),
    Span.MONTHS: ngettext_lazy("a month later", "%(count)s months later", "number"),
}


def say_lapse(lapse: Lapse) -> str:
    """The same evening, two days later."""
    return str(_LAPSES[lapse.span] % {"number": lapse.count, "count": apnumber(lapse.count)})
