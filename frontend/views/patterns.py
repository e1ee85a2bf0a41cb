"""Months at a glance: one adult's moments with one child."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from checklists.content import Content
from checklists.rules import NEVER_AVERAGED, Dimension, Occasion
from checklists.selectors import get_content
from common.errors import NotVisible
from frontend.current import Home, SignedInRequest, with_child
from frontend.forms.patterns import PatternsForm
from frontend.render import render_page
from frontend.tellings import (
    months_in_words,
    tell_cues,
    tell_day_parts,
    tell_own,
    tell_places,
    tell_question,
    tell_weekdays,
)
from households.selectors import list_members
from observations.selectors import get_focus
from reflections.patterns import PERIOD_DEFAULT, PERIODS
from reflections.phrases import Words, phrase
from reflections.selectors import OwnCount, Patterns, get_patterns

if TYPE_CHECKING:
    from households.models import Membership


@require_safe
@with_child
def patterns(request: SignedInRequest, home: Home) -> HttpResponse:
    """What the reader noted with one child, or what another adult shares; an address that is damaged leads nowhere."""
    form = PatternsForm(request.GET)
    if not form.is_valid():
        raise NotVisible("patterns")
    asked = form.cleaned_data
    found = get_patterns(
        actor_id=request.user.pk,
        household_id=home.household.public_id,
        child_id=asked["child"] or home.children[0].public_id,
        author_id=asked["author"] or request.user.public_id,
        months=asked["months"] or PERIOD_DEFAULT,
        now=timezone.now(),
    )
    focus = get_focus(actor_id=request.user.pk, household_id=home.household.pk) if found.own else None
    members = list_members(actor_id=request.user.pk, household_id=home.household.public_id)
    context = {
        "household": home.household,
        "patterns": found,
        "period": months_in_words(found.months[0].first, found.months[-1].last),
        "choices": list(_Choices(found, asked).rows(request, home, members=list(members))),
        **_told(found, get_content(request.user.language), focus=focus.dimension if focus else ""),
    }
    return render_page(request, "frontend/patterns/page.html", context)


def _told(found: Patterns, content: Content, *, focus: str) -> dict[str, Any]:
    """What was found, in words and places."""
    in_order = sorted(found.series, key=lambda series: _place(series.dimension, focus))
    asked = {
        occasion: [
            {**tell_question(series, content), "is_focus": series.dimension == focus}
            for series in in_order
            if series.occasion is occasion
        ]
        for occasion in Occasion
    }
    answered = {series.dimension for series in found.series if series.occasion is Occasion.MOMENT}
    return {
        "about": content.version.about,
        "about_moments": asked[Occasion.MOMENT],
        "about_weeks": asked[Occasion.WEEK],
        "unanswered": [term.label for each, term in content.dimensions.items() if each not in answered],
        "day_parts": tell_day_parts(found.day_parts),
        "weekdays": tell_weekdays(found.weekdays),
        "places": tell_places(found.places, content),
        "cues": tell_cues(found.own.cues, content) if found.own else [],
        "own_asked": tell_own(found.own.asked) if found.own else [],
        "of_missed": _of_missed(found.own, content) if found.own and found.own.missed else "",
    }


def _of_missed(own: OwnCount, content: Content) -> str:
    """The sentence that a week's page says too."""
    params = {"missed": own.missed, "mended": own.mended}
    return phrase({"rule": "back.of_missed", "params": params}, seed=0, words=Words(content))


def _place(dimension: Dimension, focus: str) -> tuple[bool, bool, bool, int]:
    """The focus comes first, what is context only and what is the adult's own last."""
    last = dimension in NEVER_AVERAGED, dimension is Dimension.SELF
    return dimension != focus, *last, list(Dimension).index(dimension)


# --- Which child, which adult, how far back --------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Choices:
    """The links that lead to another child, another adult or another stretch of months, and keep the rest."""

    found: Patterns
    asked: dict[str, Any]

    def rows(
        self, request: SignedInRequest, home: Home, *, members: list[Membership]
    ) -> Iterator[dict[str, Any]]:
        child = self.asked["child"] or home.children[0].public_id
        children = [
            self._link(one.nickname, chosen=one.public_id == child, child=one.public_id)
            | {"emoji": one.emoji}
            for one in home.children
        ]
        adults = [
            self._link(
                _("Your own") if member.user_id == request.user.pk else member.user.called,
                chosen=member.user_id == self.found.author.pk,
                author=member.user.public_id,
            )
            for member in sorted(members, key=lambda member: member.user_id != request.user.pk)
        ]
        periods = [
            self._link(str(months), chosen=months == len(self.found.months), months=months)
            for months in PERIODS
        ]
        for label, links in (
            (_("Child"), children),
            (_("Noted by"), adults),
            (_("How many months"), periods),
        ):
            if len(links) > 1:
                yield {"label": label, "links": links}

    def _link(self, label: str, *, chosen: bool, **changed: Any) -> dict[str, Any]:
        query = {name: value for name, value in {**self.asked, **changed}.items() if value}
        return {"label": label, "chosen": chosen, "href": f"?{urlencode(query)}"}
