"""Saying that a sentence of one's week is wrong, hiding it for that week, and taking that back."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.selectors import get_user
from common.errors import NotVisible
from common.text import clean_text
from reflections.composition import Json
from reflections.models import Reflection, SentenceReport
from reflections.phrases import PHRASES
from reflections.rules import REPORT_WORDS_MAX
from reflections.selectors import own_reflection


@transaction.atomic
def report_sentence(
    *,
    actor_id: int,
    label: str,
    rule: str,
    is_hidden: bool | None = None,
    words: str | None = None,
    household_id: uuid.UUID | None = None,
    now: datetime,
) -> SentenceReport:
    """The actor says that what this rule says of their week is wrong. Said again, it changes what is given.

    A hidden sentence is left out of that week's page and of a mail that has not been written yet; none is ever
    changed by it, and no other week.

    Raises:
        NotVisible: the actor has no reflection with that label. ValidationError: on `rule` or `words`.
    """
    get_user(user_id=actor_id, for_update=True)
    reflection = _own(actor_id, label, household_id)
    if rule not in PHRASES:
        raise ValidationError({"rule": ValidationError(_("There is no such sentence."), "choice")})
    report = SentenceReport.objects.filter(reflection=reflection, rule=rule).first()
    if report is None:
        report = SentenceReport(
            household_id=reflection.household_id, reflection=reflection, reporter_id=actor_id, rule=rule
        )
        report.reported_at = now
    if is_hidden is not None:
        report.is_hidden = is_hidden
    if words is not None:
        cleaned = clean_text(words, field="words", max_length=REPORT_WORDS_MAX, multiline=True)
        if cleaned:
            report.words = cleaned
        else:
            report.words_sealed = b""
    report.save()
    return report


@transaction.atomic
def take_back_report(*, actor_id: int, label: str, rule: str, household_id: uuid.UUID | None = None) -> None:
    """The actor says nothing against this sentence any more; it is shown as it was. Twice is once.

    Raises:
        NotVisible: the actor has no reflection with that label.
    """
    get_user(user_id=actor_id, for_update=True)
    reflection = _own(actor_id, label, household_id)
    SentenceReport.objects.filter(reflection=reflection, rule=rule).delete()


def without_hidden(reflection: Reflection) -> Json:
    """What a reflection holds, without the sentences that its member hid; a section that said nothing else goes."""
    hidden = set(
        SentenceReport.objects.filter(reflection=reflection, is_hidden=True).values_list("rule", flat=True)
    )
    return leave_out(reflection.content, hidden) if hidden else reflection.content


def leave_out(content: Json, rules: Collection[str]) -> Json:
    sections = [
        {**section, "sentences": [item for item in section["sentences"] if item["rule"] not in rules]}
        for section in content["sections"]
    ]
    return {**content, "sections": sections}


def _own(actor_id: int, label: str, household_id: uuid.UUID | None) -> Reflection:
    reflection = own_reflection(actor_id=actor_id, label=label, household_id=household_id)
    if reflection is None:
        raise NotVisible("reflection")
    return reflection
