"""Reads of the person who signs in."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from allauth.mfa import app_settings as mfa_settings
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Count, F, Q, QuerySet
from knox.crypto import hash_token

from accounts.devices import in_words
from accounts.models import ApiToken, BlockedSender, ReturnedMail, User
from accounts.rules import MailReturn
from accounts.shapes import AccountState, Device, Operator, Passkey, WaysIn
from common.errors import NotVisible, Refused

_held: ContextVar[User | None] = ContextVar("held", default=None)


def get_user(*, user_id: int, for_update: bool = False) -> User:
    """The live account with this key, its row locked on request.

    Raises:
        NotVisible: there is none, or it was closed.
    """
    held = _held.get()
    if for_update and held is not None and held.pk == user_id:
        return held
    # Without the key: a row elsewhere that names this person does not wait for theirs.
    rows = User.objects.select_for_update(no_key=True) if for_update else User.objects.all()
    found = rows.filter(pk=user_id, is_active=True).first()
    if found is None:
        raise NotVisible("user")
    return found


@contextmanager
def holding_user(*, user_id: int) -> Iterator[User]:
    """Many use cases of one person in one transaction: the row is locked and read once for all of them.

    Raises:
        NotVisible: as `get_user`.
    """
    user = get_user(user_id=user_id, for_update=True)
    token = _held.set(user)
    try:
        yield user
    finally:
        _held.reset(token)


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


def has_disowned(*, user_id: int) -> bool:
    """Whether whoever reads this person's mailbox has said that it is not theirs."""
    return ReturnedMail.objects.filter(user_id=user_id, kind=MailReturn.NOT_ME).exists()


def get_verified_address(*, user_id: int) -> str:
    """The mail address this person has proved to read, in lower case; '' when there is none."""
    proved = EmailAddress.objects.filter(user_id=user_id, verified=True)
    found = proved.order_by("-primary", "id").values_list("email", flat=True).first()
    return str(found or "").lower()


def find_reader(*, email: str) -> int | None:
    """Who has proved to read this address; None where nobody has."""
    proved = EmailAddress.objects.filter(email__iexact=email, verified=True)
    found: int | None = proved.order_by("id").values_list("user_id", flat=True).first()
    return found


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


# --- For operators -----------------------------------------------------------------------------------------------
def find_account(*, operator_id: int, email: str) -> User | None:
    """The family's account that signs in with exactly this address, open or closed; None when there is none.

    Raises:
        Refused: the one who asks is no operator.
    """
    _require_operator(operator_id)
    return User.objects.filter(email=email.strip().lower(), is_staff=False).first()


def get_account(*, operator_id: int, account_id: uuid.UUID, for_update: bool = False) -> User:
    """A family's account by its public id, open or closed, its row locked on request.

    Raises:
        Refused: the one who asks is no operator. NotVisible: there is no such account, or it is an operator's.
    """
    _require_operator(operator_id)
    rows = User.objects.select_for_update(no_key=True) if for_update else User.objects.all()
    found = rows.filter(public_id=account_id, is_staff=False).first()
    if found is None:
        raise NotVisible("account")
    return found


def get_account_state(*, operator_id: int, account_id: uuid.UUID, now: datetime) -> AccountState:
    """How this account stands now.

    Raises:
        Refused, NotVisible: see `get_account`.
    """
    user = get_account(operator_id=operator_id, account_id=account_id)
    steps = Authenticator.objects.filter(user=user)
    return AccountState(
        public_id=user.public_id,
        opened_on=user.date_joined.date(),
        last_signed_in_at=user.last_login,
        is_open=user.is_active,
        erase_at=user.erase_at,
        has_proved_address=bool(get_verified_address(user_id=user.pk)),
        mail_stopped_at=user.mail_stopped_at,
        passkeys=steps.filter(type=Authenticator.Type.WEBAUTHN).count(),
        has_app=steps.filter(type=Authenticator.Type.TOTP).exists(),
        sessions=UserSession.objects.filter(
            user=user, session_key__in=Session.objects.values("session_key")
        ).count(),
        tokens=list_tokens(actor_id=user.pk, now=now).count(),
    )


def get_operator(*, email: str) -> User:
    """The operator who signs in with this address. For the command line.

    Raises:
        NotVisible: there is none.
    """
    found = User.objects.filter(email=email.strip().lower(), is_staff=True).first()
    if found is None:
        raise NotVisible("operator")
    return found


def list_operators() -> list[Operator]:
    """Everybody who may sign in to the operator's pages, in the order they were made."""
    passkey = Q(authenticator__type=Authenticator.Type.WEBAUTHN)
    operators = User.objects.filter(is_staff=True, is_active=True).annotate(
        passkeys=Count("authenticator", filter=passkey)
    )
    counted = operators.annotate(keys=Count("authenticator", filter=passkey)).order_by("pk")
    rows = counted.values_list("pk", "date_joined", "keys")
    return [Operator(pk, joined.date(), has_passkey=keys > 0) for pk, joined, keys in rows]


def _require_operator(user_id: int) -> None:
    if not get_user(user_id=user_id).is_staff:
        raise Refused("for operators")
