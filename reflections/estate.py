"""What reflections hold of a person: what their weeks added up to, their thoughts, their mails, their comfort cards."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from accounts.rules import Visibility
from accounts.selectors import find_public_id
from common.estates import Applier, Estate, Holding, Table, in_chunks
from common.sealed import is_readable
from households.selectors import list_memberships_for_compile
from observations.selectors import list_own_ids
from reflections.comfort import Part
from reflections.composition import Json
from reflections.models import (
    CardLink,
    ComfortCard,
    Digest,
    DigestWeek,
    Reflection,
    SentenceReport,
    Thought,
)
from reflections.rules import OPEN, Noted


class ReflectionsEstate(Estate):
    """A week's span is its household's; what it added up to is each member's own."""

    holdings = (
        Holding("reflections.CardLink", ("card__author",)),
        Holding("reflections.ComfortCard", ("author",)),
        Holding("reflections.SentenceReport", ("reporter",)),
        Holding("reflections.Thought", ("author",)),
        Holding("reflections.Digest", ("membership__user",)),
        Holding("reflections.Reflection", ("member__user",)),
        Holding(
            "reflections.DigestWeek", kept_because="a span of time of a household: it goes with the household"
        ),
        Holding("reflections.MailGate", kept_because="the pace of all senders: it is about no family"),
        Holding(
            "reflections.CompileRun", kept_because="how far a pass over all households is: about no family"
        ),
        Holding(
            "reflections.CompileChunk", kept_because="a range of keys that waits to be compiled: about nobody"
        ),
    )

    def export(self, person_id: int, now: datetime) -> Iterator[Table]:
        yield Table(
            "reflections",
            _("What your weeks added up to, in numbers; nothing of what others noted."),
            _REFLECTION,
            lambda: _reflections(person_id),
        )
        yield Table("thoughts", _("What you wrote about your weeks."), _THOUGHT, lambda: _thoughts(person_id))
        yield Table(
            "mails",
            _("The weekly mails you were sent, without their text."),
            _MAIL,
            lambda: _mails(person_id),
        )
        yield Table(
            "sentences_said_wrong",
            _("Which sentences of your weeks you said are wrong, and your words about them."),
            _REPORT,
            lambda: _reports(person_id),
        )
        yield Table("comfort_cards", _("The comfort cards you wrote."), _CARD, lambda: _cards(person_id))
        yield Table(
            "card_links",
            _("The links to them that you made. Who opened one is kept nowhere."),
            _CARD_LINK,
            lambda: _card_links(person_id),
        )

    def children_of(self, person_id: int, *, household_id: int) -> set[int]:
        cards = ComfortCard.objects.filter(author_id=person_id, household_id=household_id)
        return set(cards.order_by().values_list("child_id", flat=True))

    def erase(self, person_id: int) -> None:
        super().erase(person_id)
        _forget_in_others_weeks(person_id)

    def move(self, person_id: int, *, source_id: int, target_id: int, children: Mapping[int, int]) -> None:
        weeks = _copy_weeks(source_id, target_id)
        # What waits to be sent was composed of what the person could see there.
        pending = Digest.objects.filter(
            status__in=OPEN, membership__user_id=person_id, household_id=source_id
        )
        pending.delete()
        member = list_memberships_for_compile(household_ids=[target_id]).get(user_id=person_id)
        for week_id, copy_id in weeks.items():
            place = {"household_id": target_id, "week_id": copy_id}
            _move_reflection(person_id, week_id, place | {"member_id": member.pk})
            _move_digest(person_id, week_id, place | {"membership_id": member.pk})
        for own in (
            Thought.objects.filter(author_id=person_id, household_id=source_id),
            SentenceReport.objects.filter(reporter_id=person_id, household_id=source_id),
        ):
            own.update(household_id=target_id)
        _move_cards(person_id, source_id=source_id, target_id=target_id, children=children)

    def come_back(self, person_id: int, *, household_id: int, now: datetime) -> None:
        member = list_memberships_for_compile(household_ids=[household_id]).get(user_id=person_id)
        known = Reflection.objects.filter(household_id=household_id, member__user_id=person_id)
        for week_id in sorted(set(known.values_list("week_id", flat=True))):
            _move_reflection(person_id, week_id, {"member_id": member.pk})
        Thought.objects.filter(author_id=person_id, household_id=household_id).update(
            visibility=Visibility.PRIVATE
        )
        _links_of(person_id).filter(household_id=household_id).update(ended_at=now)

    def put_away(self, child_id: int, now: datetime) -> None:
        CardLink.objects.filter(card__child_id=child_id, ended_at__isnull=True).update(ended_at=now)

    def withdraw_offers(self, person_id: int, now: datetime) -> None:
        _links_of(person_id).update(ended_at=now)

    def holds_words(self, household_id: int) -> bool:
        words = (Thought, ComfortCard)
        return any(model._default_manager.filter(household_id=household_id).exists() for model in words)

    def appliers(self) -> Mapping[str, Applier]:
        return {Noted.CARD_DELETED: _delete_card}

    def close_doors(self, now: datetime) -> Mapping[str, int]:
        return {"links to comfort cards ended": CardLink.objects.filter(ended_at=None).update(ended_at=now)}


# --- After a restore ---------------------------------------------------------------------------------------------
def _delete_card(subject: str, _at: datetime) -> int:
    _total, by_model = ComfortCard.objects.filter(public_id=uuid.UUID(subject)).delete()
    return by_model.get("reflections.ComfortCard", 0)


# --- Moving ------------------------------------------------------------------------------------------------------
def _copy_weeks(source_id: int, target_id: int) -> dict[int, int]:
    """The same weeks in the target: from the key of each week of the source to that of its copy.

    Never compiled there, so that the sweep comes and composes each of them from what is there now.
    """
    weeks = list(DigestWeek.objects.filter(household_id=source_id).order_by("starts_at"))
    spans = ("label", "start_on", "end_on", "timezone", "starts_at", "ends_at")
    copies = [
        DigestWeek(household_id=target_id, **{name: getattr(week, name) for name in spans}) for week in weeks
    ]
    DigestWeek.objects.bulk_create(copies, ignore_conflicts=True)
    there = dict(
        DigestWeek.objects.filter(household_id=target_id).values_list("start_on", "pk").order_by("pk")
    )
    return {week.pk: there[week.start_on] for week in weeks if week.start_on in there}


def _move_reflection(person_id: int, week_id: int, place: Mapping[str, int]) -> None:
    """The person's latest reflection of a week moves; one of an earlier stay hands its thoughts to it and goes."""
    own = Reflection.objects.filter(member__user_id=person_id, week_id=week_id).order_by("-member_id")
    moved = own.first()
    if moved is not None:
        earlier = own.exclude(pk=moved.pk)
        Thought.objects.filter(reflection__in=earlier).update(reflection=moved)
        _move_reports(earlier, moved)
        earlier.delete()
        # It told of what others shared there: that stays behind, and the page composes it anew when it is opened.
        own.filter(pk=moved.pk).update(**place, content=_blank(moved.content), source_digest="")


def _move_reports(earlier: QuerySet[Reflection], moved: Reflection) -> None:
    """What was said against a week of an earlier stay, where the later one does not say it already."""
    said = SentenceReport.objects.filter(reflection=moved).values("rule")
    for report in SentenceReport.objects.filter(reflection__in=earlier).exclude(rule__in=said).order_by("pk"):
        if not SentenceReport.objects.filter(reflection=moved, rule=report.rule).exists():
            SentenceReport.objects.filter(pk=report.pk).update(reflection=moved)


def _move_digest(person_id: int, week_id: int, place: Mapping[str, int]) -> None:
    own = Digest.objects.filter(membership__user_id=person_id, week_id=week_id).order_by("-membership_id")
    moved = own.first()
    if moved is not None:
        own.exclude(pk=moved.pk).delete()
        own.filter(pk=moved.pk).update(**place, message=b"")


def _links_of(person_id: int) -> QuerySet[CardLink]:
    """The links to this person's cards that were not ended."""
    return CardLink.objects.filter(card__author_id=person_id, ended_at__isnull=True)


def _move_cards(person_id: int, *, source_id: int, target_id: int, children: Mapping[int, int]) -> None:
    """The words go along, the links do not: whoever got one may be on the side that was left."""
    CardLink.objects.filter(card__author_id=person_id, household_id=source_id).delete()
    for child_id, copy_id in children.items():
        own = ComfortCard.objects.filter(author_id=person_id, household_id=source_id, child_id=child_id)
        own.update(child_id=copy_id, household_id=target_id)


def _blank(content: Json) -> Json:
    """The form of a week without anything in it: what is stored until it is compiled again."""
    return {**content, "sections": []}


# --- Erasing -----------------------------------------------------------------------------------------------------
def _forget_in_others_weeks(person_id: int) -> None:
    """What others' stored weeks tell of this person goes, and the sweep compiles all their weeks again.

    No page shows it meanwhile: it is composed anew when what it tells of has gone.
    """
    lived_there = DigestWeek.objects.filter(household__memberships__user_id=person_id)
    weeks = DigestWeek.objects.filter(pk__in=lived_there.values("pk"))
    weeks.update(compiled_at=None)
    name = str(find_public_id(user_id=person_id))
    told = Reflection.objects.filter(week__in=weeks).alias(text=Cast("content", TextField()))
    for row in in_chunks(told.filter(text__contains=name)):
        Reflection.objects.filter(pk=row.pk).update(content=_blank(row.content), source_digest="")


# --- Taking along ------------------------------------------------------------------------------------------------
_REFLECTION = (
    "household_id",
    "week",
    "start_on",
    "end_on",
    "timezone",
    "revision",
    "compiled_at",
    "told_at",
    "content",
)
_THOUGHT = ("id", "household_id", "week", "text", "text_unreadable", "visibility", "written_at")
_REPORT = ("household_id", "week", "rule", "hidden", "words", "words_unreadable", "reported_at")
_CARD = ("id", "household_id", "child_id", "called", *Part, "text_unreadable", "changed_at")
_CARD_LINK = ("id", "household_id", "child_id", "for_whom", "made_at", "expires_at", "ended_at")
_MAIL = ("household_id", "week", "status", "level", "recipient", "due_at", "sent_at", "attempts")

# What a week tells of others: it is theirs to take along.
_OF_OTHERS = {"noticed.shared"}


def _reflections(person_id: int) -> Iterator[tuple[Any, ...]]:
    rows = Reflection.objects.filter(member__user_id=person_id).select_related("household", "week")
    for row in in_chunks(rows):
        week = row.week
        yield (
            row.household.public_id,
            week.label,
            week.start_on,
            week.end_on,
            week.timezone,
            row.revision,
            row.compiled_at,
            row.told_at,
            _own_part(row.content, person_id),
        )


def _own_part(content: Json, person_id: int) -> Json:
    """What a week added up to, without what others shared in it, and naming no moment but the person's own."""
    told = [item for section in content["sections"] for item in section["sentences"]]
    named = {uuid.UUID(moment) for item in told for moment in item["moments"]}
    own = {str(moment) for moment in list_own_ids(actor_id=person_id, moment_ids=named)}

    def of_own(item: Json) -> Json:
        return {**item, "moments": [moment for moment in item["moments"] if moment in own]}

    sections = [
        {
            **section,
            "sentences": [of_own(item) for item in section["sentences"] if item["rule"] not in _OF_OTHERS],
            "data": {key: value for key, value in section["data"].items() if key != "shared"},
        }
        for section in content["sections"]
    ]
    return {**content, "sections": sections}


def _thoughts(person_id: int) -> Iterator[tuple[Any, ...]]:
    rows = Thought.objects.filter(author_id=person_id).select_related("household", "reflection__week")
    for row in in_chunks(rows):
        yield (
            row.public_id,
            row.household.public_id,
            row.reflection.week.label,
            str(row.text),
            row.text_unreadable,
            row.visibility,
            row.written_at,
        )


def _mails(person_id: int) -> Iterator[tuple[Any, ...]]:
    rows = Digest.objects.filter(membership__user_id=person_id).select_related("household", "week")
    for row in in_chunks(rows):
        yield (
            row.household.public_id,
            row.week.label,
            row.status,
            row.level,
            row.recipient,
            row.due_at,
            row.sent_at,
            row.attempts,
        )


def _reports(person_id: int) -> Iterator[tuple[Any, ...]]:
    rows = SentenceReport.objects.filter(reporter_id=person_id)
    for row in in_chunks(rows.select_related("household", "reflection__week")):
        words = row.words
        yield (
            row.household.public_id,
            row.reflection.week.label,
            row.rule,
            row.is_hidden,
            str(words),
            not is_readable(words),
            row.reported_at,
        )


def _cards(person_id: int) -> Iterator[tuple[Any, ...]]:
    rows = ComfortCard.objects.filter(author_id=person_id).select_related("household", "child")
    for row in in_chunks(rows):
        words = row.words
        yield (
            row.public_id,
            row.household.public_id,
            row.child.public_id,
            words.called,
            *(words.of(part) for part in Part),
            row.text_unreadable,
            row.changed_at,
        )


def _card_links(person_id: int) -> Iterator[tuple[Any, ...]]:
    rows = CardLink.objects.filter(card__author_id=person_id).select_related("household", "card__child")
    for row in in_chunks(rows):
        yield (
            row.public_id,
            row.household.public_id,
            row.card.child.public_id,
            row.for_whom,
            row.made_at,
            row.expires_at,
            row.ended_at,
        )
