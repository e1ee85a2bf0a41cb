"""An author's own questions: each wording frozen from when it was first asked, and the versions of their list.

They belong to `observations.models`, which is where everybody finds them. The words are the author's, sealed like
a note; the built-in checklist, which holds no family's words, knows nothing of them (ADR 36).
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q

from common.errors import Conflict
from common.sealed import SealedText
from observations.rules import OWN_ANSWERS, OWN_QUESTIONS_MAX, OwnKind

FROZEN = "A question that was asked never changes: better words are another question."


class OwnQuestion(models.Model):
    """One question in one wording. A draft until `asked_since`; from then on its words stay as they are.

    `words` is JSON: the prompt, and for each answer its key and its words. `replaces` is the wording that a draft takes
    the place of, `taken_from` names the question of somebody else that it is a copy of.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    household = models.ForeignKey("households.Household", on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=6, choices=[(kind, kind) for kind in OwnKind])
    words_sealed = models.BinaryField()
    words = SealedText(lambda question: str(question.public_id), owner="author")
    replaces = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="replaced_by")
    taken_from = models.UUIDField(null=True)
    made_at = models.DateTimeField()
    asked_since = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["household", "author", "id"], name="own_question_of_author")]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(OwnKind)), name="own_question_kind_known"),
            models.UniqueConstraint(
                fields=["replaces"], condition=Q(asked_since__isnull=True), name="own_question_one_draft_each"
            ),
        ]

    def __str__(self) -> str:
        return f"own question {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        # Asked of the database: the instance at hand may have been read before it was published.
        if self.pk and OwnQuestion.objects.filter(pk=self.pk, asked_since__isnull=False).exists():
            raise Conflict(FROZEN)
        super().save(*args, **kwargs)


class OwnVersion(models.Model):
    """What an author is asked from one day on, as a list of frozen questions. Append-only: the latest counts.

    `is_offered`: the other adults of the household may read it and take questions over.
    """

    household = models.ForeignKey("households.Household", on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    published_at = models.DateTimeField()
    is_offered = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["household", "author", "number"], name="own_version_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="own_version_number_from_1"),
        ]

    def __str__(self) -> str:
        return f"own version {self.pk}"


class OwnPlace(models.Model):
    """Where a question stands in a version."""

    household = models.ForeignKey("households.Household", on_delete=models.CASCADE, related_name="+")
    version = models.ForeignKey(OwnVersion, on_delete=models.CASCADE, related_name="places")
    question = models.ForeignKey(OwnQuestion, on_delete=models.CASCADE, related_name="places")
    position = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "question"], name="own_place_once"),
            models.UniqueConstraint(fields=["version", "position"], name="own_place_one_each"),
            models.CheckConstraint(
                condition=Q(position__gte=1, position__lte=OWN_QUESTIONS_MAX), name="own_place_few"
            ),
        ]

    def __str__(self) -> str:
        return f"own place {self.pk}"


class OwnAnswer(models.Model):
    """An author's answer to a question of their own in one moment, in the very wording that was asked.

    A question left open was never asked and has no row.
    """

    household = models.ForeignKey("households.Household", on_delete=models.CASCADE, related_name="+")
    observation = models.ForeignKey(
        "observations.Observation", on_delete=models.CASCADE, related_name="own_answers"
    )
    question = models.ForeignKey(OwnQuestion, on_delete=models.RESTRICT, related_name="answers")
    answer = models.CharField(max_length=8)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["observation", "question"], name="own_answer_once"),
            models.CheckConstraint(
                condition=Q(answer__in=sorted({key for keys in OWN_ANSWERS.values() for key in keys})),
                name="own_answer_known",
            ),
        ]

    def __str__(self) -> str:
        return f"own answer {self.pk}"
