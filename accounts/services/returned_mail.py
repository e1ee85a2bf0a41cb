"""Mail of ours that came back, and trusting an address again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import ReturnedMail, User
from accounts.rules import SOFT_RETURNS_MAX, SOFT_RETURNS_WITHIN, MailReturn
from accounts.selectors import has_disowned
from accounts.tokens import is_about, read_not_me_token


@transaction.atomic
def note_returned_mail(*, email: str, kind: str, now: datetime) -> None:
    """A mail to this address came back. After one hard return or three soft ones the weekly mail waits.

    The person can go on signing in: a mail server's word must not shut anybody out of their own notes. They are told
    in the app. An address that nobody has changes nothing.
    """
    user = User.objects.select_for_update().filter(email=email.strip().lower()).first()
    if user is None:
        return
    ReturnedMail.objects.create(user=user, kind=MailReturn(kind), at=now)
    if user.mail_stopped_at is None and _is_enough(user, now):
        user.mail_stopped_at = now
        user.save(update_fields=["mail_stopped_at"])


def _is_enough(user: User, now: datetime) -> bool:
    recent = ReturnedMail.objects.filter(user=user, at__gt=now - SOFT_RETURNS_WITHIN)
    kinds = list(recent.values_list("kind", flat=True))
    return any(kind != MailReturn.SOFT for kind in kinds) or len(kinds) >= SOFT_RETURNS_MAX


@transaction.atomic
def disown_address(*, token: str, now: datetime) -> None:
    """Whoever reads a mail of ours says that its account is not theirs: no weekly mail goes to that address.

    Its person is told in the app, and can go on signing in. Nothing tells whether there is such an account still, or
    whether it has that address; saying it again changes nothing.

    Raises:
        NotVisible: the link is not one of ours.
    """
    public_id, digest = read_not_me_token(token)
    user = User.objects.select_for_update().filter(public_id=public_id, is_active=True).first()
    if user is None or not is_about(digest, email=user.email) or has_disowned(user_id=user.pk):
        return
    ReturnedMail.objects.create(user=user, kind=MailReturn.NOT_ME, at=now)
    user.mail_stopped_at = user.mail_stopped_at or now
    user.save(update_fields=["mail_stopped_at"])


@transaction.atomic
def trust_address(*, actor_id: int) -> None:
    """Write to this person again: they looked at their address, or have a new one. Doing it again changes nothing."""
    ReturnedMail.objects.filter(user_id=actor_id).delete()
    User.objects.filter(pk=actor_id).update(mail_stopped_at=None)
