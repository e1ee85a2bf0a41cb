"""Two households, everybody who could want to look in, and one of every kind of thing there is to look at."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from allauth.core.context import request_context
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.test import Client

from accounts.models import User
from accounts.services import block_sender, create_token
from accounts.tokens import not_me_token
from coaching.services import (
    accept_focus,
    agree_to_supervision,
    comment_on_moment,
    invite_family,
    present_oneself,
    propose_supervision,
    suggest_colleague,
    suggest_focus,
    suggest_question,
    write_own_note,
)
from households.models import Child, Household, Membership
from households.rules import GRANT_LIFETIME, GRANT_OFFER_LIFETIME, GrantScope, Role
from households.services import (
    accept_grant,
    add_child,
    archive_child,
    create_household,
    invite_member,
    offer_grant,
    return_grant,
    withdraw_grant,
    withdraw_invitation,
)
from observations.models import Draft, Observation
from observations.services import (
    answer_self_check,
    delete_moment,
    publish_questions,
    record_moment,
    take_question,
    write_question,
)
from reflections.services import compile_week, end_card_link, make_card_link, write_card
from reflections.tokens import unsubscribe_token
from reminders.models import PushAddress
from tests.conftest import BRIEFING
from tests.soft_passkey import SoftPasskey

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
LABEL = "2026-W46"  # the week before the cast's Wednesday
PASSWORD = "an attic full of kites"
MISSING = uuid.UUID("dddddddd-dddd-4ddd-8ddd-dddddddddddd")


class Who(StrEnum):
    ANONYMOUS = "anonymous"
    STRANGER = "stranger"  # has a household, another one
    AUTHOR = "author"  # guardian; most of what is in the attic is theirs
    CO_GUARDIAN = "co-guardian"
    HELPER = "helper"
    FORMER = "former member"
    STAFF = "staff"  # an operator with every right the admin knows, and no household
    # From outside, by what they were given; `GIVEN` says by whom. None of them has a household.
    COACH_NOTES = "coach with notes"
    COACH_RATINGS = "coach with ratings"
    COACH_SUMMARY = "coach with a summary"
    COACH_WITHDRAWN = "coach withdrawn"
    COACH_EXPIRED = "coach expired"


PEOPLE = tuple(who for who in Who if who is not Who.ANONYMOUS)
ATTIC, ELSEWHERE = "attic", "elsewhere"
HOME = {
    Who.AUTHOR: (ATTIC, Role.GUARDIAN),
    Who.CO_GUARDIAN: (ATTIC, Role.GUARDIAN),
    Who.HELPER: (ATTIC, Role.HELPER),
    Who.STRANGER: (ELSEWHERE, Role.GUARDIAN),
}
# Who lets whom look, and how far: live grants of people who live in the attic.
GIVEN = {
    Who.COACH_NOTES: {Who.AUTHOR: GrantScope.RATINGS_AND_NOTES},
    Who.COACH_RATINGS: {Who.AUTHOR: GrantScope.RATINGS, Who.CO_GUARDIAN: GrantScope.RATINGS},
    Who.COACH_SUMMARY: {Who.AUTHOR: GrantScope.SUMMARY},
}
WRITERS = {
    Who.AUTHOR: ATTIC,
    Who.CO_GUARDIAN: ATTIC,
    Who.HELPER: ATTIC,
    Who.FORMER: ATTIC,
    Who.STRANGER: ELSEWHERE,
}


# State and whether it is shared. The author's and a complete world's have every one; others need not all be there
# twice for every test.
STATES = (("live", False), ("live", True), ("deleted", False), ("deleted", True), ("expired", True))
FEWER = {
    Who.CO_GUARDIAN: STATES[:2],
    Who.HELPER: STATES[1:2],
    Who.FORMER: STATES[1:2],
    Who.STRANGER: STATES[:1],
}
CHECKS = ((0, False, "live"), (1, True, "live"), (2, True, "deleted"))


@dataclass(frozen=True)
class Thing:
    """Something an address can name. `state` is live, deleted, expired (deleted too long ago) or missing.

    Grants are offered, lapsed (an offer that nobody took in time), live, deleted (withdrawn), returned or expired.
    """

    name: str
    ids: dict[str, Any]
    home: str = ""
    author: Who | None = None
    shared: bool = False
    state: str = "live"
    to_coaches: bool = False  # its author shares it with coaches, and perhaps with nobody else


@dataclass
class World:
    now: datetime
    complete: bool = False
    users: dict[Who, User] = field(default_factory=dict)
    homes: dict[str, Household] = field(default_factory=dict)
    children: dict[str, Child] = field(default_factory=dict)
    things: dict[str, list[Thing]] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)  # API tokens and invitation tokens, by name

    def thing(self, kind: str, name: str) -> Thing:
        return next(thing for thing in self.things[kind] if thing.name == name)

    def child_of(self, who: Who) -> Child:
        """A child this person may log with; the attic's for those without a home."""
        return self.children["pip" if HOME.get(who, (ATTIC,))[0] == ATTIC else "ash"]

    def client(self, who: Who, **options: Any) -> Client:
        """A browser in which this person signed in, and proved a moment ago that it is still they."""
        client = Client(**options)
        if who is not Who.ANONYMOUS:
            sign_in(client, self.users[who])
        return client


def sign_in(client: Client, user: User) -> None:
    """Sign this person in, who proved a moment ago that it is they."""
    client.force_login(user, backend=BACKEND)
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "password", "at": time.time(), "reauthenticated": True}
    ]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()


def build_world(now: datetime, *, complete: bool = False) -> World:
    """Both households, six weeks old. *complete*: with deleted things of everybody, not of the author alone."""
    world, founded = World(now, complete=complete), now - timedelta(weeks=6)
    for who in PEOPLE:
        world.users[who] = _person(who)
    _found(world, founded)
    _people_things(world, founded)
    world.things["moment"] = [*_moments(world), Thing("missing", {"moment_id": MISSING}, state="missing")]
    world.things["check"] = [*_checks(world), Thing("missing", {"check_id": MISSING}, state="missing")]
    world.things["grant"] = [
        *_grants(world),
        Thing("missing", {"grant_id": MISSING, "label": LABEL}, state="missing"),
    ]
    world.things["own note"] = [*_own_notes(world), Thing("missing", {"note_id": MISSING}, state="missing")]
    world.things["granted"] = [*_granted(world)]
    _cards(world)
    world.things["comment"] = [*_comments(world), Thing("missing", {"comment_id": MISSING}, state="missing")]
    world.things["supervision"], world.things["supervised"] = _supervisions(world)
    world.things["family invitation"] = _family_invitations(world)
    world.things["hand-over"] = [
        *_hand_overs(world),
        Thing("missing", {"hand_over_id": MISSING}, state="missing"),
    ]
    world.things["focus"] = [*_focuses(world), Thing("missing", {"focus_id": MISSING}, state="missing")]
    _questions(world)
    compile_week(household_ids=[home.pk for home in world.homes.values()], label=LABEL, now=now)
    _leave(world)
    _other_things(world)
    return world


def _person(who: Who) -> User:
    is_staff = who is Who.STAFF
    user = User.objects.create_user(
        f"{who.name.lower()}@example.org",
        display_name=who.name.title(),
        timezone="Europe/Lisbon",
        is_staff=is_staff,
        is_superuser=is_staff,
    )
    User.objects.filter(pk=user.pk).update(password=a_password())
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    return User.objects.get(pk=user.pk)


@cache
def a_password() -> str:
    """The same for everybody: hashing one takes longer than the rest of the world."""
    return make_password(PASSWORD)


def _found(world: World, at: datetime) -> None:
    for name, founder in ((ATTIC, Who.AUTHOR), (ELSEWHERE, Who.STRANGER)):
        world.homes[name] = create_household(
            actor_id=world.users[founder].pk, name=f"The {name}", timezone="Europe/Lisbon", now=at
        )
    for nickname, home, founder in (
        ("pip", ATTIC, Who.AUTHOR),
        ("moth", ATTIC, Who.AUTHOR),
        ("ash", ELSEWHERE, Who.STRANGER),
    ):
        world.children[nickname] = add_child(
            actor_id=world.users[founder].pk,
            household_id=world.homes[home].public_id,
            nickname=nickname.title(),
            birth_month=date(2022, 5, 1),
            now=at,
        )
    for who, role in (
        (Who.CO_GUARDIAN, Role.GUARDIAN),
        (Who.HELPER, Role.HELPER),
        (Who.FORMER, Role.GUARDIAN),
    ):
        Membership.objects.create(
            household=world.homes[ATTIC], user=world.users[who], role=role, joined_at=at
        )


def _people_things(world: World, at: datetime) -> None:
    archived = world.children["moth"]
    archive_child(actor_id=world.users[Who.AUTHOR].pk, child_id=archived.public_id, now=at)
    missing = {"child_id": MISSING, "household_id": world.homes[ATTIC].public_id}
    world.things["child"] = [
        *(
            Thing(name, {"child_id": child.public_id, "household_id": child.household.public_id}, home)
            for name, child, home in (
                ("pip", world.children["pip"], ATTIC),
                ("archived", archived, ATTIC),
                ("foreign", world.children["ash"], ELSEWHERE),
            )
        ),
        Thing("missing", missing, state="missing"),
    ]
    world.things["household"] = [
        *(Thing(name, {"household_id": home.public_id}, name) for name, home in world.homes.items()),
        Thing("missing", {"household_id": MISSING}, state="missing"),
    ]


def _moments(world: World) -> Iterator[Thing]:
    """Of every writer: private, shared, deleted, and deleted too long ago to be restored."""
    for who, home in WRITERS.items():
        actor, child = world.users[who].pk, world.child_of(who)
        states = STATES if world.complete else FEWER.get(who, STATES)
        for number, (state, shared) in enumerate(states):
            moment = record_moment(
                actor_id=actor,
                moment_id=uuid.uuid4(),
                child_id=child.public_id,
                tone="missed" if state == "live" else "in_tune",
                details={
                    "note": f"Words of the {who}, number {number}",
                    "visibility": "household" if shared else "private",
                    "ratings": {"needs": 3, "self": 2},
                },
                # Some in the week that is over, so that there is something to reflect on.
                now=world.now - timedelta(days=8 - number, minutes=number),
            )
            if state != "live":
                gone_at = world.now - timedelta(days=8 if state == "expired" else 1)
                delete_moment(actor_id=actor, moment_id=moment.public_id, now=gone_at)
            name = f"{who}'s {'shared' if shared else 'private'} {state}"
            yield Thing(name, {"moment_id": moment.public_id}, home, who, shared, state, to_coaches=shared)
    for_coaches = record_moment(
        actor_id=world.users[Who.AUTHOR].pk,
        moment_id=uuid.uuid4(),
        child_id=world.children["pip"].public_id,
        tone="came_back",
        details={"note": "Words for a coach", "visibility": "coaches", "ratings": {"needs": 5, "self": 1}},
        now=world.now - timedelta(days=7, minutes=30),
    )
    ids = {"moment_id": for_coaches.public_id}
    yield Thing(f"{Who.AUTHOR}'s for coaches live", ids, ATTIC, Who.AUTHOR, to_coaches=True)


def _checks(world: World) -> Iterator[Thing]:
    for who, home in WRITERS.items():
        kept = {(state, shared) for state, shared in FEWER.get(who, STATES)}
        for weeks, shared, state in CHECKS:
            if not world.complete and (state, shared) not in kept:
                continue
            check = answer_self_check(
                actor_id=world.users[who].pk,
                check_id=uuid.uuid4(),
                child_id=world.child_of(who).public_id,
                day=(world.now - timedelta(weeks=weeks)).date(),
                ratings={"needs": 4, "self": 1},
                note=f"Thoughts of the {who}",
                visibility="household" if shared else "private",
                now=world.now,
            )
            if state != "live":
                Observation.objects.filter(pk=check.pk).update(deleted_at=world.now)
            name = f"{who}'s {'shared' if shared else 'private'} {state}"
            yield Thing(name, {"check_id": check.public_id}, home, who, shared, state)


def _cards(world: World) -> None:
    """A comfort card of the author and one of somebody who left, each with a link; and links that ended."""
    missing = Thing("missing", {"child_id": MISSING}, state="missing")
    cards, links, tokens = [missing], [Thing("missing", {"link_id": MISSING}, state="missing")], []
    pip = world.children["pip"].public_id
    for who in (Who.AUTHOR, Who.FORMER):
        about = {"actor_id": world.users[who].pk, "child_id": pip}
        write_card(**about, words={"called": "Pip", "helps": f"Words of the {who}"}, now=world.now)
        if who is Who.AUTHOR:  # an address names the child, and each means their own card
            cards.append(Thing(f"{who}'s", {"child_id": pip}, ATTIC, who))
        for became in ("open", "ended", "expired"):
            at = world.now - timedelta(days=8 if became == "expired" else 1)
            link, token = make_card_link(**about, for_whom="nursery", days=7, now=at)
            opens = became == "open" and who is Who.AUTHOR
            if became == "ended":
                end_card_link(actor_id=about["actor_id"], link_id=link.public_id, now=world.now)
            if became == "open":
                links.append(Thing(f"{who}'s", {"link_id": link.public_id}, ATTIC, who))
            state = "live" if opens else "missing"
            tokens.append(Thing(f"{who}'s {became}", {"token": token}, ATTIC, who, state=state))
    world.things |= {"card": cards, "card link": links, "shared card": [*tokens, _NO_CARD]}


_NO_CARD = Thing("unknown", {"token": "x" * 43}, state="missing")


def _leave(world: World) -> None:
    Membership.objects.filter(user=world.users[Who.FORMER]).update(left_at=world.now)


def _other_things(world: World) -> None:
    _blocks(world)
    _push_addresses(world)
    world.things["membership"] = [
        *(
            Thing(
                f"{membership.role} {membership.user.display_name}",
                {"membership_id": membership.public_id},
                ATTIC if membership.household == world.homes[ATTIC] else ELSEWHERE,
                state="deleted" if membership.left_at else "live",
                shared=membership.role == Role.HELPER,  # "shared" here: a guardian may end it
            )
            for membership in Membership.objects.select_related("user", "household").order_by("pk")
        ),
        Thing("missing", {"membership_id": MISSING}, state="missing"),
    ]
    world.things["invitation"] = [
        *_invitations(world),
        Thing("missing", {"invitation_id": MISSING}, state="missing"),
    ]
    world.things["token"] = [*_tokens(world), Thing("missing", {"token_id": "f" * 128}, state="missing")]
    world.things["draft"] = [*_drafts(world), Thing("missing", {"draft_id": MISSING}, state="missing")]
    world.things["passkey"] = [
        *_passkeys(world),
        Thing("missing", {"pk": 10**16}, state="missing"),
    ]
    world.things["week"] = [
        Thing("last week", {"label": LABEL, "week": LABEL, "rule": "noticed.count"}),
        Thing("missing", {"label": "2019-W01", "week": "2019-W01", "rule": "noticed.count"}, state="missing"),
    ]
    world.things["practice"] = [
        Thing("notice", {"slug": "notice"}),
        Thing("missing", {"slug": "no-such"}, state="missing"),
    ]
    world.things["checklist"] = [
        Thing("attune", {"key": "attune"}),
        Thing("missing", {"key": "no-such"}, state="missing"),
    ]
    world.things["caught mail"] = [Thing("missing", {"name": "f" * 16}, state="missing")]
    author = world.users[Who.AUTHOR]
    world.things["subscription"] = [
        Thing("the author's", {"token": unsubscribe_token(user_id=author.public_id)}),
        Thing("forged", {"token": unsubscribe_token(user_id=MISSING)}, state="missing"),
    ]
    world.things["address"] = [
        Thing("the author's", {"token": not_me_token(user_id=author.public_id, email=author.email)}),
        Thing("forged", {"token": unsubscribe_token(user_id=author.public_id)}, state="missing"),
    ]


def blocked_by(who: Who) -> Who:
    """Whom each of them wants nothing from."""
    return Who.FORMER if who is not Who.FORMER else Who.STAFF


def _blocks(world: World) -> None:
    for who, user in world.users.items():
        sender = world.users[blocked_by(who)]
        block_sender(email=user.email, sender_id=sender.pk, known_as=sender.email, now=world.now)


def _push_addresses(world: World) -> None:
    """Everybody has a device that took reminders once."""
    for number, user in enumerate(world.users.values()):
        session = UserSession.objects.create(
            user=user,
            session_key=f"pushed {number}",
            ip="0.0.0.0",
            created_at=world.now,
            last_seen_at=world.now,
        )
        PushAddress.objects.create(
            user=user, session=session, digest=f"{number:064}", key_name="none", bound_at=world.now
        )


def _invitations(world: World) -> Iterator[Thing]:
    for name, home, founder in (
        ("open", ATTIC, Who.AUTHOR),
        ("withdrawn", ATTIC, Who.AUTHOR),
        ("foreign", ELSEWHERE, Who.STRANGER),
    ):
        actor = world.users[founder].pk
        invitation, token = invite_member(
            actor_id=actor,
            household_id=world.homes[home].public_id,
            email=world.users[Who.STAFF].email,
            role=Role.HELPER,
            now=world.now,
        )
        if name == "withdrawn":
            withdraw_invitation(actor_id=actor, invitation_id=invitation.public_id, now=world.now)
        world.secrets[f"invitation {name}"] = token
        state = "deleted" if name == "withdrawn" else "live"
        yield Thing(name, {"invitation_id": invitation.public_id}, home, state=state)


def _tokens(world: World) -> Iterator[Thing]:
    for who in PEOPLE:
        for scope in ("read", "write"):
            token, secret = create_token(
                actor_id=world.users[who].pk, name=f"For {scope}", scope=scope, now=world.now
            )
            world.secrets[f"{who} {scope}"] = secret
            yield Thing(f"{who}'s, to {scope}", {"token_id": token.digest}, author=who)


def _drafts(world: World) -> Iterator[Thing]:
    """Words that wait for their author: half-typed ones of everybody, and another version of a moment."""
    for who in PEOPLE:
        yield _draft(world, who, "half", uuid.uuid4(), "deleted")
    moment = next(
        thing for thing in world.things["moment"] if thing.author is Who.AUTHOR and thing.state == "live"
    )
    yield _draft(world, Who.AUTHOR, "two", moment.ids["moment_id"], "live")


def _draft(world: World, who: Who, kind: str, moment_id: Any, state: str) -> Thing:
    content = {"type": "update", "base": {"rev": 1}, "fields": {"note": f"Another version of the {who}"}}
    draft = Draft(author=world.users[who], moment_id=moment_id, kind=kind, received_at=world.now)
    draft.content = json.dumps(content)
    draft.save()
    return Thing(f"{who}'s {kind}", {"draft_id": draft.public_id}, author=who, state=state)


def _grants(world: World) -> Iterator[Thing]:
    """Every live one, one of somebody who left, and of the author's one in every other state."""
    live = [(author, coach, scope) for coach, given in GIVEN.items() for author, scope in given.items()]
    for author, coach, scope in (*live, (Who.FORMER, Who.COACH_NOTES, GrantScope.RATINGS_AND_NOTES)):
        yield _grant(world, author, coach, scope)
    yield _grant(world, Who.AUTHOR, Who.COACH_WITHDRAWN, state="deleted")
    yield _grant(world, Who.AUTHOR, Who.COACH_EXPIRED, state="expired")
    yield _grant(world, Who.AUTHOR, Who.STAFF, state="offered")
    yield _grant(world, Who.AUTHOR, Who.STAFF, state="lapsed")
    yield _grant(world, Who.AUTHOR, Who.COACH_WITHDRAWN, state="returned")


def _own_notes(world: World) -> Iterator[Thing]:
    """What coaches wrote for themselves while they were let in: one of them is so no more."""
    for coach in (Who.COACH_NOTES, Who.COACH_SUMMARY, Who.COACH_EXPIRED):
        note = write_own_note(
            actor_id=world.users[coach].pk,
            grant_id=world.thing("grant", f"{Who.AUTHOR}'s to {coach}").ids["grant_id"],
            text=f"What the {coach} thinks",
            now=world.now - timedelta(days=1 if coach in GIVEN else 100),
        )
        yield Thing(f"{coach}'s", {"note_id": note.public_id}, author=coach)


def _grant(
    world: World,
    author: Who,
    coach: Who,
    scope: GrantScope = GrantScope.RATINGS_AND_NOTES,
    *,
    state: str = "live",
) -> Thing:
    actor, guest = world.users[author].pk, world.users[coach]
    at = world.now - (GRANT_LIFETIME if state == "expired" else GRANT_LIFETIME - timedelta(days=5))
    at = {"offered": world.now, "lapsed": world.now - GRANT_OFFER_LIFETIME}.get(state, at)
    grant, token = offer_grant(
        actor_id=actor,
        household_id=world.homes[ATTIC].public_id,
        coach_email=guest.email,
        scope=scope,
        child_ids=[world.children["pip"].public_id],
        from_on=date(2026, 1, 1),
        now=at,
        briefing=BRIEFING,
    )
    if state == "offered":
        world.secrets["offer"] = token
    elif state != "lapsed":
        accept_grant(actor_id=guest.pk, token=token, email=guest.email, now=at)
    if state == "deleted":
        withdraw_grant(actor_id=actor, grant_id=grant.public_id, now=world.now)
    if state == "returned":
        return_grant(actor_id=guest.pk, grant_id=grant.public_id, now=world.now)
    name = f"{author}'s {state} to {coach}" if state in ("lapsed", "returned") else f"{author}'s to {coach}"
    return Thing(name, {"grant_id": grant.public_id, "label": LABEL}, ATTIC, author, state=state)


def _granted(world: World) -> Iterator[Thing]:
    """Every moment as a coach would ask for it, and the author's own in a household where it is not."""
    for thing in world.things["moment"]:
        home = world.homes[thing.home or ATTIC]
        yield replace(thing, ids={**thing.ids, "household_id": home.public_id})
    shared = world.thing("moment", f"{Who.AUTHOR}'s shared live")
    elsewhere = {**shared.ids, "household_id": world.homes[ELSEWHERE].public_id}
    yield replace(shared, name="in another household", ids=elsewhere, home=ELSEWHERE, author=None)


def _comments(world: World) -> Iterator[Thing]:
    """What one coach wrote to the author, and another to the co-guardian."""
    for author, coach in ((Who.AUTHOR, Who.COACH_NOTES), (Who.CO_GUARDIAN, Who.COACH_RATINGS)):
        comment = comment_on_moment(
            actor_id=world.users[coach].pk,
            household_id=world.homes[ATTIC].public_id,
            moment_id=world.thing("moment", f"{author}'s shared live").ids["moment_id"],
            saw=f"What the {coach} saw",
            gives="A place to come to",
            more="What came next?",
            now=world.now - timedelta(days=1),
        )
        yield Thing(f"{coach}'s to {author}", {"comment_id": comment.public_id}, ATTIC, author)


def _hand_overs(world: World) -> Iterator[Thing]:
    """What a coach suggested to each of the two who let them in."""
    coach = Who.COACH_RATINGS
    for author in GIVEN[coach]:
        row = suggest_colleague(
            actor_id=world.users[coach].pk,
            grant_id=world.thing("grant", f"{author}'s to {coach}").ids["grant_id"],
            colleague_email="dora@example.org",
            now=world.now,
        )
        yield Thing(f"{coach}'s to {author}", {"hand_over_id": row.public_id}, ATTIC, author)


def _family_invitations(world: World) -> list[Thing]:
    """A coach asked somebody who does not live here. Everybody may be a coach: they said who they are as one."""
    coach = world.users[Who.COACH_NOTES]
    for user in world.users.values():
        present_oneself(actor_id=user.pk, name="A coach", reply_days=3, country="ZZ")
    row, world.secrets["coach's question"] = invite_family(
        actor_id=coach.pk, email=world.users[Who.STRANGER].email, now=world.now
    )
    missing = Thing("missing", {"invitation_id": MISSING}, state="missing")
    return [Thing("coach's", {"invitation_id": row.public_id}, author=Who.COACH_NOTES), missing]


def _supervisions(world: World) -> tuple[list[Thing], list[Thing]]:
    """One coach sees counts of another's work: the same row, as each of the two has it."""
    supervisor, coach = Who.COACH_RATINGS, Who.COACH_NOTES
    row = propose_supervision(
        supervisor_email=world.users[supervisor].email, coach_email=world.users[coach].email, now=world.now
    )
    agree_to_supervision(actor_id=world.users[coach].pk, supervision_id=row.public_id, now=world.now)
    missing = Thing("missing", {"supervision_id": MISSING}, state="missing")
    ids = {"supervision_id": row.public_id}
    return [Thing("coach's", ids, author=coach), missing], [
        Thing("supervisor's", ids, author=supervisor),
        missing,
    ]


def _focuses(world: World) -> Iterator[Thing]:
    """What a coach suggested to each of the two to try: it waits for their answers. The author tries another."""
    author, coach, at = world.users[Who.AUTHOR].pk, Who.COACH_NOTES, world.now - timedelta(days=10)
    grant_id = world.thing("grant", f"{Who.AUTHOR}'s to {coach}").ids["grant_id"]
    taken = suggest_focus(
        actor_id=world.users[coach].pk, grant_id=grant_id, practice="name_it", weeks=4, now=at
    )
    accept_focus(actor_id=author, focus_id=taken.public_id, now=at)
    coach = Who.COACH_RATINGS
    for author in GIVEN[coach]:
        row = suggest_focus(
            actor_id=world.users[coach].pk,
            grant_id=world.thing("grant", f"{author}'s to {coach}").ids["grant_id"],
            practice="notice",
            weeks=2,
            now=world.now,
        )
        yield Thing(f"{coach}'s to {author}", {"focus_id": row.public_id}, ATTIC, author)


def _questions(world: World) -> None:
    """Of every writer a question that is asked, offered or not, and a draft; and what a coach suggests to two of them.

    The helper took theirs over and asks nothing yet.
    """
    missing = Thing("missing", {"question_id": MISSING}, state="missing")
    asked, drafts, suggested = [missing], [missing], []
    for who, home in WRITERS.items():
        here = {
            "actor_id": world.users[who].pk,
            "household_id": world.homes[home].public_id,
            "now": world.now,
        }
        if who is Who.HELPER:
            draft = take_question(**here, question_id=asked[1].ids["question_id"])
            drafts.append(Thing(f"{who}'s", {"question_id": draft.public_id}, home, who))
            continue
        question = write_question(**here, kind="yes_no", prompt=f"Asked by the {who}?")
        is_offered = who is not Who.CO_GUARDIAN
        publish_questions(**here, is_offered=is_offered)
        draft = write_question(**here, kind="yes_no", prompt=f"A draft of the {who}?")
        asked.append(Thing(f"{who}'s", {"question_id": question.public_id}, home, who, is_offered))
        drafts.append(Thing(f"{who}'s", {"question_id": draft.public_id}, home, who))
    coach = Who.COACH_RATINGS
    for author in GIVEN[coach]:
        row = suggest_question(
            actor_id=world.users[coach].pk,
            grant_id=world.thing("grant", f"{author}'s to {coach}").ids["grant_id"],
            kind="yes_no",
            prompt="Did you see it coming?",
            now=world.now,
        )
        suggested.append(Thing(f"{coach}'s to {author}", {"suggested_id": row.public_id}, ATTIC, author))
    suggested.append(Thing("missing", {"suggested_id": MISSING}, state="missing"))
    world.things |= {"asked question": asked, "own draft": drafts, "suggested question": suggested}


def _passkeys(world: World) -> Iterator[Thing]:
    """Two people have one; the author has an app as well, and recovery codes. Their keys are long enough to mask."""
    asked = {"publicKey": {"challenge": "AA", "user": {"id": "MQ"}}}
    for number, who in enumerate((Who.AUTHOR, Who.STRANGER), start=1):
        data = {"name": "A phone", "credential": json.loads(SoftPasskey().create(asked))}
        row = Authenticator.objects.create(
            pk=10**16 + number, user=world.users[who], type="webauthn", data=data
        )
        yield Thing(f"{who}'s", {"pk": row.pk}, author=who)
    request = HttpRequest()
    request.user = world.users[Who.AUTHOR]
    with request_context(request):
        TOTP.activate(request.user, generate_totp_secret())
        RecoveryCodes.activate(request.user)
