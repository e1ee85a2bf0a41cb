"""What planning and sending a digest share: taking its row, ending it, and why somebody gets none."""

from __future__ import annotations

from datetime import datetime

from accounts.rules import DigestLevel
from accounts.selectors import list_mailable_ids
from common.errors import Conflict, NotVisible
from reflections.models import Digest
from reflections.rules import Status, is_stale, may_become


def take_row(digest_id: int) -> Digest:
    """The delivery, locked until the transaction ends.

    Raises:
        NotVisible: there is no such delivery.
    """
    found = (
        Digest.objects.select_for_update(of=("self",))
        .select_related("membership__user", "membership__household", "week")
        .filter(pk=digest_id)
        .first()
    )
    if found is None:
        raise NotVisible("digest")
    return found


def end(digest: Digest, status: Status, *, code: str, now: datetime) -> Digest:
    """Nothing more happens with this delivery; its readable bytes go.

    Raises:
        Conflict: it is in a state that nothing follows.
    """
    if not may_become(Status(digest.status), status):
        raise Conflict(f"a delivery that is {digest.status} cannot become {status}")
    digest.status, digest.last_code, digest.ended_at = status, code, now
    digest.message, digest.sources, digest.lease_until = b"", None, None
    digest.save()
    return digest


def end_if_stale(digest: Digest, now: datetime) -> bool:
    """End what would now tell old news; whether it did. Nobody holds it: it is due, so a lease on it is over.

    One that a sender had may have arrived, which its code says: *skipped* means that nobody tries it any more.
    """
    if not is_stale(due_at=digest.due_at, now=now):
        return False
    code = "stale, may have arrived" if digest.may_have_arrived else "stale"
    end(digest, Status.SKIPPED_STALE, code=code, now=now)
    return True


def refusal_of(digest: Digest) -> str:
    """Why this person gets no mail now; '' when they do."""
    membership = digest.membership
    user = membership.user
    if membership.left_at is not None or user.erase_at is not None or not user.is_active:
        return "left"
    if user.digest_level == DigestLevel.NONE:
        return "unsubscribed"
    return "" if user.pk in list_mailable_ids(user_ids=[user.pk]) else "unverified"
