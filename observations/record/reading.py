"""Reads of records."""

from __future__ import annotations

from django.db.models import QuerySet

from observations.models import Observation, RecordHead, RecordLink


def list_links(*, author_id: int) -> QuerySet[RecordLink]:
    """The author's own links, chain by chain, each from its beginning; with the observations they speak of."""
    rows = RecordLink.objects.filter(author_id=author_id)
    return rows.select_related("household", "observation").order_by("chain", "number")


def list_author_ids() -> list[int]:
    """Everybody who has a record, or should have one. For operators."""
    heads = RecordHead.objects.filter(author_id__isnull=False)
    return sorted(
        {
            author_id
            for rows in (RecordLink.objects, Observation.objects, heads)
            for author_id in _authors(rows.all())
        }
    )


def _authors(rows: QuerySet[RecordLink] | QuerySet[Observation] | QuerySet[RecordHead]) -> set[int]:
    return set(rows.order_by().values_list("author_id", flat=True).distinct())
