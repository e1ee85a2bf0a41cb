"""What an author takes along of their own questions: each wording, each version of their list, each answer."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

from django.utils.translation import gettext as _

from common.estates import Table, in_chunks
from observations.models import OwnAnswer, OwnQuestion, OwnVersion
from observations.selectors.own import OwnSeen, open_questions

_OWN_QUESTION = (
    "id",
    "household_id",
    "kind",
    "prompt",
    "options",
    "unreadable",
    "replaces",
    "made_at",
    "asked_since",
)
_OWN_VERSION = ("household_id", "number", "published_at", "is_offered", "questions")
_OWN_ANSWER = (
    "observation_id",
    "household_id",
    "child_id",
    "question_id",
    "question",
    "answer",
    "in_words",
    "unreadable",
)


def own_tables(person_id: int) -> Iterator[Table]:
    yield Table(
        "own_questions",
        _("Questions of your own, each in every wording, drafts too."),
        _OWN_QUESTION,
        lambda: _own_questions(person_id),
    )
    yield Table(
        "own_versions",
        _("What you were asked of them, and since when."),
        _OWN_VERSION,
        lambda: _own_versions(person_id),
    )
    yield Table(
        "own_answers",
        _("Your answers to them, in the words they were given under."),
        _OWN_ANSWER,
        lambda: _own_answers(person_id),
    )


def _opened(row: OwnQuestion) -> OwnSeen:
    return open_questions([row])[0]


def _own_questions(person_id: int) -> Iterator[tuple[Any, ...]]:
    rows = OwnQuestion.objects.filter(author_id=person_id).select_related("household", "replaces")
    for row in in_chunks(rows):
        seen = _opened(row)
        yield (
            row.public_id,
            row.household.public_id,
            row.kind,
            seen.prompt,
            [list(option) for option in seen.options],
            not seen.is_readable,
            row.replaces.public_id if row.replaces else None,
            row.made_at,
            row.asked_since,
        )


def _own_versions(person_id: int) -> Iterator[tuple[Any, ...]]:
    rows = OwnVersion.objects.filter(author_id=person_id).select_related("household")
    for row in in_chunks(rows.prefetch_related("places__question")):
        places = sorted(row.places.all(), key=attrgetter("position"))
        asked = [str(place.question.public_id) for place in places]
        yield row.household.public_id, row.number, row.published_at, row.is_offered, asked


def _own_answers(person_id: int) -> Iterator[tuple[Any, ...]]:
    rows = OwnAnswer.objects.filter(observation__author_id=person_id)
    for row in in_chunks(rows.select_related("observation__household", "observation__child", "question")):
        seen, of = _opened(row.question), row.observation
        yield (
            of.public_id,
            of.household.public_id,
            of.child.public_id,
            seen.id,
            seen.prompt,
            row.answer,
            seen.words_of(row.answer),
            not seen.is_readable,
        )
