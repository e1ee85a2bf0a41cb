"""The rows behind phones: the keys they seal to, what they sent, what waits for its author, and what changed since.

They belong to `observations.models`, which is where everybody finds them.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q, Value

from common.sealed import SealedText, is_readable
from observations.rules import DraftKind, OpStatus


# --- What phones send later --------------------------------------------------------------------------------------
class SealingKey(models.Model):
    """A key pair of the installation: phones seal to its public half what waits on them, and cannot open it again.

    The private half lies here sealed by the newest of `FIELD_KEYS`.
    """

    kid = models.CharField(max_length=16, unique=True)
    public = models.BinaryField()
    private_sealed = models.BinaryField()
    made_at = models.DateTimeField()
    not_after = models.DateTimeField()

    def __str__(self) -> str:
        return f"sealing key {self.kid}"


class SyncOp(models.Model):
    """An operation that a phone sent: what it was by its hash, and what became of it. It knows no words.

    While it is held, for it builds on another that has not come, `held` is what it was sent as: sealed to a key of the
    installation, and here once more under the key of its author, so that it ends with that.
    """

    author = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+", db_index=False)
    op_id = models.UUIDField()
    moment_id = models.UUIDField()
    sha256 = models.BinaryField()
    # '' only before it is saved.
    status = models.CharField(max_length=13, blank=True, choices=[(item, item) for item in OpStatus])
    rev = models.PositiveIntegerField(null=True)
    code = models.CharField(max_length=40, blank=True)
    # The revision that its chain began at, and the revision that it made itself, if it changed anything.
    trunk = models.PositiveIntegerField(null=True)
    made = models.PositiveIntegerField(null=True)
    received_at = models.DateTimeField()
    # What it builds on; and as long as it is held for that, what it is and the phone's clock when it came.
    base_op = models.UUIDField(null=True)
    kid = models.CharField(max_length=32, blank=True)
    held_sealed = models.BinaryField(blank=True, default=b"", db_column="sealed")
    held = SealedText(lambda row: f"{row.author_id}:{row.op_id}", owner="author")
    client_now = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["received_at"], condition=Q(status=OpStatus.DEFERRED), name="sync_op_held"),
            models.Index(
                fields=["received_at"], condition=~Q(status=OpStatus.DEFERRED), name="sync_op_to_forget"
            ),
            models.Index(
                fields=["author", "base_op"], condition=Q(base_op__isnull=False), name="sync_op_builds_on"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["author", "op_id"], name="sync_op_once_per_author"),
        ]

    def __str__(self) -> str:
        return f"operation {self.pk}"


class Draft(models.Model):
    """Words that are no moment, or not yet: their author alone knows of them, whatever household they live in.

    `content` is JSON: what an operation's fields said. `shut` is what no key opened, as it was sent.
    """

    author = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+", db_index=False)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    moment_id = models.UUIDField()
    kind = models.CharField(max_length=8, choices=[(kind, kind) for kind in DraftKind])
    # The operation it came with, or the sheet it was half-typed on.
    op_id = models.UUIDField(null=True)
    # What has to be mended: a field's name, and why.
    field = models.CharField(max_length=40, blank=True)
    code = models.CharField(max_length=40, blank=True)
    content_sealed = models.BinaryField(blank=True, default=b"")
    content = SealedText(lambda row: f"{row.author_id}:{row.public_id}", owner="author")
    kid = models.CharField(max_length=32, blank=True)
    shut_sealed = models.BinaryField(blank=True, default=b"", db_column="shut")
    shut = SealedText(lambda row: f"{row.author_id}:{row.public_id}", owner="author")
    # The public ids of drafts whose place it took: a backup holds them still, and to discard it is to discard them.
    covers = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    received_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(expires_at__isnull=False), name="draft_to_purge"),
            models.Index(fields=["kid"], condition=Q(kind=DraftKind.SHUT), name="draft_to_open"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["author", "op_id"], name="draft_once_per_operation"),
            models.CheckConstraint(condition=Q(kind__in=list(DraftKind)), name="draft_kind_known"),
        ]

    def __str__(self) -> str:
        return f"draft {self.pk}"

    @property
    def content_unreadable(self) -> bool:
        """Whether there are words that do not open."""
        return not is_readable(self.content)


# --- What changed ------------------------------------------------------------------------------------------------
class FeedCounter(models.Model):
    """The number of the latest change in one household. It never leaves the server: its steps would tell of others.

    Bumped under its row lock by whoever writes, to the end of that transaction: so numbers become visible in order and
    none is missed. A new `epoch` ends every place that readers hold.
    """

    household = models.OneToOneField(
        "households.Household", on_delete=models.CASCADE, related_name="+", primary_key=True
    )
    last = models.PositiveBigIntegerField(default=0)
    epoch = models.UUIDField(default=uuid.UUID(int=0))

    def __str__(self) -> str:
        return f"counter of household {self.pk}"


class FeedEntry(models.Model):
    """One observation in the feed of one household: when it last changed for its author, and when for the others.

    `shown_as` stands for what others last saw of it, b"" for nothing: only what changes that is a change for them.
    """

    household = models.ForeignKey(
        "households.Household", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    author = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    public_id = models.UUIDField()
    number = models.PositiveBigIntegerField()
    is_gone = models.BooleanField(default=False)
    shown_number = models.PositiveBigIntegerField(null=True)
    shown_since = models.PositiveBigIntegerField(null=True)
    shown_as = models.BinaryField(blank=True, default=b"")
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["household", "author", "number"], name="feed_of_author"),
            models.Index(fields=["household", "shown_number"], name="feed_of_others"),
            models.Index(fields=["changed_at"], condition=Q(is_gone=True), name="feed_to_forget"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["household", "author", "public_id"], name="feed_entry_once")
        ]

    def __str__(self) -> str:
        return f"feed entry {self.pk}"
