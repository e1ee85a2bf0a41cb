"""The dimension a member chose to be asked about, told no further than its answers carry."""

from __future__ import annotations

from accounts.rules import DigestLevel
from checklists.rules import AUTHOR_ONLY, NEVER_AVERAGED, Dimension
from reflections.compose.week import times_of
from reflections.composition import Json, Section, Sentence
from reflections.facts import HARD_DIMENSIONS, Compared, WeekFacts
from reflections.statistics import Detail, Summary, Verdict, compare, summarise


def focus(facts: WeekFacts) -> Section | None:
    """Spread, n and what was not seen; an average only where n allows, and never a change or a direction."""
    chosen = facts.focus
    if chosen is None:
        return None
    summary = summarise(chosen.answers)
    averaged = chosen.dimension not in NEVER_AVERAGED and summary.detail is not Detail.LIST
    mail = None if _is_for_the_page(chosen.dimension, facts) else DigestLevel.FULL
    rule, numbers = _focus_numbers(summary, chosen.answers.values, averaged=averaged)
    named: Json = {"dimension": chosen.dimension}
    sentences = [
        Sentence("focus.chosen", {**named, "since": chosen.since.isoformat()}, mail=mail),
        Sentence(rule, {**named, **numbers}, chosen.moments if summary.n else (), mail),
    ]
    if averaged and chosen.compared is not None:
        sentences += _comparison(chosen.compared, named, mail)
    if summary.not_seen or summary.skipped:
        absent = {**named, "not_seen": summary.not_seen, "skipped": summary.skipped}
        sentences.append(Sentence("focus.absent", absent, chosen.moments))
    return Section("focus", tuple(sentences), _focus_data(chosen.dimension, summary, averaged=averaged))


def _is_for_the_page(dimension: Dimension, facts: WeekFacts) -> bool:
    """Own state is for its author's eyes, and a mailbox has others; so is safety or comfort in a hard week."""
    return dimension in AUTHOR_ONLY or (facts.is_hard and dimension in HARD_DIMENSIONS)


def _comparison(compared: Compared, named: Json, mail: DigestLevel | None) -> list[Sentence]:
    """What two blocks of four weeks say about a change: that it is unlikely to be chance, or that nothing is clear.

    Never that nothing changed: what so few answers do not show may be there all the same.
    """
    earlier, later = compared.earlier, compared.later
    if not (earlier.is_enough and later.is_enough):
        return []
    before = summarise(earlier.answers)
    if before.mean is None or before.interval is None:
        return []
    apart = compare(earlier.weights, later.weights) is Verdict.APART
    numbers = {
        "n": before.n,
        "mean": round(before.mean, 1),
        "low": round(before.interval.low, 1),
        "high": round(before.interval.high, 1),
    }
    rule = "focus.apart" if apart else "focus.unclear"
    return [Sentence(rule, {**named, **numbers}, (*earlier.moments, *later.moments), mail)]


def _focus_numbers(summary: Summary, values: tuple[int, ...], *, averaged: bool) -> tuple[str, Json]:
    """Which sentence n answers allow, with its numbers."""
    if summary.n == 0:
        return "focus.no_answers", {}
    if summary.detail is Detail.LIST:
        return "focus.listed", {"n": summary.n, "values": times_of(values)}
    if not averaged or summary.interval is None or summary.mean is None:
        return "focus.context", {"n": summary.n, "values": times_of(values)}
    low, high = round(summary.interval.low, 1), round(summary.interval.high, 1)
    numbers = {"n": summary.n, "mean": round(summary.mean, 1), "low": low, "high": high}
    return ("focus.few" if summary.detail is Detail.FEW else "focus.average"), numbers


def _focus_data(dimension: Dimension, summary: Summary, *, averaged: bool) -> Json:
    shown = summary.interval if averaged else None
    return {
        "dimension": dimension,
        "detail": summary.detail,
        "n": summary.n,
        "spread": {str(value): count for value, count in enumerate(summary.spread, start=1)},
        "not_seen": summary.not_seen,
        "skipped": summary.skipped,
        "median": summary.median if averaged else None,
        "mean": round(summary.mean, 2) if averaged and summary.mean is not None else None,
        "interval": [round(shown.low, 2), round(shown.high, 2)] if shown else None,
    }
