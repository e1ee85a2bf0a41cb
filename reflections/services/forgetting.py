"""What is not kept of a delivery once it has ended."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from reflections.models import Digest
from reflections.rules import BYTES_KEPT, OPEN


@transaction.atomic
def forget_digest_bytes(*, now: datetime) -> int:
    """Drop what can be read of mails that ended, or went into quarantine, thirty days ago; how many had any.

    The message's id goes with its bytes: released after this, such a delivery is composed afresh.
    """
    old = Digest.objects.exclude(status__in=OPEN).filter(ended_at__lt=now - BYTES_KEPT)
    return old.exclude(message=b"").update(message=b"", message_id="", sha256="", sources=None)
