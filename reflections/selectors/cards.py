"""Reads of comfort cards: one's own, what a new one could say, and the one behind a link."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db.models import F, QuerySet
from django.utils.translation import get_language

from checklists.rules import OptionKind, Tone
from checklists.selectors import get_content
from common.dates import local_day
from common.errors import NotVisible
from households.scope import Capability, member_of, still_lives_here
from households.selectors import get_child
from observations.rules import TickKind
from observations.selectors import Comforted, MomentName, list_comforted, name_moments
from reflections.comfort import CardWords, Line, Part, Rule, Seen, draft, has_arrived
from reflections.models import CardLink, ComfortCard
from reflections.phrases.cards import say_line, say_why, sayable
from reflections.rules import CARD_DRAWN_FROM
from reflections.tokens import hash_token

_MEMBERSHIP: Final = "household__memberships"


# --- One's own ---------------------------------------------------------------------------------------------------
def find_card(*, actor_id: int, child_id: uuid.UUID) -> ComfortCard | None:
    """The actor's own card of this child; None where they have written none.

    Raises:
        NotVisible: there is no such child where they live.
    """
    child = get_child(actor_id=actor_id, child_id=child_id, capability=Capability.READ)
    return own_cards(actor_id).filter(child=child).first()


def own_cards(actor_id: int) -> QuerySet[ComfortCard]:
    """The actor's own cards, where they live now. Nobody else ever reads one here."""
    return ComfortCard.objects.filter(member_of(actor_id), author_id=actor_id).select_related("child")


def list_carded_children(*, actor_id: int, household_id: uuid.UUID) -> Mapping[uuid.UUID, datetime]:
    """Of which children of a household the actor has a card, and when each was last changed."""
    rows = own_cards(actor_id).filter(household__public_id=household_id).order_by("pk")
    return dict(rows.values_list("child__public_id", "changed_at"))


def list_card_links(*, actor_id: int, child_id: uuid.UUID, now: datetime) -> QuerySet[CardLink]:
    """The links to the actor's own card that still open, the one that ends first on top."""
    return (
        open_links(now=now)
        .filter(card__in=own_cards(actor_id), card__child__public_id=child_id)
        .order_by("expires_at", "pk")
    )


# --- What a card could say ---------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Drafted:
    """A line that could stand on the card, why, and the moments it comes from."""

    part: Part
    rule: str
    text: str
    why: str
    moments: tuple[MomentName, ...]


def draft_card(*, actor_id: int, child_id: uuid.UUID, now: datetime) -> tuple[Drafted, ...]:
    """What the actor's own moments of comfort of the last year say, in the active language. Nothing is stored.

    Raises:
        NotVisible: there is no such child where they live.
    """
    child = get_child(actor_id=actor_id, child_id=child_id, capability=Capability.RECORD)
    comforted = list_comforted(
        actor_id=actor_id,
        household_id=child.household_id,
        child_id=child.pk,
        since=_since(now, child.household.timezone),
    )
    lines = draft([_seen(moment) for moment in comforted], sayable=sayable())
    names = name_moments(actor_id=actor_id, moment_ids={moment for line in lines for moment in line.moments})
    labels = _labels()
    return tuple(_drafted(line, names, label=labels[line.rule][line.key]) for line in lines)


def words_of(drafted: Sequence[Drafted]) -> CardWords:
    """A draft as the words of a card that has none yet."""
    said = {str(part): "\n".join(line.text for line in drafted if line.part is part) for part in Part}
    return CardWords(**said)


def _since(now: datetime, timezone: str) -> date:
    return local_day(now - CARD_DRAWN_FROM, timezone)


def _seen(moment: Comforted) -> Seen:
    tone = Tone(moment.tone)
    cues = Rule.BACK if tone is Tone.CAME_BACK else Rule.HELPS
    rules = {TickKind.CONTEXT: Rule.WHEN, TickKind.FEELING: Rule.SHOWS, TickKind.CUE: cues}
    ticked = tuple((rules[TickKind(kind)], key) for kind, key in moment.ticks)
    return Seen(moment.id, tone, ticked, has_arrived(moment.comfort))


def _labels() -> Mapping[Rule, Mapping[str, str]]:
    """What the library calls what can be ticked."""
    content = get_content(get_language() or "en")
    cues = {key: cue.label for key, cue in content.cue_by_key.items()}
    contexts, feelings = (
        {key: option.label for key, option in content.options_of[kind].items()}
        for kind in (OptionKind.CONTEXT, OptionKind.FEELING)
    )
    found = {Rule.WHEN: contexts, Rule.SHOWS: feelings, Rule.HELPS: cues, Rule.BACK: cues}
    return {rule: _with_keys(found[rule], keys) for rule, keys in sayable().items()}


def _with_keys(labels: Mapping[str, str], keys: Collection[str]) -> dict[str, str]:
    """What was ticked in an older version may have no label in this one."""
    return {key: labels.get(key, key) for key in keys}


def _drafted(line: Line, names: Mapping[uuid.UUID, MomentName], *, label: str) -> Drafted:
    return Drafted(
        part=line.part,
        rule=f"{line.rule}.{line.key}",
        text=say_line(line),
        why=say_why(line, label=label),
        moments=tuple(names[moment] for moment in line.moments if moment in names),
    )


# --- Behind a link -----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class SharedCard:
    """What a link shows: the words, and the day on which they were last changed."""

    words: CardWords
    changed_on: date
    until: datetime


def open_links(*, now: datetime) -> QuerySet[CardLink]:
    """The links that show anything now.

    Not ended and in time; their author lives there as they did when they made it, did not ask to be erased, and the
    child is not put away. It is asked of live rows, each time: what has ended is gone with the next request.
    """
    return CardLink.objects.filter(
        still_lives_here("card__author_id"),
        ended_at__isnull=True,
        made_at__lte=now,
        expires_at__gt=now,
        card__author__is_active=True,
        card__child__archived_at__isnull=True,
    )


def get_shared_card(*, token: str, now: datetime) -> SharedCard:
    """The card behind a link, for whoever holds it.

    Raises:
        NotVisible: unknown, expired, ended, of somebody who left or asked to be erased: all look the same.
    """
    found = (
        open_links(now=now)
        .filter(token_sha256=hash_token(token))
        .select_related("card")
        .annotate(zone=F("household__timezone"))
        .first()
    )
    if found is None:
        raise NotVisible("card")
    return SharedCard(found.card.words, local_day(found.card.changed_at, found.zone), found.expires_at)
