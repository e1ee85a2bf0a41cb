"""Reads of an author's own questions: their list, what they are asked, and what others in the household offer them."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Q, QuerySet, Subquery

from common.errors import NotVisible
from common.pages import Page, page_of
from common.sealed import is_readable
from households.scope import Capability, member_of, still_lives_here
from households.selectors import get_membership, list_memberships
from observations.models import Observation, OwnAnswer, OwnPlace, OwnQuestion, OwnVersion
from observations.rules import PAGE_SIZE, OwnKind
from observations.selectors.patterns import Stretch
from observations.selectors.visible import visible


@dataclass(frozen=True, slots=True)
class OwnSeen:
    """One wording of a question, opened. `options` are its answers in order, as (key, words); a step may have none."""

    key: int
    id: uuid.UUID
    kind: OwnKind
    prompt: str
    options: tuple[tuple[str, str], ...]
    is_readable: bool
    made_at: datetime
    asked_since: datetime | None
    replaces: int | None
    taken_from: uuid.UUID | None

    def words_of(self, answer: str) -> str:
        """The words that were there to be chosen; a step between the ends without words is its number."""
        return dict(self.options).get(answer) or answer

    @property
    def ends(self) -> tuple[str, str]:
        """The words for both ends of the five steps."""
        return self.words_of("1"), self.words_of("5")

    @property
    def labels(self) -> list[str]:
        """The words of the five steps; none for the other kind."""
        return [words for key, words in self.options if key.isdecimal()]


@dataclass(frozen=True, slots=True)
class OwnList:
    """What an author is asked in one household and what is to come, which are few; `list_earlier` has the rest.

    `number` is that of the version in force, 0 before the first.
    """

    number: int
    is_offered: bool
    current: tuple[OwnSeen, ...]
    drafts: tuple[OwnSeen, ...]

    @property
    def coming(self) -> tuple[OwnSeen, ...]:
        """What would be asked if the drafts were published: each in the place of what it replaces, or at the end."""
        instead = {draft.replaces: draft for draft in self.drafts if draft.replaces}
        kept = tuple(instead.get(seen.key, seen) for seen in self.current)
        return (*kept, *(draft for draft in self.drafts if draft not in kept))

    @property
    def mark(self) -> str:
        """Stands for what is coming, in order and to the last change: a preview has it, and another has another."""
        told = [f"{seen.id} {seen.made_at.isoformat()}" for seen in self.coming]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Offered:
    """A question that another adult of the household offers, and how they are called."""

    question: OwnSeen
    by: str


def get_own_list(*, actor_id: int, household_id: uuid.UUID | None = None) -> OwnList:
    """What the actor is asked in this household, or their first, and their drafts; in the same queries for any number.

    Raises:
        NotVisible: the actor does not live there, or nowhere.
    """
    return read_own_list(author_id=actor_id, household_pk=_home_of(actor_id, household_id))


def list_earlier(*, actor_id: int, household_id: uuid.UUID | None = None, cursor: str = "") -> Page[OwnSeen]:
    """A page of the wordings that the actor was asked there once and is asked no more, latest first.

    Raises:
        NotVisible: as `get_own_list`. ValidationError: on `cursor`, when it is not one of this reader's.
    """
    own = {"author_id": actor_id, "household_id": _home_of(actor_id, household_id)}
    now_asked = OwnPlace.objects.filter(version=Subquery(_latest(own).values("pk")[:1]))
    rows = OwnQuestion.objects.filter(**own, asked_since__isnull=False)
    page = page_of(
        rows.exclude(pk__in=now_asked.values("question_id")),
        by="asked_since",
        cursor=cursor,
        limit=PAGE_SIZE,
        reader_id=actor_id,
        list_name="own questions",
    )
    return Page(open_questions(page.items), page.next_cursor)


def _home_of(actor_id: int, household_id: uuid.UUID | None) -> int:
    first = list_memberships(actor_id=actor_id).first() if household_id is None else None
    household_id = first.household.public_id if first else household_id
    if household_id is None:
        raise NotVisible("household")
    return get_membership(actor_id=actor_id, household_id=household_id).household_id


def _latest(own: Mapping[str, int]) -> QuerySet[OwnVersion]:
    """The version in force, and those before it."""
    return OwnVersion.objects.filter(**own).order_by("-number")


def read_own_list(*, author_id: int, household_pk: int) -> OwnList:
    """The same by keys, for whoever has loaded the household as its member already."""
    own = {"author_id": author_id, "household_id": household_pk}
    version = _latest(own).first()
    places = OwnPlace.objects.filter(version=version).order_by("position")
    order = list(places.values_list("question_id", flat=True)) if version else []
    rows = OwnQuestion.objects.filter(Q(asked_since__isnull=True) | Q(pk__in=order), **own)
    seen = {one.key: one for one in open_questions(rows.order_by("id"))}
    return OwnList(
        number=version.number if version else 0,
        is_offered=bool(version and version.is_offered and order),
        current=tuple(seen[key] for key in order),
        drafts=tuple(one for one in seen.values() if one.asked_since is None),
    )


def list_asked(*, author_id: int, household_pk: int) -> list[OwnSeen]:
    """What an author is asked now beside the built-in questions, in order; what does not open is not asked."""
    latest = _latest({"author_id": author_id, "household_id": household_pk})
    places = OwnPlace.objects.filter(version=Subquery(latest.values("pk")[:1])).order_by("position")
    seen = open_questions(place.question for place in places.select_related("question"))
    return [one for one in seen if one.is_readable]


def get_own_question(*, actor_id: int, household_id: uuid.UUID, question_id: uuid.UUID) -> OwnSeen:
    """One of the actor's own that can still be changed: a draft, or one that is asked now.

    Where a draft is to take the place of that one already, it is the draft that can be changed.

    Raises:
        NotVisible: there is none.
    """
    own = get_own_list(actor_id=actor_id, household_id=household_id)
    found = next((one for one in (*own.drafts, *own.current) if one.id == question_id), None)
    if found is None:
        raise NotVisible("own question")
    return next((draft for draft in own.drafts if draft.replaces == found.key), found)


def list_offered(*, actor_id: int, household_id: uuid.UUID) -> list[Offered]:
    """What the other adults offer now and the actor has not taken over yet, in the order it is asked."""
    taken = OwnQuestion.objects.filter(author_id=actor_id, taken_from__isnull=False).values("taken_from")
    rows = offered_to(actor_id).filter(household__public_id=household_id).exclude(public_id__in=taken)
    found = list(rows.order_by("author_id", "id"))
    names = {row.public_id: row.author.called for row in found}
    return [Offered(seen, names[seen.id]) for seen in open_questions(found) if seen.is_readable]


def offered_to(actor_id: int) -> QuerySet[OwnQuestion]:
    """The questions that others offer in the actor's households now; the author lives there and did not end it."""
    latest = OwnVersion.objects.filter(
        author_id=OuterRef("author_id"), household_id=OuterRef("household_id")
    ).order_by("-number")
    offering = Q(places__version=Subquery(latest.values("pk")[:1]), places__version__is_offered=True)
    rows = OwnQuestion.objects.filter(
        member_of(actor_id, Capability.READ), still_lives_here("author_id"), offering
    )
    return rows.exclude(author_id=actor_id).select_related("author")


def find_own_questions(
    *, author_id: int, household_pk: int, question_ids: Collection[str | uuid.UUID]
) -> dict[str, OwnSeen]:
    """Those of an author's questions that were ever asked there, by their public id: what answers were given to."""
    rows = OwnQuestion.objects.filter(
        author_id=author_id,
        household_id=household_pk,
        public_id__in=list(question_ids),
        asked_since__isnull=False,
    )
    return {str(seen.id): seen for seen in open_questions(rows.order_by("id"))} if question_ids else {}


def answers_of(observations: Collection[Observation]) -> dict[int, list[tuple[OwnSeen, str]]]:
    """The own answers that were read with these observations, in words, by the observation's key."""
    rows = [answer for row in observations for answer in getattr(row, "shown_own", ())]
    OwnQuestion.words.fetch_keys([answer.question for answer in rows])
    found: dict[int, list[tuple[OwnSeen, str]]] = {}
    for answer in rows:
        found.setdefault(answer.observation_id, []).append((_seen(answer.question), answer.answer))
    return found


def list_own_answered(*, author_id: int, stretch: Stretch) -> Iterator[tuple[int, str]]:
    """An author's own answers of a stretch of theirs, earliest first: (question key, answer)."""
    rows = OwnAnswer.objects.filter(observation__in=visible(author_id).filter(stretch.by_author))
    return iter(
        rows.filter(observation__author_id=author_id)
        .order_by("observation__occurred_at", "observation_id", "id")
        .values_list("question_id", "answer")
    )


def open_own_questions(*, author_id: int, keys: Collection[int]) -> dict[int, OwnSeen]:
    """These questions of one author, by key."""
    rows = OwnQuestion.objects.filter(author_id=author_id, pk__in=keys).order_by("id") if keys else ()
    return {seen.key: seen for seen in open_questions(rows)}


def open_questions(rows: Iterable[OwnQuestion]) -> list[OwnSeen]:
    """The rows with their words."""
    found = list(rows)
    OwnQuestion.words.fetch_keys(found)
    return [_seen(row) for row in found]


def _seen(row: OwnQuestion) -> OwnSeen:
    words = row.words
    prompt, options = read_words(words) if is_readable(words) else ("", ())
    return OwnSeen(
        key=row.pk,
        id=row.public_id,
        kind=OwnKind(row.kind),
        prompt=prompt,
        options=options,
        is_readable=is_readable(words),
        made_at=row.made_at,
        asked_since=row.asked_since,
        replaces=row.replaces_id,
        taken_from=row.taken_from,
    )


def read_words(words: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The prompt of a question as it was sealed, and its answers as (key, words)."""
    said = json.loads(words)
    options: Sequence[Sequence[str]] = said["options"]
    return str(said["prompt"]), tuple((key, label) for key, label in options)
