"""Reads of weeks: the list, one week as it stands now, thoughts, what is due to be sent, whose mail a link stops."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils.translation import get_language

from accounts.rules import DigestLevel, Visibility
from accounts.selectors import get_user_by_public_id
from checklists.rules import Tone
from checklists.selectors import get_content
from common.dates import parse_week_label
from common.errors import NotVisible
from common.pages import Page, page_of
from households.scope import member_of
from households.selectors import list_household_ids, list_members
from observations.selectors import MomentName, list_tones_by_day, name_moments
from reflections.compose import compose
from reflections.compose.today import with_today
from reflections.composition import SCHEMA, Json, Kind, Sentence
from reflections.facts import source_digest
from reflections.gather import MemberWeek, gather
from reflections.models import Digest, DigestWeek, Reflection, SentenceReport, Thought
from reflections.phrases import Words, phrase, title, why
from reflections.rules import CHUNK_SIZE, OPEN, PAGE_SIZE, PAGE_SIZE_MAX, TICK
from reflections.selectors.reports import reports_of
from reflections.selectors.today import read_today
from reflections.tokens import read_unsubscribe_token


# --- The list ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class WeekSummary:
    """One week in the list. `days` holds every day in order, with the tones of the actor's own moments in none."""

    label: str
    household_id: uuid.UUID
    start_on: date
    last_on: date
    ends_at: datetime
    kind: str
    count: int
    days: tuple[tuple[date, tuple[Tone, ...]], ...]
    revision: int


def list_reflections(
    *, actor_id: int, household_id: uuid.UUID | None = None, cursor: str = "", limit: int = PAGE_SIZE
) -> Page[WeekSummary]:
    """A page of the actor's own weeks, latest first.

    Raises:
        ValidationError: on `cursor`, when it is not one of this reader's.
    """
    page = page_of(
        _own(actor_id, household_id)
        .select_related("week", "household")
        .annotate(starts_at=F("week__starts_at")),
        by="starts_at",
        cursor=cursor,
        limit=max(1, min(limit, PAGE_SIZE_MAX)),
        reader_id=actor_id,
        list_name="reflections",
    )
    return Page(_summaries(page.items, actor_id), page.next_cursor)


def _summaries(rows: Sequence[Reflection], actor_id: int) -> list[WeekSummary]:
    """Counts come from the moments as they are now: one query per household, of which a person has a handful."""
    tones: dict[int, dict[date, list[Tone]]] = {}
    for household_id in dict.fromkeys(row.household_id for row in rows):
        weeks = [row.week for row in rows if row.household_id == household_id]
        tones[household_id] = list_tones_by_day(
            actor_id=actor_id,
            household_id=household_id,
            since=min(week.start_on for week in weeks),
            until=max(week.end_on for week in weeks),
        )
    return [_summary(row, tones[row.household_id]) for row in rows]


def _summary(row: Reflection, tones: dict[date, list[Tone]]) -> WeekSummary:
    week = row.week
    length = (week.end_on - week.start_on).days
    days = tuple(
        (day, tuple(tones.get(day, ()))) for day in (week.start_on + timedelta(days=n) for n in range(length))
    )
    count = sum(len(of_day) for _day, of_day in days)
    kind = row.content["kind"] if count else Kind.QUIET
    return WeekSummary(
        label=week.label,
        household_id=row.household.public_id,
        start_on=week.start_on,
        last_on=week.end_on - timedelta(days=1),
        ends_at=week.ends_at,
        kind=kind,
        count=count,
        days=days,
        revision=row.revision,
    )


# --- One week ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Told:
    """A sentence in words, its rule, and those of its moments that the reader may see."""

    rule: str
    text: str
    why: str  # when it is said, in words
    moments: tuple[MomentName, ...]
    report: SentenceReport | None = None  # what the reader said against it


@dataclass(frozen=True, slots=True)
class Part:
    """A section of the page. `data` is what is drawn beside its sentences: see `reflections.compose`."""

    key: str
    title: str
    sentences: tuple[Told, ...]
    data: Json


@dataclass(frozen=True, slots=True)
class WeekPage:
    """One member's week as it stands now."""

    label: str
    household_id: uuid.UUID
    start_on: date
    last_on: date
    timezone: str
    is_open: bool
    kind: str
    revision: int  # 0: never compiled
    compiled_at: datetime | None
    parts: tuple[Part, ...]
    earlier_label: str
    later_label: str


def own_reflection(*, actor_id: int, label: str, household_id: uuid.UUID | None = None) -> Reflection | None:
    """The actor's stored reflection of a week; without a household the one of their oldest with that week."""
    rows = (
        _own(actor_id, household_id).filter(week__label=label)
        if _is_label(label)
        else Reflection.objects.none()
    )
    return rows.select_related("week", "household", "member").order_by("member__joined_at", "id").first()


def get_reflection(
    *, actor_id: int, label: str, household_id: uuid.UUID | None = None, now: datetime
) -> WeekPage:
    """The actor's own week, live: composed from what they may see at this moment, in the active language.

    A week is there once it closed, or once it was compiled. What was stored is shown as long as its facts still hold;
    when something arrived, changed, was shared or withdrawn since, the page is composed afresh. Nothing is written.

    Raises:
        NotVisible: no such week of the actor's own.
    """
    week = _own_week(actor_id=actor_id, label=label, household_id=household_id, now=now)
    sheets = gather([week], contents=True)
    sheet = next((item for item in sheets if item.membership.user_id == actor_id), None)
    if sheet is None:
        raise NotVisible("reflection")
    stored, content = _stored_or_live(sheet)
    is_open = now < week.ends_at
    today, coaches = read_today(actor_id=actor_id, week=week, now=now)
    neighbours = _own(actor_id, week.household.public_id)
    earlier = neighbours.filter(week__starts_at__lt=week.starts_at).order_by("-week__starts_at")
    later = neighbours.filter(week__starts_at__gt=week.starts_at).order_by("week__starts_at")
    return WeekPage(
        label=week.label,
        household_id=week.household.public_id,
        start_on=week.start_on,
        last_on=week.end_on - timedelta(days=1),
        timezone=week.timezone,
        is_open=is_open,
        kind=content["kind"],
        revision=stored.revision if stored else 0,
        compiled_at=stored.compiled_at if stored else None,
        parts=_parts(
            with_today(_so_far(content) if is_open else content, today),
            words=words_for(actor_id=actor_id, household_id=week.household.public_id, coaches=coaches),
            actor_id=actor_id,
            reports=reports_of(stored),
        ),
        earlier_label=earlier.values_list("week__label", flat=True).first() or "",
        later_label=later.values_list("week__label", flat=True).first() or "",
    )


def words_for(*, actor_id: int, household_id: uuid.UUID, coaches: Mapping[str, str] | None = None) -> Words:
    """What the active language calls things, and how the members of this household and these coaches are called."""
    members = list_members(actor_id=actor_id, household_id=household_id)
    return Words(
        content=get_content(get_language() or "en"),
        names={**(coaches or {}), **{str(member.user.public_id): member.user.called for member in members}},
    )


def _own_week(*, actor_id: int, label: str, household_id: uuid.UUID | None, now: datetime) -> DigestWeek:
    if not _is_label(label):
        raise NotVisible("reflection")
    weeks = DigestWeek.objects.filter(member_of(actor_id), label=label).select_related("household")
    if household_id is not None:
        weeks = weeks.filter(household__public_id=household_id)
    compiled = Q(pk__in=_own(actor_id, household_id).values("week_id"))
    found = (
        weeks.filter(compiled | Q(ends_at__lte=now)).order_by("household__created_at", "household_id").first()
    )
    if found is None:
        raise NotVisible("reflection")
    return found


def _is_label(label: str) -> bool:
    """Whether a week could have that label; what could not never reaches the database."""
    try:
        parse_week_label(label)
    except ValueError:
        return False
    return True


def _stored_or_live(sheet: MemberWeek) -> tuple[Reflection | None, Json]:
    stored = sheet.stored
    if stored is not None and stored.source_digest == source_digest(sheet.facts, schema=SCHEMA):
        return stored, stored.content
    return stored, compose(sheet.facts).to_json()


def _so_far(content: Json) -> Json:
    """The same for a week that still runs: whether it is a quiet one is not known before it has closed."""
    so_far = {"key": "so_far", "sentences": [Sentence("so_far.note").to_json()]}
    sections = [part | so_far if part["key"] == "quiet" else part for part in content["sections"]]
    return {**content, "sections": sections}


def _parts(
    content: Json, *, words: Words, actor_id: int, reports: Mapping[str, SentenceReport]
) -> tuple[Part, ...]:
    ids = {uuid.UUID(moment) for moment in _moment_ids(content)}
    names = name_moments(actor_id=actor_id, moment_ids=ids)

    def told(sentence: dict[str, Any]) -> Told:
        moments = (names.get(uuid.UUID(moment)) for moment in sentence["moments"])
        rule, text = sentence["rule"], phrase(sentence, seed=content["seed"], words=words)
        seen = tuple(moment for moment in moments if moment)
        return Told(rule, text, why(rule), seen, reports.get(rule))

    return tuple(
        Part(part["key"], title(part["key"]), tuple(told(item) for item in part["sentences"]), part["data"])
        for part in content["sections"]
    )


def _moment_ids(content: Json) -> Iterable[str]:
    return (
        moment for part in content["sections"] for item in part["sentences"] for moment in item["moments"]
    )


def _own(actor_id: int, household_id: uuid.UUID | None) -> QuerySet[Reflection]:
    """The actor's reflections in households where they live now."""
    rows = Reflection.objects.filter(member__user_id=actor_id, member__left_at__isnull=True)
    return rows.filter(household__public_id=household_id) if household_id is not None else rows


# --- Thoughts ----------------------------------------------------------------------------------------------------
def list_thoughts(*, actor_id: int, label: str, household_id: uuid.UUID | None = None) -> QuerySet[Thought]:
    """The actor's thoughts on a week and those other members shared, in the order they were written.

    Raises:
        NotVisible: the actor has no reflection with that label.
    """
    reflection = own_reflection(actor_id=actor_id, label=label, household_id=household_id)
    if reflection is None:
        raise NotVisible("reflection")
    own = Q(author_id=actor_id, reflection=reflection)
    shared = Q(
        visibility=Visibility.HOUSEHOLD,
        reflection__member__left_at__isnull=True,
        author__erase_at__isnull=True,
    )
    return (
        Thought.objects.filter(own | shared, member_of(actor_id), reflection__week_id=reflection.week_id)
        .select_related("author")
        .order_by("written_at", "id")
    )


# --- Delivery ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Subscription:
    """Whose weekly mail a link is about, and whether it still comes."""

    user_id: int
    is_live: bool


def find_subscription(*, token: str) -> Subscription:
    """What an unsubscribe link is about.

    Raises:
        NotVisible: the token is not one of ours, or its account is closed.
    """
    user = get_user_by_public_id(public_id=read_unsubscribe_token(token))
    return Subscription(user_id=user.pk, is_live=user.digest_level != DigestLevel.NONE)


def list_due_digest_ids(*, now: datetime) -> list[int]:
    """What is due now, longest due first; as many as can leave before the next tick. For the schedule."""
    limit = max(1, int(settings.DIGESTS_PER_SECOND * TICK.total_seconds()))
    # Of those that wait for the mail server, the least tried goes first: it may be the one that asks for everybody.
    due = Digest.objects.filter(status__in=OPEN, next_at__lte=now).order_by("next_at", "attempts", "id")
    return list(due.values_list("pk", flat=True)[:limit])


def list_chunks(*, size: int = CHUNK_SIZE) -> Iterator[list[int]]:
    """All households by key, in chunks that are worked on apart. For the schedule and for commands."""
    after = 0
    while chunk := list_household_ids(after=after, limit=size):
        yield chunk
        after = chunk[-1]
