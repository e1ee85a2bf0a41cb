"""Checklists and their frozen versions. No row here belongs to a family."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from checklists import rules
from common.errors import Conflict

Row = TypeVar("Row", bound=models.Model)

FROZEN = "A published version never changes: better wording is a new version."


# Plain words, not enum members: a migration may not import the rules of a later release.
def _one_of(field: str, keys: Iterable[str], name: str) -> CheckConstraint:
    return CheckConstraint(condition=Q(**{f"{field}__in": sorted(map(str, keys))}), name=name)


class FrozenQuerySet(models.QuerySet[Row]):
    """Rows that are written once and then only read."""

    def update(self, **kwargs: Any) -> int:
        raise Conflict(FROZEN)

    def delete(self) -> tuple[int, dict[str, int]]:
        raise Conflict(FROZEN)

    delete.queryset_only = True  # type: ignore[attr-defined]


class Checklist(models.Model):
    """A set of questions under one name that lives on through its versions."""

    class Kind(models.TextChoices):
        BUILTIN = "builtin"

    key = models.SlugField(max_length=rules.KEY_MAX)
    kind = models.CharField(max_length=20, choices=Kind.choices, default=Kind.BUILTIN)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["key"], name="checklist_key_unique"),
            _one_of("kind", ["builtin"], "checklist_kind_known"),
        ]

    def __str__(self) -> str:
        return self.key


class ChecklistVersionQuerySet(models.QuerySet["ChecklistVersion"]):
    """Versions: drafts may change, published ones may not."""

    def published(self) -> Self:
        return self.filter(published_at__isnull=False)

    def update(self, **kwargs: Any) -> int:
        if self.published().exists():
            raise Conflict(FROZEN)
        return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        if self.published().exists():
            raise Conflict(FROZEN)
        return super().delete()

    delete.queryset_only = True  # type: ignore[attr-defined]


class ChecklistVersion(models.Model):
    """One wording of a checklist in one language, frozen for good once `published_at` is set."""

    checklist = models.ForeignKey(Checklist, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    language = models.CharField(max_length=12)
    title = models.CharField(max_length=rules.TITLE_MAX)
    about = models.TextField()
    status = models.CharField(max_length=20, default="unvalidated")
    digest = models.CharField(max_length=64)
    published_at = models.DateTimeField(null=True, blank=True)

    objects = ChecklistVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["checklist", "language", "number"],
                name="checklist_version_unique",
            ),
            CheckConstraint(condition=Q(number__gte=1), name="checklist_version_number_from_1"),
            CheckConstraint(condition=~Q(digest=""), name="checklist_version_digest_set"),
            _one_of("status", ["unvalidated"], "checklist_version_status_known"),
        ]

    def __str__(self) -> str:
        return f"{self.checklist_id} {self.language} {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._refuse_if_published()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        self._refuse_if_published()
        return super().delete(*args, **kwargs)

    def _refuse_if_published(self) -> None:
        # Asked of the database: the instance at hand may have been read before the version was published.
        if self.pk and ChecklistVersion.objects.published().filter(pk=self.pk).exists():
            raise Conflict(FROZEN)


class VersionRow(models.Model):
    """A row of one version; frozen together with it."""

    version = models.ForeignKey(ChecklistVersion, on_delete=models.PROTECT, related_name="%(class)s_rows")
    position = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=rules.SOURCE_MAX)

    objects = FrozenQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.version.published_at is not None:
            raise Conflict(FROZEN)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        if self.version.published_at is not None:
            raise Conflict(FROZEN)
        return super().delete(*args, **kwargs)


class Term(VersionRow):
    """The plain name of a dimension or a tone."""

    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=rules.KEY_MAX)
    label = models.CharField(max_length=rules.LABEL_MAX)
    about = models.TextField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["version", "kind", "key"], name="checklist_term_key_unique"),
            _one_of("kind", rules.TermKind, "checklist_term_kind_known"),
        ]

    def __str__(self) -> str:
        return self.key


class Question(VersionRow):
    """One question with its five anchored answers: `anchors` is [{"value": 1, "label": "…"}, …]."""

    key = models.CharField(max_length=rules.KEY_MAX)
    dimension = models.CharField(max_length=20)
    occasion = models.CharField(max_length=20)
    kind = models.CharField(max_length=20)
    prompt = models.CharField(max_length=rules.PROMPT_MAX)
    help = models.TextField()
    scale = models.CharField(max_length=20)
    scale_help = models.TextField()
    anchors = models.JSONField()
    absence_label = models.CharField(max_length=rules.LABEL_MAX)
    age_wordings = models.JSONField(default=list, help_text='[{"from_months", "to_months", "text"}]')
    gated = models.BooleanField(default=False)
    author_only = models.BooleanField(default=False)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["version", "key"], name="checklist_question_key_unique"),
            _one_of("dimension", rules.Dimension, "checklist_question_dimension_known"),
            _one_of("occasion", rules.Occasion, "checklist_question_occasion_known"),
            _one_of("kind", rules.QuestionKind, "checklist_question_kind_known"),
            _one_of("scale", rules.Scale, "checklist_question_scale_known"),
            CheckConstraint(
                condition=Q(author_only=True, dimension=rules.Dimension.SELF.value)
                | (Q(author_only=False) & ~Q(dimension=rules.Dimension.SELF.value)),
                name="checklist_question_self_author_only",
            ),
            CheckConstraint(
                condition=Q(gated=False) | Q(occasion=rules.Occasion.MOMENT.value),
                name="checklist_question_gate_in_moment",
            ),
        ]

    def __str__(self) -> str:
        return self.key


class Cue(VersionRow):
    """Something the adult did or missed."""

    key = models.CharField(max_length=rules.KEY_MAX)
    tone = models.CharField(max_length=20)
    dimension = models.CharField(max_length=20)
    label = models.CharField(max_length=rules.LABEL_MAX)
    opens_help = models.BooleanField(default=False)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["version", "key"], name="checklist_cue_key_unique"),
            _one_of("tone", rules.Tone, "checklist_cue_tone_known"),
            _one_of("dimension", rules.Dimension, "checklist_cue_dimension_known"),
        ]

    def __str__(self) -> str:
        return self.key


class Option(VersionRow):
    """A context of a moment, or a feeling noticed in the child."""

    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=rules.KEY_MAX)
    label = models.CharField(max_length=rules.LABEL_MAX)
    gates_comfort = models.BooleanField(default=False)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["version", "kind", "key"], name="checklist_option_key_unique"),
            _one_of("kind", rules.OptionKind, "checklist_option_kind_known"),
        ]

    def __str__(self) -> str:
        return self.key


class Practice(VersionRow):
    """One small action of a minute or less; `contexts` lists the keys of the contexts it suits."""

    slug = models.SlugField(max_length=rules.KEY_MAX, db_index=False)
    title = models.CharField(max_length=rules.TITLE_MAX)
    summary = models.CharField(max_length=rules.PROMPT_MAX)
    why = models.TextField()
    try_text = models.TextField()
    not_for = models.TextField()
    dimension = models.CharField(max_length=20)
    seconds = models.PositiveSmallIntegerField()
    contexts = models.JSONField(default=list)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["version", "slug"], name="checklist_practice_slug_unique"),
            _one_of("dimension", rules.Dimension, "checklist_practice_dimension_known"),
            CheckConstraint(
                condition=Q(seconds__gte=1, seconds__lte=rules.PRACTICE_SECONDS_MAX),
                name="checklist_practice_within_a_minute",
            ),
        ]

    def __str__(self) -> str:
        return self.slug


class Thread(VersionRow):
    """One thread of listening, in tune and missed, with a small scene of its own."""

    key = models.CharField(max_length=rules.KEY_MAX)
    title = models.CharField(max_length=rules.TITLE_MAX)
    in_tune = models.CharField(max_length=rules.PROMPT_MAX)
    missed = models.CharField(max_length=rules.PROMPT_MAX)
    scene = models.TextField()
    example_missed = models.TextField()
    example_in_tune = models.TextField()
    example_came_back = models.TextField()

    class Meta:
        constraints = [UniqueConstraint(fields=["version", "key"], name="checklist_thread_key_unique")]

    def __str__(self) -> str:
        return self.key


class SelfPrompt(VersionRow):
    """A question an adult asks of themselves; `chips` is [{"key", "label"}, …]."""

    key = models.CharField(max_length=rules.KEY_MAX)
    prompt = models.CharField(max_length=rules.PROMPT_MAX)
    chips = models.JSONField(default=list)

    class Meta:
        constraints = [UniqueConstraint(fields=["version", "key"], name="checklist_self_prompt_key_unique")]

    def __str__(self) -> str:
        return self.key
