"""The weekly self-check: the same questions about a whole week with one child."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.rules import Visibility
from accounts.selectors import get_user
from checklists.rules import Absence, Occasion
from checklists.selectors import get_content
from common.dates import local_day, start_of_local_day, week_start
from common.errors import Conflict
from common.text import clean_text
from households.scope import Capability
from households.selectors import get_child
from observations.details import Answer, checked_visibility, write_ratings
from observations.history import keep_revision, state_of
from observations.models import Observation
from observations.record import add_link, new_salt
from observations.rules import NOTE_MAX, SELF_CHECK_WEEKS_BACK, Act, Kind, Precision


@transaction.atomic
def answer_self_check(
    *,
    actor_id: int,
    check_id: uuid.UUID,
    child_id: uuid.UUID,
    day: date,
    ratings: dict[str, Answer],
    note: str | None = None,
    visibility: str | None = None,
    now: datetime,
) -> Observation:
    """The actor's self-check of one child's week, the one that holds *day*; answering again edits it.

    A week answered before keeps its id, and whatever is not given now; a new one is private unless said otherwise.

    Raises:
        NotVisible: no such child for this actor. Conflict: the id belongs to something else of this author.
        ValidationError: on `day` (a week to come, or too long ago), `ratings`, `note` or `visibility`; or a new one
            in which nothing is said.
    """
    # Two phones may answer the same week at once: whoever holds the author's row goes first.
    author = get_user(user_id=actor_id, for_update=True)
    child = get_child(actor_id=actor_id, child_id=child_id, capability=Capability.RECORD)
    household = child.household
    first_day = _checked_week(day, local_day(now, household.timezone), household.week_starts_on)
    content = get_content(author.language)
    _refuse_taken(check_id, actor_id=actor_id, child_id=child.pk, first_day=first_day)
    check, created = Observation.objects.select_for_update(of=("self",)).get_or_create(
        author_id=actor_id,
        child=child,
        occurred_on=first_day,
        kind=Kind.SELF_CHECK,
        deleted_at=None,
        defaults={
            "public_id": check_id,
            "household": household,
            "occurred_at": start_of_local_day(first_day, household.timezone),
            "precision": Precision.DAY,
            "timezone": household.timezone,
            "visibility": Visibility.PRIVATE,
            "checklist_version_id": content.version.id,
            "salt": new_salt(),
            "received_at": now,
            "changed_at": now,
        },
    )
    was = state_of(check)
    if note is not None:
        check.note = clean_text(note, field="note", max_length=NOTE_MAX, multiline=True)
    if visibility is not None:
        check.visibility = checked_visibility(visibility)
    write_ratings(check, ratings, content=content, occasion=Occasion.WEEK)
    check.is_new = created
    _refuse_empty(check)
    became = state_of(check)
    if not created and became != was:
        keep_revision(check, was, now=now)
    check.save(update_fields=["note_sealed", "visibility", "revision", "changed_at"])
    if created or became != was:
        add_link(check, Act.RECORDED if created else Act.EDITED, at=now, fields=became.fields)
    return check


def _refuse_empty(check: Observation) -> None:
    """Pass if there was one before, or there is a note, or an answer that is not just a skipped question."""
    if check.is_new and not check.note and not check.ratings.exclude(absence=Absence.SKIPPED).exists():
        message = _("There is nothing to keep yet: answer one question, or write a line.")
        raise ValidationError({"ratings": ValidationError(message, "empty")})


def _refuse_taken(check_id: uuid.UUID, *, actor_id: int, child_id: int, first_day: date) -> None:
    """Pass if *check_id* is new to this author, or is this very week's."""
    taken = Observation.objects.filter(author_id=actor_id, public_id=check_id)
    this_week = Q(kind=Kind.SELF_CHECK, child_id=child_id, occurred_on=first_day, deleted_at__isnull=True)
    if taken.exclude(this_week).exists():
        raise Conflict(_("This id belongs to something else."))


def _checked_week(day: date, today: date, week_starts_on: int) -> date:
    """The first day of the week that holds *day*, if a self-check may still be about it."""
    this_week = week_start(today, week_starts_on)
    earliest = this_week - timedelta(weeks=SELF_CHECK_WEEKS_BACK)
    if day < earliest or (first_day := week_start(day, week_starts_on)) > this_week:
        raise ValidationError(
            {
                "day": ValidationError(
                    _("A self-check can look back on this week and the two before it."), "range"
                )
            }
        )
    return first_day
