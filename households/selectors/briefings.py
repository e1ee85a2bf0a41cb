"""Reads of briefings: what an author reads before letting a coach in, country by country."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet

from households.models import Briefing
from households.scope import live_grants


def list_briefings() -> Sequence[Briefing]:
    """Those in force, by country."""
    return list(_in_force().order_by("country"))


def find_briefing(*, country: str) -> Briefing | None:
    """The one in force for this country; None where there is none, and nobody is let in."""
    return _in_force().filter(country=country).first()


def is_coaching_open() -> bool:
    """Whether there is a briefing for any country: until then nobody coaches here."""
    return _in_force().exists()


def count_live_grants(*, now: datetime) -> int:
    """How many grants open something now. For operators."""
    return live_grants(now=now).count()


def _in_force() -> QuerySet[Briefing]:
    """An example is one on a machine of one's own; families never read one as if it were the law."""
    rows = Briefing.objects.filter(ended_at__isnull=True)
    return rows.exclude(is_example=True) if settings.PRODUCTION else rows
