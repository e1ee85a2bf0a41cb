"""Writing down who looked: a line in the author's own list for what a coach or an operator opened."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from households.models import AccessEntry, Membership
from households.rules import ONE_LOOK, Opened, Reader


@transaction.atomic
def note_access(
    *,
    reader_id: int,
    reader_kind: Reader,
    opened: Opened,
    household_pk: int,
    author_ids: Collection[int],
    subject_id: uuid.UUID | None = None,
    now: datetime,
) -> None:
    """Tell each of these authors, in their list of who looked, that *reader* opened something of theirs.

    The same reader opening the same thing again within fifteen minutes is one look. To be called before what was
    opened is shown, in the same request: what cannot be written down is not shown.
    """
    seen = AccessEntry.objects.filter(
        household_id=household_pk,
        author_id__in=author_ids,
        reader_id=reader_id,
        reader_kind=reader_kind,
        opened=opened,
        subject_id=subject_id,
        at__gt=now - ONE_LOOK,
    )
    told = set(seen.values_list("author_id", flat=True))
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
    """Tell somebody, in each household they live in, that an operator opened their account."""
    homes = Membership.objects.filter(user_id=person_id, left_at__isnull=True)
    for household_pk in homes.order_by("household_id").values_list("household_id", flat=True):
        note_access(
            reader_id=reader_id,
            reader_kind=Reader.OPERATOR,
            opened=Opened.ACCOUNT,
            household_pk=household_pk,
            author_ids=[person_id],
            now=now,
        )
