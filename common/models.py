"""Rows of the shared kernel: keys of people, counters of attempts, and what must stay gone after a restore."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class PersonKey(models.Model):
    """The key that seals one person's words, itself sealed by the newest of `FIELD_KEYS`.

    Emptying this row makes everything that person ever wrote unreadable at once, before any other row is touched. It
    stays, empty, as long as the person does: where there is no row, the next word written would make a new key.
    """

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", primary_key=True
    )
    wrapped = models.BinaryField()  # b"": destroyed

    def __str__(self) -> str:
        return f"key of user {self.pk}"


class RateCount(models.Model):
    """How often something was tried within one window of time. `key` is a digest: it names no address and nobody."""

    key = models.CharField(max_length=64)
    window_starts_at = models.DateTimeField()
    count = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["window_starts_at"], name="rate_count_to_purge")]
        constraints = [models.UniqueConstraint(fields=["key", "window_starts_at"], name="rate_count_once")]

    def __str__(self) -> str:
        return f"rate {self.key[:8]}"


class LedgerEntry(models.Model):
    """Something that was erased or withdrawn, waiting to be written to the ledger outside the database.

    Written in the same transaction as the act; `written_at` is set once the line is on disk. Ids only, never words.
    """

    kind = models.CharField(max_length=20)
    subject = models.CharField(max_length=80)
    at = models.DateTimeField()
    written_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=models.Q(written_at__isnull=True), name="ledger_to_write")
        ]

    def __str__(self) -> str:
        return f"ledger entry {self.pk}"
