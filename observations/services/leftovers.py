"""Words that wait beside a moment, when that is deleted, by whatever door."""

from __future__ import annotations

import uuid
from datetime import datetime

from observations.models import Draft
from observations.rules import GONE_KEPT, DraftKind


def settle_deleted(*, author_id: int, moment_id: uuid.UUID, now: datetime) -> None:
    """The moment was deleted by its author: what else was said of it has nothing to become, and waits thirty days."""
    beside = Draft.objects.filter(
        author_id=author_id, moment_id=moment_id, kind__in=(DraftKind.TWO, DraftKind.HALF)
    )
    beside.update(kind=DraftKind.GONE, expires_at=now + GONE_KEPT)
