"""The cast that every test draws on, and a world in which it is always the same Wednesday evening."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import hypothesis
import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.backends.signals import connection_created
from django.dispatch import receiver
from django.test import Client, TransactionTestCase
from rest_framework.test import APIClient
from whitenoise import WhiteNoise

from accounts.models import User
from attune_project.demo.coach import BRIEFINGS
from checklists.services import load_library
from households.models import Child, Grant, Household, Membership
from households.rules import Opened, Reader, Role
from households.services import (
    accept_grant,
    add_child,
    create_household,
    load_briefings,
    note_access,
    offer_grant,
)
from observations.models import Observation
from observations.services import record_moment

# No test has a deadline: a machine may be busy.
hypothesis.settings.register_profile("attune", deadline=None)
hypothesis.settings.load_profile("attune")
# Playwright's event loop runs in the test's own thread, beside the ORM.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

NOW = datetime(2026, 11, 18, 19, 30, tzinfo=UTC)
"""A Wednesday evening in ISO week 2026-W47."""
BRIEFING = "ZZ.1"
"""What an author read who lets somebody in: the example that a machine of one's own has."""


def looked(terms: dict[str, Any]) -> dict[str, Any]:
    """*terms* as the page sends them that has shown what they show."""
    told = (terms["scope"], terms["from_on"], terms.get("country", ""), *sorted(terms["children"]))
    return {**terms, "looked": hashlib.sha256("\n".join(told).encode()).hexdigest()}


@receiver(connection_created)
def _no_order_is_by_chance(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Rows that nobody sorts come the other way round, so that a test passes only where somebody sorts them.

    PostgreSQL gives them in whatever order they lie in, and SQLite has a switch for exactly this
    (https://sqlite.org/pragma.html#pragma_reverse_unordered_selects). Programs that tests start are not asked.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA reverse_unordered_selects = ON")


_ASKS = {"db", "transactional_db", "live_server"}
# Their tests start programs of their own, which ask whatever database the run has.
_START_PROGRAMS = {"attune_project", "faults", "guards"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What asks no database is the same with each of them, so `make test` runs it once."""
    for item in items:
        asks = item.get_closest_marker("django_db") or _ASKS & set(getattr(item, "fixturenames", ()))
        if not asks and _START_PROGRAMS.isdisjoint(item.path.parts):
            item.add_marker("once")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The built-in content and an example of a briefing are part of every database."""
    with django_db_blocker.unblock():
        load_content()


def load_content() -> None:
    load_library(now=NOW)
    load_briefings(directory=BRIEFINGS, now=NOW)


@pytest.fixture(autouse=True)
def _ledger_of_its_own(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test writes into the ledger of this machine, or of another test."""
    settings.ERASURE_LEDGER = tmp_path_factory.mktemp("ledger") / "ledger.jsonl"


@pytest.fixture(scope="session", autouse=True)
def _content_is_back_after_a_flush() -> Iterator[None]:
    """A transactional test leaves empty tables; whichever comes next finds the content again."""
    flush = TransactionTestCase._fixture_teardown

    def flush_and_load(self: TransactionTestCase) -> None:
        flush(self)
        load_content()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", flush_and_load)
        yield


@pytest.fixture(scope="session", autouse=True)
def _few_rows_are_deleted() -> Iterator[None]:
    """A transactional test leaves few rows: PostgreSQL deletes them in a tenth of the time of truncating 70 tables."""

    def sql_flush(self: DatabaseOperations, style: object, tables: list[str], **_how: bool) -> list[str]:
        return [f"DELETE FROM {self.quote_name(table)};" for table in tables]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", sql_flush)
        yield


@pytest.fixture(scope="session", autouse=True)
def _static_files_are_read_once() -> Iterator[None]:
    """Every test's client starts the middleware anew, and WhiteNoise then reads more than a thousand files."""
    known: dict[tuple[str, str], dict[str, Any]] = {}
    read = WhiteNoise.update_files_dictionary

    def update_files_dictionary(self: WhiteNoise, root: str, prefix: str) -> None:
        if (root, prefix) not in known:
            before, self.files = self.files, {}
            read(self, root, prefix)
            known[root, prefix], self.files = self.files, before
        self.files.update(known[root, prefix])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoise, "update_files_dictionary", update_files_dictionary)
        yield


@pytest.fixture(scope="session", autouse=True)
def _sending_takes_no_time() -> Iterator[None]:
    """Outside, every invitation takes the same second to send."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("households.mail.SENDING_TAKES", timedelta(0))
        yield


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def make_user(db: None) -> Callable[..., User]:
    def make(name: str, **fields: Any) -> User:
        user = User.objects.create_user(f"{name}@example.org", display_name=name.title(), **fields)
        user.emailaddress_set.create(email=user.email, verified=True, primary=True)
        return user

    return make


@pytest.fixture
def parent(make_user: Callable[..., User]) -> User:
    """Founds the household, writes most of what is in it."""
    return make_user("alice", timezone="Europe/Lisbon")


@pytest.fixture
def household(parent: User, now: datetime) -> Household:
    return create_household(actor_id=parent.pk, name="The attic", timezone="Europe/Lisbon", now=now)


@pytest.fixture
def child(parent: User, household: Household, now: datetime) -> Child:
    return add_child(
        actor_id=parent.pk,
        household_id=household.public_id,
        nickname="Pip",
        birth_month=date(2022, 5, 1),
        emoji="🦊",
        now=now,
    )


@pytest.fixture
def second_child(parent: User, household: Household, child: Child, now: datetime) -> Child:
    return add_child(
        actor_id=parent.pk,
        household_id=household.public_id,
        nickname="Moth",
        birth_month=date(2025, 11, 1),
        now=now,
    )


@pytest.fixture
def join(household: Household, now: datetime) -> Callable[..., Membership]:
    """Puts somebody into the household, as an accepted invitation does."""

    def put(user: User, role: str = Role.GUARDIAN, left_at: datetime | None = None) -> Membership:
        return Membership.objects.create(
            household=household, user=user, role=role, joined_at=now, left_at=left_at
        )

    return put


@pytest.fixture
def co_parent(make_user: Callable[..., User], join: Callable[..., Membership]) -> User:
    """The other guardian: an equal, and possibly an adversary."""
    user = make_user("bela", timezone="Europe/Lisbon")
    join(user)
    return user


@pytest.fixture
def helper(make_user: Callable[..., User], join: Callable[..., Membership]) -> User:
    """A grandparent: logs, reads what is shared, changes no settings."""
    user = make_user("hugo")
    join(user, Role.HELPER)
    return user


@pytest.fixture
def former_member(make_user: Callable[..., User], join: Callable[..., Membership], now: datetime) -> User:
    """Lived here once."""
    user = make_user("fran")
    join(user, left_at=now)
    return user


@pytest.fixture
def coach(make_user: Callable[..., User]) -> User:
    """From outside. Sees what a live grant names, and without one nothing at all."""
    return make_user("cleo")


@pytest.fixture
def offer(
    parent: User, household: Household, child: Child, coach: User, now: datetime
) -> Callable[..., tuple[Grant, str]]:
    """Offers the coach a grant through the use case; without arguments the parent's notes from long ago on."""

    def put(actor: User | None = None, **fields: Any) -> tuple[Grant, str]:
        return offer_grant(
            **{
                "actor_id": (actor or parent).pk,
                "household_id": household.public_id,
                "coach_email": coach.email,
                "scope": "ratings_and_notes",
                "child_ids": [child.public_id],
                "from_on": date(2026, 1, 1),
                "briefing": BRIEFING,
                "now": now,
                **fields,
            }
        )

    return put


@pytest.fixture
def give(offer: Callable[..., tuple[Grant, str]], coach: User, now: datetime) -> Callable[..., Grant]:
    """A grant that the coach took: live."""

    def put(actor: User | None = None, **fields: Any) -> Grant:
        _offered, token = offer(actor, **fields)
        return accept_grant(actor_id=coach.pk, token=token, email=coach.email, now=fields.get("now", now))

    return put


@pytest.fixture
def stranger(make_user: Callable[..., User], now: datetime) -> User:
    """Signed in, with a household of their own, and nothing to do with this one."""
    user = make_user("zoe")
    create_household(actor_id=user.pk, name="Elsewhere", timezone="Europe/Lisbon", now=now)
    return user


@pytest.fixture
def record(parent: User, child: Child, now: datetime) -> Callable[..., Observation]:
    """Records a moment through the use case; without arguments: the parent, in tune, just now."""

    def put(actor: User | None = None, tone: str = "in_tune", **arguments: Any) -> Observation:
        return record_moment(
            **{
                "actor_id": (actor or parent).pk,
                "moment_id": uuid.uuid4(),
                "child_id": child.public_id,
                "tone": tone,
                "now": now,
                **arguments,
            }
        )

    return put


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    """A browser in which this person is signed in."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


@pytest.fixture
def sign_in_was_long_ago() -> Callable[[Client], None]:
    """Makes a browser's sign-in longer ago than it counts as a proof of who is there."""

    def forget(client: Client) -> None:
        session = client.session
        session.pop(AUTHENTICATION_METHODS_SESSION_KEY)
        session.save()

    return forget


@pytest.fixture
def api_of() -> Callable[[User], APIClient]:
    """An API client in which this person is signed in."""

    def sign_in(user: User) -> APIClient:
        client = APIClient()
        client.force_authenticate(user)
        return client

    return sign_in


@pytest.fixture
def look(coach: User, parent: User, household: Household, now: datetime) -> Callable[..., None]:
    """The coach opens the parent's page."""

    def put(**fields: Any) -> None:
        note_access(
            **{
                "reader_id": coach.pk,
                "reader_kind": Reader.COACH,
                "opened": Opened.SUMMARY,
                "household_pk": household.pk,
                "author_ids": [parent.pk],
                "now": now,
                **fields,
            }
        )

    return put
