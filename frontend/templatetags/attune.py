"""How the pages say things: icons, tones, times and the little charts. Display only; nothing is decided here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django import template
from django.core.serializers.json import DjangoJSONEncoder
from django.template import Context
from django.templatetags.static import static
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from checklists.rules import Tone

register = template.Library()

MAX_MARKS_IN_A_DAY = 6
PLAIN_WITHOUT_YEAR = timedelta(days=300)


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """A glyph of the sprite, silent for screen readers: the words beside it carry the meaning."""
    return format_html(
        '<svg class="icon{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        f" {css}" if css else "",
        static("icons/icons.svg"),
        name,
    )


@register.filter
def tone_icon(tone: str) -> SafeString:
    """The mark of a tone: a shape of its own, so that colour never has to carry the difference alone."""
    return icon(f"tone-{tone or 'in_tune'}")


@register.filter
def tone_label(tone: str) -> str:
    """The tone as the parent chose it."""
    return {
        "in_tune": _("We were in tune"),
        "missed": _("We missed each other"),
        "came_back": _("We came back"),
    }.get(tone, _("A moment"))


@register.filter
def tone_short(tone: str) -> str:
    """The tone where room is short."""
    return {
        "in_tune": _("in tune"),
        "missed": _("missed"),
        "came_back": _("came back"),
    }.get(tone, "")


@register.filter
def initials(name: str) -> str:
    """Who wrote it, in two letters."""
    parts = str(name or "").split()
    return "".join(part[0] for part in (parts[:1] + parts[1:][-1:])).upper() or "?"


@register.filter
def moment_time(moment: Any) -> str:
    """The hour a moment happened, on the clock its author was under, and no more exact than they were."""
    zone = _zone(getattr(moment, "timezone", ""))
    clock = formats.time_format(moment.occurred_at.astimezone(zone), "H:i")
    if moment.precision == "exact":
        return clock
    if moment.precision == "about":
        return _("about %(clock)s") % {"clock": clock}
    return _("some time that day")


@register.filter
def day_name(day: date) -> str:
    """A local date as people say it: Monday 16 November; with its year where that is not plain."""
    return formats.date_format(day, "l j F Y" if is_long_ago(day) else "l j F")


def is_long_ago(day: date) -> bool:
    """Whether a day without its year could be taken for another one."""
    return abs(timezone.localdate() - day) > PLAIN_WITHOUT_YEAR


@register.filter
def as_datetime_local(value: datetime | None) -> str:
    """An instant as the value of an input of type datetime-local, in the current time zone."""
    return timezone.localtime(value).strftime("%Y-%m-%dT%H:%M") if value else ""


@register.filter
def chip_rows(optgroups: Iterable[tuple[Any, list[Any], int]]) -> list[dict[str, Any]]:
    """A choice widget's options as rows of chips: neighbours without a group share one, a group has its own."""
    rows: list[dict[str, Any]] = []
    for name, options, _index in optgroups:
        if name or not rows or rows[-1]["name"]:
            rows.append({"name": name, "options": [], "chosen": False})
        rows[-1]["options"] += options
        rows[-1]["chosen"] |= any(option["selected"] for option in options)
    return rows


@register.filter
def as_json(value: Any) -> str:
    """For an attribute that a script reads; the template escapes it like any other text."""
    return json.dumps(value, cls=DjangoJSONEncoder)


@register.filter
def in_fours(text: str) -> str:
    """A code or secret as it is easier to copy by hand: spaces are taken away again where it is typed in."""
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


@register.filter
def lines_for(helping: Any, card: Any) -> Iterable[Any]:
    """The help lines that belong under a card, in the order of their urgency."""
    return helping.lines_for(card) if helping and card else ()


@register.inclusion_tag("frontend/components/steps.html")
def steps(value: Any) -> dict[str, Any]:
    """Five little bars that echo an anchored answer from 1 to 5; none for answers apart from the scale."""
    filled = int(value) if str(value) in {"1", "2", "3", "4", "5"} else 0
    return {
        "filled": filled,
        "bars": [{"x": n * 11, "on": n < filled} for n in range(5)],
    }


@register.simple_block_tag(takes_context=True)
def until_tapped(context: Context, content: SafeString, about: str = "") -> SafeString:
    """In discreet mode what stands inside waits for a tap; *about* is said to screen readers alone."""
    if not context.get("discreet"):
        return content
    return format_html(
        '<details class="shut" name="shut"><summary><span>{}</span><span class="open">{}</span>'
        '<span class="unseen"> {}</span></summary><div class="stack">{}</div></details>',
        _("Show"),
        _("Hide"),
        about,
        content,
    )


@register.inclusion_tag("frontend/components/days.html", takes_context=True)
def days(context: Context, week: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The week in marks. Each day: `day` (date), `tones` (list), and optionally `is_today`."""
    return {"days": [_day(entry, told=not context.get("discreet")) for entry in week]}


@register.inclusion_tag("frontend/components/spread.html")
def spread(
    rows: Iterable[Mapping[str, Any]],
    title: str,
    *,
    low: float | None = None,
    mean: float | None = None,
    high: float | None = None,
) -> dict[str, Any]:
    """How answers spread: rows of `value` 1-5, `label`, `count`; an interval only where the caller has one."""
    rows = list(rows)
    most = max((row["count"] for row in rows), default=0) or 1
    bars = [
        {
            "x": 12 + place * 60,
            "middle": 36 + place * 60,
            "y": 84 - round(64 * row["count"] / most),
            "height": round(64 * row["count"] / most),
            "above": 78 - round(64 * row["count"] / most),
            "count": row["count"],
            "label": row["label"],
        }
        for place, row in enumerate(rows)
    ]
    interval = None
    if low is not None and mean is not None and high is not None:
        interval = {"low": _across(low), "mean": _across(mean), "high": _across(high)}
    return {"title": title, "bars": bars, "rows": rows, "interval": interval}


def _day(entry: Mapping[str, Any], *, told: bool) -> dict[str, Any]:
    """*told*: each moment in words, for whoever hears the page; else only how many there are."""
    tones = sorted(entry["tones"], key=list(Tone).index)
    words = ", ".join(map(tone_short, tones)) if told else str(len(tones) or "")
    return {
        **entry,
        "letter": formats.date_format(entry["day"], "D")[:2],
        "name": formats.date_format(entry["day"], "l"),
        "shown": tones[:MAX_MARKS_IN_A_DAY],
        "rest": max(0, len(tones) - MAX_MARKS_IN_A_DAY),
        "words": words or _("nothing noted"),
    }


def _across(value: float) -> int:
    """Where a mean of answers 1-5 stands on the chart's 300 units."""
    return round(36 + (value - 1) * 60)


def _zone(name: str) -> ZoneInfo | Any:
    try:
        return ZoneInfo(name)
    except (ValueError, ZoneInfoNotFoundError):
        return timezone.get_current_timezone()
