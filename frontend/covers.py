"""What a grant covers in one plain sentence, the same to both; and what was to be read before it was given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from frontend.forms.grants import SCOPES_IN_SHORT
from households.rules import GrantScope
from households.selectors import list_briefings

if TYPE_CHECKING:
    from households.models import Briefing, Grant


@dataclass(frozen=True, slots=True)
class BriefingShown:
    """A briefing in the reader's language."""

    label: str
    country: str
    must_report: str
    replies: str
    nights: str
    is_example: bool


def covered_in_words(grant: Grant) -> str:
    """What *grant*, which has its children, shows: of whom, from when, until when. Author and coach read the same."""
    children = ", ".join(covered.child.nickname for covered in getattr(grant, "covered", ()))
    said = {
        "scope": capfirst(SCOPES_IN_SHORT[GrantScope(grant.scope)]),
        "children": children,
        "first": date_format(grant.from_on, "j F Y"),
        "last": date_format(grant.expires_at, "j F Y") if grant.expires_at else "",
    }
    if grant.expires_at is None:
        return (
            _("%(scope)s, with %(children)s, noted from %(first)s on; for 180 days once it is taken.") % said
        )
    return _("%(scope)s, with %(children)s, noted from %(first)s on; until %(last)s.") % said


def named_countries() -> list[tuple[str, str]]:
    """The countries for which there is a briefing, by code, with their names in the reader's language."""
    language = get_language() or "en"
    return [(one.country, one.said(language)["country"]) for one in list_briefings()]


def briefing_in_words(briefing: Briefing | None) -> BriefingShown | None:
    """*briefing* as a page shows it; None for what was given before there were any."""
    if briefing is None:
        return None
    said = briefing.said(get_language() or "en")
    return BriefingShown(
        label=briefing.label,
        country=said["country"],
        must_report=said["must_report"],
        replies=said["replies"],
        nights=said["nights"],
        is_example=briefing.is_example,
    )
