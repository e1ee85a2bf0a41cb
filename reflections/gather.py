"""Reading a chunk of household weeks into fact sheets: a fixed number of queries, whatever the chunk's size.

Here, and only here, the compile decides what a member may know of others: moments that live members shared with the
household, and came-backs to the member's own misses that the member may see. Own state is the author's alone.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from accounts.rules import Visibility
from checklists.rules import Absence, Dimension, OptionKind, Tone
from checklists.selectors import get_content
from common.dates import local_day
from households.selectors import list_memberships_for_compile
from observations.rules import Kind
from observations.selectors import (
    Noted,
    list_answers_for_compile,
    list_focuses_for_compile,
    list_for_compile,
    list_late_for_compile,
    list_mends_for_compile,
)
from reflections.facts import (
    Answer,
    Block,
    Compared,
    Focus,
    OwnMoment,
    PracticeChoice,
    SelfCheck,
    SharedMoment,
    WeekFacts,
)
from reflections.models import DigestWeek, Reflection
from reflections.rules import BLOCK, is_compared, is_first_partial
from reflections.statistics import Answers

WENT_WELL: Final = frozenset({Tone.IN_TUNE, Tone.CAME_BACK})
INTENDED: Final = "tomorrow"  # "Not yet, but I mean to": ticked, and not done

Person = tuple[int, int]  # household, user


@dataclass(frozen=True, slots=True)
class MemberWeek:
    """One member's week: the row of the membership, the stored week, its facts, and the reflection there was."""

    membership: Any
    week: DigestWeek
    facts: WeekFacts
    stored: Reflection | None


class Told(NamedTuple):
    """When a member was told of an earlier week."""

    starts_at: datetime
    ends_at: datetime
    told_at: datetime


@dataclass(slots=True)
class _Read:
    """What the queries brought, indexed for assembling."""

    memberships: dict[int, list[Any]]
    observations: dict[int, list[Noted]] = field(default_factory=lambda: defaultdict(list))  # by week
    mends: dict[int, list[tuple[uuid.UUID, int, str]]] = field(default_factory=lambda: defaultdict(list))
    focuses: dict[Person, list[Any]] = field(default_factory=lambda: defaultdict(list))
    answers: dict[Person, list[tuple[Any, ...]]] = field(default_factory=lambda: defaultdict(list))
    late: dict[Person, list[tuple[uuid.UUID, datetime, datetime]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    stored: dict[tuple[int, int], Reflection] = field(default_factory=dict)  # by membership, week
    told: dict[tuple[int, datetime], Told] = field(default_factory=dict)  # by membership, end of week


def gather(weeks: Sequence[DigestWeek], *, contents: bool = False) -> list[MemberWeek]:
    """The fact sheets of everybody who lives in these weeks' households, in a fixed order.

    A member has a sheet for the weeks since they joined, and for earlier ones in which they noted something themselves.
    What a stored reflection says is read with *contents* only: it is long, and the compile writes it unread.
    """
    if not weeks:
        return []
    read = _read(_Chunk(weeks), contents=contents)
    library = get_content()
    practices = tuple(PracticeChoice(p.slug, p.dimension, tuple(p.contexts)) for p in library.practices)
    prompts = tuple(prompt.key for prompt in library.self_prompts)
    done = {cue.key for cue in library.cues if cue.tone in WENT_WELL and cue.key != INTENDED}
    found = []
    for week in weeks:
        for membership in read.memberships[week.household_id]:
            sheet = _Sheet(read=read, week=week, membership=membership, done=done)
            facts = sheet.facts(practices, prompts)
            if week.ends_at > membership.joined_at or not facts.is_quiet:
                found.append(MemberWeek(membership, week, facts, read.stored.get((membership.pk, week.pk))))
    return found


# --- Reading -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Chunk:
    """Weeks that start within a few days of each other, read together; each later keeps only what is its own."""

    weeks: Sequence[DigestWeek]

    @property
    def household_ids(self) -> set[int]:
        return {week.household_id for week in self.weeks}

    @property
    def starts_at(self) -> datetime:
        return min(week.starts_at for week in self.weeks)

    @property
    def ends_at(self) -> datetime:
        return max(week.ends_at for week in self.weeks)


def _read(chunk: _Chunk, *, contents: bool) -> _Read:
    read = _Read(memberships=defaultdict(list))
    for membership in list_memberships_for_compile(household_ids=chunk.household_ids):
        read.memberships[membership.household_id].append(membership)
    _read_observations(read, chunk)
    _read_focuses(read, chunk)
    _read_stored(read, chunk, contents=contents)
    return read


def _read_observations(read: _Read, chunk: _Chunk) -> None:
    of_household = defaultdict(list)
    for week in chunk.weeks:
        of_household[week.household_id].append(week)
    households, starts_at, ends_at = chunk.household_ids, chunk.starts_at, chunk.ends_at
    for row in list_for_compile(household_ids=households, starts_at=starts_at, ends_at=ends_at):
        for week in of_household[row.household_id]:
            if week.starts_at <= row.occurred_at < week.ends_at:
                read.observations[week.pk].append(row)
    missed_keys = {row.pk for rows in read.observations.values() for row in rows if row.tone == Tone.MISSED}
    for missed, public_id, author_id, visibility in list_mends_for_compile(missed=missed_keys):
        read.mends[missed].append((public_id, author_id, visibility))


def _read_focuses(read: _Read, chunk: _Chunk) -> None:
    for focus in list_focuses_for_compile(household_ids=chunk.household_ids):
        read.focuses[focus.household_id, focus.member_id].append(focus)
    since = min(week.ends_at for week in chunk.weeks) - BLOCK
    focused = {household_id for household_id, _member_id in read.focuses}
    _read_answers(read, focused, starts_at=since, ends_at=chunk.ends_at)
    if compared := _list_compared(read, chunk):
        _read_answers(read, compared, starts_at=since - BLOCK, ends_at=since)


def _read_answers(read: _Read, household_ids: set[int], *, starts_at: datetime, ends_at: datetime) -> None:
    rows = list_answers_for_compile(
        household_ids=household_ids,
        dimensions={
            focus.dimension for chosen in read.focuses.values() for focus in chosen if focus.dimension
        },
        starts_at=starts_at,
        ends_at=ends_at,
    )
    for household_id, author_id, *answer in rows:
        read.answers[household_id, author_id].append(tuple(answer))


def _list_compared(read: _Read, chunk: _Chunk) -> set[int]:
    """Households that need the four weeks before as well: once in four weeks, where somebody's focus is compared."""
    focuses: dict[int, list[Any]] = defaultdict(list)
    for (household_id, _member_id), chosen in read.focuses.items():
        focuses[household_id] += chosen
    return {
        week.household_id
        for week in chunk.weeks
        for focus in focuses[week.household_id]
        if focus.dimension and _is_compared(focus, week)
    }


def _is_compared(focus: Any, week: DigestWeek) -> bool:
    chosen_on = local_day(focus.chosen_at, week.timezone)
    return is_compared(chosen_on=chosen_on, start_on=week.start_on, end_on=week.end_on)


def _read_stored(read: _Read, chunk: _Chunk, *, contents: bool) -> None:
    stored = Reflection.objects.filter(week__in=[week.pk for week in chunk.weeks])
    for row in stored if contents else stored.defer("content"):
        read.stored[row.member_id, row.week_id] = row
    latest_start = max(week.starts_at for week in chunk.weeks)
    before = Reflection.objects.filter(
        household_id__in=chunk.household_ids,
        week__ends_at__gte=chunk.starts_at,
        week__ends_at__lte=latest_start,
        told_at__isnull=False,
    )
    times = before.values_list("member_id", "week__starts_at", "week__ends_at", "told_at")
    for member_id, starts, ends, told_at in times:
        if told_at is not None:
            read.told[member_id, ends] = Told(starts, ends, told_at)
    if not read.told:
        return
    late = list_late_for_compile(
        household_ids=chunk.household_ids,
        starts_at=min(told.starts_at for told in read.told.values()),
        ends_at=latest_start,
        received_after=min(told.told_at for told in read.told.values()),
    )
    for household_id, author_id, public_id, occurred_at, received_at in late:
        read.late[household_id, author_id].append((public_id, occurred_at, received_at))


# --- Assembling --------------------------------------------------------------------------------------------------
class _Sheet:
    """Assembles one member's facts of one week from what was read."""

    def __init__(self, *, read: _Read, week: DigestWeek, membership: Any, done: set[str]) -> None:
        self.read, self.week, self.membership, self.done = read, week, membership, done
        self.user_id: int = membership.user_id
        self.person: Person = (week.household_id, membership.user_id)
        self.stored = read.stored.get((membership.pk, week.pk))
        # Everybody who lives here now. Who left takes what they shared along, from the same second.
        self.authors = {m.user_id: m.user.public_id for m in read.memberships[week.household_id]}

    def facts(self, practices: tuple[PracticeChoice, ...], prompts: tuple[str, ...]) -> WeekFacts:
        rows = self.read.observations[self.week.pk]
        own = [row for row in rows if row.author_id == self.user_id]
        joined_at = self.membership.joined_at
        partial = is_first_partial(joined_at=joined_at, starts_at=self.week.starts_at)
        return WeekFacts(
            member=self.membership.public_id,
            label=self.week.label,
            start_on=self.week.start_on,
            end_on=self.week.end_on,
            timezone=self.week.timezone,
            own=tuple(self._own(row) for row in own if row.kind == Kind.MOMENT),
            checks=tuple(self._check(row) for row in own if row.kind == Kind.SELF_CHECK),
            shared=tuple(self._shared(rows)),
            focus=self._focus(),
            late=self._late(own),
            late_before=self._late_before(),
            joined_on=self._local_day(joined_at) if partial and joined_at < self.week.ends_at else None,
            practices=practices,
            prompts=prompts,
        )

    def _local_day(self, instant: datetime) -> Any:
        return local_day(instant, self.week.timezone)

    def _may_see(self, author_id: int, visibility: str) -> bool:
        return author_id == self.user_id or (visibility == Visibility.HOUSEHOLD and author_id in self.authors)

    def _own(self, row: Noted) -> OwnMoment:
        ticks = sorted(row.ticks)
        mends = self.read.mends.get(row.pk, [])
        return OwnMoment(
            id=row.public_id,
            tone=Tone(row.tone),
            occurred_at=row.occurred_at,
            day=self._local_day(row.occurred_at),
            has_note=row.has_note,
            shared=row.visibility == Visibility.HOUSEHOLD,
            contexts=tuple(key for kind, key in ticks if kind == OptionKind.CONTEXT),
            feelings=tuple(key for kind, key in ticks if kind == OptionKind.FEELING),
            done=tuple(key for _kind, key in ticks if key in self.done),
            answers=self._answers(row),
            repairs_earlier_week=self._mends_earlier(row),
            mended_by=tuple(public_id for public_id, author, sight in mends if self._may_see(author, sight)),
        )

    def _mends_earlier(self, row: Noted) -> bool:
        missed = row.missed
        return (
            missed is not None
            and missed.occurred_at < self.week.starts_at
            and self._may_see(missed.author_id, missed.visibility)
        )

    @staticmethod
    def _answers(row: Noted) -> tuple[Answer, ...]:
        return tuple(
            sorted(
                (Answer(Dimension(dimension), value, absence) for dimension, value, absence in row.ratings),
                key=lambda answer: (answer.dimension, answer.value or 0, answer.absence),
            )
        )

    def _check(self, row: Noted) -> SelfCheck:
        return SelfCheck(row.public_id, self._answers(row))

    def _shared(self, rows: list[Noted]) -> Iterable[SharedMoment]:
        for row in rows:
            others = row.kind == Kind.MOMENT and row.author_id != self.user_id
            if others and self._may_see(row.author_id, row.visibility):
                yield SharedMoment(
                    row.public_id, self.authors[row.author_id], Tone(row.tone), row.occurred_at
                )

    def _focus(self) -> Focus | None:
        chosen = [focus for focus in self.read.focuses[self.person] if focus.chosen_at < self.week.ends_at]
        if not chosen or not chosen[-1].dimension:
            return None
        focus = chosen[-1]
        ends_at = self.week.ends_at
        later = self._block(focus, max(focus.chosen_at, ends_at - BLOCK), ends_at)
        compared = None
        if _is_compared(focus, self.week):
            compared = Compared(self._block(focus, ends_at - 2 * BLOCK, ends_at - BLOCK), later)
        return Focus(
            dimension=Dimension(focus.dimension),
            since=self._local_day(focus.chosen_at),
            answers=later.answers,
            moments=later.moments,
            compared=compared,
        )

    def _block(self, focus: Any, starts_at: datetime, ends_at: datetime) -> Block:
        answers = [
            (value, absence, moment, self._local_day(occurred_at))
            for dimension, value, absence, moment, occurred_at in self.read.answers[self.person]
            if dimension == focus.dimension and starts_at <= occurred_at < ends_at
        ]
        absent = [absence for value, absence, _moment, _day in answers if value is None]
        return Block(
            answers=Answers(
                self.user_id,
                tuple(value for value, _absence, _moment, _day in answers if value is not None),
                not_seen=absent.count(Absence.NOT_SEEN),
                skipped=absent.count(Absence.SKIPPED),
            ),
            days=tuple(day for value, _absence, _moment, day in answers if value is not None),
            moments=tuple(moment for _value, _absence, moment, _day in answers),
        )

    def _late(self, own: list[Noted]) -> tuple[uuid.UUID, ...]:
        told_at = self.stored.told_at if self.stored else None
        if told_at is None:
            return ()
        return tuple(r.public_id for r in own if r.kind == Kind.MOMENT and r.received_at > told_at)

    def _late_before(self) -> tuple[uuid.UUID, ...]:
        """Own moments of the week before that its mail could not know, and this one's can."""
        before = self.read.told.get((self.membership.pk, self.week.starts_at))
        if before is None:
            return ()
        until = self.stored.told_at if self.stored else None
        return tuple(
            public_id
            for public_id, occurred_at, received_at in self.read.late[self.person]
            if before.starts_at <= occurred_at < before.ends_at
            and received_at > before.told_at
            and (until is None or received_at <= until)
        )
