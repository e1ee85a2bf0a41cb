"""Reads of what members said is wrong: their own, week by week, and how often each rule is meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from reflections.models import Reflection, SentenceReport


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How many weeks a rule was said to be wrong in, and in how many of them it was hidden."""

    rule: str
    weeks: int
    hidden: int


def reports_of(reflection: Reflection | None) -> Mapping[str, SentenceReport]:
    """What the member said against sentences of this week, by rule."""
    if reflection is None:
        return {}
    rows = SentenceReport.objects.filter(reflection=reflection).order_by("pk")
    return {report.rule: report for report in rows}


def count_reports(*, since: datetime | None = None) -> list[RuleCount]:
    """How often each rule was said to be wrong, most often first: rules and numbers alone. For operators."""
    rows = SentenceReport.objects.filter(reported_at__gte=since) if since else SentenceReport.objects.all()
    counted = rows.values("rule").annotate(weeks=Count("pk"), hidden=Count("pk", filter=Q(is_hidden=True)))
    return [RuleCount(**row) for row in counted.order_by("-weeks", "rule")]
