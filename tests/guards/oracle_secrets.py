"""What else only she may ever know of: what waits from her phone, and what she and a coach say to each other."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from accounts.services import block_sender
from coaching.services import (
    accept_focus,
    ask_to_look,
    comment_on_moment,
    mute_coach,
    reply_to_comment,
    say_tried,
    suggest_colleague,
    suggest_focus,
)
from observations.models import Draft
from observations.rules import DraftKind, OpStatus
from observations.sync import SentOp, account_of, count_waiting, keep_shut, offer_keys, take_ops
from reminders.services import Wishes, choose_reminders
from tests.guards.oracle_life import SECRET_WORD, Life, Scene, named
from tests.phone import seal

# What a moment is called that is in no life, though her phone said something of it.
NEVER_SAVED = ("half-typed", "too long", "too early", "in pieces", "shut")


def what_waits_and_what_is_said(life: Life) -> Iterator[Scene]:
    """Scenes of the life in which there is something to hide; what has no moment is asked for in both."""
    for name in (*NEVER_SAVED, "from her phone"):
        life.moments[name] = named("moment", name)
    if life.private:
        yield life.day(1, 18), lambda: _send(life, life.day(1, 18))
        yield life.day(2, 22), lambda: _speak(life, life.day(2, 22))
        yield life.day(2, 23), lambda: _wish(life, life.day(2, 23))


def sealed(
    who: Any, moment_id: uuid.UUID, at: datetime, kind: str, *, base: Any = None, **fields: Any
) -> SentOp:
    """One operation as that person's phone seals it."""
    plain = {
        "type": kind,
        "base": base,
        "occurred_at": at.isoformat() if kind in ("create", "draft.put") else None,
        "occurred_src": "typed",
        "fields": fields,
    }
    key, op_id = offer_keys(now=at)[0], uuid.uuid4()
    aad = f"v1|{account_of(who.public_id)}|{op_id}|{moment_id}|{key.kid}".encode()
    return SentOp(op_id, moment_id, key.kid, seal(json.dumps(plain).encode(), key.public, aad=aad))


def _send(life: Life, at: datetime) -> None:
    """Each thing that can become of what a phone sends, in her life and in nobody else's."""
    her, words, base = life.users["alice"], {"note": f"The {SECRET_WORD} on her phone"}, {"rev": 1}
    child = {"child": str(life.children["pip"].public_id), "tone": "missed"}

    def op(name: str, kind: str, **said: Any) -> SentOp:
        return sealed(her, named("moment", name), at - timedelta(hours=1), kind, **said)

    # What is shared stays as it is: of two versions of it she will choose one.
    expected = {
        op("from her phone", "create", **child, **words): OpStatus.APPLIED,
        op("half-typed", "draft.put", **child, **words): OpStatus.APPLIED,
        op("shared 5", "draft.put", **words): OpStatus.APPLIED,
        op("too long", "create", **child, note=SECRET_WORD * 2_000): OpStatus.RESCUED,
        op("drafted", "update", base=base, **words): OpStatus.CONFLICT,
        op("shared 8", "update", base=base, ratings={"self": 5}): OpStatus.CONFLICT,
        op("deleted", "update", base=base, **words): OpStatus.GONE,
        op("too early", "update", base={"op": str(uuid.uuid4())}, **words): OpStatus.DEFERRED,
    }
    told = take_ops(actor_id=her.pk, ops=list(expected), client_now=at, now=at)
    assert [result.status for result in told] == list(expected.values()), told
    shut = SentOp(uuid.uuid4(), named("moment", "shut"), "2020-01a", "AAAA")
    keep_shut(actor_id=her.pk, sent=shut, reason="undecryptable", now=at)
    kinds = set(Draft.objects.filter(author=her).values_list("kind", flat=True))
    assert kinds == {DraftKind.HALF, DraftKind.RESCUED, DraftKind.TWO, DraftKind.GONE, DraftKind.SHUT}
    assert count_waiting(actor_id=her.pk) == 7


def _speak(life: Life, at: datetime) -> None:
    """Everything that passes between her and the coach of whom nobody may know."""
    alice, carl, home = life.users["alice"].pk, life.users["carl"].pk, named("household", "attic")
    asked = {"actor_id": alice, "now": at}
    ask_to_look(**asked, moment_id=named("moment", "for carl 1"))
    about = {"household_id": home, "moment_id": named("moment", "for carl 0")}
    comment = comment_on_moment(actor_id=carl, **about, saw=f"You let the {SECRET_WORD} fly", now=at)
    reply_to_comment(**asked, comment_id=comment.public_id, text=f"It was my {SECRET_WORD}")
    focus = suggest_focus(
        actor_id=carl, grant_id=named("grant", "carl"), practice="notice", weeks=2, now=life.day(3, 8)
    )
    accept_focus(actor_id=alice, focus_id=focus.public_id, now=life.day(3, 8))
    say_tried(**asked, moment_id=named("moment", "shared 2"), tried="yes")
    suggest_colleague(
        actor_id=carl, grant_id=named("grant", "carl"), colleague_email="dora@example.org", now=at
    )
    mute_coach(**asked, grant_id=named("grant", "carl"))


def _wish(life: Life, at: datetime) -> None:
    """What she asked for, and from whom she wants to hear nothing."""
    her, bela = life.users["alice"], life.users["bela"]
    hours = Wishes(
        evening_at=time(20, 15),
        moment_from=time(9),
        moment_until=time(18),
        week_ready=True,
        quiet_from=None,
        quiet_until=None,
    )
    choose_reminders(actor_id=her.pk, wishes=hours)
    block_sender(email=her.email, sender_id=bela.pk, known_as=bela.email, now=at)
