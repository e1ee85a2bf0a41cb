"""A coach's list in words: why somebody is there, what may be seen and until when, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from checklists.rules import age_in_months
from coaching.facts import Lane
from coaching.rules import RECOMMENDED_LOAD
from coaching.selectors import Caseload, Row
from common.dates import local_day
from frontend.forms.grants import SCOPES_IN_SHORT
from frontend.templatetags.attune import day_name
from households.rules import GrantScope

_LANES: Final[Mapping[Lane, tuple[Any, Any]]] = {
    Lane.ASKED: (gettext_lazy("Asked for you"), gettext_lazy("Open it and reply")),
    Lane.HELP_CARD: (
        gettext_lazy("Shared a help card"),
        gettext_lazy("Reply today if you can, and say what you cannot do"),
    ),
    Lane.NEW: (gettext_lazy("New"), gettext_lazy("Write a first word: one thing that went well")),
    Lane.CAME_BACK: (
        gettext_lazy("Came back"),
        gettext_lazy("Say what you saw: a way back is the easiest to be glad of"),
    ),
    Lane.OWED: (gettext_lazy("You owe a reply"), gettext_lazy("Reply, or say when you will")),
    Lane.ENDS_SOON: (
        gettext_lazy("Ends soon"),
        gettext_lazy("Say goodbye well, or ask whether they want to go on"),
    ),
    Lane.QUIET: (
        gettext_lazy("Gone quiet"),
        gettext_lazy("Leave the door open: one line, nothing asked"),
    ),
    Lane.NOTHING: (gettext_lazy("Nothing needed"), gettext_lazy("Nothing now")),
}


# By the last year of each band, as the questions are worded by age.
_BANDS: Final = (
    (2, gettext_lazy("1–2 years")),
    (5, gettext_lazy("3–5 years")),
    (9, gettext_lazy("6–9 years")),
    (13, gettext_lazy("10–13 years")),
    (17, gettext_lazy("14–17 years")),
)


@dataclass(frozen=True, slots=True)
class RowShown:
    """One author in the list."""

    row: Row
    alias: str
    ages: str
    why: str
    next_step: Any
    scope: Any
    children: str
    address: str
    last_shared: str
    trying: str


def lane_choices() -> list[tuple[str, Any]]:
    return [(str(lane), words[0]) for lane, words in _LANES.items()]


def caseload_in_words(
    caseload: Caseload, *, practices: Mapping[str, str], name: str = "", lane: str = ""
) -> dict[str, Any]:
    """The lanes that hold anybody, in their order, and what stands above them. *name* and *lane* keep some out.

    *practices* has the title of each practice by its slug.
    """
    wanted = name.casefold().strip()

    def shown(rows: Iterable[Row]) -> list[RowShown]:
        return [
            _shown(row, today=local_day(caseload.now, row.grant.household.timezone), practices=practices)
            for row in rows
            if wanted in row.grant.author.called.casefold()
        ]

    lanes = [
        {"key": str(here), "title": words[0], "rows": rows, "is_folded": here is Lane.NOTHING and not lane}
        for here, words in _LANES.items()
        if lane in ("", here) and (rows := shown(caseload.in_lane(here)))
    ]
    low, high = RECOMMENDED_LOAD
    return {
        "lanes": lanes,
        "snoozed": [] if lane else shown(caseload.snoozed),
        "everybody": len(caseload.rows),
        "active": caseload.active,
        "reply_days": caseload.reply_days,
        "recommended": f"{low}–{high}",
    }


def _shown(row: Row, *, today: date, practices: Mapping[str, str]) -> RowShown:
    children = {
        covered.child.pk: covered.child for grant in row.grants for covered in getattr(grant, "covered", ())
    }
    bands = [_age_band(age_in_months(child.birth_month, today)) for child in children.values()]
    return RowShown(
        row=row,
        alias=row.grant.author.called,
        ages=", ".join(dict.fromkeys(bands)),
        why=_why(row, today),
        next_step=_LANES[row.reason.lane][1],
        scope=SCOPES_IN_SHORT[GrantScope(row.grant.scope)],
        children=", ".join(child.nickname for child in children.values()),
        address=reverse("coach-family", args=[row.grant.household.public_id]),
        last_shared=_last_shared(row),
        trying=practices.get(row.practice, row.practice),
    )


def _why(row: Row, today: date) -> str:
    """Why somebody stands where they stand, in one sentence."""
    reason, day = row.reason, day_name(row.reason.since)
    due = day_name(reason.due_on) if reason.due_on else ""
    said = {
        Lane.ASKED: _("They wrote or asked on %(day)s. Promised by %(due)s."),
        Lane.HELP_CARD: _("They let you know on %(day)s that the help card came up. Promised by %(due)s."),
        Lane.NEW: _("They let you in on %(day)s, and you have not written yet. Promised by %(due)s."),
        Lane.CAME_BACK: _("They shared a way back. It was in the week of %(day)s.")
        if row.is_summary
        else _("They shared a way back of %(day)s."),
        Lane.OWED: _("Since %(day)s; it was promised by %(due)s."),
        Lane.ENDS_SOON: _("What they let you see ends on %(day)s."),
        Lane.QUIET: _("Last shared: %(day)s. It may be a good or a hard time."),
        Lane.NOTHING: _("Nothing waits for you."),
    }[reason.lane]
    overdue = reason.due_on is not None and reason.due_on < today
    words = said % {"day": day, "due": due}
    return f"{words} {_('That time is over.')}" if overdue and reason.lane is not Lane.OWED else words


def _last_shared(row: Row) -> str:
    """The latest day, or, of whoever shares a summary alone, its week."""
    if row.shared_on is None:
        return _("nothing shared of late")
    words = _("last shared in the week of %(day)s") if row.is_summary else _("last shared %(day)s")
    return words % {"day": date_format(row.shared_on, "j F")}


def _age_band(months: int) -> str:
    """A child's age no more exact than the questions know it."""
    if months < 12:
        return _("under 1 year")
    for last, words in _BANDS:
        if months < (last + 1) * 12:
            return str(words)
    return _("grown")
