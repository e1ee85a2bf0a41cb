"""Stored weeks, what each added up to for a member, the member's thoughts on it, and the delivery of its mail."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from accounts.rules import DigestLevel, Visibility
from common.sealed import SealedText, is_readable
from reflections.comfort import CardWords
from reflections.rules import OPEN, RULE_MAX, ForWhom, Status, Week


class DigestWeek(models.Model):
    """One week of one household: `[starts_at, ends_at)`, contiguous with its neighbours, never recomputed."""

    household = models.ForeignKey("households.Household", on_delete=models.CASCADE, related_name="+")
    label = models.CharField(max_length=9)
    start_on = models.DateField()
    end_on = models.DateField()  # the first day after it
    timezone = models.CharField(max_length=64)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    # When its reflections were last compiled: a moment changed later makes the sweep come back.
    compiled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["household", "-starts_at"], name="digest_week_of_household"),
            models.Index(
                fields=["ends_at"], condition=Q(compiled_at__isnull=True), name="digest_week_to_compile"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["household", "start_on"], name="digest_week_once"),
            models.UniqueConstraint(fields=["household", "label"], name="digest_week_label_once"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="digest_week_has_length"),
        ]

    def __str__(self) -> str:
        return f"week {self.label} of household {self.household_id}"

    def as_rule(self) -> Week:
        """The same week as the rules know it."""
        return Week(self.start_on, self.end_on, self.timezone, self.starts_at, self.ends_at, self.label)


class Reflection(models.Model):
    """What one week added up to for one member. `content` is versioned JSON of rules, numbers and ids, without words.

    `told_at` is when the member is first told of the closed week: what arrives later is late.
    """

    household = models.ForeignKey("households.Household", on_delete=models.CASCADE, related_name="+")
    member = models.ForeignKey("households.Membership", on_delete=models.CASCADE, related_name="+")
    week = models.ForeignKey(DigestWeek, on_delete=models.CASCADE, related_name="reflections")
    revision = models.PositiveIntegerField(default=1)
    compiled_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    source_digest = models.CharField(max_length=64)
    content = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["household", "week"], name="reflection_of_household")]
        constraints = [models.UniqueConstraint(fields=["member", "week"], name="reflection_once")]

    def __str__(self) -> str:
        return f"reflection {self.pk}"


class Thought(models.Model):
    """A member's own words on a reflection, sealed."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    household = models.ForeignKey("households.Household", on_delete=models.CASCADE, related_name="+")
    reflection = models.ForeignKey(Reflection, on_delete=models.CASCADE, related_name="thoughts")
    author = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    text_sealed = models.BinaryField()
    text = SealedText(lambda thought: str(thought.public_id), owner="author")
    visibility = models.CharField(max_length=10, choices=[(item, item) for item in Visibility])
    written_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["household", "reflection", "written_at"], name="thought_of_household")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(visibility__in=list(Visibility)), name="thought_visibility_known"
            ),
        ]

    def __str__(self) -> str:
        return f"thought {self.pk}"

    @property
    def text_unreadable(self) -> bool:
        """Whether the text does not open; it is empty then."""
        return not is_readable(self.text)


class SentenceReport(models.Model):
    """A member says that a sentence of their week is wrong: its rule, and perhaps why, sealed.

    It belongs to the rule and not to the words: a week that is composed again may say the same with another number.
    """

    household = models.ForeignKey("households.Household", on_delete=models.CASCADE, related_name="+")
    reflection = models.ForeignKey(Reflection, on_delete=models.CASCADE, related_name="reports")
    reporter = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    rule = models.CharField(max_length=RULE_MAX)
    is_hidden = models.BooleanField(default=False)
    words_sealed = models.BinaryField(blank=True, default=b"")
    words = SealedText(lambda report: str(report.public_id), owner="reporter")
    reported_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["household", "reflection"], name="report_of_household")]
        constraints = [models.UniqueConstraint(fields=["reflection", "rule"], name="report_once_a_week")]

    def __str__(self) -> str:
        return f"report {self.pk}"


class ComfortCard(models.Model):
    """How a child likes to be comforted, in one author's words: theirs alone, unless they print it or make a link."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    household = models.ForeignKey("households.Household", on_delete=models.CASCADE, related_name="+")
    child = models.ForeignKey("households.Child", on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    text_sealed = models.BinaryField()
    text = SealedText(lambda card: str(card.public_id), owner="author")
    revision = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["household", "author"], name="card_of_household")]
        constraints = [models.UniqueConstraint(fields=["author", "child"], name="card_once")]

    def __str__(self) -> str:
        return f"comfort card {self.pk}"

    @property
    def words(self) -> CardWords:
        return CardWords.from_text(self.text)

    @property
    def text_unreadable(self) -> bool:
        """Whether the words do not open; they are empty then."""
        return not is_readable(self.text)


class CardLink(models.Model):
    """A link that shows one card to whoever holds it. Only the SHA-256 of its 256-bit token is stored.

    That somebody opened it is kept nowhere: it would tell its author about other people's days.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    household = models.ForeignKey("households.Household", on_delete=models.CASCADE, related_name="+")
    card = models.ForeignKey(ComfortCard, on_delete=models.CASCADE, related_name="links")
    for_whom = models.CharField(max_length=12, choices=[(whom, whom) for whom in ForWhom])
    token_sha256 = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["household", "card", "made_at"], name="card_link_of_household")]
        constraints = [
            models.CheckConstraint(condition=Q(for_whom__in=list(ForWhom)), name="card_link_for_known"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("made_at")), name="card_link_lasts"),
        ]

    def __str__(self) -> str:
        return f"card link {self.pk}"


class Digest(models.Model):
    """The delivery of one week's mail to one member. The row is the job; its states are in `reflections.rules`.

    Subject and bodies are frozen when it becomes ready, so that every copy that is ever sent is the same; frozen anew
    they are another *edition*, with a Message-ID of its own. `fence` grows with every claim and never goes back: a
    sender that lost its lease cannot overwrite what a later one found out.
    """

    household = models.ForeignKey("households.Household", on_delete=models.CASCADE, related_name="+")
    membership = models.ForeignKey("households.Membership", on_delete=models.CASCADE, related_name="+")
    week = models.ForeignKey(DigestWeek, on_delete=models.CASCADE, related_name="digests")
    status = models.CharField(
        max_length=14, choices=[(status, status) for status in Status], default=Status.PLANNED
    )
    due_at = models.DateTimeField()
    next_at = models.DateTimeField()
    level = models.CharField(max_length=10, blank=True, choices=[(level, level) for level in DigestLevel])
    recipient = models.EmailField(max_length=254, blank=True)
    message_id = models.CharField(max_length=200, blank=True)
    message = models.BinaryField(blank=True, default=b"")
    sha256 = models.CharField(max_length=64, blank=True)
    revision = models.PositiveIntegerField(default=0)  # of the reflection it tells
    edition = models.PositiveIntegerField(default=0, db_default=0)  # how often its bytes were frozen
    # Keys of the moments it tells, as long as it may be sent; null where an earlier release wrote it.
    sources = models.JSONField(null=True, blank=True, default=None)
    attempts = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    first_tried_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    last_code = models.CharField(
        max_length=40, blank=True
    )  # what the mail server or the guard said, never an address

    class Meta:
        indexes = [
            models.Index(fields=["next_at"], condition=Q(status__in=sorted(OPEN)), name="digest_to_do"),
            models.Index(fields=["household", "week"], name="digest_of_household"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["membership", "week"], name="digest_once"),
            models.CheckConstraint(condition=Q(status__in=list(Status)), name="digest_status_known"),
            models.CheckConstraint(
                condition=~Q(status__in=[Status.READY, Status.SENDING]) | ~Q(message_id=""),
                name="digest_ready_has_its_bytes",
            ),
        ]

    def __str__(self) -> str:
        return f"digest {self.pk}"

    @property
    def may_have_arrived(self) -> bool:
        """Whether a sender ever had it: from then on nobody knows for sure what the mail server did with it."""
        return self.fence > 0


class MailGate(models.Model):
    """What every sender has to know before it speaks to the mail server: one row for all of them, about no family."""

    next_at = models.DateTimeField()  # the next free place in the line of senders
    failures = models.PositiveSmallIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    closed_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="mail_gate_is_one")]

    def __str__(self) -> str:
        return "mail gate"


class CompileRun(models.Model):
    """One pass of the compile over all households, cut into chunks that any worker may take. It is about no family.

    The counts grow with every chunk that is done, so that whoever asks sees how far it is.
    """

    label = models.CharField(max_length=9, blank=True)  # '' = every week that closed or changed
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    households = models.PositiveIntegerField(default=0)  # how many it goes over
    done = models.PositiveIntegerField(default=0)  # how many of them are compiled
    written = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    broken = models.PositiveIntegerField(default=0)  # weeks, or households of a chunk that was given up

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["label"], condition=Q(ended_at__isnull=True), name="compile_run_open_once"
            )
        ]

    def __str__(self) -> str:
        return f"compile run {self.pk}"


class CompileChunk(models.Model):
    """What is left of a run: households from one key to another. Gone once it is compiled."""

    run = models.ForeignKey(CompileRun, on_delete=models.CASCADE, related_name="chunks")
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    households = models.PositiveIntegerField()
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "first"], name="compile_chunk_once")]

    def __str__(self) -> str:
        return f"chunk {self.pk} of compile run {self.run_id}"
