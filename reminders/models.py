"""What somebody asked to be reminded of, where their devices are reached, and the prompts: nothing of a family."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from common.sealed import SealedText
from reminders.rules import Kind, State, Wish


class ReminderChoices(models.Model):
    """One person's wishes. There is no row until they ask for something."""

    user = models.OneToOneField("accounts.User", on_delete=models.CASCADE, related_name="+")
    evening_at = models.TimeField(null=True, blank=True)
    moment_from = models.TimeField(null=True, blank=True)
    moment_until = models.TimeField(null=True, blank=True)
    week_ready = models.BooleanField(default=False, db_default=False)
    something_new = models.BooleanField(default=False, db_default=False)
    # Hours with the child, kept free of the phone: nothing comes then.
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    resting_until = models.DateField(null=True, blank=True)  # the first day on which prompts come again
    # How many prompts in a row were shown and left without an answer.
    ignored = models.PositiveSmallIntegerField(default=0, db_default=0)
    # Random times follow from it, the same each time they are asked for.
    seed = models.UUIDField(default=uuid.uuid4, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(moment_from__isnull=True, moment_until__isnull=True)
                | Q(moment_from__lt=F("moment_until")),
                name="reminder_hours_have_length",
            ),
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__lt=F("quiet_until")),
                name="reminder_quiet_has_length",
            ),
        ]

    def __str__(self) -> str:
        return f"reminders of user {self.user_id}"

    def as_rule(self) -> Wish:
        """The same wishes as the rules know them; *user* has to be loaded."""
        moment = (
            (self.moment_from, self.moment_until)
            if self.moment_from is not None and self.moment_until is not None
            else None
        )
        quiet = (
            (self.quiet_from, self.quiet_until)
            if self.quiet_from is not None and self.quiet_until is not None
            else None
        )
        return Wish(
            seed=str(self.seed),
            timezone=self.user.timezone,
            evening_at=self.evening_at,
            moment=moment,
            quiet=quiet,
            ignored=self.ignored,
        )


class PushAddress(models.Model):
    """Where one device takes prompts, for as long as its person is signed in there.

    It hangs on the session's row: whatever ends the session ends it. What the browser gave is sealed, for whoever holds
    it can reach the device; its digest tells two of them apart.
    """

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    session = models.ForeignKey("usersessions.UserSession", on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    target_sealed = models.BinaryField()
    target = SealedText(lambda address: address.digest, owner="user")
    # Of the key that the browser was given: what was made for another one takes nothing from us.
    key_name = models.CharField(max_length=16)
    bound_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"push address {self.pk}"


class Prompt(models.Model):
    """One day's prompt to one person. The row is the job; its states are in `reminders.rules`."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    kind = models.CharField(max_length=7, choices=[(kind, kind) for kind in Kind])
    label = models.CharField(max_length=9, blank=True)  # the week that is ready
    state = models.CharField(max_length=7, choices=[(state, state) for state in State], default=State.PLANNED)
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    snoozes = models.PositiveSmallIntegerField(default=0)
    # Of the secret that went out with it: who knows it was shown the prompt, and may say so.
    secret_digest = models.CharField(max_length=64, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    shown_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    code = models.CharField(max_length=20, blank=True)  # why it was dropped

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(state__in=[State.PLANNED, State.SENDING]), name="prompt_to_do"
            ),
            models.Index(fields=["expires_at"], condition=Q(state=State.SENT), name="prompt_to_count"),
        ]
        constraints = [
            # At most one a day in all: the one rule that no race may break.
            models.UniqueConstraint(fields=["user", "day"], name="prompt_once_a_day"),
            models.UniqueConstraint(
                fields=["user", "label"], condition=~Q(label=""), name="prompt_once_a_week"
            ),
            models.UniqueConstraint(
                fields=["secret_digest"], condition=~Q(secret_digest=""), name="prompt_secret_once"
            ),
            models.CheckConstraint(condition=Q(state__in=list(State)), name="prompt_state_known"),
            models.CheckConstraint(condition=Q(kind__in=list(Kind)), name="prompt_kind_known"),
        ]

    def __str__(self) -> str:
        return f"prompt {self.pk}"
