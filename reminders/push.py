"""Handing one prompt to one push service: what it holds, how it is sealed and signed, and what the answer means.

The text is encrypted for the browser alone (RFC 8291) and the sender known by its key (RFC 8292), both by pywebpush.
The address came from a browser, so it is asked anew each time whether it is on the list; no redirect is followed, and
no answer waited for longer than a few seconds.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.templatetags.static import static
from django.utils import translation
from django.utils.translation import gettext as _

from reminders.rules import CONNECT_SECONDS, READ_SECONDS, Kind, is_allowed
from reminders.shapes import Target

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)

GONE: Final = (404, 410)
TOO_MUCH: Final = 429
SERVER_ERRORS: Final = 500
MINUTE: Final = timedelta(minutes=1)


class Answer(StrEnum):
    """What became of a prompt at one push service."""

    TAKEN = "taken"
    GONE = "gone"  # nobody is there any more
    LATER = "later"  # it was not taken for now
    UNHEARD = "unheard"  # it left, and what became of it is not known
    REFUSED = "refused"  # this service takes nothing of ours, or the address is not on the list


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer, and for how long at least not to ask again."""

    answer: Answer
    wait: timedelta = timedelta(0)


# --- Our key -----------------------------------------------------------------------------------------------------
@lru_cache(maxsize=4)
def _public_point(key: str) -> bytes:
    number = int.from_bytes(base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)))
    public = ec.derive_private_key(number, ec.SECP256R1()).public_key()
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def public_key() -> str:
    """What a browser is told about us when it is asked for an address: our public key, base64url; '' without one."""
    if not settings.PUSH_KEY:
        return ""
    return base64.urlsafe_b64encode(_public_point(settings.PUSH_KEY)).rstrip(b"=").decode()


def key_name() -> str:
    """A short name for the key we sign with; '' without one."""
    return hashlib.sha256(public_key().encode()).hexdigest()[:16] if settings.PUSH_KEY else ""


# --- What it holds -----------------------------------------------------------------------------------------------
def write_prompt(user: User, kind: Kind, *, label: str = "", secret: str = "") -> str:
    """The message for *user*'s devices: neutral words, where a tap leads, and the secret by which the phone answers.

    Whoever else looks at the phone learns that this app is there, under the name its owner chose, and nothing more.
    """
    with translation.override(user.language):
        body = {
            Kind.EVENING: _("A quiet minute for your notes, if you like."),
            Kind.MOMENT: _("A minute for your notes, if you like."),
            Kind.WEEK: _("Your week is ready."),
            Kind.NEWS: _("There is something new for you."),
        }[kind]
        later = [{"action": "later", "title": _("Later")}]
        nothing = [{"action": "nothing", "title": _("Nothing today")}] if kind is Kind.EVENING else []
        return _message(
            user,
            body,
            url=_leads_to(kind, label),
            actions=later + nothing,
            secret=secret,
        )


def _leads_to(kind: Kind, label: str) -> str:
    """Where a tap leads. What is new has the front page: an address of its own would say what the words do not."""
    match kind:
        case Kind.WEEK:
            return f"/reflections/{label}/"
        case Kind.EVENING:
            return "/log/?evening=1"
        case Kind.NEWS:
            return "/"
    return "/log/"


def write_try(user: User) -> str:
    """The message that shows that prompts arrive."""
    with translation.override(user.language):
        return _message(
            user, _("This is how a reminder looks."), url="/account/reminders/", actions=[], secret=""
        )


def _message(user: User, body: str, *, url: str, actions: list[dict[str, str]], secret: str) -> str:
    return json.dumps(
        {
            "title": _("Notes") if user.discreet else "Attune",
            "body": body,
            "url": url,
            "icon": static("icons/notes-192.png" if user.discreet else "icons/icon-192.png"),
            "badge": static("icons/notes-mono-96.png" if user.discreet else "icons/mono-96.png"),
            "actions": actions if secret else [],
            "secret": secret,
        },
        ensure_ascii=False,
    )


# --- Handing it over ---------------------------------------------------------------------------------------------
def hand_over(target: Target, message: str, *, lives: timedelta, topic: str = "") -> Outcome:
    """Give *message* to the push service of one browser, which keeps it for at most *lives*. It raises nothing.

    A service that was reached and then went silent may have taken it: asking again could show it twice.
    """
    if not is_allowed(target.endpoint, tuple(settings.PUSH_HOSTS)):
        return Outcome(Answer.REFUSED)
    import requests  # here, for pywebpush brings two HTTP clients along, and only a worker sends
    from pywebpush import WebPushException

    try:
        _post(target, message, lives=lives, topic=topic)
    except WebPushException as error:
        return _read(error.response)
    except (requests.exceptions.ConnectTimeout, requests.exceptions.SSLError):
        return Outcome(Answer.LATER)
    except requests.exceptions.ConnectionError as error:
        return Outcome(Answer.LATER if _never_connected(error) else Answer.UNHEARD)
    except requests.exceptions.RequestException:
        return Outcome(Answer.UNHEARD)
    return Outcome(Answer.TAKEN)


def _post(target: Target, message: str, *, lives: timedelta, topic: str) -> None:
    import requests
    from py_vapid import Vapid02
    from pywebpush import webpush

    class Session(requests.Session):
        """Follows nobody elsewhere, and takes no password for the host from a file of the machine."""

        def post(self, url: Any, data: Any = None, json: Any = None, **options: Any) -> Any:
            return super().post(url, data, json, allow_redirects=False, **options)

    with Session() as session:
        session.auth = lambda request: request
        webpush(
            {"endpoint": target.endpoint, "keys": {"p256dh": target.p256dh, "auth": target.auth}},
            message,
            vapid_private_key=Vapid02.from_string(settings.PUSH_KEY),
            vapid_claims={"sub": settings.PUSH_CONTACT},
            ttl=max(int(lives.total_seconds()), 1),
            headers={"Urgency": "normal", **({"Topic": topic} if topic else {})},
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            requests_session=session,
        )


def _read(response: Any) -> Outcome:
    """What an answer that is no success means. Its words are the service's own, and are not kept."""
    if response is None:  # it could not be encrypted for this browser
        return Outcome(Answer.GONE)
    status = int(response.status_code)
    if status in GONE:
        return Outcome(Answer.GONE)
    if status == TOO_MUCH or status >= SERVER_ERRORS:
        return Outcome(Answer.LATER, _wait(str(response.headers.get("Retry-After", "")), response.headers))
    logger.warning("a push service answered %s", status)
    return Outcome(Answer.REFUSED)


def _wait(said: str, headers: Any) -> timedelta:
    """How long a service asks to be left alone: seconds or a date (RFC 9110, 10.2.3), at most a day."""
    if said.isdecimal():
        return timedelta(seconds=min(int(said), 86_400))
    try:
        until, sent = parsedate_to_datetime(said), parsedate_to_datetime(headers["Date"])
    except (TypeError, ValueError, KeyError):
        return timedelta(0)
    return min(max(_aware(until) - _aware(sent), timedelta(0)), timedelta(days=1))


def _aware(instant: datetime) -> datetime:
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _never_connected(error: Exception) -> bool:
    from urllib3.exceptions import NameResolutionError, NewConnectionError

    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError | NameResolutionError)
