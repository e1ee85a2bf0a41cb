"""One family, lived twice: with everything a parent keeps to herself, and without any of it.

What she shares is the same in both, to the minute and to the id.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from accounts.models import User
from accounts.services import change_choices, create_token
from coaching.services import write_own_note
from households.models import Child, Grant, Household, Membership
from households.rules import Role
from households.selectors import list_access
from households.services import (
    accept_grant,
    add_child,
    change_grant,
    create_household,
    leave_household,
    offer_grant,
    separate_household,
)
from observations.models import Draft
from observations.selectors import list_changes
from observations.services import (
    answer_self_check,
    choose_focus,
    delete_moment,
    look_at_family,
    look_at_moment,
    offer_questions,
    publish_questions,
    record_moment,
    record_moment_with_each,
    restore_moment,
    write_question,
)
from observations.sync import offer_keys, take_ops
from reflections.models import Digest
from reflections.selectors import get_shared_card
from reflections.services import (
    compile_closed,
    compile_week,
    deliver_digest,
    make_card_link,
    plan_digests,
    report_sentence,
    write_card,
    write_thought,
)
from tests.conftest import BRIEFING
from tests.guards.oracle_life import COACHES, HER_CHECKS, SECRET_WORD, WEEKS, Life, Scene, named
from tests.guards.oracle_secrets import sealed, what_waits_and_what_is_said


def live(life: Life) -> Life:
    """Six weeks, in the order in which they happened, told to everybody on Monday evening."""
    _move_in(life)
    scenes = sorted((*_what_is_shared(life), *_what_is_hers(life)), key=lambda scene: scene[0])
    for _at, scene in scenes:
        scene()
    if life.coach_notes:
        _coach_writes(life)
    _end_of_week(life)
    _go(life)
    return life


def _go(life: Life) -> None:
    assert life.home is not None
    asked = {"actor_id": life.users["alice"].pk, "household_id": life.home.public_id, "now": life.now}
    match life.goes:
        case "leaves":
            leave_household(**asked)
        case "separates":
            children = [child.public_id for child in life.children.values()]
            new = separate_household(**asked, name=SECRET_WORD, timezone="Asia/Kathmandu", child_ids=children)
            Household.objects.filter(pk=new.pk).update(public_id=named("household", "loft"))
            for child in Child.objects.filter(household=new):
                Child.objects.filter(pk=child.pk).update(public_id=named("copy", child.nickname))


def _move_in(life: Life) -> None:
    at = life.now - timedelta(weeks=6)
    for name in ("alice", "bela", "hugo", *COACHES):
        user = User.objects.create_user(
            f"{name}@example.org",
            display_name=name.title(),
            timezone="Europe/Lisbon",
            digest_level="full",
            public_id=named("user", name),
        )
        user.emailaddress_set.create(email=user.email, verified=True, primary=True)
        life.users[name] = user
    home = create_household(
        actor_id=life.users["alice"].pk, name="The attic", timezone="Europe/Lisbon", now=at
    )
    Household.objects.filter(pk=home.pk).update(public_id=named("household", "attic"))
    life.home = Household.objects.get(pk=home.pk)
    offer_keys(now=at)  # whose phone was the first to ask for one is not what this is about
    for nickname, born in (("pip", date(2022, 5, 1)), ("moth", date(2025, 1, 1))):
        child = add_child(
            actor_id=life.users["alice"].pk,
            household_id=life.home.public_id,
            nickname=nickname.title(),
            birth_month=born,
            now=at,
        )
        Child.objects.filter(pk=child.pk).update(public_id=named("child", nickname))
        life.children[nickname] = Child.objects.get(pk=child.pk)
    for name, role in (("bela", Role.GUARDIAN), ("hugo", Role.HELPER)):
        Membership.objects.create(household=life.home, user=life.users[name], role=role, joined_at=at)
    for name, user in life.users.items():
        Membership.objects.filter(user=user).update(public_id=named("membership", name))
    choose_focus(actor_id=life.users["bela"].pk, household_id=life.home.public_id, dimension="needs", now=at)


def _what_is_shared(life: Life) -> Iterator[Scene]:
    """The same in both lives."""

    def scene(name: str, who: str, at: datetime, **details: Any) -> Scene:
        return at, lambda: life.note(name, who, at, **{"visibility": "household", **details})

    # More than two pages of the timeline, so that there are cursors.
    for number in range(36):
        tone = ("in_tune", "missed", "came_back")[number % 3]
        at = life.day(number // 2 + 1, 8 + number % 2 * 9)
        words = f"What the household may read, number {number}"
        yield scene(f"shared {number}", "alice", at, tone=tone, note=words, ratings={"needs": number % 5 + 1})
    yield scene("shared miss", "alice", life.day(8, 7), tone="missed", contexts=["bedtime"], feelings=["sad"])
    yield scene("both", "alice", life.day(2, 6), child="moth", cues=["held"], ratings={"safety": 4})
    yield scene("bela's miss", "bela", life.day(8, 9), tone="missed", note="Bela's own")
    yield scene("bela's own", "bela", life.day(7, 9), visibility="private", ratings={"needs": 4, "self": 1})
    yield scene("bela's own missed", "bela", life.day(1, 9), visibility="private", tone="missed")
    yield scene("bela today", "bela", life.now - timedelta(hours=2), ratings={"needs": 5})
    mended = {"tone": "came_back", "repairs": named("moment", "shared miss")}
    yield scene("bela mends hers", "bela", life.day(6, 9), **mended)
    yield scene("hugo's", "hugo", life.day(7, 15), note="With the grandfather")
    yield scene("hugo's own", "hugo", life.day(2, 15), visibility="private")
    yield life.day(30), lambda: _let_in(life, "cora", "moth", life.day(30))
    yield life.day(10), lambda: _look_at_changes(life, life.day(10))
    yield life.day(2, 17), lambda: _belas_phone(life, life.day(2, 17))
    yield scene("for cora", "alice", life.day(3, 6), child="moth", visibility="coaches", note="With Moth")
    # Came back to a miss of her own: shared in both lives, the miss is there in one.
    at = life.day(6, 18)
    yield (
        at,
        lambda: life.note(
            "came back", "alice", at, tone="came_back", visibility="household", **_mends(life, "her miss")
        ),
    )
    # First written for herself, rewritten twice, then shared; in the other life shared as it stands.
    drafted = life.day(5, 10)
    kept = {"note": "How it reads now"}
    if life.private:
        yield drafted, lambda: life.note("drafted", "alice", drafted, note=f"A {SECRET_WORD}, first")
        for minute, note in ((5, f"A {SECRET_WORD}, again"), (9, "How it reads now")):
            later = drafted + timedelta(minutes=minute)
            yield later, lambda later=later, note=note: life.change("drafted", "alice", later, note=note)
        shared_at = drafted + timedelta(minutes=30)
        yield shared_at, lambda: life.change("drafted", "alice", shared_at, visibility="household")
    else:
        yield scene("drafted", "alice", drafted, **kept)
    if life.more_shared:
        yield scene("one more", "alice", life.day(6, 20), note="One more for everybody")
        yield scene("one more for cora", "alice", life.day(6, 21), child="moth", visibility="coaches")


def _look_at_changes(life: Life, at: datetime) -> None:
    """The open pages of the others: what they are told from now on is told in the end."""
    for who in ("bela", "hugo"):
        page = list_changes(actor_id=life.users[who].pk, limit=500, now=at)
        assert page.items
        assert not page.has_more
        life.places[who] = page.next


def _belas_phone(life: Life, at: datetime) -> None:
    """The other guardian has something that waits as well, in every life."""
    bela = life.users["bela"]
    op = sealed(bela, named("moment", "bela half-typed"), at, "draft.put", note="Bela, half-typed")
    take_ops(actor_id=bela.pk, ops=[op], client_now=at, now=at)
    draft = Draft.objects.get(author=bela)
    words, draft.public_id = draft.content, named("draft", "bela")
    draft.content = words  # sealed for its new name
    draft.save()


def _mends(life: Life, name: str) -> dict[str, Any]:
    return {"repairs": named("moment", name)} if life.private else {}


def _what_is_hers(life: Life) -> Iterator[Scene]:
    """What only she may ever know of. In the other life only the ids are known, so that they can be asked for."""
    alice, words = life.users["alice"].pk, f"About the {SECRET_WORD}"

    def hers(name: str, at: datetime, **details: Any) -> Scene:
        return at, lambda: life.note(name, "alice", at, happens=life.private, note=words, **details)

    for number in range(12):  # between the shared ones, in time and in the order of their keys
        tone = ("missed", "in_tune")[number % 2]
        yield hers(f"hers {number}", life.day(number * 2 + 1, 11), tone=tone, contexts=["bedtime"])
    yield hers("her miss", life.day(7, 13), tone="missed", feelings=["angry"])
    yield hers("hers today", life.now - timedelta(hours=1), ratings={"needs": 1, "self": 1})
    back = life.day(5, 16)
    for name, missed in (("mends bela's", "bela's miss"), ("mends her own", "shared miss")):
        yield hers(name, back, tone="came_back", repairs=named("moment", missed))
    yield hers("long ago", life.day(41), child="moth")
    yield hers("deleted", life.day(4, 14))
    yield hers("deleted and back", life.day(4, 15))
    for number, tone in enumerate(("in_tune", "missed", "in_tune")):
        yield hers(f"for carl {number}", life.day(number + 2, 20), tone=tone, visibility="coaches")
    yield from what_waits_and_what_is_said(life)
    if not life.private:
        return
    yield life.day(20), lambda: _let_in(life, "carl", "pip", life.day(20))
    yield life.day(1, 21), lambda: _carl_looks(life, life.day(1, 21))
    yield (
        life.day(3, 9),
        lambda: delete_moment(actor_id=alice, moment_id=named("moment", "deleted"), now=life.day(3, 9)),
    )
    yield life.day(3, 10), lambda: _delete_and_restore(life, "deleted and back")
    yield life.day(3, 11), lambda: _share_and_withdraw(life)
    yield life.day(3, 12), lambda: _own_state(life, "shared 8")
    yield life.day(3, 13), lambda: _check(life)
    yield life.day(3, 17), lambda: _own_questions(life)
    yield life.day(3, 14), lambda: _account(life)
    yield life.day(3, 16), lambda: _card(life)
    yield (
        life.day(3, 15),
        lambda: record_moment_with_each(
            actor_id=alice,
            moment_id=named("moment", "with each"),
            child_ids=[child.public_id for child in life.children.values()],
            tone="missed",
            now=life.day(3, 15),
        ),
    )


def _let_in(life: Life, coach: str, child: str, at: datetime) -> None:
    """She asks, the coach accepts: for all that she notes with this child and does not keep to herself."""
    guest, home = life.users[coach], life.home
    assert home is not None
    grant, token = offer_grant(
        actor_id=life.users["alice"].pk,
        household_id=home.public_id,
        coach_email=guest.email,
        scope="ratings_and_notes",
        child_ids=[life.children[child].public_id],
        from_on=date(2026, 1, 1),
        now=at,
        briefing=BRIEFING,
    )
    accept_grant(actor_id=guest.pk, token=token, email=guest.email, now=at)
    Grant.objects.filter(pk=grant.pk).update(public_id=named("grant", coach))


def _carl_looks(life: Life, at: datetime) -> None:
    """He reads what he may, she sees that he did, and lets him see less from then on."""
    alice = life.users["alice"].pk
    look = {"coach_id": life.users["carl"].pk, "household_id": named("household", "attic")}
    family = look_at_family(**look, now=at)
    for row in family.shown.page.items[:3]:
        look_at_moment(**look, moment_id=row.public_id, now=at)
    assert list_access(actor_id=alice).items
    change_grant(actor_id=alice, grant_id=named("grant", "carl"), scope="summary", now=at)
    change_choices(actor_id=alice, choices={"standing_visibility": "coaches"})


def _coach_writes(life: Life) -> None:
    given = {"actor_id": life.users["cora"].pk, "grant_id": named("grant", "cora")}
    write_own_note(**given, text=f"Ask about the {SECRET_WORD}", label=SECRET_WORD, now=life.day(2))


def _delete_and_restore(life: Life, name: str) -> None:
    arguments = {"actor_id": life.users["alice"].pk, "moment_id": named("moment", name)}
    delete_moment(**arguments, now=life.day(3, 10))
    restore_moment(**arguments, now=life.day(3, 10, 5))


def _share_and_withdraw(life: Life) -> None:
    """For two minutes everybody could have seen it; nobody looked."""
    life.change("hers 1", "alice", life.day(3, 11), visibility="household")
    life.change("hers 1", "alice", life.day(3, 11, 2), visibility="private")


def _own_state(life: Life, name: str) -> None:
    """How she was herself, added to a moment that everybody sees, and changed once."""
    life.change(name, "alice", life.day(3, 12), ratings={"self": 2})
    life.change(name, "alice", life.day(3, 12, 1), ratings={"self": 1})


def _own_questions(life: Life) -> None:
    """Questions of her own, asked and not asked, and an answer in a moment that everybody sees; offered to nobody."""
    assert life.home is not None
    here = {"actor_id": life.users["alice"].pk, "household_id": life.home.public_id, "now": life.day(3, 17)}
    question = write_question(**here, kind="yes_no", prompt=f"Was it the {SECRET_WORD}?")
    publish_questions(**here, is_offered=True)
    offer_questions(actor_id=here["actor_id"], household_id=here["household_id"], is_offered=False)
    write_question(**here, kind="steps", prompt=SECRET_WORD, labels=["a", "", "", "", SECRET_WORD])
    life.change("shared 8", "alice", life.day(3, 17), own={question.public_id: "yes"})


def _check(life: Life) -> None:
    for days_ago in HER_CHECKS:
        answer_self_check(
            actor_id=life.users["alice"].pk,
            check_id=named("check", days_ago),
            child_id=life.children["pip"].public_id,
            day=life.day(int(days_ago)).date(),
            ratings={"needs": 2, "self": 1},
            note=f"The {SECRET_WORD} again",
            now=life.now,
        )


def _card(life: Life) -> None:
    """Her card of a child, changed once, with a link to it that somebody opens."""
    about = {"actor_id": life.users["alice"].pk, "child_id": life.children["pip"].public_id}
    write_card(**about, words={"called": "Pip", "helps": SECRET_WORD}, now=life.day(3, 16))
    write_card(**about, words={"helps": f"The {SECRET_WORD}"}, revision=1, now=life.day(3, 16, 1))
    _link, token = make_card_link(**about, for_whom="nursery", days=30, now=life.day(3, 16, 2))
    assert SECRET_WORD in get_shared_card(token=token, now=life.day(3, 16, 3)).words.helps


def _account(life: Life) -> None:
    """Keys, choices, a second home: nothing of an account is anybody else's."""
    alice, at = life.users["alice"].pk, life.day(3, 14)
    assert life.home is not None
    create_token(actor_id=alice, name=SECRET_WORD, scope="write", now=at)
    change_choices(
        actor_id=alice,
        choices={
            "digest_level": "none",
            "standing_visibility": "household",
            "digest_hour": 7,
            "discreet": True,
        },
    )
    choose_focus(actor_id=alice, household_id=life.home.public_id, dimension="self", now=at)
    elsewhere = create_household(actor_id=alice, name=f"{SECRET_WORD} house", timezone="UTC", now=at)
    child = add_child(
        actor_id=alice,
        household_id=elsewhere.public_id,
        nickname="Ash",
        birth_month=date(2020, 1, 1),
        now=at,
    )
    record_moment(
        actor_id=alice,
        moment_id=named("moment", "elsewhere"),
        child_id=child.public_id,
        tone="missed",
        now=at,
    )


def _end_of_week(life: Life) -> None:
    """Weeks are compiled more than once, as the schedule does; then everybody is told."""
    households = list(Household.objects.order_by("pk").values_list("pk", flat=True))
    monday = datetime(2026, 11, 16, 8, 0, tzinfo=life.now.tzinfo)
    for label in WEEKS:
        compile_week(household_ids=households, label=label, now=monday)
    plan_digests(household_ids=households, now=monday)
    for thinker, text, visibility in (
        ("alice", "For all to read", "household"),
        ("bela", "Bela's thought", "private"),
    ):
        write_thought(
            actor_id=life.users[thinker].pk,
            label="2026-W46",
            text=text,
            visibility=visibility,
            household_id=life.home.public_id if life.home else None,
            now=monday,
        )
    if life.private:
        about = {"actor_id": life.users["alice"].pk, "label": "2026-W46", "now": monday}
        write_thought(**about, text=SECRET_WORD)
        report_sentence(**about, rule="noticed.count", is_hidden=True, words=SECRET_WORD)
    evening = monday.replace(hour=20)
    for digest in Digest.objects.order_by("pk"):
        deliver_digest(digest_id=digest.pk, now=evening)
    # Something arrives late, and what changed is compiled once more.
    late = {"happens": life.private, "note": f"A late {SECRET_WORD}", "tone": "missed"}
    life.note("hers, late", "alice", evening, **late)
    compile_closed(household_ids=households, now=life.now)
