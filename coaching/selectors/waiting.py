"""What is new to whom: the one place that says of what somebody is told, by mail and on their phone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db.models import Exists, Max, Model, OuterRef, Q

from coaching.models import Ask, Comment, Focus, HandOver, Mute, Reply, SuggestedQuestion
from coaching.rules import TELL_WITHIN, Answer
from households.scope import let_in
from households.selectors import is_coaching_open
from observations.selectors import shown_along

# Of what whom is told: model, path to the person, instant of what happened, path to what names the grant.
Waits = tuple[type[Model], str, str, str]
WAITING: Final[tuple[Waits, ...]] = (
    (Comment, "author_id", "written_at", ""),
    (Reply, "comment__coach_id", "written_at", "comment"),
    (Ask, "coach_id", "asked_at", ""),
    (HandOver, "author_id", "asked_at", ""),
    (Focus, "author_id", "suggested_at", ""),
    (SuggestedQuestion, "author_id", "suggested_at", ""),
)


# What a coach is told of, and can read nowhere while coaching is closed.
_FOR_COACHES: Final[frozenset[type[Model]]] = frozenset({Reply, Ask})


def list_tellable() -> Sequence[Waits]:
    """What there is to tell of now: while coaching is closed nothing that only a coach could read.

    Those rows wait untouched, and are told of or old news by the time it opens.
    """
    return WAITING if is_coaching_open() else [one for one in WAITING if one[0] not in _FOR_COACHES]


def worth_telling(model: type[Model], *, now: datetime) -> Q:
    """Rows of one of the models of `WAITING` that are still worth telling of, asked in the very moment of telling.

    The grant is live, it is not old news, its coach is not muted, and this person has not seen it yet.
    """
    (_model, _person, instant, grant) = next(one for one in WAITING if one[0] is model)
    return Q(let_in(now=now, via=grant), _still_new(model, now), **{f"{instant}__gt": now - TELL_WITHIN})


def list_news(*, user_ids: Collection[int], now: datetime) -> Mapping[int, datetime]:
    """Since when the latest of what is still new waits for each of these people who have something; no word of it."""
    latest: dict[int, datetime] = {}
    for model, person, instant, _grant in list_tellable():
        rows = model._default_manager.filter(worth_telling(model, now=now), **{f"{person}__in": user_ids})
        found = rows.order_by().values_list(person).annotate(at=Max(instant))
        for user_id, at in found:
            latest[user_id] = max(at, latest.get(user_id, at))
    return latest


def _still_new(model: type[Model], now: datetime) -> Q:
    """What else must hold: the page has something on it that this person did not see yet."""
    muted = Mute.objects.filter(
        household_id=OuterRef("household_id"), author_id=OuterRef("author_id"), coach_id=OuterRef("coach_id")
    )
    seen = shown_along(coach="comment__coach_id", moment="comment__observation_id", now=now)
    conditions: dict[type[Model], Q] = {
        Comment: Q(~Exists(muted), read_at__isnull=True),
        Focus: Q(~Exists(muted), answer=Answer.WAITING),
        SuggestedQuestion: Q(~Exists(muted), answered_at__isnull=True),
        HandOver: Q(answered_at__isnull=True),
        # A moment that its author took back is none a coach hears of.
        Ask: Q(shown_along(coach="coach_id", moment="observation_id", now=now), answered_at__isnull=True),
        Reply: Q(Q(seen) | ~Q(comment__week=""), seen_at__isnull=True),
    }
    return conditions[model]
