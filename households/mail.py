"""Handing mail over so that nobody can tell whether it was wanted."""

from __future__ import annotations

import time

from django.core.mail import EmailMessage, get_connection

from households.rules import SENDING_TAKES


def hand_over(mail: EmailMessage, *, wanted: bool) -> None:
    """Give *mail* to the mail server; one that is not *wanted* does all the same but leave.

    Whoever waits for it cannot tell which: a server that is away is away for both, and either takes `SENDING_TAKES`,
    unless the server is slower than that.

    Raises:
        OSError: the server is away, or did not take the mail.
    """
    begun = time.monotonic()
    try:
        with get_connection() as server:
            if wanted:
                server.send_messages([mail])
            else:
                mail.message().as_bytes()
    finally:
        time.sleep(max(0.0, begun + SENDING_TAKES.total_seconds() - time.monotonic()))
