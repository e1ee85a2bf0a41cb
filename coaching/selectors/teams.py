"""What a supervisor reads of coaches: counts of their work, never a name, a family or a word.

Counted on what the coach themselves sees now, in a number of queries that does not grow with coaches or families. A
count below five, nought too, is said to be small and no more; of a coach with fewer than five families nothing is
counted at all.
"""

from __future__ import annotations

import statistics
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db.models import Max, Min, Q

from coaching.facts import NEW_FOR
from coaching.models import Ask, CoachProfile, Comment, HandOver, Reply, Snooze, Supervision
from coaching.rules import (
    FEW,
    HAND_OVER_SHOWN_FOR,
    REPLIES_OVER,
    REPLY_DAYS_DEFAULT,
    reply_due_on,
    working_days_between,
)
from common.dates import local_day
from households.scope import let_in
from households.selectors import list_caseloads
from observations.selectors import shown_along

Row = tuple[int, int, int]
"""Coach, household and author, by their keys: one author in one coach's list."""

_ASK: Final = {"coach": "coach_id", "moment": "observation_id"}
_REPLY: Final = {"coach": "comment__coach_id", "moment": "comment__observation_id"}


@dataclass(frozen=True, slots=True)
class Count:
    """How many, as far as it is said: exactly from five on.

    Nought is said like one to four: were it told apart, its end would tell of a single family.
    """

    number: int

    @property
    def is_few(self) -> bool:
        return self.number < FEW

    @property
    def said(self) -> int | None:
        """The number; None where it is too small to be said."""
        return None if self.is_few else self.number


@dataclass(frozen=True, slots=True)
class Work:
    """One coach's work in counts. Nothing but `reply_days` is known of a coach with too few families."""

    reply_days: int
    families: Count
    waiting: Count = Count(0)  # asks and answers that wait for a word
    overdue: Count = Count(0)  # of those: the promised time is over
    new: Count = Count(0)  # let in of late, no word yet
    put_off: Count = Count(0)
    handed_over: Count = Count(0)
    replies: Count = Count(0)  # answered asks of the last eight weeks
    usual_days: float | None = None  # the median of their working days

    @property
    def is_told(self) -> bool:
        return self.families.number >= FEW


@dataclass(frozen=True, slots=True)
class Supervised:
    """One coach as their supervisor reads them."""

    supervision: Supervision
    name: str
    work: Work


@dataclass(frozen=True, slots=True)
class Team:
    """Whose counts the reader sees, who sees (or is to see) the reader's, and what they see of it."""

    coaches: Sequence[Supervised]
    supervisors: Sequence[Supervision]
    own: Work


def get_team(*, actor_id: int, now: datetime) -> Team:
    """Both sides of the actor: as a supervisor and as a coach."""
    usable = {"is_active": True, "erase_at__isnull": True}
    rows = Supervision.objects.select_related("coach", "supervisor").order_by("proposed_at", "id")
    agreed = list(
        rows.filter(
            supervisor_id=actor_id,
            agreed_at__isnull=False,
            **{f"coach__{name}": value for name, value in usable.items()},
        )
    )
    known = _Known({actor_id, *(row.coach_id for row in agreed)}, now)
    supervised = [Supervised(row, known.name_of(row), known.work_of(row.coach_id)) for row in agreed]
    return Team(supervised, list(rows.filter(coach_id=actor_id)), known.work_of(actor_id))


def is_asked(*, coach_id: int) -> bool:
    """Whether somebody is to see counts of this coach's work who has not been answered yet."""
    return Supervision.objects.filter(coach_id=coach_id, agreed_at__isnull=True).exists()


def list_supervisions() -> Iterator[Supervision]:
    """Every one there is, oldest first. For operators."""
    return Supervision.objects.order_by("proposed_at", "id").iterator()


@dataclass
class _Tally:
    """What is gathered of one coach."""

    rows: set[Row] = field(default_factory=set)
    waiting: set[Row] = field(default_factory=set)
    overdue: set[Row] = field(default_factory=set)
    new: set[Row] = field(default_factory=set)
    put_off: int = 0
    handed_over: int = 0
    days: list[int] = field(default_factory=list)
    answered: set[int] = field(default_factory=set)  # the households of `days`


class _Known:
    """Everything these coaches' counts are told from, read once for all of them."""

    def __init__(self, coach_ids: Collection[int], now: datetime) -> None:
        self.now, self.coach_ids = now, sorted(coach_ids)
        self.profiles = {
            row.coach_id: row for row in CoachProfile.objects.filter(coach_id__in=self.coach_ids)
        }
        self.tallies = {coach_id: _Tally() for coach_id in self.coach_ids}
        self.zones: dict[int, str] = {}
        self.said = self._said()
        self._gather_grants()
        self._gather_waiting()
        self._gather_answered()
        self._gather_order()

    def name_of(self, row: Supervision) -> str:
        profile = self.profiles.get(row.coach_id)
        return profile.name if profile else row.coach.email

    def reply_days(self, coach_id: int) -> int:
        profile = self.profiles.get(coach_id)
        return profile.reply_days if profile else REPLY_DAYS_DEFAULT

    def work_of(self, coach_id: int) -> Work:
        tally, reply_days = self.tallies[coach_id], self.reply_days(coach_id)
        families = Count(len({household for _coach, household, _author in tally.rows}))
        if families.number < FEW:
            return Work(reply_days, families)
        enough = len(tally.days) >= FEW and len(tally.answered) >= FEW
        return Work(
            reply_days,
            families,
            waiting=Count(len(tally.waiting)),
            overdue=Count(len(tally.overdue)),
            new=Count(len(tally.new)),
            put_off=Count(tally.put_off),
            handed_over=Count(tally.handed_over),
            replies=Count(len(tally.days)),
            usual_days=statistics.median(tally.days) if enough else None,
        )

    # --- Reading -------------------------------------------------------------------------------------------------
    def _said(self) -> dict[Row, datetime]:
        rows = Comment.objects.filter(let_in(now=self.now), coach_id__in=self.coach_ids).order_by()
        latest = rows.values_list("coach_id", "household_id", "author_id").annotate(at=Max("written_at"))
        return {(coach, home, author): at for coach, home, author, at in latest}

    def _gather_grants(self) -> None:
        for coach, home, author, zone, accepted_at in list_caseloads(coach_ids=self.coach_ids, now=self.now):
            self.zones[home] = zone
            row = (coach, home, author)
            self.tallies[coach].rows.add(row)
            if row not in self.said and self.now - accepted_at < NEW_FOR:
                self.tallies[coach].new.add(row)

    def _gather_waiting(self) -> None:
        """What the coach was asked or answered and did not write anything after."""
        asks = Ask.objects.filter(self._live(_ASK), coach_id__in=self.coach_ids, answered_at__isnull=True)
        on_weeks = ~Q(comment__week="")
        replies = Reply.objects.filter(
            let_in(now=self.now, via="comment"),
            Q(shown_along(**_REPLY, now=self.now)) | on_weeks,
            comment__coach_id__in=self.coach_ids,
        )
        waiting = [
            *asks.order_by()
            .values_list("coach_id", "household_id", "author_id")
            .annotate(at=Min("asked_at")),
            *self._unanswered(replies),
        ]
        for coach, home, author, at in waiting:
            row = (coach, home, author)
            self.tallies[coach].waiting.add(row)
            due = reply_due_on(at, working_days=self.reply_days(coach), timezone=self._zone(home))
            if due < local_day(self.now, self._zone(home)):
                self.tallies[coach].overdue.add(row)

    def _unanswered(self, replies: Any) -> Iterator[tuple[int, int, int, datetime]]:
        found = replies.order_by("written_at", "id")
        for coach, home, author, at in found.values_list(
            "comment__coach_id", "household_id", "author_id", "written_at"
        ):
            said_at = self.said.get((coach, home, author))
            if said_at is None or at > said_at:
                yield coach, home, author, at

    def _gather_answered(self) -> None:
        since = self.now - REPLIES_OVER
        rows = Ask.objects.filter(self._live(_ASK), coach_id__in=self.coach_ids, answered_at__gt=since)
        for coach, home, asked_at, answered_at in rows.order_by().values_list(
            "coach_id", "household_id", "asked_at", "answered_at"
        ):
            if answered_at is None:
                continue
            days = working_days_between(asked_at, answered_at, timezone=self._zone(home))
            self.tallies[coach].days.append(days)
            self.tallies[coach].answered.add(home)

    def _gather_order(self) -> None:
        own = Q(let_in(now=self.now), coach_id__in=self.coach_ids)
        for row in Snooze.objects.filter(own).select_related("household"):
            if local_day(self.now, row.household.timezone) < row.until_on:
                self.tallies[row.coach_id].put_off += 1
        suggested = HandOver.objects.filter(own, asked_at__gt=self.now - HAND_OVER_SHOWN_FOR)
        for coach in suggested.values_list("coach_id", flat=True):
            self.tallies[coach].handed_over += 1

    def _live(self, paths: Mapping[str, str]) -> Q:
        return Q(let_in(now=self.now)) & Q(shown_along(**paths, now=self.now))

    def _zone(self, household_id: int) -> str:
        return self.zones.get(household_id, "UTC")
