"""An author's own questions: written as drafts, looked at as on a phone, and asked from then on as a frozen version.

Nothing comes into a log form but what its author published: a question of another adult, or of a coach, is a draft
of the author's own once they took it over, and a copy in their own keeping (ADR 36).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.selectors import get_user
from checklists.rules import LABEL_MAX, PROMPT_MAX, VALUES
from common.errors import Conflict, NotVisible
from common.sealed import is_readable
from common.text import clean_text, required_text
from households.scope import Capability, visible_to
from households.selectors import get_membership, require
from observations.models import OwnPlace, OwnQuestion, OwnVersion
from observations.rules import OWN_ANSWERS, OWN_QUESTIONS_MAX, OwnKind
from observations.selectors.own import OwnList, offered_to, read_own_list

LABEL_FIELDS = tuple(f"step_{value}" for value in VALUES)
"""How forms and errors call the words of the five steps."""


def compose_words(*, kind: str, prompt: str, labels: Sequence[str]) -> str:
    """A question's words as they are sealed: with every answer as it was there to be chosen.

    *labels* are the words of the five steps, needed for both ends; the other kind has words of its own.

    Raises:
        ValidationError: on `kind`, `prompt` or `step_1` to `step_5`.
    """
    if kind not in list(OwnKind):
        raise ValidationError({"kind": ValidationError(_("Please choose how it is answered."), "choice")})
    prompt = required_text(prompt, field="prompt", max_length=PROMPT_MAX)
    told = {"yes": _("Yes"), "no": _("No"), "not_seen": _("Not observed")}
    if kind == OwnKind.STEPS:
        told = {**_steps(labels), "not_seen": _("Could not tell")}
    return json.dumps({"prompt": prompt, "options": [[key, told[key]] for key in OWN_ANSWERS[OwnKind(kind)]]})


def _steps(labels: Sequence[str]) -> dict[str, str]:
    errors: dict[str, ValidationError] = {}
    told: dict[str, str] = {}
    given = [*labels, *[""] * len(VALUES)]
    for value, field, label in zip(VALUES, LABEL_FIELDS, given, strict=False):
        read = required_text if value in (VALUES[0], VALUES[-1]) else clean_text
        try:
            told[str(value)] = read(label, field=field, max_length=LABEL_MAX)
        except ValidationError as error:
            errors[field] = error.error_dict[field][0]
    if errors:
        raise ValidationError(errors)
    return told


@transaction.atomic
def write_question(
    *,
    actor_id: int,
    household_id: uuid.UUID,
    kind: str,
    prompt: str,
    labels: Sequence[str] = (),
    now: datetime,
) -> OwnQuestion:
    """A new question of the actor's own, as a draft: nobody is asked it yet. For guardians.

    Raises:
        NotVisible: no member. Refused: no guardian. ValidationError: on a field of `compose_words`, or too many.
    """
    household_pk = _hold(actor_id, household_id, writes=True)
    words = compose_words(kind=kind, prompt=prompt, labels=labels)
    return _draft(actor_id, household_pk, kind=kind, words=words, now=now)


@transaction.atomic
def change_question(
    *,
    actor_id: int,
    household_id: uuid.UUID,
    question_id: uuid.UUID,
    kind: str,
    prompt: str,
    labels: Sequence[str] = (),
    now: datetime,
) -> OwnQuestion:
    """Other words for a draft; or, for a question that is asked, a draft that will take its place. For guardians.

    The question that is asked stays as it is, and so do the answers it got.

    Raises:
        NotVisible: no such draft or current question of the actor's. Refused: no guardian.
        Conflict: a draft with other words is to take its place already; that one can be changed.
        ValidationError: on a field of `compose_words`.
    """
    household_pk = _hold(actor_id, household_id, writes=True)
    found = _own(actor_id, household_pk, question_id)
    words = compose_words(kind=kind, prompt=prompt, labels=labels)
    if found.asked_since is not None:
        if found.pk not in {seen.key for seen in _list(actor_id, household_pk).current}:
            raise NotVisible("own question")
        draft = OwnQuestion.objects.filter(replaces=found, asked_since__isnull=True).first()
        if draft is None:
            return _draft(actor_id, household_pk, kind=kind, words=words, replaces=found, now=now)
        if (draft.kind, draft.words) != (kind, words):
            raise Conflict(_("There is a draft with other words already."))
        return draft
    found.kind, found.words, found.made_at = kind, words, now
    found.save()
    return found


@transaction.atomic
def drop_question(*, actor_id: int, household_id: uuid.UUID, question_id: uuid.UUID) -> None:
    """Throw a draft away.

    Raises:
        NotVisible: no such draft of the actor's.
    """
    household_pk = _hold(actor_id, household_id)
    found = _own(actor_id, household_pk, question_id)
    if found.asked_since is not None:
        raise NotVisible("own question")
    found.delete()


@transaction.atomic
def publish_questions(
    *,
    actor_id: int,
    household_id: uuid.UUID,
    is_offered: bool = False,
    seen_as: str | None = None,
    now: datetime,
) -> OwnVersion:
    """The drafts are asked from now on, as a new version; what they replace is asked no more. Then they never change.

    *is_offered*: the other adults of the household may read the questions and take them over. For guardians.
    *seen_as*: the `OwnList.mark` of the preview; None: whatever the drafts are now.

    Raises:
        NotVisible: no member. Refused: offered by no guardian.
        Conflict: there is no draft, or what is coming is not what was looked at.
    """
    household_pk = _hold(actor_id, household_id, writes=is_offered)
    own = _list(actor_id, household_pk)
    if not own.drafts:
        raise Conflict(_("There is nothing new to ask."))
    if seen_as is not None and seen_as != own.mark:
        raise Conflict(_("Your questions changed meanwhile."))
    drafts = [draft.key for draft in own.drafts]
    OwnQuestion.objects.filter(pk__in=drafts).update(asked_since=now)
    keys = [seen.key for seen in own.coming]
    return _version(actor_id, household_pk, keys, number=own.number + 1, offered=is_offered, now=now)


@transaction.atomic
def retire_question(
    *, actor_id: int, household_id: uuid.UUID, question_id: uuid.UUID, now: datetime
) -> OwnVersion:
    """Ask it no more, from now on. What was answered stays, in the words it was asked in.

    A draft that was to replace it stays a draft, as a question of its own.

    Raises:
        NotVisible: no such question that the actor is asked.
    """
    household_pk = _hold(actor_id, household_id)
    own = _list(actor_id, household_pk)
    found = next((seen for seen in own.current if seen.id == question_id), None)
    if found is None:
        raise NotVisible("own question")
    OwnQuestion.objects.filter(replaces_id=found.key, asked_since__isnull=True).update(replaces=None)
    left = [seen.key for seen in own.current if seen is not found]
    return _version(actor_id, household_pk, left, number=own.number + 1, offered=own.is_offered, now=now)


@transaction.atomic
def offer_questions(*, actor_id: int, household_id: uuid.UUID, is_offered: bool) -> None:
    """Let the other adults of the household read what the actor is asked and take it over, or no longer.

    What they took over is theirs, and stays.

    Raises:
        NotVisible: no member. Refused: offered by no guardian.
    """
    household_pk = _hold(actor_id, household_id, writes=is_offered)
    own = OwnVersion.objects.filter(author_id=actor_id, household_id=household_pk)
    own.exclude(is_offered=False).update(is_offered=False)
    if is_offered and (latest := own.order_by("-number").first()):
        latest.is_offered = True
        latest.save(update_fields=["is_offered"])


@transaction.atomic
def take_question(
    *, actor_id: int, household_id: uuid.UUID, question_id: uuid.UUID, now: datetime
) -> OwnQuestion:
    """A copy of a question that another adult offers, as a draft of the actor's own. Its author is not told.

    Raises:
        NotVisible: nobody offers it there. ValidationError: too many.
    """
    household_pk = _hold(actor_id, household_id)
    found = offered_to(actor_id).filter(household_id=household_pk, public_id=question_id).first()
    if found is None or not is_readable(found.words):
        raise NotVisible("own question")
    return adopt_words(
        actor_id=actor_id,
        household_pk=household_pk,
        kind=found.kind,
        words=found.words,
        taken_from=found.public_id,
        now=now,
    )


def adopt_words(
    *, actor_id: int, household_pk: int, kind: str, words: str, taken_from: uuid.UUID, now: datetime
) -> OwnQuestion:
    """Somebody else's words as a draft of the actor's own; where they were taken over before, what came of it.

    The caller loaded them as the actor may, and holds the actor's row.

    Raises:
        ValidationError: there are as many as can be asked.
    """
    own = OwnQuestion.objects.filter(author_id=actor_id, household_id=household_pk, taken_from=taken_from)
    if (there := own.order_by("id").first()) is not None:
        return there
    return _draft(actor_id, household_pk, kind=kind, words=words, taken_from=taken_from, now=now)


# --- What they share ---------------------------------------------------------------------------------------------
def _hold(actor_id: int, household_id: uuid.UUID, *, writes: bool = False) -> int:
    """The household's key; the actor is held, so that versions come one by one."""
    get_user(user_id=actor_id, for_update=True)
    household_pk = get_membership(actor_id=actor_id, household_id=household_id).household_id
    require(
        actor_id=actor_id,
        household_id=household_pk,
        capability=Capability.MANAGE if writes else Capability.RECORD,
    )
    return household_pk


def _own(actor_id: int, household_pk: int, question_id: uuid.UUID) -> OwnQuestion:
    found = OwnQuestion.objects.filter(
        visible_to(actor_id, Capability.RECORD), household_id=household_pk, public_id=question_id
    ).first()
    if found is None:
        raise NotVisible("own question")
    return found


def _list(actor_id: int, household_pk: int) -> OwnList:
    return read_own_list(author_id=actor_id, household_pk=household_pk)


def _draft(
    actor_id: int,
    household_pk: int,
    *,
    kind: str,
    words: str,
    replaces: OwnQuestion | None = None,
    taken_from: uuid.UUID | None = None,
    now: datetime,
) -> OwnQuestion:
    if replaces is None and len(_list(actor_id, household_pk).coming) >= OWN_QUESTIONS_MAX:
        message = _(
            "You have %(max)d already, and more would hardly be answered. Ask one of them no more first."
        )
        raise ValidationError({"prompt": ValidationError(message, "too_many", {"max": OWN_QUESTIONS_MAX})})
    draft = OwnQuestion(
        household_id=household_pk,
        author_id=actor_id,
        kind=kind,
        replaces=replaces,
        taken_from=taken_from,
        made_at=now,
    )
    draft.words = words
    draft.save()
    return draft


def _version(
    actor_id: int, household_pk: int, keys: Sequence[int], *, number: int, offered: bool, now: datetime
) -> OwnVersion:
    version = OwnVersion.objects.create(
        household_id=household_pk,
        author_id=actor_id,
        number=number,
        published_at=now,
        is_offered=offered,
    )
    OwnPlace.objects.bulk_create(
        OwnPlace(household_id=household_pk, version=version, question_id=key, position=place)
        for place, key in enumerate(keys, start=1)
    )
    return version
