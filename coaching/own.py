"""What is a coach's own: days of sessions, what they write for themselves, and who may count their work.

They belong to `coaching.models`, which is where everybody finds them (ADR 33 and 35).
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from common.sealed import SealedText, is_readable


class SessionDay(models.Model):
    """A coach marks that there was a session with an author on that local day: the next sheet begins there."""

    household = models.ForeignKey("households.Household", on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    coach = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["household", "author", "coach", "on"], name="session_day_once")
        ]

    def __str__(self) -> str:
        return f"session day {self.pk}"


class OwnNote(models.Model):
    """A coach's own words, sealed under their key. Nobody else reads them, and they go with the coach alone (ADR 35).

    Household and author say beside whom it lies while that author lets the coach in. When either of them is erased
    the note forgets them, and stays.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    coach = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    household = models.ForeignKey(
        "households.Household", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    author = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    label_sealed = models.BinaryField(blank=True, default=b"")
    label = SealedText(lambda note: str(note.public_id), owner="coach")
    text_sealed = models.BinaryField()
    text = SealedText(lambda note: str(note.public_id), owner="coach")
    written_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["coach", "-written_at", "-id"], name="own_note_of_coach"),
            models.Index(fields=["household", "author"], name="own_note_beside"),
        ]

    def __str__(self) -> str:
        return f"own note {self.pk}"

    @property
    def unreadable(self) -> bool:
        """Whether a part of it does not open; that part is empty then."""
        return not (is_readable(self.label) and is_readable(self.text))


class Supervision(models.Model):
    """Somebody sees counts of a coach's work: the operator proposes it, the coach agrees, either of the two ends it.

    There is no row once it is over. It names no family and opens none.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    supervisor = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    coach = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    proposed_at = models.DateTimeField()
    agreed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["supervisor", "coach"], name="supervision_once"),
            models.CheckConstraint(condition=~Q(supervisor=models.F("coach")), name="supervision_of_another"),
        ]

    def __str__(self) -> str:
        return f"supervision {self.pk}"
