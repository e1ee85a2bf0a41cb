"""Web Push by default: the push services of the browsers there are, and whom one may write to about what we send."""

from __future__ import annotations

from typing import Final

# A browser says where it is reached, so the places are written down.
HOSTS: Final = [
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    ".push.apple.com",
    ".notify.windows.com",
]


def contact(*, site_url: str, sender: str) -> str:
    """Whom a push service may write to (RFC 8292, 2.1): the site where it is public, else the sender of mails."""
    return site_url if site_url.startswith("https://") else f"mailto:{sender.rpartition('<')[2].rstrip('>')}"
