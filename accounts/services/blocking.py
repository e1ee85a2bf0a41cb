"""Whom an address wants nothing from."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from accounts.models import BlockedSender
from accounts.selectors import find_reader, list_blocked_senders
from common.errors import NotVisible


@transaction.atomic
def block_sender(*, email: str, sender_id: int, known_as: str, now: datetime) -> None:
    """Nothing more that this person sends reaches this address. They are never told; blocking twice changes nothing.

    The caller has made sure that it is the address's owner who asks. *known_as* is how that owner knows the sender, and
    all that their list will ever show.
    """
    BlockedSender.objects.get_or_create(
        email=email.lower(),
        sender_id=sender_id,
        defaults={"owner_id": find_reader(email=email), "known_as": known_as, "created_at": now},
    )


@transaction.atomic
def take_address(*, user_id: int, email: str) -> None:
    """This person has proved to read *email*: what it wants nothing from is theirs to say.

    Whoever had the address before and said something of it does not read it any more: that ends. What somebody said
    from behind a link, before there was an account, is taken for this person's.
    """
    said = BlockedSender.objects.filter(email=email.lower())
    said.exclude(owner=None).exclude(owner_id=user_id).delete()
    said.filter(owner=None).update(owner_id=user_id)


@transaction.atomic
def carry_blocks(*, user_id: int, from_email: str, to_email: str) -> None:
    """Whom the old address wants nothing from, the new one does not either. For a person who changed theirs.

    What the old one said stays, for its mailbox may be read still; it is the person's, and goes with them.
    """
    BlockedSender.objects.bulk_create(
        (
            BlockedSender(
                email=to_email.lower(),
                owner_id=user_id,
                sender_id=block.sender_id,
                known_as=block.known_as,
                created_at=block.created_at,
            )
            for block in BlockedSender.objects.filter(email=from_email.lower())
        ),
        ignore_conflicts=True,
    )


@transaction.atomic
def unblock_sender(*, actor_id: int, sender_id: uuid.UUID) -> None:
    """Let this person write to the actor again, at whichever address of theirs.

    Raises:
        NotVisible: nobody with this public id is on the actor's list.
    """
    listed = list_blocked_senders(actor_id=actor_id).filter(sender__public_id=sender_id).order_by()
    ended, _by_model = listed.delete()
    if not ended:
        raise NotVisible("blocked sender")
    # What a former address of the actor's had said besides.
    BlockedSender.objects.filter(owner_id=actor_id, sender__public_id=sender_id).delete()
