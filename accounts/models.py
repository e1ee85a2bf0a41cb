"""The person who signs in, their keys to the API, and whose invitations an address does not want."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from knox.models import AbstractAuthToken

from accounts.rules import (
    DIGEST_HOUR_DEFAULT,
    DIGEST_HOUR_FIRST,
    DIGEST_HOUR_LAST,
    DISPLAY_NAME_MAX,
    TOKEN_NAME_MAX,
    DigestLevel,
    MailReturn,
    TokenScope,
    Visibility,
)


class UserManager(BaseUserManager["User"]):
    """Makes people by e-mail address, always in lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, **{"is_staff": True, "is_superuser": True, **fields})

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing]  # knox has no types
    """A parent, helper, coach or operator. What they may see follows from memberships and grants, not from here."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(max_length=254, unique=True)
    display_name = models.CharField(max_length=DISPLAY_NAME_MAX, blank=True)
    language = models.CharField(max_length=12, default="en")
    timezone = models.CharField(max_length=64, default="UTC")
    digest_level = models.CharField(
        max_length=10, choices=[(level, level) for level in DigestLevel], default=DigestLevel.DISCREET
    )
    # Null: the day on which the household's week closes.
    digest_weekday = models.PositiveSmallIntegerField(null=True, blank=True)
    digest_hour = models.PositiveSmallIntegerField(default=DIGEST_HOUR_DEFAULT)
    # Since when the weekly mail waits because it came back; signing in by mailed code goes on.
    mail_stopped_at = models.DateTimeField(null=True, blank=True)
    standing_visibility = models.CharField(
        max_length=10, choices=[(choice, choice) for choice in Visibility], default=Visibility.PRIVATE
    )
    # Neutral name and icon, and lists that show no words until they are tapped. Nobody else is told.
    discreet = models.BooleanField(default=False, db_default=False)
    # When the person will be erased, once they asked for it: from asking on, nobody else sees what they wrote.
    erase_at = models.DateTimeField(null=True, blank=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower_case"),
            models.CheckConstraint(
                condition=models.Q(digest_weekday__isnull=True) | models.Q(digest_weekday__lte=6),
                name="user_digest_weekday_is_a_day",
            ),
            models.CheckConstraint(
                condition=models.Q(digest_hour__range=(DIGEST_HOUR_FIRST, DIGEST_HOUR_LAST)),
                name="user_digest_hour_by_day",
            ),
        ]
        indexes = [
            models.Index(
                fields=["erase_at"], condition=models.Q(erase_at__isnull=False), name="user_to_erase"
            )
        ]

    def __str__(self) -> str:
        return f"user {self.pk}"

    @property
    def called(self) -> str:
        """What to call this person on a page of their own household."""
        return self.display_name or self.email.partition("@")[0]


class ApiToken(AbstractAuthToken):
    """A personal, named, expiring key to the API. Only its SHA-512 digest is stored; it is shown once."""

    name = models.CharField(max_length=TOKEN_NAME_MAX)
    scope = models.CharField(
        max_length=5, choices=[(scope, scope) for scope in TokenScope], default=TokenScope.READ
    )

    objects: ClassVar[models.Manager[ApiToken]] = models.Manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(scope__in=list(TokenScope)), name="token_scope_known")
        ]


class BlockedSender(models.Model):
    """An address that wants nothing more from one person, who is never told."""

    email = models.EmailField(max_length=254)
    # Whose address it was, where it had an account: it goes with them, whatever their address is by then.
    owner = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    sender = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    # How the sender was called to whoever blocked them. What the sender is called since is not theirs to know.
    known_as = models.CharField(max_length=254, db_default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["email", "sender"], name="blocked_sender_once"),
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="blocked_sender_lower_case"
            ),
        ]

    def __str__(self) -> str:
        return f"block {self.pk}"


class ReturnedMail(models.Model):
    """A mail to this person that came back. Kept until the address is trusted again."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=9, choices=[(kind, kind) for kind in MailReturn])
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["user", "at"], name="returned_mail_of_user")]
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=list(MailReturn)), name="returned_mail_known")
        ]

    def __str__(self) -> str:
        return f"returned mail {self.pk}"
