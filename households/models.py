"""Households, who belongs to them, and their children."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from households.rules import COLOURS, EMOJI_MAX, HOUSEHOLD_NAME_MAX, NICKNAME_MAX, Role


class Household(models.Model):
    """The tenant. Its zone and first day of week decide what a day and a week are for everybody in it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=HOUSEHOLD_NAME_MAX)
    timezone = models.CharField(max_length=64)
    week_starts_on = models.PositiveSmallIntegerField(default=0)  # 0 = Monday … 6 = Sunday
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(week_starts_on__lte=6), name="household_week_starts_on_a_day")
        ]

    def __str__(self) -> str:
        return f"household {self.pk}"


class Membership(models.Model):
    """One person in one household, from `joined_at` until `left_at`."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=[(role, role) for role in Role])
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["household", "user"], condition=Q(left_at__isnull=True), name="membership_live_once"
            ),
            models.CheckConstraint(condition=Q(role__in=list(Role)), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"membership {self.pk}"


class Child(models.Model):
    """A child, known by a nickname and a birth month: enough to word a question, too little to find a person."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="children")
    nickname = models.CharField(max_length=NICKNAME_MAX)
    birth_month = models.DateField()  # always the first of the month
    colour = models.CharField(
        max_length=10, choices=[(colour, colour) for colour in COLOURS], default=COLOURS[0]
    )
    emoji = models.CharField(max_length=EMOJI_MAX, blank=True)
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["household", "created_at"], name="child_of_household")]
        constraints = [
            models.CheckConstraint(condition=Q(birth_month__day=1), name="child_birth_month_first_day")
        ]

    def __str__(self) -> str:
        return f"child {self.pk}"


class Invitation(models.Model):
    """An open door for one mail address. Only the SHA-256 of its 256-bit token is stored."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="invitations")
    invited_by = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=10, choices=[(role, role) for role in Role])
    token_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["household", "created_at"], name="invitation_of_household")]
        constraints = [models.CheckConstraint(condition=Q(role__in=list(Role)), name="invitation_role_known")]

    def __str__(self) -> str:
        return f"invitation {self.pk}"
