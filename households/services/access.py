"""Writing down who looked: a line in the author's own list for what a coach or an operator opened."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from households.models import AccessEntry
from households.rules import ONE_LOOK, Opened, Reader


@transaction.atomic
def note_access(
    *,
    reader_id: int,
    reader_kind: Reader,
    opened: Opened,
    household_pk: int | None,
    author_ids: Collection[int],
    subject_id: uuid.UUID | None = None,
    every_time: bool = False,
    now: datetime,
) -> None:
    """Tell each of these authors, in their list of who looked, that *reader* opened something of theirs.

    *household_pk* is None where the account itself was opened, which is in no household. The same reader opening the
    same thing again within fifteen minutes is one look. To be called before what was
    opened is shown, in the same request: what cannot be written down is not shown. *every_time*: no two are one, for
    what may leave the house.
    """
    where = Q(household__isnull=True) if household_pk is None else Q(household_id=household_pk)
    seen = AccessEntry.objects.filter(
        where,
        author_id__in=author_ids,
        reader_id=reader_id,
        reader_kind=reader_kind,
        opened=opened,
        subject_id=subject_id,
        at__gt=now - ONE_LOOK,
    )
    told = set() if every_time else set(seen.values_list("author_id", flat=True))
    AccessEntry.objects.bulk_create(
        AccessEntry(
            household_id=household_pk,
            author_id=author_id,
            reader_id=reader_id,
            reader_kind=reader_kind,
            opened=opened,
            subject_id=subject_id,
            at=now,
        )
        for author_id in sorted(set(author_ids) - told)
    )


@transaction.atomic
def note_account_opened(*, reader_id: int, person_id: int, now: datetime) -> None:
    """Tell somebody that an operator opened their account: wherever they live, and if they live nowhere yet."""
    note_access(
        reader_id=reader_id,
        reader_kind=Reader.OPERATOR,
        opened=Opened.ACCOUNT,
        household_pk=None,
        author_ids=[person_id],
        now=now,
    )
