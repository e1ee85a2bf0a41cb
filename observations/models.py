"""Observations: moments and self-checks, what was ticked and answered in them, and how they changed."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from accounts.rules import Visibility
from checklists.rules import VALUE_MAX, VALUE_MIN, Absence, Dimension, Tone
from common.sealed import SealedText, is_readable
from observations.outbox import Draft, FeedCounter, FeedEntry, SealingKey, SyncOp
from observations.own import OwnAnswer, OwnPlace, OwnQuestion, OwnVersion
from observations.rules import RESTORE_WINDOW, Act, Kind, Precision, TickKind, TimeSource

__all__ = [
    "Draft",
    "FeedCounter",
    "FeedEntry",
    "FocusDimension",
    "Observation",
    "OwnAnswer",
    "OwnPlace",
    "OwnQuestion",
    "OwnVersion",
    "Rating",
    "RecordHead",
    "RecordLink",
    "Revision",
    "SealingKey",
    "SyncOp",
    "Tick",
]


class Observation(models.Model):
    """One moment with one child, or one week's self-check, written by one author.

    `public_id` comes from the author's device and is unique for that author only, so that guessing somebody
    else's id neither collides nor tells anything. `timezone` is the household's when it was written: later
    travel or a moved household never shifts `occurred_on`.
    """

    household = models.ForeignKey("households.Household", on_delete=models.CASCADE, related_name="+")
    child = models.ForeignKey("households.Child", on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    public_id = models.UUIDField()
    kind = models.CharField(max_length=10, choices=[(kind, kind) for kind in Kind])
    tone = models.CharField(max_length=10, blank=True, choices=[(tone, tone) for tone in Tone])
    repairs = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="repaired_by"
    )
    occurred_at = models.DateTimeField()
    occurred_on = models.DateField()
    precision = models.CharField(max_length=5, choices=[(item, item) for item in Precision])
    # How a phone came by `occurred_at`; '' where a page asked. The author alone reads this and the next.
    occurred_src = models.CharField(
        max_length=5, blank=True, db_default="", default="", choices=[(item, item) for item in TimeSource]
    )
    # By how many seconds `occurred_at` was corrected because the phone's clock was wrong.
    clock_skew = models.IntegerField(null=True, blank=True)
    timezone = models.CharField(max_length=64)
    visibility = models.CharField(max_length=10, choices=[(item, item) for item in Visibility])
    checklist_version = models.ForeignKey(
        "checklists.ChecklistVersion", on_delete=models.PROTECT, related_name="+"
    )
    note_sealed = models.BinaryField(blank=True, default=b"")
    note = SealedText(lambda row: f"{row.author_id}:{row.public_id}", owner="author")
    # A soft mark of its author's, shown to nobody else, counted nowhere: feelings about another adult may be in it.
    about_adult = models.BooleanField(default=False, db_default=False)
    # Until then nobody but its author may see it. Taking the mark off does not end it.
    cooling_until = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)
    # What its links in the record are hashed with: destroyed with the row, they say nothing any more.
    salt = models.BinaryField(db_default=b"")
    received_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    is_new = False
    """Set by the use case that made this row just now, so that a door can tell a first time from a replay."""

    edit_count = 0
    """How often it was edited, where `get_moment` read it: `revision` counts deleting and restoring as well."""

    class Meta:
        indexes = [
            models.Index(fields=["household", "-occurred_at", "-id"], name="observation_timeline"),
            models.Index(fields=["household", "public_id"], name="observation_by_public_id"),
            models.Index(fields=["household", "changed_at"], name="observation_changes"),
            models.Index(
                fields=["deleted_at"], condition=Q(deleted_at__isnull=False), name="observation_to_purge"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["author", "public_id"], name="observation_once_per_author"),
            models.UniqueConstraint(
                fields=["author", "child", "occurred_on"],
                condition=Q(kind=Kind.SELF_CHECK, deleted_at__isnull=True),
                name="observation_one_self_check_a_week",
            ),
            models.CheckConstraint(
                condition=Q(kind=Kind.MOMENT, tone__in=list(Tone)) | Q(kind=Kind.SELF_CHECK, tone=""),
                name="observation_tone_of_kind",
            ),
            models.CheckConstraint(
                condition=Q(visibility__in=list(Visibility)), name="observation_visibility_known"
            ),
            models.CheckConstraint(
                condition=Q(repairs__isnull=True) | Q(tone=Tone.CAME_BACK),
                name="observation_repairs_by_coming_back",
            ),
        ]

    def __str__(self) -> str:
        return f"observation {self.pk}"

    def comes_back_to(self, missed: Observation) -> bool:
        """Whether this moment can mend that one: a miss with the same child, and not a later one."""
        return (
            self.tone == Tone.CAME_BACK
            and missed.tone == Tone.MISSED
            and self.child_id == missed.child_id
            and self.occurred_at >= missed.occurred_at
        )

    def is_cooling_at(self, now: datetime) -> bool:
        """Whether it is too early to show it to anybody else."""
        return self.cooling_until is not None and now < self.cooling_until

    @property
    def note_unreadable(self) -> bool:
        """Whether there is a note that does not open; `note` is empty then."""
        return not is_readable(self.note)

    @property
    def restorable_until(self) -> datetime | None:
        """Until when its author can bring a deleted one back."""
        return self.deleted_at + RESTORE_WINDOW if self.deleted_at else None


class Rating(models.Model):
    """The answer to one question: a value, or why there is none. A question never asked has no row."""

    household = models.ForeignKey("households.Household", on_delete=models.CASCADE, related_name="+")
    observation = models.ForeignKey(Observation, on_delete=models.CASCADE, related_name="ratings")
    question = models.ForeignKey("checklists.Question", on_delete=models.PROTECT, related_name="+")
    dimension = models.CharField(max_length=10, choices=[(item, item) for item in Dimension])
    value = models.PositiveSmallIntegerField(null=True, blank=True)
    absence = models.CharField(max_length=8, blank=True, choices=[(item, item) for item in Absence])

    class Meta:
        indexes = [models.Index(fields=["household", "dimension"], name="rating_of_household")]
        constraints = [
            models.UniqueConstraint(fields=["observation", "question"], name="rating_once_per_question"),
            models.CheckConstraint(
                condition=Q(value__range=(VALUE_MIN, VALUE_MAX), absence="")
                | Q(value__isnull=True, absence__in=list(Absence)),
                name="rating_value_or_absence",
            ),
        ]

    def __str__(self) -> str:
        return f"rating {self.pk}"


class Tick(models.Model):
    """One thing ticked: a cue, a context or a feeling, by its key in the observation's checklist version."""

    household = models.ForeignKey("households.Household", on_delete=models.CASCADE, related_name="+")
    observation = models.ForeignKey(Observation, on_delete=models.CASCADE, related_name="ticks")
    kind = models.CharField(max_length=8, choices=[(kind, kind) for kind in TickKind])
    key = models.CharField(max_length=40)
    dimension = models.CharField(max_length=10, blank=True)

    class Meta:
        indexes = [models.Index(fields=["household", "kind", "key"], name="tick_of_household")]
        constraints = [
            models.UniqueConstraint(fields=["observation", "kind", "key"], name="tick_once"),
            models.CheckConstraint(condition=Q(kind__in=list(TickKind)), name="tick_kind_known"),
        ]

    def __str__(self) -> str:
        return f"tick {self.pk}"


class Revision(models.Model):
    """An observation as it was before an edit. Append-only; the author alone reads it."""

    household = models.ForeignKey("households.Household", on_delete=models.CASCADE, related_name="+")
    observation = models.ForeignKey(Observation, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    replaced_at = models.DateTimeField()
    state = models.JSONField()
    note_sealed = models.BinaryField(blank=True, default=b"")
    note = SealedText(
        lambda row: f"{row.observation.author_id}:{row.observation.public_id}:{row.number}",
        owner="observation__author",
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["observation", "number"], name="revision_once")]

    def __str__(self) -> str:
        return f"revision {self.pk}"

    @property
    def note_unreadable(self) -> bool:
        """Whether there is a note that does not open; `note` is empty then."""
        return not is_readable(self.note)


class RecordLink(models.Model):
    """One write of an author, chained to the one before: their record in one household. Append-only, and without words.

    `digest` covers `content` and the link before; `content` is a keyed hash of what was written, under the salt of its
    observation. When that is purged, the link forgets what it was about and stays: the chain still holds, and says
    nothing. `says` is set where a link is about the record itself.
    """

    household = models.ForeignKey(
        "households.Household", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    author = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    chain = models.UUIDField()
    number = models.PositiveIntegerField()
    observation = models.ForeignKey(Observation, null=True, on_delete=models.SET_NULL, related_name="+")
    act = models.CharField(max_length=10, blank=True, choices=[(act, act) for act in Act])
    revision = models.PositiveIntegerField(null=True)
    at = models.DateTimeField(null=True)
    says = models.JSONField(null=True)
    content = models.BinaryField()
    digest = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["household", "author", "-id"], name="record_of_author")]
        constraints = [
            models.UniqueConstraint(fields=["chain", "number"], name="record_link_once"),
            models.CheckConstraint(condition=Q(act__in=["", *Act]), name="record_act_known"),
        ]

    def __str__(self) -> str:
        return f"link {self.number} of record {self.chain}"


class RecordHead(models.Model):
    """Where a record ended on one day, kept beside it: a record that lost its end no longer reaches its last head.

    It outlives the author and the household, and then names neither: the sum of a day's heads, which stands in the log,
    can still be made again.
    """

    day = models.DateField()
    household = models.ForeignKey(
        "households.Household", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    author = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    chain = models.UUIDField()
    number = models.PositiveIntegerField()
    digest = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "chain"], name="record_head_once_a_day")]

    def __str__(self) -> str:
        return f"head of {self.day}"


class FocusDimension(models.Model):
    """The one question a member wants to be asked by default, from a day on. Append-only: the latest counts.

    It is chosen before the moments it is asked in, which is what lets a later comparison be honest.
    """

    household = models.ForeignKey("households.Household", on_delete=models.CASCADE, related_name="+")
    member = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    dimension = models.CharField(max_length=10, blank=True)  # '' = none from here on
    chosen_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["household", "member", "-chosen_at"], name="focus_of_member")]
        constraints = [
            models.CheckConstraint(condition=Q(dimension__in=["", *Dimension]), name="focus_dimension_known")
        ]

    def __str__(self) -> str:
        return f"focus {self.pk}"
