"""One click stops the mail: no sign-in, no question, no way back needed."""

from __future__ import annotations

from accounts.rules import DigestLevel
from accounts.services import change_choices
from reflections.selectors import Subscription, find_subscription


def unsubscribe(*, token: str) -> Subscription:
    """Stop the weekly mail of the person this link was sent to. Doing it again changes nothing.

    It acts on the next claim: a mail that waits to be sent is suppressed. Who changes their mind chooses a level again.

    Raises:
        NotVisible: the token is not one of ours, or its account is closed.
    """
    subscription = find_subscription(token=token)
    if subscription.is_live:
        change_choices(actor_id=subscription.user_id, choices={"digest_level": DigestLevel.NONE})
    return find_subscription(token=token)
