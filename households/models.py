"""Households, who belongs to them, their children, who was let in from outside, and who looked."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from django.db import models
from django.db.models import F, Q

from households.rules import (
    COLOURS,
    COUNTRY_MAX,
    EMOJI_MAX,
    GRANT_RENEWED_WITHIN,
    HOUSEHOLD_NAME_MAX,
    NICKNAME_MAX,
    GrantScope,
    GrantState,
    Opened,
    Reader,
    Role,
)


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
    # The public id of the profile this one was copied from: a phone may have noted a moment under it meanwhile.
    copied_from = models.UUIDField(null=True, editable=False)

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
    # As it stands in the mail: where the sender is reached since is not for everybody who once got one.
    inviter_email = models.EmailField(max_length=254, db_default="")
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


class Briefing(models.Model):
    """What an author reads before letting a coach in, for one country: the operator's words, in a version that stays.

    `words` holds for each language `country`, `must_report`, `replies` and `nights`. A new text is a new row with the
    next number: a grant names the one that its author read.
    """

    country = models.CharField(max_length=COUNTRY_MAX)
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    words = models.JSONField()
    is_example = models.BooleanField(default=False)
    checked_on = models.DateField()  # when somebody who knows the law looked at it
    loaded_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["country", "number"], name="briefing_numbered"),
            models.UniqueConstraint(
                fields=["country"], condition=Q(ended_at__isnull=True), name="briefing_in_force_once"
            ),
        ]

    def __str__(self) -> str:
        return f"briefing {self.label}"

    @property
    def label(self) -> str:
        """How it is named in forms and in the API."""
        return f"{self.country}.{self.number}"

    def said(self, language: str) -> Mapping[str, str]:
        """The words in *language*, or in a related one, in English, or in whatever language there is."""
        words: Mapping[str, Mapping[str, str]] = self.words
        for one in (language, language.partition("-")[0], "en"):
            if one in words:
                return words[one]
        return words[min(words)]


class Grant(models.Model):
    """What one author lets one coach see: of these children, in this scope, from a day on, until it ends.

    It begins as an offer to a mail address and is live from its acceptance. Only its author knows of it: the other
    guardians neither see nor end it. Only the SHA-256 of the offer's 256-bit token is stored.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="grants")
    author = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    coach = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    coach_email = models.EmailField(max_length=254)
    # How its author signed what they sent: a later address of theirs is not the coach's to know.
    author_email = models.EmailField(max_length=254, db_default="")
    scope = models.CharField(max_length=20, choices=[(scope, scope) for scope in GrantScope])
    from_on = models.DateField()  # moments of this day and later
    # What its author read before giving it; null for what was given before there was anything to read.
    briefing = models.ForeignKey(Briefing, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    token_sha256 = models.CharField(max_length=64, unique=True)
    offered_at = models.DateTimeField()
    offer_expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)  # set with the acceptance, moved by a renewal
    withdrawn_at = models.DateTimeField(null=True, blank=True)  # by the author
    returned_at = models.DateTimeField(null=True, blank=True)  # by the coach

    is_wider = False
    """Set by the use case that has just made it show more, so that a door can tell its author."""

    class Meta:
        indexes = [
            models.Index(fields=["household", "author", "offered_at"], name="grant_of_author"),
            # A coach's caseload is the one page that crosses households; it is bounded by that coach's grants.
            models.Index(
                fields=["coach", "expires_at"], condition=Q(coach__isnull=False), name="grant_of_coach"
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(scope__in=list(GrantScope)), name="grant_scope_known"),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True, coach__isnull=True, expires_at__isnull=True)
                | Q(accepted_at__isnull=False, coach__isnull=False, expires_at__isnull=False),
                name="grant_accepted_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(coach__isnull=True) | ~Q(coach=F("author")), name="grant_to_another"
            ),
        ]

    def __str__(self) -> str:
        return f"grant {self.pk}"

    def state_at(self, now: datetime) -> GrantState:
        """Where it stands, as its author reads it; for one that was not withdrawn."""
        if self.expires_at is None:
            return GrantState.OFFERED if now < self.offer_expires_at else GrantState.ENDED
        ended = self.returned_at is not None or self.expires_at <= now
        return GrantState.ENDED if ended else GrantState.LIVE

    def is_renewable_at(self, now: datetime) -> bool:
        """Whether it is live and about to end, and its author read something before they gave it."""
        if self.expires_at is None or self.state_at(now) is not GrantState.LIVE:
            return False
        if self.briefing_id is None:
            return False
        return self.expires_at - now <= GRANT_RENEWED_WITHIN


class GrantChild(models.Model):
    """One child whose moments a grant covers."""

    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="+")
    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="children")
    child = models.ForeignKey(Child, on_delete=models.CASCADE, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["household", "child"], name="grant_child_of_household")]
        constraints = [models.UniqueConstraint(fields=["grant", "child"], name="grant_child_once")]

    def __str__(self) -> str:
        return f"child {self.child_id} of grant {self.grant_id}"


class AccessEntry(models.Model):
    """Append-only: which coach or operator opened what of whose, and when. The author alone reads it."""

    # Null: it was the account that was opened, which belongs to its owner and to no household.
    household = models.ForeignKey(Household, null=True, on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    reader = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    reader_kind = models.CharField(max_length=10, choices=[(kind, kind) for kind in Reader])
    opened = models.CharField(max_length=12, choices=[(item, item) for item in Opened])
    subject_id = models.UUIDField(null=True)  # the moment's public id, where one was opened
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["household", "author", "-at", "-id"], name="access_entry_of_author")]
        constraints = [
            models.CheckConstraint(condition=Q(reader_kind__in=list(Reader)), name="access_reader_known"),
            models.CheckConstraint(condition=Q(opened__in=list(Opened)), name="access_opened_known"),
            models.CheckConstraint(
                condition=Q(household__isnull=False) | Q(opened=Opened.ACCOUNT), name="access_in_a_household"
            ),
        ]

    def __str__(self) -> str:
        return f"access entry {self.pk}"
