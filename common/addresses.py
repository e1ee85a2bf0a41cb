"""Where a request comes from, as far as it can be believed.

Every proxy of the operator's appends the address it was called from to `X-Forwarded-For`; whatever stands before that
was written by the client. So with *n* proxies the *n*-th entry from the right is the client, and with none the header
says nothing at all. `X-Real-IP` and `Forwarded` are never read.
"""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = "0.0.0.0"  # noqa: S104 (what stands for a caller without an address, as on a Unix socket)
IPV6_HOME = 64  # a home or a phone is given a whole /64 and changes addresses inside it as it likes


def client_ip(request: HttpRequest) -> str:
    """The address of whoever asks, in one spelling; `UNKNOWN` when there is none."""
    peer = request.META.get("REMOTE_ADDR", "")
    proxies = settings.TRUSTED_PROXY_COUNT
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    # Fewer entries than proxies: it did not come through them, so only the connection itself is known.
    told = hops[-proxies] if 0 < proxies <= len(hops) else ""
    return _spelt(told) or _spelt(peer) or UNKNOWN


def network_of(ip: str) -> str:
    """What one caller can move about in: an IPv4 address, or the /64 around an IPv6 address."""
    address = ipaddress.ip_address(ip)
    if address.version == 4:
        return ip
    return str(ipaddress.ip_network((address, IPV6_HOME), strict=False).network_address)


def _spelt(text: str) -> str:
    """*text* as the one spelling of its address; '' when it is none. Some proxies add a port, or brackets."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)
