"""What the log form needs where there is no network: the only family data that a phone may keep as it is."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from accounts.selectors import get_user
from checklists.rules import Tone
from households.selectors import list_memberships
from observations.models import Observation
from observations.selectors import OwnSeen, get_focus, list_asked, list_latest_child_ids
from observations.selectors.visible import visible
from observations.sync.sent import account_of

MISSES_SHOWN: Final = 3
ALL: Final = "all"


@dataclass(frozen=True, slots=True)
class KitChild:
    id: uuid.UUID
    label: str
    mark: str


@dataclass(frozen=True, slots=True)
class KitMiss:
    """A miss that could be come back to, without a word of it."""

    id: uuid.UUID
    occurred_at: datetime
    child: uuid.UUID


@dataclass(frozen=True, slots=True)
class KitAnswer:
    key: str
    words: str


@dataclass(frozen=True, slots=True)
class KitQuestion:
    """A question of the actor's own, as the sheet asks it."""

    id: uuid.UUID
    prompt: str
    options: Sequence[KitAnswer]


@dataclass(frozen=True, slots=True)
class Kit:
    """What the form of one household shows. `chosen` is whom it starts with: a child, `all`, or nobody yet."""

    account: str
    standing_visibility: str
    discreet: bool
    household_id: uuid.UUID | None = None
    timezone: str = ""
    children: Sequence[KitChild] = ()
    chosen: str | None = None
    focus: str = ""
    missed: Sequence[KitMiss] = field(default_factory=tuple)
    own: Sequence[KitQuestion] = ()


def pack_kit(*, actor_id: int, household_id: uuid.UUID | None = None) -> Kit:
    """The kit for the household that the session is about, or for the actor's first; without one it is empty."""
    user = get_user(user_id=actor_id)
    memberships = list(list_memberships(actor_id=actor_id))
    mine = [m.household for m in memberships if m.household.public_id == household_id]
    about_me = (account_of(user.public_id), user.standing_visibility, user.discreet)
    if not memberships:
        return Kit(*about_me)
    household = (mine or [memberships[0].household])[0]
    children = getattr(household, "active_children")  # noqa: B009 - set by the selector's prefetch
    focus = get_focus(actor_id=actor_id, household_id=household.pk)
    latest = list_latest_child_ids(actor_id=actor_id, household_id=household.pk)
    chosen = [str(child.public_id) for child in children if child.pk in latest]
    misses = visible(actor_id).filter(author_id=actor_id, household=household, tone=Tone.MISSED)
    return Kit(
        *about_me,
        household_id=household.public_id,
        timezone=household.timezone,
        children=[KitChild(c.public_id, c.nickname, c.emoji) for c in children],
        chosen=_chosen(chosen, of=len(children)),
        focus=focus.dimension if focus else "",
        missed=[
            _miss(row)
            for row in misses.select_related("child").order_by("-occurred_at", "-id")[:MISSES_SHOWN]
        ],
        # Words of theirs, readable on the phone: somebody who wants nothing to be found there has none of them.
        own=[]
        if user.discreet
        else [_question(seen) for seen in list_asked(author_id=actor_id, household_pk=household.pk)],
    )


def _question(seen: OwnSeen) -> KitQuestion:
    return KitQuestion(seen.id, seen.prompt, [KitAnswer(key, words or key) for key, words in seen.options])


def _chosen(latest: Sequence[str], *, of: int) -> str | None:
    if len(latest) > 1 and len(latest) == of:
        return ALL
    return latest[0] if latest else None


def _miss(row: Observation) -> KitMiss:
    return KitMiss(row.public_id, row.occurred_at, row.child.public_id)
