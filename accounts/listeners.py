"""What follows when django-allauth, or Django, says that somebody signed in or changed how they do.

Every change of a password, address, passkey or app ends the person's other sessions and their API tokens: whoever else
is signed in somewhere, or made themselves a key, got there by what was true before.
"""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.account.models import EmailAddress
from allauth.account.signals import (
    authentication_step_completed,
    email_changed,
    email_confirmed,
    password_changed,
    password_reset,
    password_set,
)
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed
from allauth.usersessions.models import UserSession
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason, tracking
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import pre_save
from django.http import HttpRequest
from django.utils import timezone

from accounts.devices import recognise
from accounts.models import User
from accounts.rules import MailReturn
from accounts.services import (
    NO_ADDRESS,
    carry_blocks,
    end_everything_else,
    follow_session,
    note_returned_mail,
    note_seen,
    take_address,
    trust_address,
)

SIGNED_IN_KEY = "signed_in"  # in the session: when it began, and when it was last noted that it is used


def connect() -> None:
    """Listen. Called once, when the app is ready."""
    for signal, listener in (
        (user_logged_in, on_sign_in),
        (authentication_step_completed, on_proof),
        (email_confirmed, on_address_proved),
        (email_changed, on_address_changed),
        (authenticator_added, on_second_step_changed),
        (authenticator_removed, on_second_step_changed),
        (password_set, on_password_changed),
        (password_changed, on_password_changed),
        (password_reset, on_password_changed),
        (tracking, on_mail_reported),
    ):
        signal.connect(listener, dispatch_uid=f"accounts.{listener.__name__}")
    pre_save.connect(on_device_noted, sender=UserSession, dispatch_uid="accounts.on_device_noted")


def on_sign_in(*, request: HttpRequest, user: User, **_: Any) -> None:
    """A session began. Having signed in is a proof of who is there, also for an account that was just opened."""
    now = timezone.now()
    request.session[SIGNED_IN_KEY] = {"since": now.timestamp(), "seen": now.timestamp()}
    if not get_authentication_records(request, user):
        record_authentication(request, user, method="sign-in")
    if not request.session.session_key:
        request.session.save()  # somebody else was signed in here before: Django emptied their session
    note_seen(
        user_id=user.pk,
        session_key=str(request.session.session_key),
        user_agent=request.META.get("HTTP_USER_AGENT", ""),
        now=now,
    )


def on_proof(*, request: HttpRequest, reauthenticated: bool = False, **_: Any) -> None:
    """Somebody signed in proved again who they are: the session gets another key (OWASP ASVS 5.0, 7.2.4)."""
    if reauthenticated:
        old_key = str(request.session.session_key)
        request.session.cycle_key()
        follow_session(old_key=old_key, new_key=str(request.session.session_key))


def on_address_proved(*, email_address: EmailAddress, **_: Any) -> None:
    take_address(user_id=email_address.user_id, email=email_address.email)


def on_address_changed(
    *, request: HttpRequest | None, user: User, from_email_address: Any, to_email_address: Any, **_: Any
) -> None:
    """What the old address had asked for goes on; what came back from the old one says nothing of the new."""
    _end_others(request, user)
    trust_address(actor_id=user.pk)
    if from_email_address is not None:
        carry_blocks(user_id=user.pk, from_email=from_email_address.email, to_email=to_email_address.email)


def on_password_changed(*, request: HttpRequest, user: User, **_: Any) -> None:
    _end_others(request, user)


def on_second_step_changed(
    *, request: HttpRequest, user: User, authenticator: Authenticator, **_: Any
) -> None:
    """Recovery codes come and go with what they recover."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        _end_others(request, user)


def on_device_noted(*, instance: UserSession, **_: Any) -> None:
    """Whoever writes the row: no address of the network stays, and of the browser only what its owner calls it."""
    instance.ip = NO_ADDRESS
    instance.user_agent = recognise(instance.user_agent)


def on_mail_reported(*, event: AnymailTrackingEvent, **_: Any) -> None:
    """A mail provider says what became of a mail. What was opened or clicked is nobody's business, and not kept."""
    kind = _RETURNS.get(event.event_type)
    if event.event_type == EventType.BOUNCED and event.reject_reason not in _FOR_GOOD:
        kind = MailReturn.SOFT
    if kind is not None and event.recipient:
        note_returned_mail(email=event.recipient, kind=kind, now=timezone.now())


# What is only deferred did not come back. A provider that "rejects" knows the address from an earlier return.
_RETURNS = {
    EventType.BOUNCED: MailReturn.HARD,
    EventType.REJECTED: MailReturn.HARD,
    EventType.COMPLAINED: MailReturn.COMPLAINT,
    EventType.UNSUBSCRIBED: MailReturn.COMPLAINT,
}
_FOR_GOOD = {RejectReason.BOUNCED, RejectReason.INVALID}


def _end_others(request: HttpRequest | None, user: User) -> None:
    """All but the session that asks; without one, all."""
    end_everything_else(user_id=user.pk, session_key=str(request.session.session_key) if request else "")
