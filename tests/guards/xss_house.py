"""A house in which every name and every note is a text of the corpus, or its harmless twin of the same length."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from accounts.models import ApiToken, User
from checklists.rules import Dimension
from coaching.models import CoachProfile
from coaching.rules import OWN_LABEL_MAX, OWN_NOTE_MAX, SLOT_MAX
from coaching.services import comment_on_moment, reply_to_comment, write_own_note
from common.dates import week_label, week_start
from common.text import clean_text
from households.models import Child, Grant, GrantChild, Household, Invitation, Membership
from households.rules import EMOJI_MAX, HOUSEHOLD_NAME_MAX, NICKNAME_MAX
from households.services import create_household, deliver_invitation
from observations.models import Draft, Observation, OwnAnswer, OwnPlace, OwnQuestion, OwnVersion
from observations.rules import NOTE_MAX, DraftKind
from observations.services import answer_self_check, edit_moment, record_moment
from reflections.comfort import CardWords
from reflections.models import ComfortCard, Digest, Reflection, SentenceReport, Thought
from reflections.services import (
    compile_week,
    deliver_digest,
    make_card_link,
    plan_digests,
    report_sentence,
    write_card,
)
from tests.guards.oracle_life import named
from tests.guards.xss_corpus import PAYLOADS, chunks

Spell = Callable[[str], str]


@dataclass
class House:
    """Rows are made past the use cases where those would say no: what is in the database has to be harmless too."""

    owner: User
    coach: User  # sees all of it that is not private
    home: Household
    child: Child
    moments: list[uuid.UUID]  # whose notes are many texts at once
    drafts: list[uuid.UUID]  # what came from a phone and waits, each text among it
    check_id: uuid.UUID
    label: str
    card_token: str


def build(now: datetime, spell: Spell) -> House:
    """Everything of this household is called what the corpus says, spelled by *spell*."""
    texts, founded = [spell(text) for text in PAYLOADS], now - timedelta(weeks=4)
    # What is said in which words follows from ids: they are the same in both houses.
    owner = User.objects.create_user(
        "owner@example.org",
        digest_level="full",
        display_name=texts[0][:60],
        public_id=named("user", "owner"),
    )
    owner.emailaddress_set.create(email=owner.email, verified=True, primary=True)
    home = create_household(actor_id=owner.pk, name="x", timezone="UTC", now=founded)
    owner.memberships.update(public_id=named("membership", "owner"))
    _name_everybody(owner, home, texts, founded)
    _name_everything(owner, home, texts, now)
    child = Child.objects.filter(household=home).earliest("pk")
    moments = list(_note(owner, child, texts, now))
    _ask(owner, home, texts, moment_id=moments[0], now=now)
    check = answer_self_check(
        actor_id=owner.pk,
        check_id=uuid.uuid4(),
        child_id=child.public_id,
        day=(now - timedelta(weeks=1)).date(),
        ratings=dict.fromkeys(map(str, Dimension), 3),
        note=chunks(texts, longest=NOTE_MAX)[0],
        now=now,
    )
    coach = _let_coaches_in(owner, home, texts, founded)
    _speak(owner, coach, home, texts, moments=moments, now=now)
    this_week = week_start(now.date(), 0)
    label = week_label(this_week - timedelta(weeks=1))
    _reflect(owner, home, texts, label=label, now=now)
    token = _write_card(owner, child, texts, now)
    _send(owner, home, now=now)
    drafts = list(_leave_waiting(owner, moments[0], texts, now))
    return House(owner, coach, home, child, moments, drafts, check.public_id, label, token)


def _name_everybody(owner: User, home: Household, texts: list[str], at: datetime) -> None:
    """As many members, children and households as there are texts."""
    Household.objects.filter(pk=home.pk).update(name=texts[1][:HOUSEHOLD_NAME_MAX])
    users = User.objects.bulk_create(
        User(email=f"member{number}@example.org", display_name=text[:60], password="!")
        for number, text in enumerate(texts)
    )
    Membership.objects.bulk_create(
        Membership(household=home, user=user, role="helper", joined_at=at) for user in users
    )
    Child.objects.bulk_create(
        Child(
            household=home,
            nickname=text[:NICKNAME_MAX],
            emoji=text[:EMOJI_MAX],
            birth_month=date(2022, 5, 1),
            created_at=at,
            archived_at=at if number % 5 == 4 else None,
        )
        for number, text in enumerate(texts)
    )
    others = Household.objects.bulk_create(
        Household(
            name=text[:HOUSEHOLD_NAME_MAX], timezone="UTC", created_at=at + timedelta(days=1), changed_at=at
        )
        for text in texts
    )
    Membership.objects.bulk_create(
        Membership(household=other, user=owner, role="guardian", joined_at=at) for other in others
    )


def _name_everything(owner: User, home: Household, texts: list[str], now: datetime) -> None:
    """API keys and invitations; the local part of a mail address may be almost anything between quotes."""
    ApiToken.objects.bulk_create(
        ApiToken(
            digest=f"{number:0128d}",
            token_key=f"{number:08d}",
            user=owner,
            name=text[:60],
            scope="read",
            created=now,
            expiry=now + timedelta(days=9),
        )
        for number, text in enumerate(texts)
    )
    Invitation.objects.bulk_create(
        Invitation(
            household=home,
            invited_by=owner,
            email=f'"{_one_line(text)}"@example.org',
            role="helper",
            token_sha256=f"{number:064d}",
            created_at=now,
            expires_at=now + timedelta(days=3),
        )
        for number, text in enumerate(texts)
    )


def _let_coaches_in(owner: User, home: Household, texts: list[str], at: datetime) -> User:
    """One who may see everything, and as many who were asked as there are texts."""
    coach = User.objects.create_user("coach@example.org", public_id=named("user", "coach"))
    asked = {"household": home, "author": owner, "from_on": date(2020, 1, 1), "offered_at": at}
    Grant.objects.bulk_create(
        Grant(
            **asked,
            coach_email=f'"{_one_line(text)}"@example.org',
            scope="summary",
            token_sha256=f"a{number:063d}",
            offer_expires_at=at + timedelta(weeks=9),
        )
        for number, text in enumerate(texts)
    )
    grant = Grant.objects.create(
        **asked,
        coach=coach,
        coach_email=f'"{_one_line(texts[2])}"@example.org',
        scope="ratings_and_notes",
        token_sha256="b" * 64,
        offer_expires_at=at,
        accepted_at=at,
        expires_at=at + timedelta(weeks=20),
    )
    GrantChild.objects.bulk_create(
        GrantChild(household=home, grant=grant, child=child) for child in Child.objects.filter(household=home)
    )
    return coach


def _speak(
    owner: User, coach: User, home: Household, texts: list[str], *, moments: list[uuid.UUID], now: datetime
) -> None:
    """The coach says all of it in every slot, and the owner answers in the same words."""
    CoachProfile.objects.create(
        coach=coach, name=texts[3][:60], practice=texts[4][:80], introduction=texts[5][:600]
    )
    said = chunks(texts, longest=SLOT_MAX)
    for number, text in enumerate(said):
        comment = comment_on_moment(
            actor_id=coach.pk,
            household_id=home.public_id,
            moment_id=moments[number % len(moments)],
            saw=text,
            gives=said[number - 1],
            child=said[number - 2],
            more=said[number - 3],
            now=now,
        )
        reply_to_comment(actor_id=owner.pk, comment_id=comment.public_id, text=text, now=now)
    grant = Grant.objects.get(coach=coach)
    for number, text in enumerate(chunks(texts, longest=OWN_NOTE_MAX)):
        label = _one_line(texts[number])[:OWN_LABEL_MAX]
        write_own_note(actor_id=coach.pk, grant_id=grant.public_id, text=text, label=label, now=now)


def _one_line(text: str) -> str:
    return clean_text(text, field="email", max_length=200)


def _note(owner: User, child: Child, texts: list[str], now: datetime) -> Iterator[uuid.UUID]:
    """A moment for each text, and some that hold many at once and were changed."""
    notes = [*texts, *chunks(texts, longest=NOTE_MAX)]
    for number, note in enumerate(notes):
        many = number >= len(texts)
        moment = record_moment(
            actor_id=owner.pk,
            moment_id=uuid.uuid4(),
            child_id=child.public_id,
            tone="in_tune" if many else "missed",
            details={"note": note, "visibility": "coaches"},
            now=now - timedelta(hours=number),
        )
        if many:
            edit_moment(
                actor_id=owner.pk,
                moment_id=moment.public_id,
                details={"note": note[::-1] or "x", "visibility": "household"},
                now=now,
            )
            edit_moment(actor_id=owner.pk, moment_id=moment.public_id, details={"note": note}, now=now)
            yield moment.public_id


def _ask(owner: User, home: Household, texts: list[str], *, moment_id: uuid.UUID, now: datetime) -> None:
    """A question of their own in the words of each text, all of them answered in one moment; the last are asked now."""
    own = {"household": home, "author": owner}
    moment = Observation.objects.get(author=owner, public_id=moment_id)
    version = OwnVersion.objects.create(**own, number=1, published_at=now, is_offered=True)
    for number, text in enumerate(texts):
        options = [[key, text] for key in ("1", "2", "3", "4", "5", "not_seen")]
        question = OwnQuestion(
            **own,
            public_id=named("question", str(number)),
            kind="steps",
            made_at=now,
            asked_since=now if number > 1 else None,
        )
        question.words = json.dumps({"prompt": text, "options": options})
        question.save()
        if number > 1:
            OwnAnswer.objects.create(household=home, observation=moment, question=question, answer="1")
        if number in (2, 3, 4):
            OwnPlace.objects.create(household=home, version=version, question=question, position=number - 1)


def _leave_waiting(owner: User, moment_id: uuid.UUID, texts: list[str], now: datetime) -> Iterator[uuid.UUID]:
    """Drafts of every kind in the words of the corpus; so is what was sent with them, and what was wrong with it."""
    said = chunks(texts, longest=NOTE_MAX)
    # All of it where it is shown in full: in a form, and beside another version. Some of it in the others.
    each = [(kind, text) for kind in (DraftKind.RESCUED, DraftKind.TWO) for text in said]
    for number, (kind, text) in enumerate([*each, *((kind, said[0]) for kind in DraftKind)]):
        odd = texts[number]
        fields = {"contexts": [odd]} if kind is DraftKind.TWO else dict.fromkeys(_SENT, odd)
        content = {
            **dict.fromkeys(("type", "base", "occurred_at", "tz", odd), odd),
            "fields": {**fields, "note": text},
        }
        draft = Draft(
            author=owner,
            moment_id=moment_id if kind is DraftKind.TWO else uuid.uuid4(),
            kind=kind,
            field=odd[:40],
            code=odd[:40],
            received_at=now - timedelta(minutes=number),
            expires_at=now + timedelta(days=30) if kind is DraftKind.GONE else None,
        )
        draft.content = json.dumps(content)
        draft.save()
        yield draft.public_id


# What a phone may say of a moment besides its words.
_SENT = (
    "child",
    "children",
    "tone",
    "visibility",
    "when",
    "picked",
    "precision",
    "cues",
    "ratings",
    "repairs",
)


def _reflect(owner: User, home: Household, texts: list[str], *, label: str, now: datetime) -> None:
    """The week with its thoughts."""
    compile_week(household_ids=[home.pk], label=label, now=now)
    reflection = Reflection.objects.get(member__user=owner, week__label=label)
    for text in texts:
        thought = Thought(
            household=home, reflection=reflection, author=owner, visibility="household", written_at=now
        )
        thought.text = text
        thought.save()
    for rule, text in zip(("noticed.count", "print.counted"), chunks(texts, longest=20_000), strict=False):
        report_sentence(actor_id=owner.pk, label=label, rule=rule, now=now)
        report = SentenceReport.objects.get(reflection=reflection, rule=rule)
        report.words = text
        report.save()


def _write_card(owner: User, child: Child, texts: list[str], now: datetime) -> str:
    """A card in which every line is a text, and a link to it."""
    about = {"actor_id": owner.pk, "child_id": child.public_id}
    write_card(**about, words={"helps": "x"}, now=now)
    card = ComfortCard.objects.get(author=owner, child=child)
    lines = "\n".join(" ".join(text.split()) for text in texts)  # each is a line of its own
    card.text = CardWords(called=texts[3], hard=lines, helps=lines, back=lines, also=lines).to_text()
    card.save()
    return make_card_link(**about, for_whom="nursery", days=30, now=now)[1]


def _send(owner: User, home: Household, *, now: datetime) -> None:
    """The mail of the week at its fullest, due at this moment, and mails of invitations."""
    plan_digests(household_ids=[home.pk], now=now)
    digests = Digest.objects.filter(membership__user=owner)
    digests.update(due_at=now, next_at=now)
    for digest in digests.order_by("pk"):
        deliver_digest(digest_id=digest.pk, now=now)
    for invitation in Invitation.objects.filter(household=home).order_by("pk")[:40]:
        deliver_invitation(
            actor_id=owner.pk,
            invitation_id=invitation.public_id,
            link="https://x.example/",
            now=invitation.created_at,
        )
