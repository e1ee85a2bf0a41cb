"""What accounts hold of a person: who they are, how they sign in, and what they chose."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.auth import SESSION_KEY
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.devices import in_words, recognise
from accounts.models import ApiToken, BlockedSender, ReturnedMail, User
from accounts.rules import ERASURE_DELAY, PROTECTING, TOKEN_LEDGER_CHARS, Noted
from accounts.selectors import list_addresses
from accounts.services import erase_person
from common.estates import Applier, Estate, Holding, Table, erase_rows, in_chunks

LEDGER = "the ledger is what keeps erased things erased after a restore; it holds random ids only"
COUNTER = "its key is a digest that names no address and nobody, and it goes within a day"


class AccountsEstate(Estate):
    """The person's own row is not in `erase`: it goes last, once nothing else names them."""

    holdings = (
        Holding("accounts.ApiToken", ("user",)),
        Holding("accounts.BlockedSender", ("sender", "owner")),
        Holding("accounts.ReturnedMail", ("user",)),
        Holding("mfa.Authenticator", ("user",)),
        Holding("usersessions.UserSession", ("user",)),
        Holding("admin.LogEntry", ("user",)),
        Holding("account.EmailConfirmation", ("email_address__user",)),
        Holding("account.EmailAddress", ("user",)),
        Holding(
            "sessions.Session", kept_because="a session names its person inside its sealed data: see `erase`"
        ),
        Holding(
            "common.PersonKey",
            kept_because="it is emptied before all else; the row goes with the person's own",
        ),
        Holding("common.LedgerEntry", kept_because=LEDGER),
        Holding("common.RateCount", kept_because=COUNTER),
        Holding("accounts.User", kept_because="it goes last of all, when nothing else names the person"),
    )

    def export(self, person_id: int, now: datetime) -> Iterator[Table]:
        yield Table("account", _("You, and what you chose."), ("id", *_ACCOUNT), lambda: _accounts(person_id))
        yield Table("addresses", _("Your mail addresses."), _ADDRESS, lambda: _addresses(person_id))
        yield Table(
            "api_tokens",
            _("Keys to the API: their names, never the keys."),
            _TOKEN,
            lambda: _tokens(person_id),
        )
        yield Table("devices", _("Where you are signed in."), _DEVICE, lambda: _devices(person_id))
        yield Table(
            "second_factors",
            _("Your passkeys, and whether you have codes: never what opens with them."),
            _FACTOR,
            lambda: _factors(person_id),
        )
        yield Table("returned_mail", _("Mails to you that came back."), _RETURN, lambda: _returned(person_id))
        yield Table(
            "blocked_senders", _("Whose invitations you do not want."), _BLOCK, lambda: _blocks(person_id)
        )

    def appliers(self) -> Mapping[str, Applier]:
        return {
            Noted.TOKEN_ENDED: _end_token,
            Noted.CHOICE_MADE: _choose_again,
            Noted.ERASURE_ASKED: _ask_again,
            Noted.ERASURE_CANCELLED: _cancel_again,
            Noted.PERSON_ERASED: _erase_again,
        }

    def close_doors(self, now: datetime) -> Mapping[str, int]:
        ended, _by_model = Session.objects.all().delete()
        return {"sessions ended": ended}

    def count_left(self, person_id: int) -> Mapping[str, int]:
        sessions = sum(1 for _session in _sessions_of(person_id))
        return {**super().count_left(person_id), **({"sessions.Session": sessions} if sessions else {})}

    def erase(self, person_id: int) -> None:
        for session in _sessions_of(person_id):
            session.delete()
        erase_rows(BlockedSender.objects.filter(email__in=list_addresses(user_id=person_id)))
        erase_rows(_entries_about(person_id))
        super().erase(person_id)


# --- After a restore ---------------------------------------------------------------------------------------------
def _end_token(subject: str, _at: datetime) -> int:
    if len(subject) != TOKEN_LEDGER_CHARS:
        raise ValueError("not the beginning of a digest")
    gone, _by_model = ApiToken.objects.filter(digest__startswith=subject).delete()
    return gone


def _choose_again(subject: str, _at: datetime) -> int:
    """A choice that protects less than the one that was made since gives way to it."""
    person, _colon, choice = subject.partition(":")
    name, _equals, value = choice.partition("=")
    weaker = PROTECTING[name][: PROTECTING[name].index(value)]
    rows = User.objects.filter(public_id=uuid.UUID(person), **{f"{name}__in": weaker})
    return rows.update(**{name: value})


def _ask_again(subject: str, at: datetime) -> int:
    return _people(subject).filter(erase_at__isnull=True).update(erase_at=at + ERASURE_DELAY)


def _cancel_again(subject: str, _at: datetime) -> int:
    return _people(subject).filter(erase_at__isnull=False).update(erase_at=None)


def _erase_again(subject: str, at: datetime) -> int:
    """Whoever was erased is destroyed again, and not only hidden."""
    found = _people(subject)
    found.update(erase_at=at)
    return sum(erase_person(user_id=user.pk, now=at) for user in found)


def _people(subject: str) -> QuerySet[User]:
    return User.objects.filter(public_id=uuid.UUID(subject))


# --- Erasing -----------------------------------------------------------------------------------------------------
def _sessions_of(person_id: int) -> Iterator[Session]:
    """Every session of the person. Who it is of is sealed inside, so all of them are opened."""
    store = SessionStore()
    for session in in_chunks(Session.objects.all()):
        if store.decode(session.session_data).get(SESSION_KEY) == str(person_id):
            yield session


def _entries_about(person_id: int) -> Any:
    """What operators wrote down about this account in the admin's own log."""
    return LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(User), object_id=str(person_id)
    )


# --- Taking along ------------------------------------------------------------------------------------------------
_ACCOUNT = (
    "email",
    "display_name",
    "language",
    "timezone",
    "digest_level",
    "digest_weekday",
    "digest_hour",
    "standing_visibility",
    "discreet",
    "date_joined",
    "last_login",
    "mail_stopped_at",
)
_ADDRESS = ("email", "verified", "primary")
_TOKEN = ("name", "scope", "created", "expiry")
_DEVICE = ("name", "created_at", "last_seen_at")
_FACTOR = ("type", "name", "created_at", "last_used_at")
_RETURN = ("kind", "at")
_BLOCK = ("sender", "created_at")


def _accounts(person_id: int) -> Iterator[tuple[Any, ...]]:
    for row in User.objects.filter(pk=person_id):
        yield row.public_id, *(getattr(row, name) for name in _ACCOUNT)


def _addresses(person_id: int) -> Iterator[tuple[Any, ...]]:
    rows = EmailAddress.objects.filter(user_id=person_id).order_by("pk")
    return iter(rows.values_list(*_ADDRESS))


def _tokens(person_id: int) -> Iterator[tuple[Any, ...]]:
    rows = ApiToken.objects.filter(user_id=person_id).order_by("created", "digest")
    return iter(rows.values_list(*_TOKEN))


def _devices(person_id: int) -> Iterator[tuple[Any, ...]]:
    for row in UserSession.objects.filter(user_id=person_id).order_by("pk"):
        yield in_words(recognise(row.user_agent)), row.created_at, row.last_seen_at


def _factors(person_id: int) -> Iterator[tuple[Any, ...]]:
    for row in Authenticator.objects.filter(user_id=person_id).order_by("pk"):
        yield row.type, str(row.data.get("name", "")), row.created_at, row.last_used_at


def _returned(person_id: int) -> Iterator[tuple[Any, ...]]:
    return iter(ReturnedMail.objects.filter(user_id=person_id).order_by("pk").values_list(*_RETURN))


def _blocks(person_id: int) -> Iterator[tuple[Any, ...]]:
    """Whose invitations the person refuses, as the person knew them."""
    theirs = BlockedSender.objects.filter(email__in=list_addresses(user_id=person_id))
    blocked = theirs.exclude(~Q(owner=person_id), owner__isnull=False).order_by("pk")
    return iter(blocked.values_list("known_as", "created_at"))
