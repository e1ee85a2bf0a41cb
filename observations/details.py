"""What may be added to a moment beyond child and tone, checked against the built-in content."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TypedDict
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.rules import Visibility
from checklists.content import Content
from checklists.rules import VALUES, Absence, Dimension, Occasion, OptionKind
from observations.models import Observation, OwnAnswer, OwnQuestion, Rating, Tick
from observations.rules import COOLING_OFF, OWN_ANSWERS, OWN_ANSWERS_MAX, TICKS_MAX, OwnKind, TickKind
from observations.when import Said

Answer = int | Absence | None
"""1 to 5; why there is no value; or None to take the answer away, as if never asked."""


class Details(TypedDict, total=False):
    """What an author may say about a moment. A key that is not there means: leave it as it is.

    Lists of ticks are whole: what is not in them is no longer ticked. `ratings` names only the dimensions that
    were asked, `own` the author's own questions that were answered, by public id; None takes an answer away.
    `repairs` is the public id of an earlier missed moment, None for no link.
    """

    child_id: uuid.UUID
    tone: str
    occurred: Said
    visibility: str
    about_adult: bool
    note: str
    cues: Collection[str]
    contexts: Collection[str]
    feelings: Collection[str]
    ratings: Mapping[str, Answer]
    own: Mapping[uuid.UUID, str | None]
    repairs: uuid.UUID | None


TICK_FIELDS = {"cues": TickKind.CUE, "contexts": TickKind.CONTEXT, "feelings": TickKind.FEELING}


def write_ticks(observation: Observation, details: Details, content: Content) -> None:
    """Make the ticks of each kind named in *details* exactly what it says.

    Raises:
        ValidationError: on `cues`, `contexts` or `feelings`, for an unknown key or too many of them.
    """
    for field, kind in TICK_FIELDS.items():
        if field not in details:
            continue
        keys = set(details[field])  # type: ignore[literal-required]
        dimensions = _known_ticks(content, kind)
        # What an older version of the content offered stays ticked, though it can no longer be chosen.
        kept = set(observation.ticks.filter(kind=kind).values_list("key", flat=True))
        if len(keys) > TICKS_MAX:
            raise ValidationError({field: ValidationError(_("That is more than can be kept."), "too_many")})
        if keys - set(dimensions) - kept:
            raise ValidationError({field: ValidationError(_("One of these cannot be chosen."), "choice")})
        if kept - keys:
            observation.ticks.filter(kind=kind, key__in=kept - keys).delete()
        Tick.objects.bulk_create(
            Tick(
                household_id=observation.household_id,
                observation=observation,
                kind=kind,
                key=key,
                dimension=dimensions[key],
            )
            for key in sorted(keys - kept)
        )


def _known_ticks(content: Content, kind: TickKind) -> dict[str, str]:
    """Every key of this kind, with the dimension it tells of ('' for none)."""
    if kind is TickKind.CUE:
        return {key: cue.dimension for key, cue in content.cue_by_key.items()}
    return dict.fromkeys(content.options_of[OptionKind(kind)], "")


def write_ratings(
    observation: Observation, ratings: Mapping[str, Answer], *, content: Content, occasion: Occasion
) -> None:
    """Write the answers given; a dimension that is not named keeps its answer.

    Raises:
        ValidationError: on `ratings`, for an unknown dimension or a value off the scale.
    """
    if not ratings:
        return
    given = []
    for name, answer in ratings.items():
        if name not in list(Dimension) or (answer is not None and answer not in (*VALUES, *Absence)):
            raise ValidationError(
                {"ratings": ValidationError(_("Please choose one of the answers."), "choice")}
            )
        question = content.question(Dimension(name), occasion)
        if answer is None:
            continue
        given.append(
            Rating(
                household_id=observation.household_id,
                observation=observation,
                question_id=question.id,
                dimension=name,
                value=answer if isinstance(answer, int) else None,
                absence="" if isinstance(answer, int) else answer,
            )
        )
    # What was taken away goes, and an answer to an older wording of the question gives way to this one.
    kept = [rating.question_id for rating in given]
    observation.ratings.filter(dimension__in=list(ratings)).exclude(question_id__in=kept).delete()
    Rating.objects.bulk_create(
        given,
        update_conflicts=True,
        unique_fields=["observation", "question"],
        update_fields=["household", "dimension", "value", "absence"],
    )


def write_own(observation: Observation, answers: Mapping[uuid.UUID, str | None]) -> None:
    """Write the answers to the author's own questions; one that is not named keeps its answer.

    Any that was ever asked of them there can be answered: a phone may come late with one that is asked no more.

    Raises:
        ValidationError: on `own`, for a question that is not theirs, or an answer that it does not have.
    """
    if not answers:
        return
    asked = {
        question.public_id: question
        for question in OwnQuestion.objects.filter(
            author_id=observation.author_id,
            household_id=observation.household_id,
            public_id__in=list(answers),
            asked_since__isnull=False,
        )
    }
    if len(answers) > OWN_ANSWERS_MAX or any(
        public_id not in asked
        or (answer is not None and answer not in OWN_ANSWERS[OwnKind(asked[public_id].kind)])
        for public_id, answer in answers.items()
    ):
        raise ValidationError({"own": ValidationError(_("Please choose one of the answers."), "choice")})
    taken = [asked[public_id] for public_id, answer in answers.items() if answer is None]
    observation.own_answers.filter(question__in=taken).delete()
    OwnAnswer.objects.bulk_create(
        [
            OwnAnswer(
                household_id=observation.household_id,
                observation=observation,
                question=asked[public_id],
                answer=answer,
            )
            for public_id, answer in answers.items()
            if answer is not None
        ],
        update_conflicts=True,
        unique_fields=["observation", "question"],
        update_fields=["household", "answer"],
    )


def write_circle(observation: Observation, details: Details, *, now: datetime) -> None:
    """Who sees it. What is also about another adult is its author's alone first, from when they say that it is.

    Raises:
        ValidationError: on `visibility`, when it is none, or when it is too early for more than private.
    """
    if details.get("about_adult") and not observation.about_adult:
        observation.visibility = Visibility.PRIVATE
        if not observation.is_cooling_at(now):
            observation.cooling_until = now + COOLING_OFF
    if "about_adult" in details:
        observation.about_adult = details["about_adult"]
    if "visibility" not in details:
        return
    chosen = checked_visibility(details["visibility"])
    if chosen != Visibility.PRIVATE and observation.is_cooling_at(now):
        until = date_format(
            timezone.localtime(observation.cooling_until, ZoneInfo(observation.timezone)), "j F, H:i"
        )
        message = _("This one stays with you until %(until)s. After a night you can decide who sees it.")
        raise ValidationError({"visibility": ValidationError(message, "cooling", {"until": until})})
    observation.visibility = chosen


def checked_visibility(visibility: str) -> Visibility:
    """*visibility*, if it is one.

    Raises:
        ValidationError: on `visibility`.
    """
    if visibility not in list(Visibility):
        raise ValidationError({"visibility": ValidationError(_("Please choose who sees it."), "choice")})
    return Visibility(visibility)
