"""Reads of the person who signs in."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from allauth.mfa import app_settings as mfa_settings
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import F, QuerySet
from knox.crypto import hash_token

from accounts.devices import in_words
from accounts.models import ApiToken, BlockedSender, User
from accounts.shapes import Device, Passkey, WaysIn
from common.errors import NotVisible


def get_user(*, user_id: int, for_update: bool = False) -> User:
    """The live account with this key, its row locked on request.

    Raises:
        NotVisible: there is none, or it was closed.
    """
    # Without the key: a row elsewhere that names this person does not wait for theirs.
    rows = User.objects.select_for_update(no_key=True) if for_update else User.objects.all()
    found = rows.filter(pk=user_id, is_active=True).first()
    if found is None:
        raise NotVisible("user")
    return found


def hold_user(*, user_id: int) -> None:
    """Hold this person's row to the end of the transaction, whether the account is open or not. For the schedule."""
    list(User.objects.select_for_update(no_key=True).filter(pk=user_id).values_list("pk"))


def get_user_by_public_id(*, public_id: uuid.UUID) -> User:
    """The live account with this public id: for links that were signed for one person.

    Raises:
        NotVisible: there is none, or it was closed.
    """
    found = User.objects.filter(public_id=public_id, is_active=True).first()
    if found is None:
        raise NotVisible("user")
    return found


def list_mailable_ids(*, user_ids: Collection[int]) -> set[int]:
    """Which of these people have an address that mail may go to: verified by them, and none came back from it."""
    proved = EmailAddress.objects.filter(
        user_id__in=user_ids,
        verified=True,
        email__iexact=F("user__email"),
        user__mail_stopped_at__isnull=True,
    )
    return set(proved.values_list("user_id", flat=True))


def get_verified_address(*, user_id: int) -> str:
    """The mail address this person has proved to read, in lower case; '' when there is none."""
    proved = EmailAddress.objects.filter(user_id=user_id, verified=True)
    found = proved.order_by("-primary", "id").values_list("email", flat=True).first()
    return str(found or "").lower()


def is_blocked(*, email: str, sender_id: int) -> bool:
    """Whether nothing that this person sends is to reach this address. Nobody but its owner may be told."""
    return BlockedSender.objects.filter(email=email.lower(), sender_id=sender_id).exists()


def list_blocked_senders(*, actor_id: int) -> QuerySet[BlockedSender]:
    """Whom the actor's verified address wants nothing from, latest first, with the sender's row for its public id."""
    return (
        BlockedSender.objects.filter(email=get_verified_address(user_id=actor_id))
        .exclude(email="")  # nobody's
        .select_related("sender")
        .order_by("-created_at", "-id")
    )


def find_token(*, secret: str, now: datetime) -> ApiToken | None:
    """The token with this secret and its person, while it has not expired and the account is open; else None.

    The account of whoever asked to be erased is not.
    """
    return (
        ApiToken.objects.select_related("user")
        .filter(digest=hash_token(secret), expiry__gt=now, user__is_active=True, user__erase_at__isnull=True)
        .first()
    )


def list_tokens(*, actor_id: int, now: datetime) -> QuerySet[ApiToken]:
    """The actor's own API tokens that still work, newest first."""
    return ApiToken.objects.filter(user_id=actor_id, expiry__gt=now).order_by("-created", "digest")


def get_ways_in(*, actor_id: int) -> WaysIn:
    """What opens the actor's account besides a code by mail. Nothing secret is opened for it.

    Raises:
        NotVisible: the account is closed.
    """
    found = list(Authenticator.objects.filter(user_id=actor_id).order_by("created_at", "pk"))
    codes = [row for row in found if row.type == Authenticator.Type.RECOVERY_CODES]
    return WaysIn(
        has_password=get_user(user_id=actor_id).has_usable_password(),
        passkeys=tuple(
            Passkey(row.pk, row.data["name"], row.created_at, row.last_used_at)
            for row in found
            if row.type == Authenticator.Type.WEBAUTHN
        ),
        has_app=any(row.type == Authenticator.Type.TOTP for row in found),
        codes_left=mfa_settings.RECOVERY_CODE_COUNT - codes[0].data["used_mask"].bit_count()
        if codes
        else None,
    )


def list_devices(*, actor_id: int, session_key: str, now: datetime) -> list[Device]:
    """Where the actor is signed in: the session that asks first, then the others as they were last used."""
    live = Session.objects.filter(expire_date__gt=now).values("session_key")
    rows = UserSession.objects.filter(user_id=actor_id, session_key__in=live).order_by("-last_seen_at", "-pk")
    devices = [
        Device(row.pk, in_words(row.user_agent), row.session_key == session_key, row.last_seen_at)
        for row in rows
    ]
    return sorted(devices, key=lambda device: not device.is_this)


def count_accounts(*, email: str = "") -> int:
    """How many accounts there are, or how many sign in with this address; for the operator's commands only."""
    found = User.objects.filter(email=email.lower()) if email else User.objects.all()
    return found.count()


def list_addresses(*, user_id: int) -> list[str]:
    """Every mail address of this person in lower case, proved or not: where else they might be named."""
    signs_in = User.objects.filter(pk=user_id).values_list("email", flat=True)
    others = EmailAddress.objects.filter(user_id=user_id).values_list("email", flat=True)
    return sorted({str(email).lower() for email in (*signs_in, *others)})


def find_public_id(*, user_id: int) -> uuid.UUID | None:
    """By which id this person is named outside of the database, also while the account is closed."""
    return User.objects.filter(pk=user_id).values_list("public_id", flat=True).first()


def list_due_erasures(*, now: datetime) -> list[int]:
    """Who asked to be erased and has had their seven days, longest due first. For the schedule."""
    due = User.objects.filter(erase_at__lte=now).order_by("erase_at", "pk")
    return list(due.values_list("pk", flat=True))


def count_overdue_erasures(*, now: datetime) -> int:
    """How many people should have been gone for more than a day. For operators."""
    return User.objects.filter(erase_at__lt=now - timedelta(days=1)).count()
