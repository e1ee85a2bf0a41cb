"""A household's months for its coach: every author apart, and two views of the same weeks side by side."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from checklists.content import Content
from checklists.rules import Dimension, Occasion, Tone
from checklists.selectors import get_content
from coaching.selectors import GrantedMonths, TwoViews
from coaching.services import look_at_months
from coaching.statistics import PAIRS_NEEDED, WEEKS_NEEDED
from frontend.coach_session import at_work
from frontend.current import SignedInRequest
from frontend.render import render_page
from frontend.tellings import months_in_words, tell_question
from frontend.words import answer_in_words
from reflections.patterns import Share

_WEEKS_SHOWN = 6


@require_safe
@at_work
def months(request: SignedInRequest, household_id: uuid.UUID) -> HttpResponse:
    """What the grants show of the last months, in numbers with their ranges and how many there are."""
    seen = look_at_months(coach_id=request.user.pk, household_id=household_id, now=timezone.now())
    content = get_content(request.user.language)
    context = {
        "household_id": household_id,
        "about": content.version.about,
        "authors": [_author(found, content) for found in seen.months],
        "two_views": [_two_views(found, content) for found in seen.two_views],
        "weeks_needed": WEEKS_NEEDED,
        "pairs_needed": PAIRS_NEEDED,
    }
    return render_page(request, "frontend/coach/months.html", context)


def _author(found: GrantedMonths, content: Content) -> dict[str, Any]:
    told = [(series.occasion, tell_question(series, content)) for series in found.series]
    return {
        "found": found,
        "period": months_in_words(found.months[0].first, found.months[-1].last),
        "about_moments": [asked for occasion, asked in told if occasion is Occasion.MOMENT],
        "about_weeks": [asked for occasion, asked in told if occasion is Occasion.WEEK],
        "pairs": list(_pairs(found, content)),
    }


def _pairs(found: GrantedMonths, content: Content) -> Iterator[dict[str, Any]]:
    """What was ticked of the same side of being in tune: in tune on the left, missed on the right."""
    for dimension, term in content.dimensions.items():
        sides = [
            [row for row in _labelled(found.cues[tone], content) if row["dimension"] is dimension]
            for tone in (Tone.IN_TUNE, Tone.MISSED)
        ]
        if any(sides):
            yield {"label": term.label, "in_tune": sides[0], "missed": sides[1]}


def _labelled(shares: tuple[Share, ...], content: Content) -> Iterator[dict[str, Any]]:
    for share in shares:
        cue = content.cue_by_key.get(share.key)
        if cue is not None:
            interval = share.interval
            yield {
                "label": cue.label,
                "dimension": cue.dimension,
                "share": share,
                "low": interval.low * 100 if interval else None,
                "high": interval.high * 100 if interval else None,
            }


def _two_views(found: TwoViews, content: Content) -> dict[str, Any]:
    weeks = [
        {
            "first": week,
            "rows": [
                {
                    "label": content.dimensions[dimension].label,
                    "one": _in_words(dimension, one, content),
                    "other": _in_words(dimension, other, content),
                }
                for dimension, one, other in told
            ],
        }
        for week, told in found.weeks[:_WEEKS_SHOWN]
    ]
    return {"found": found, "weeks": weeks}


def _in_words(dimension: Dimension, value: int | None, content: Content) -> str:
    question = content.question(dimension, Occasion.WEEK)
    return "" if value is None else answer_in_words(question, value)
