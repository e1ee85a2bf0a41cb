"""How a moment changed, in words, for its author."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from accounts.rules import Visibility
from checklists.rules import VALUES, Dimension, Occasion
from checklists.selectors import get_content_of
from common.sealed import is_readable
from frontend.templatetags.attune import tone_label
from frontend.words import answer_in_words, instant_in_words, labels_of, own_answer_in_words
from households.selectors import list_children
from observations.details import TICK_FIELDS, Details
from observations.history import State, state_of
from observations.selectors import OwnSeen, find_own_questions, list_revisions
from observations.sync import preview_edit

if TYPE_CHECKING:
    from observations.models import Observation


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed: what it is called, what it was and what it became; '' for nothing."""

    label: str
    was: str
    became: str


@dataclass(frozen=True, slots=True)
class Step:
    """One edit."""

    number: int
    replaced_at: datetime
    changes: tuple[Change, ...]


def list_changes(moment: Observation, *, actor_id: int) -> list[Step]:
    """Every edit of the actor's own moment with what it changed, latest first."""
    revisions = list(list_revisions(actor_id=actor_id, moment_id=moment.public_id))
    names = _names_of_children(moment, actor_id)
    states = [state_of(moment), *(State(fields=r.state, note=r.note) for r in revisions)]
    own = _own_of(moment, states)
    told = [_told(state, moment, names=names, own=own) for state in states]
    return [
        Step(revision.number, revision.replaced_at, tuple(_differences(was=was, became=became, own=own)))
        for revision, (became, was) in zip(revisions, pairwise(told), strict=True)
    ]


def compare_versions(moment: Observation, details: Details, *, actor_id: int, now: datetime) -> list[Change]:
    """What would be different if the actor edited their moment so: what is there, and what would be.

    Raises:
        ValidationError: it cannot be edited so.
    """
    names = _names_of_children(moment, actor_id)
    edited = preview_edit(actor_id=actor_id, moment_id=moment.public_id, details=details, now=now)
    states = [state_of(moment), edited]
    own = _own_of(moment, states)
    there, other = (_told(state, moment, names=names, own=own) for state in states)
    return list(_differences(was=there, became=other, own=own))


def _differences(
    *, was: Mapping[str, str], became: Mapping[str, str], own: Mapping[str, OwnSeen]
) -> Iterator[Change]:
    for label in dict.fromkeys((*became, *was)):
        if was.get(label, "") != became.get(label, ""):
            # Their own question may be called like any of ours: it is known by its id.
            called = own[label].prompt if label in own else label
            yield Change(called, was.get(label, ""), became.get(label, ""))


def _own_of(moment: Observation, states: Iterable[State]) -> dict[str, OwnSeen]:
    """The own questions that any of these states has an answer to."""
    ids = {name for state in states for name in state.fields.get("own", {})}
    return find_own_questions(author_id=moment.author_id, household_pk=moment.household_id, question_ids=ids)


def _told(
    state: State, moment: Observation, *, names: Mapping[str, str], own: Mapping[str, OwnSeen]
) -> dict[str, str]:
    """A state as a person would read it, by the name of each part."""
    fields = state.fields
    note = state.note if is_readable(state.note) else _("This note cannot be opened.")
    visibility = {
        Visibility.PRIVATE: _("Only me"),
        Visibility.COACHES: _("Me and my coach"),
        Visibility.HOUSEHOLD: _("My household"),
    }
    return {
        _("How it was"): tone_label(fields["tone"]),
        _("With"): names.get(fields["child"], ""),
        _("When"): instant_in_words(fields["occurred_at"], ZoneInfo(moment.timezone)),
        _("Who sees it"): str(visibility.get(fields["visibility"], "")),
        _("Also about another adult"): _("yes") if fields.get("about_adult") else "",
        _("Mends an earlier miss"): _("yes") if fields["repairs"] else "",
        **_ticks_told(fields, moment),
        **_answers_told(fields.get("ratings", {}), moment),
        **_own_told(fields.get("own", {}), own),
        _("In your own words"): note,
    }


def _ticks_told(fields: Mapping[str, Any], moment: Observation) -> dict[str, str]:
    content = get_content_of(moment.checklist_version_id)
    names = {
        "cues": _("What you noticed in yourself"),
        "contexts": _("Where and when"),
        "feelings": _("What you saw in your child"),
    }
    told = {}
    for name, kind in TICK_FIELDS.items():
        labels = labels_of(content, kind)
        told[names[name]] = ", ".join(labels.get(key, key) for key in fields.get(name, ()))
    return told


def _answers_told(ratings: Mapping[str, Any], moment: Observation) -> dict[str, str]:
    content = get_content_of(moment.checklist_version_id)
    told = {}
    for dimension in Dimension:
        question = content.question(dimension, Occasion.MOMENT)
        answer = ratings.get(dimension)
        # Left open or never asked: for a reader of one's own history the same, nothing was said.
        words = ""
        if answer in VALUES or answer == "not_seen":
            words = answer_in_words(question, answer if answer in VALUES else None)
        told[question.prompt] = words
    return told


def _own_told(answers: Mapping[str, str], own: Mapping[str, OwnSeen]) -> dict[str, str]:
    return {
        name: own_answer_in_words(seen, answers[name])
        for name, seen in own.items()
        if name in answers and seen.is_readable
    }


def _names_of_children(moment: Observation, actor_id: int) -> dict[str, str]:
    household_id = moment.household.public_id
    children = [
        *list_children(actor_id=actor_id, household_id=household_id),
        *list_children(actor_id=actor_id, household_id=household_id, archived=True),
    ]
    return {str(child.public_id): child.nickname for child in children}
