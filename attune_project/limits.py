"""Every limit there is, and the middleware that counts (ADR 10).

A door that changes something and does not stand in `DOORS` has the limits of `ANY_CHANGE`, so none is without. The
rules of a door are counted in order, and the first that is used up ends it. What is counted for the place alone comes
first, so that whoever is turned away leaves one row, and not one for each address they make up; what is counted for
somebody's address alone comes last, so that one stranger alone cannot use it up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from allauth.account.internal.flows.email_verification_by_code import EMAIL_VERIFICATION_CODE_SESSION_KEY
from allauth.account.internal.flows.password_reset_by_code import PASSWORD_RESET_VERIFICATION_SESSION_KEY
from allauth.account.internal.stagekit import LOGIN_SESSION_KEY, unstash_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from common.addresses import client_ip, network_of
from common.api import is_api, problem
from common.limits import Limit, count_try, is_used_up
from common.security import Event, tell

SAFE: Final = ("GET", "HEAD", "OPTIONS", "TRACE")
TEN_MINUTES, HOUR, DAY = timedelta(minutes=10), timedelta(hours=1), timedelta(days=1)

Who = Callable[[HttpRequest], str]
"""For whom a try is counted; '' when this limit has nothing to say about the request."""


_AWAITED: Final = (
    EMAIL_VERIFICATION_CODE_SESSION_KEY,
    PASSWORD_RESET_VERIFICATION_SESSION_KEY,
    LOGIN_SESSION_KEY,
)


# --- For whom ----------------------------------------------------------------------------------------------------
def place(request: HttpRequest) -> str:
    """The network the request comes from."""
    return network_of(client_ip(request))


def typed(field: str) -> Who:
    """The mail address that was typed into this field, the one that the door reads, whether or not anybody has it."""

    def found(request: HttpRequest) -> str:
        text = _sent(request).get(field)
        return text.strip().lower() if isinstance(text, str) else ""

    return found


def _sent(request: HttpRequest) -> Mapping[str, Any]:
    """What the door reads of the body: the API takes JSON alone, a page forms."""
    if not is_api(request):
        return request.POST
    return _json(request.body) if request.content_type == "application/json" else {}


def _json(text: bytes | str) -> Mapping[str, Any]:
    """What a JSON object holds; nothing where it is none. Its door says what is wrong with it."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def person(request: HttpRequest) -> str:
    """Who is signed in; else the network."""
    return f"person {request.user.pk}" if request.user.is_authenticated else place(request)


def pending(request: HttpRequest) -> str:
    """Whose code or second step is awaited: the person, or the mail address as long as nobody has shown to be one."""
    if request.user.is_authenticated:
        return person(request)
    login = unstash_login(request, peek=True)
    if login is not None and login.user is not None:
        return f"person {login.user.pk}"
    states = (request.session.get(name) or {} for name in _AWAITED)
    return next((f"address {state['email']}" for state in states if state.get("email")), "")


def credential(request: HttpRequest) -> str:
    """The passkey that is shown, by its public id."""
    return str(_json(request.POST.get("credential", "")).get("id", ""))


def token(request: HttpRequest) -> str:
    """The API token that is shown, right or wrong."""
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def caller(request: HttpRequest) -> str:
    """Who asks the API: a token, a person, or a network."""
    return person(request) if request.user.is_authenticated else token(request) or place(request)


def here(who: Who) -> Who:
    """The same, counted apart for each network: what a stranger does elsewhere locks nobody out."""

    def found(request: HttpRequest) -> str:
        name = who(request)
        return f"{place(request)} {name}" if name else ""

    return found


def by_person(who: Who) -> Who:
    """The same, counted apart for each person who is signed in."""

    def found(request: HttpRequest) -> str:
        name = who(request)
        return f"{person(request)} {name}" if name else ""

    return found


# --- How often ---------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Rule:
    """One limit of one door, and for whom it counts. A link from a mail is counted when it is opened: *also_get*."""

    limit: Limit
    who: Who
    also_get: bool = False


AT_ALL = Rule(Limit("sign-in-here", 100, TEN_MINUTES), place)  # guesses at many accounts from one place
MAIL_AT_ALL = Rule(Limit("mail-from-here", 30, TEN_MINUTES), place)
MAIL_HERE = Rule(Limit("mail-to-from-here", 5, timedelta(minutes=15)), here(typed("email")))
# Keeps a mailbox from being flooded. More than one place alone can ask for in an hour.
MAIL_TO = Rule(Limit("mail-to", 40, HOUR), typed("email"))
CODE = Rule(Limit("code", 10, TEN_MINUTES), here(pending))
PROOF = Rule(Limit("proof", 10, TEN_MINUTES), here(person))
OPEN_LINK = Rule(Limit("link", 60, TEN_MINUTES), place, also_get=True)

EXPORT = (Rule(Limit("export", 10, HOUR), person),)

JOIN = Rule(Limit("join", 30, TEN_MINUTES), person)


# How many invitations and offers there may be is a rule of households; this bounds the trying.
def let_in(field: str) -> tuple[Rule, ...]:
    """The limits of a door that asks whoever reads the address in this field."""
    return (
        Rule(Limit("invite", 30, HOUR), person),
        Rule(Limit("invite-one-address", 5, DAY), by_person(typed(field))),
    )


ANY_CHANGE = (Rule(Limit("change", 300, timedelta(minutes=5)), person),)

MAILED = (MAIL_AT_ALL, MAIL_HERE, MAIL_TO)
TYPED_CODE = (AT_ALL, CODE)

DOORS: Final[Mapping[str, tuple[Rule, ...]]] = {
    # Signing in. The eleventh try is refused, a right one as well.
    "account_login": (AT_ALL, Rule(Limit("password", 10, TEN_MINUTES), here(typed("login")))),
    "account_request_login_code": MAILED,
    "account_confirm_login_code": TYPED_CODE,
    "mfa_login_webauthn": (AT_ALL, Rule(Limit("passkey", 10, TEN_MINUTES), here(credential))),
    # Whoever comes this far knows the first factor, and may do so from many places: a day's bound for the account.
    "mfa_authenticate": (
        AT_ALL,
        Rule(Limit("second-step", 10, TEN_MINUTES), here(pending)),
        Rule(Limit("second-step-of-a-day", 100, DAY), pending),
    ),
    "account_signup": (Rule(Limit("sign-up", 20, HOUR), place), *MAILED),
    "account_email_verification_sent": (*TYPED_CODE, MAIL_HERE, MAIL_TO),
    "account_reset_password": MAILED,
    "account_confirm_password_reset_code": TYPED_CODE,
    "account_complete_password_reset": TYPED_CODE,
    # Proving again who one is, with a password, a code or a passkey.
    "account_reauthenticate": (PROOF,),
    "account_reauthenticate_by_code": (PROOF, Rule(Limit("proof-mail", 20, HOUR), person)),
    "account_change_password": (PROOF,),
    "mfa_reauthenticate": (PROOF,),
    "mfa_reauthenticate_webauthn": (PROOF,),
    "account_email": (Rule(Limit("address-change", 10, HOUR), person), *MAILED),
    # Letting others in, and coming in.
    "household-invitations": let_in("email"),
    "household-coaches": let_in("coach_email"),
    "coach-invitations": let_in("email"),
    "coach-ask": (OPEN_LINK,),
    "coach-asked": (JOIN,),
    "coach-sheet-file": (Rule(Limit("sheet-file", 30, HOUR), person),),
    "card-links": (Rule(Limit("card-link", 30, HOUR), person),),
    "card-shared": (OPEN_LINK,),
    "invitation": (OPEN_LINK,),
    "coach-offer": (OPEN_LINK,),
    "invitation-join": (JOIN,),
    "coach-offers": (JOIN,),
    "data-export": EXPORT,
    "api:export": EXPORT,
    "api:grants": let_in("coach_email"),
    # An honest phone sends ten thousand operations in a hundred batches; what does not open is rare.
    "api:sync": (Rule(Limit("sync", 240, timedelta(minutes=5)), person),),
    "api:sync-rescue": (Rule(Limit("sync-rescue", 60, HOUR), person),),
    # A phone says what became of a prompt: a guess at another's secret has 192 bits to guess.
    "reminders-noted": (Rule(Limit("prompt-noted", 300, TEN_MINUTES), place),),
    "reminders-try": (Rule(Limit("prompt-try", 5, TEN_MINUTES), person),),
    # Many people's mail programs press this button from one and the same large provider.
    "not-me": (Rule(Limit("not-me", 60, TEN_MINUTES), place),),
    "unsubscribe": (Rule(Limit("unsubscribe", 600, TEN_MINUTES), place),),
}

API = (Rule(Limit("API", 600, timedelta(minutes=1)), caller),)
# Counted when the token turns out wrong: each request shows one, and most are right.
WRONG_TOKENS = (
    Rule(Limit("wrong-tokens-here", 100, TEN_MINUTES), lambda request: token(request) and place(request)),
    Rule(Limit("wrong-token", 10, TEN_MINUTES), here(token)),
)


def rules_of(door: str) -> tuple[Rule, ...]:
    """The limits of the door with this URL name; one of the API has those of `API` besides."""
    return DOORS.get(door, () if door.startswith("api:") else ANY_CHANGE)


# --- Counting ----------------------------------------------------------------------------------------------------
Count = Callable[..., int]


@dataclass(frozen=True, slots=True)
class Refusal:
    """The rule that is used up, and in how many seconds it is not."""

    rule: Rule
    wait: int


class LimitsMiddleware:
    """Counts what is tried, before it is tried, and turns away what is too much: 429 with Retry-After.

    Stands behind session, sign-in and CSRF: a forged form is refused before it can use up anybody's tries.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code == 401 and is_api(request) and token(request):
            tell(Event.TOKEN_REJECTED, request=request)
            return self._turned_away(request, WRONG_TOKENS, count_try) or response
        return response

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponseBase | None:
        rules = rules_of(request.resolver_match.view_name if request.resolver_match else "")
        if request.method in SAFE:
            rules = tuple(rule for rule in rules if rule.also_get)
        if is_api(request):
            return self._turned_away(request, WRONG_TOKENS, is_used_up) or self._turned_away(
                request, (*API, *rules), count_try
            )
        return self._turned_away(request, rules, count_try)

    @staticmethod
    def _turned_away(request: HttpRequest, rules: Iterable[Rule], count: Count) -> HttpResponse | None:
        refusal = find_refusal(rules, request, now=timezone.now(), count=count)
        if refusal is None:
            return None
        tell(Event.LIMIT_HIT, request=request, limit=refusal.rule.limit.name, user=request.user.pk)
        return too_many(request, refusal.wait)


def find_refusal(
    rules: Iterable[Rule], request: HttpRequest, *, now: datetime, count: Count
) -> Refusal | None:
    """The first of *rules* that is used up; those behind it are not counted."""
    for rule in rules:
        who = rule.who(request)
        if who and (wait := count(rule.limit, who=who, now=now)):
            return Refusal(rule, wait)
    return None


def too_many(request: HttpRequest, wait: int) -> HttpResponse:
    """429 in the form this request can read, with the seconds until it may come back."""
    minutes = {"minutes": -(-wait // 60)}
    response = (
        problem(429, code="slow_down")
        if is_api(request)
        else render(request, "429.html", minutes, status=429)
    )
    response.headers["Retry-After"] = str(wait)
    return response


def too_many_mails(request: HttpRequest) -> HttpResponse:
    """What django-allauth answers when it may not send one more code to an address this hour."""
    return too_many(request, int(HOUR.total_seconds()))
