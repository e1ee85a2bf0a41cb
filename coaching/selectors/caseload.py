"""A coach's list: everybody who lets them in, with a reason to look, in a number of queries that does not grow.

A row is one author in one household: two parents of one household are two people, and are never pooled. All of it is
computed on what this coach may see; of whoever shares a summary alone, days are known by their week.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from django.db.models import Max, Q

from checklists.rules import Tone
from coaching.facts import LOOK_BACK, QUIET_FOR, Facts, Lane, Reason, reason_of
from coaching.models import Ask, Comment, HandOver, Reply, Snooze
from coaching.rules import HAND_OVER_SHOWN_FOR, REPLY_DAYS_DEFAULT, Wish
from coaching.selectors.focuses import list_current_practices
from coaching.selectors.profiles import find_profile
from common.dates import local_day, week_start
from households.rules import GrantScope
from households.scope import Sight, granted_to, let_in
from households.selectors import list_caseload
from observations.selectors import count_unopened, granted_keys, list_shared_days

if TYPE_CHECKING:
    from households.models import Grant

Pair = tuple[int, int]
"""Household and author, by their keys."""

_SCOPES: Final = tuple(GrantScope)


@dataclass(frozen=True, slots=True)
class Row:
    """One author in a coach's list. `grants` are theirs here, `grant` the one that shows most of them."""

    grant: Grant
    grants: Sequence[Grant]
    reason: Reason
    unread: int
    shared_on: date | None
    said_at: datetime | None
    snooze: Snooze | None
    hand_over: HandOver | None
    practice: str  # what they try now at this coach's suggestion; '' for nothing

    @property
    def is_snoozed(self) -> bool:
        """Put off, unless the author asks for something: that is never put off."""
        return self.snooze is not None and self.reason.lane not in {Lane.ASKED, Lane.HELP_CARD}

    @property
    def is_summary(self) -> bool:
        return self.grant.scope == GrantScope.SUMMARY


@dataclass(frozen=True, slots=True)
class Caseload:
    """Everybody, the earliest reason first inside each lane; and what stands above them."""

    rows: Sequence[Row]
    reply_days: int
    active: int  # how many shared something in the last two weeks
    now: datetime

    def in_lane(self, lane: Lane) -> list[Row]:
        return [row for row in self.rows if row.reason.lane is lane and not row.is_snoozed]

    @property
    def snoozed(self) -> list[Row]:
        return [row for row in self.rows if row.is_snoozed]


def get_caseload(*, coach_id: int, now: datetime) -> Caseload:
    """Everybody who lets this coach in now, in twelve queries however many they are."""
    by_pair: dict[Pair, list[Grant]] = {}
    for grant in list_caseload(coach_id=coach_id, now=now):
        by_pair.setdefault((grant.household_id, grant.author_id), []).append(grant)
    profile = find_profile(coach_id=coach_id)
    reply_days = profile.reply_days if profile else REPLY_DAYS_DEFAULT
    known = _Known(coach_id, {pair[0] for pair in by_pair}, now)
    rows = [_row(pair, grants, known, reply_days=reply_days) for pair, grants in by_pair.items()]
    rows.sort(key=lambda row: (row.reason.since, row.grant.pk))
    recent = [row for row in rows if row.shared_on and local_day(now, _zone(row)) - row.shared_on < QUIET_FOR]
    return Caseload(rows, reply_days, len(recent), now)


def _zone(row: Row) -> str:
    return row.grant.household.timezone


def _row(pair: Pair, grants: list[Grant], known: _Known, *, reply_days: int) -> Row:
    widest = max(grants, key=lambda grant: (_SCOPES.index(GrantScope(grant.scope)), grant.pk))
    days = known.days.get(pair, set())
    back = known.came_back.get(pair, set())
    if widest.scope == GrantScope.SUMMARY:
        first = widest.household.week_starts_on
        days, back = ({week_start(day, first) for day in some} for some in (days, back))
    accepted = [grant.accepted_at for grant in grants if grant.accepted_at is not None]
    expires = [grant.expires_at for grant in grants if grant.expires_at is not None]
    facts = Facts(
        now=known.now,
        timezone=widest.household.timezone,
        reply_days=reply_days,
        accepted_at=min(accepted),
        expires_at=max(expires),
        asked_at=known.asked.get((*pair, Wish.LOOK)),
        help_card_at=known.asked.get((*pair, Wish.HELP_CARD)),
        wrote_back_at=known.wrote_back.get(pair),
        said_at=known.said.get(pair),
        came_back_on=max(back, default=None),
        shared_on=days,
    )
    return Row(
        grant=widest,
        grants=grants,
        reason=reason_of(facts),
        unread=known.unread.get(pair, 0),
        shared_on=max(days, default=None),
        said_at=known.said.get(pair),
        snooze=known.snoozes.get(pair),
        hand_over=known.hand_overs.get(pair),
        practice=known.practices.get(pair, ""),
    )


class _Known:
    """Everything a list is told from, read once for all of it."""

    def __init__(self, coach_id: int, household_ids: Collection[int], now: datetime) -> None:
        self.coach_id, self.household_ids, self.now = coach_id, household_ids, now
        sight = granted_to(coach_id, now=now)
        since = now.date() - LOOK_BACK
        self.days, self.came_back = self._shared(sight, since)
        self.unread = {
            (home, author): times
            for home, author, times in count_unopened(
                sight=sight, reader_id=coach_id, household_ids=household_ids, since=since
            )
        }
        self.said = self._said()
        self.wrote_back = self._wrote_back(sight)
        self.asked = self._asked(sight)
        self.snoozes = self._snoozes()
        self.hand_overs = self._hand_overs()
        self.practices = list_current_practices(coach_id=coach_id, now=now)

    def _shared(self, sight: Sight, since: date) -> tuple[dict[Pair, set[date]], dict[Pair, set[date]]]:
        days: dict[Pair, set[date]] = {}
        came_back: dict[Pair, set[date]] = {}
        shared = list_shared_days(sight=sight, household_ids=self.household_ids, since=since)
        for home, author, on, tone in shared:
            days.setdefault((home, author), set()).add(on)
            if tone == Tone.CAME_BACK:
                came_back.setdefault((home, author), set()).add(on)
        return days, came_back

    def _said(self) -> dict[Pair, datetime]:
        rows = Comment.objects.filter(let_in(now=self.now), coach_id=self.coach_id)
        latest = rows.values_list("household_id", "author_id").annotate(at=Max("written_at"))
        return {(home, author): at for home, author, at in latest.order_by("household_id", "author_id")}

    def _wrote_back(self, sight: Sight) -> dict[Pair, datetime]:
        """The earliest answer of each that came after the coach's last word to them."""
        still_seen = Q(comment__observation__in=granted_keys(sight)) | ~Q(comment__week="")
        rows = Reply.objects.filter(
            let_in(now=self.now, via="comment"), still_seen, comment__coach_id=self.coach_id
        ).order_by("-written_at", "-id")
        earliest: dict[Pair, datetime] = {}
        for home, author, at in rows.values_list("household_id", "author_id", "written_at"):
            said_at = self.said.get((home, author))
            if said_at is None or at > said_at:
                earliest[home, author] = at
        return earliest

    def _asked(self, sight: Sight) -> dict[tuple[int, int, str], datetime]:
        rows = Ask.objects.filter(
            let_in(now=self.now),
            coach_id=self.coach_id,
            answered_at__isnull=True,
            observation__in=granted_keys(sight),
        ).order_by("-asked_at", "-id")
        found = rows.values_list("household_id", "author_id", "wish", "asked_at")
        return {(home, author, wish): at for home, author, wish, at in found}

    def _snoozes(self) -> dict[Pair, Snooze]:
        rows = Snooze.objects.filter(let_in(now=self.now), coach_id=self.coach_id).select_related("household")
        live = [row for row in rows if local_day(self.now, row.household.timezone) < row.until_on]
        Snooze.reason.fetch_keys(live)
        return {(row.household_id, row.author_id): row for row in live}

    def _hand_overs(self) -> dict[Pair, HandOver]:
        rows = HandOver.objects.filter(
            let_in(now=self.now), coach_id=self.coach_id, asked_at__gt=self.now - HAND_OVER_SHOWN_FOR
        )
        return {(row.household_id, row.author_id): row for row in rows.order_by("asked_at", "id")}


def list_hand_overs(*, actor_id: int, household_id: uuid.UUID, now: datetime) -> Sequence[HandOver]:
    """What coaches of the actor's suggested there and the actor did not answer yet, oldest first."""
    rows = HandOver.objects.filter(
        let_in(now=now),
        author_id=actor_id,
        household__public_id=household_id,
        answered_at__isnull=True,
        asked_at__gt=now - HAND_OVER_SHOWN_FOR,
    )
    return list(rows.order_by("asked_at", "id"))
