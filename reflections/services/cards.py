"""Writing a comfort card, and letting people outside read it for a while.

A link's token is 256 random bits, shown once and stored as its SHA-256. A link ends by itself, with a tap, when its
author leaves, moves out or asks to be erased, when the child is put away, and after a restore.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.selectors import get_user
from common import ledger
from common.errors import NotVisible
from common.text import clean_text
from households.rules import NICKNAME_MAX
from households.scope import Capability
from households.selectors import get_child
from reflections.comfort import CardWords, Part
from reflections.models import CardLink, ComfortCard
from reflections.rules import (
    CARD_LINES_MAX,
    CARD_LINK_DAYS,
    CARD_LINK_KEPT,
    CARD_LINKS_MAX,
    CARD_PART_MAX,
    ForWhom,
    Noted,
)
from reflections.selectors.cards import open_links, own_cards
from reflections.tokens import hash_token


# --- The words ---------------------------------------------------------------------------------------------------
@transaction.atomic
def write_card(
    *, actor_id: int, child_id: uuid.UUID, words: Mapping[str, str], revision: int = 0, now: datetime
) -> ComfortCard:
    """The actor's own card of this child, in these words: `called`, and one text for each part.

    *revision* is the one they changed, 0 where they saw none. Links that are open show the new words.

    Raises:
        NotVisible: there is no such child where they live.
        ValidationError: on a part or `called`; nothing is said; or it was changed since in another place.
    """
    get_user(user_id=actor_id, for_update=True)
    child = get_child(actor_id=actor_id, child_id=child_id, capability=Capability.RECORD)
    cleaned = _checked(words)
    card = own_cards(actor_id).filter(child=child).first()
    if revision != (card.revision if card else 0):
        raise ValidationError(
            _(
                "This card was changed in another window. Here are your words: look again, and save once more."
            ),
            code="changed",
        )
    if card is None:
        card = ComfortCard(household_id=child.household_id, child=child, author_id=actor_id, revision=0)
    card.text = cleaned.to_text()
    card.revision, card.changed_at = card.revision + 1, now
    card.save()
    return card


def _checked(words: Mapping[str, str]) -> CardWords:
    errors: dict[str, list[ValidationError]] = {}
    said: dict[str, str] = {}
    for name in (field.name for field in fields(CardWords)):
        try:
            said[name] = _checked_part(words.get(name, ""), name)
        except ValidationError as error:
            errors |= error.error_dict
    if errors:
        raise ValidationError(errors)
    if not any(said[part] for part in Part):
        text = _("Please write a line or two.")
        raise ValidationError({Part.HELPS: ValidationError(text, "required")})
    return CardWords(**said)


def _checked_part(text: str, name: str) -> str:
    if name == "called":
        return clean_text(text, field=name, max_length=NICKNAME_MAX)
    cleaned = clean_text(text, field=name, max_length=CARD_PART_MAX, multiline=True)
    lines = [line.strip() for line in cleaned.splitlines()]
    kept = "\n".join(line for line in lines if line)
    if kept.count("\n") >= CARD_LINES_MAX:
        text = _("A card has room for %(max)d lines here.") % {"max": CARD_LINES_MAX}
        raise ValidationError({name: ValidationError(text, "too_many_lines")})
    return kept


@transaction.atomic
def delete_card(*, actor_id: int, child_id: uuid.UUID, now: datetime) -> None:
    """The card is gone, with every link to it.

    Raises:
        NotVisible: the actor has no card of this child.
    """
    get_user(user_id=actor_id, for_update=True)
    card = _own_card(actor_id, child_id)
    ledger.note(Noted.CARD_DELETED, card.public_id, now)
    card.delete()


# --- Links -------------------------------------------------------------------------------------------------------
@transaction.atomic
def make_card_link(
    *, actor_id: int, child_id: uuid.UUID, for_whom: str, days: int, now: datetime
) -> tuple[CardLink, str]:
    """A link that shows the actor's card to whoever holds it, for so many days; and its token, known nowhere else.

    For guardians: a helper's card stays with the helper.

    Raises:
        NotVisible, Refused: no card of this child; not a guardian.
        ValidationError: on `for_whom` or `days`, or there are too many links.
    """
    get_user(user_id=actor_id, for_update=True)
    card = _own_card(actor_id, child_id)
    get_child(actor_id=actor_id, child_id=child_id, capability=Capability.MANAGE)
    if for_whom not in list(ForWhom):
        raise ValidationError({"for_whom": ValidationError(_("Please choose for whom it is."), "choice")})
    if days not in CARD_LINK_DAYS:
        raise ValidationError({"days": ValidationError(_("Please choose how long it works."), "choice")})
    _forget_ended(card, now)
    if open_links(now=now).filter(card=card).count() >= CARD_LINKS_MAX:
        raise ValidationError(_("There are enough links to this card. End one first."), code="too_many")
    token = secrets.token_urlsafe(32)
    link = CardLink.objects.create(
        household_id=card.household_id,
        card=card,
        for_whom=for_whom,
        token_sha256=hash_token(token),
        made_at=now,
        expires_at=now + timedelta(days=days),
    )
    return link, token


@transaction.atomic
def end_card_link(*, actor_id: int, link_id: uuid.UUID, now: datetime) -> uuid.UUID:
    """The link opens nothing any more; the public id of its child. Ending it twice is ending it once.

    Raises:
        NotVisible: no such link to a card of the actor's.
    """
    found = (
        CardLink.objects.filter(card__in=own_cards(actor_id), public_id=link_id)
        .select_related("card__child")
        .first()
    )
    if found is None:
        raise NotVisible("card link")
    CardLink.objects.filter(pk=found.pk, ended_at__isnull=True).update(ended_at=now)
    return found.card.child.public_id


def _own_card(actor_id: int, child_id: uuid.UUID) -> ComfortCard:
    card = own_cards(actor_id).filter(child__public_id=child_id).first()
    if card is None:
        raise NotVisible("card")
    return card


def _forget_ended(card: ComfortCard, now: datetime) -> None:
    since = now - CARD_LINK_KEPT
    CardLink.objects.filter(card=card, expires_at__lt=since).delete()
    CardLink.objects.filter(card=card, ended_at__lt=since).delete()
