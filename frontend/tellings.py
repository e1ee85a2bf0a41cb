"""Months in words and places: what the page of patterns draws, and says beside the drawing. Display only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from checklists.content import Content, Question
from checklists.rules import NEVER_AVERAGED, NOMINAL_SCALES, Absence, Occasion, OptionKind, Tone
from frontend.drawings import disc_radius, draw_months, draw_share
from frontend.words import own_answer_in_words
from reflections.patterns import MonthAnswers, Place, Series, Share, Tally
from reflections.selectors import OwnAsked
from reflections.statistics import VALUES, Detail, Summary, detail_for

DAY_PARTS: Final[Mapping[str, tuple[Any, str]]] = {
    "0": (gettext_lazy("Night"), "0–5"),
    "5": (gettext_lazy("Early morning"), "5–8"),
    "8": (gettext_lazy("Morning"), "8–11"),
    "11": (gettext_lazy("Midday"), "11–14"),
    "14": (gettext_lazy("Afternoon"), "14–17"),
    "17": (gettext_lazy("Evening"), "17–20"),
    "20": (gettext_lazy("Late evening"), "20–24"),
}


def months_in_words(first: date, last: date) -> str:
    """September to November 2026; December 2025 to November 2026."""
    start = date_format(first, "F" if first.year == last.year else "F Y")
    return _("%(first)s to %(last)s") % {"first": start, "last": date_format(last, "F Y")}


# --- Answers -----------------------------------------------------------------------------------------------------
def tell_question(series: Series, content: Content) -> dict[str, Any]:
    """One question over the months: its drawing, what its ends mean, the sum of it all, a row for each month."""
    question = content.question(series.dimension, series.occasion)
    return {
        "question": question,
        "label": content.dimensions[series.dimension].label,
        "is_context": series.dimension in NEVER_AVERAGED,
        # Falling asleep is not more than playing again: what is not ordered has no levels.
        "drawing": None if question.scale in NOMINAL_SCALES else draw_months(series),
        "counts": _counts(series.whole, question),
        "links": series.occasion is Occasion.MOMENT,
        "first_anchor": question.label_of(VALUES[0]),
        "last_anchor": question.label_of(VALUES[-1]),
        "whole": _told(series.whole, question),
        "rows": [row for month in series.months if (row := _month(month, question))["n"] or row["absent"]],
    }


def _counts(summary: Summary, question: Question) -> list[tuple[str, int, float]]:
    """Every answer that was given, how often, and the radius of its disc."""
    most = max(summary.spread)
    given = [(question.label_of(value), times) for value, times in zip(VALUES, summary.spread, strict=True)]
    return [(label, times, disc_radius(times, most)) for label, times in given if times]


def _month(month: MonthAnswers, question: Question) -> dict[str, Any]:
    listed = [
        {"id": answer.id, "on": answer.on, "words": question.label_of(answer.value)}
        for answer in month.listed
        if answer.value is not None
    ]
    return {"month": month.month, "listed": listed, **_told(month.summary, question)}


def _told(summary: Summary, question: Question) -> dict[str, Any]:
    return {
        "n": summary.n,
        "mean": summary.mean,
        "interval": summary.interval,
        "is_few": summary.detail is Detail.FEW,
        "words": _spread_in_words(summary, question),
        "absent": _absent_in_words(summary, question),
    }


def _spread_in_words(summary: Summary, question: Question) -> str:
    """Calm (3) · Playing again; a single time goes without saying."""
    said = [
        (question.label_of(value), times)
        for value, times in zip(VALUES, summary.spread, strict=True)
        if times
    ]
    return " · ".join(label if times == 1 else f"{label} ({times})" for label, times in said)


def _absent_in_words(summary: Summary, question: Question) -> str:
    """Could not tell (2) · left open (1): each is said, none is an answer."""
    could_not = question.absence_label if question.absence is Absence.NOT_SEEN else _("Could not tell")
    said = ((could_not, summary.not_seen), (_("Left open"), summary.skipped))
    return " · ".join(f"{label} ({times})" for label, times in said if times)


def tell_own(asked: Sequence[OwnAsked]) -> list[dict[str, Any]]:
    """The author's own questions, each wording by itself: how often each answer, and a range where n carries one."""
    return [
        {
            "question": one.question,
            "series": one.series,
            "words": _own_spread(one),
            "low": one.question.ends[0],
            "high": one.question.ends[1],
            "reach": draw_share(one.series.share) if one.series.share else None,
            "is_few": detail_for(one.series.n) is Detail.FEW,
            "not_seen": one.question.words_of("not_seen"),
        }
        for one in asked
    ]


def _own_spread(one: OwnAsked) -> str:
    summary, share = one.series.summary, one.series.share
    counts = zip(map(str, VALUES), summary.spread, strict=True) if summary else ()
    said = [(key, times) for key, times in counts if times]
    if share:
        said = [("yes", share.times), ("no", share.of - share.times)]
    return " · ".join(f"{own_answer_in_words(one.question, key)} ({times})" for key, times in said if times)


# --- When and where ----------------------------------------------------------------------------------------------
def tell_day_parts(tallies: Sequence[Tally]) -> list[dict[str, Any]]:
    """A row for each part of the day."""
    return [
        {"label": DAY_PARTS[row["key"]][0], "hours": DAY_PARTS[row["key"]][1], **row}
        for row in _bubbled(tallies)
    ]


def tell_weekdays(tallies: Sequence[Tally]) -> list[dict[str, Any]]:
    """A row for each day of the week."""
    return [{"label": WEEKDAYS[int(row["key"])], **row} for row in _bubbled(tallies)]


def tell_places(places: Sequence[Place], content: Content) -> list[dict[str, Any]]:
    """A row for each context that has words."""
    known = content.options_of[OptionKind.CONTEXT]
    rows = _bubbled([place.tally for place in places])
    return [
        {
            "label": known[row["key"]].label,
            "share": place.share,
            "reach": draw_share(place.share),
            **row,
        }
        for place, row in zip(places, rows, strict=True)
        if row["key"] in known
    ]


def _bubbled(tallies: Sequence[Tally]) -> list[dict[str, Any]]:
    """Each count with the radius of its disc; all discs of a table are of one scale."""
    most = max((times for tally in tallies for _tone, times in tally.by_tone), default=0)
    return [
        {
            "key": tally.key,
            "times": tally.times,
            "cells": [
                {"tone": tone, "times": times, "radius": disc_radius(times, most)}
                for tone, times in tally.by_tone
            ],
        }
        for tally in tallies
    ]


# --- What was ticked ---------------------------------------------------------------------------------------------
def tell_cues(cues: Mapping[Tone, Sequence[Share]], content: Content) -> list[dict[str, Any]]:
    """For each tone the cues that have words, with their shares."""
    return [
        {
            "tone": tone,
            "of": shares[0].of,
            "is_few": shares[0].detail is Detail.FEW,
            "rows": [
                {"label": content.cue_by_key[share.key].label, "share": share, "reach": draw_share(share)}
                for share in shares
                if share.key in content.cue_by_key
            ],
        }
        for tone in (Tone.IN_TUNE, Tone.CAME_BACK, Tone.MISSED)
        if (shares := cues[tone])
    ]
