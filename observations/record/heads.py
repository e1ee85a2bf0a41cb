"""The end of every record, kept once a day: a chain that was cut off at its end is a whole chain, but a shorter one."""

from __future__ import annotations

import logging
from datetime import date
from typing import Final

from django.db import transaction
from django.db.models import Max

from observations.models import RecordHead, RecordLink
from observations.record.chain import sum_of_heads

logger = logging.getLogger(__name__)

CHUNK: Final = 1_000


def keep_heads(*, day: date) -> str:
    """Keep the heads of all records that grew since theirs were kept; the sum of the day's, which is logged as well.

    A day is kept once: running it again says the same. The log is outside of the database, so that whoever rewrites a
    record with its heads cannot make the sums come out.
    """
    with transaction.atomic():
        if not RecordHead.objects.filter(day=day).exists():
            _keep(day)
    total, count = sum_of_day(day=day)
    logger.info("heads of %s: sum=%s records=%s", day, total, count)
    return total


def sum_of_day(*, day: date) -> tuple[str, int]:
    """The sum of the heads kept on this day, and of how many."""
    digests = [
        bytes(digest) for digest in RecordHead.objects.filter(day=day).values_list("digest", flat=True)
    ]
    return sum_of_heads(digests), len(digests)


def last_day() -> date | None:
    """The last day on which heads were kept."""
    return RecordHead.objects.order_by("-day").values_list("day", flat=True).first()


def _keep(day: date) -> None:
    kept = dict(RecordHead.objects.values_list("chain").annotate(last=Max("number")).order_by())
    ends = RecordLink.objects.values_list("chain").annotate(Max("id"), Max("number")).order_by()
    grown = [key for chain, key, number in ends if kept.get(chain) != number]
    for start in range(0, len(grown), CHUNK):
        links = RecordLink.objects.filter(pk__in=grown[start : start + CHUNK]).order_by("pk")
        RecordHead.objects.bulk_create(
            [
                RecordHead(
                    day=day,
                    household_id=link.household_id,
                    author_id=link.author_id,
                    chain=link.chain,
                    number=link.number,
                    digest=link.digest,
                )
                for link in links
            ],
            ignore_conflicts=True,  # another run of the same night was here
        )
