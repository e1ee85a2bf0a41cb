"""Writes the demonstration family: two adults, two children, a coach, twelve weeks, through the app's own use cases.

The same seed on the same day writes the same family. Most moments are two taps and no more, as in life; a story's
words are used once. Week 5 is quiet and week 8 is hard, so that both kinds of reflection can be seen.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from accounts.rules import DigestLevel, Visibility
from accounts.services import change_choices, open_account
from attune_project.demo.coach import let_coach_in
from checklists.rules import Absence, Dimension, Tone, asks_for_comfort
from common.dates import local_day, resolve_local, week_label, week_start
from households.rules import Role
from households.services import accept_invitation, add_child, create_household, invite_member
from observations.details import Answer, Details
from observations.services import answer_self_check, choose_focus, record_moment
from observations.when import Said
from reflections.services import compile_week

if TYPE_CHECKING:
    from accounts.models import User
    from households.models import Child, Household

WEEKS = 12
QUIET_WEEK, HARD_WEEK = 5, 8
ZONE = "Europe/Lisbon"
SIGN_IN = "mira@example.org"
PASSWORD = "a quiet cup of tea"  # noqa: S105 (invented, for invented people; refused in production)
STORIES = Path(__file__).with_name("stories.yaml")

Progress = Callable[[int, int], None]
Story = dict[str, Any]


@dataclass
class Family:
    """Who is in it, who looks in, and what the next story of each tone is."""

    household: Household
    adults: dict[str, User]
    children: dict[str, Child]
    chance: random.Random
    stories: dict[str, list[Story]]
    told: set[str] = field(default_factory=set)
    coach: User | None = None

    @property
    def people(self) -> list[User]:
        """Everybody who can sign in."""
        return [*self.adults.values(), *([self.coach] if self.coach else [])]


def seed_family(*, seed: int, now: datetime, progress: Progress) -> Family:
    """The whole family; *progress* hears how many of how many weeks are written.

    Raises:
        ValidationError: the demonstration accounts are there already.
    """
    family = _move_in(seed=seed, now=now)
    this_week = week_start(local_day(now, ZONE), 0)
    for number in range(WEEKS + 1):
        monday = this_week - timedelta(weeks=WEEKS - number)
        _write_week(family, number, monday=monday, now=now)
        _compile(family, monday, now)
        progress(number + 1, WEEKS + 1)
    family.coach = let_coach_in(
        parent=family.adults["mira"],
        household=family.household,
        child=family.children["pip"],
        password=PASSWORD,
        zone=ZONE,
        now=now,
    )
    return family


def _move_in(*, seed: int, now: datetime) -> Family:
    started = now - timedelta(weeks=WEEKS, days=8)
    mira = open_account(email=SIGN_IN, password=PASSWORD, display_name="Mira", timezone=ZONE)
    jon = open_account(email="jon@example.org", password=PASSWORD, display_name="Jon", timezone=ZONE)
    household = create_household(
        actor_id=mira.pk, name="The house with the blue door", timezone=ZONE, now=started
    )
    _invitation, token = invite_member(
        actor_id=mira.pk, household_id=household.public_id, email=jon.email, role=Role.GUARDIAN, now=started
    )
    accept_invitation(actor_id=jon.pk, token=token, email=jon.email, now=started)
    children = _move_children_in(mira, household, now=now, started=started)
    change_choices(
        actor_id=mira.pk,
        choices={"standing_visibility": Visibility.HOUSEHOLD, "digest_level": DigestLevel.FULL},
    )
    change_choices(actor_id=jon.pk, choices={"standing_visibility": Visibility.HOUSEHOLD})
    choose_focus(
        actor_id=mira.pk,
        household_id=household.public_id,
        dimension=Dimension.NEEDS,
        now=now - timedelta(weeks=WEEKS - 3),
    )
    stories = yaml.safe_load(STORIES.read_text("utf-8"))
    chance = random.Random(seed)  # noqa: S311 (stories, not secrets)
    for told_in_turn in stories.values():
        chance.shuffle(told_in_turn)
    return Family(household, {"mira": mira, "jon": jon}, children, chance, stories)


def _move_children_in(
    parent: User, household: Household, *, now: datetime, started: datetime
) -> dict[str, Child]:
    """One of four years and one of eight months, whenever this runs: every wording by age has its child."""
    today = now.date()
    born = {
        "pip": (_months_before(today, 52), "🦊", "clay"),
        "moth": (_months_before(today, 8), "🌙", "dusk"),
    }
    return {
        name: add_child(
            actor_id=parent.pk,
            household_id=household.public_id,
            nickname=name.title(),
            birth_month=month,
            emoji=emoji,
            colour=colour,
            now=started,
        )
        for name, (month, emoji, colour) in born.items()
    }


def _months_before(day: date, months: int) -> date:
    total = day.year * 12 + day.month - 1 - months
    return date(total // 12, total % 12 + 1, 1)


def _write_week(family: Family, number: int, *, monday: date, now: datetime) -> None:
    if number == QUIET_WEEK:
        return
    missed = 5 if number == HARD_WEEK else family.chance.choice((1, 2, 2, 3))
    in_tune = 3 if number == HARD_WEEK else family.chance.randint(5, 8)
    for tone, count in ((Tone.IN_TUNE, in_tune), (Tone.MISSED, missed)):
        for story in _next_stories(family, tone, count):
            _tell(family, story, tone, day=monday + timedelta(days=family.chance.randrange(7)), now=now)
    if number < WEEKS and family.chance.random() < 0.7:
        _check_week(family, monday, now)


def _next_stories(family: Family, tone: Tone, count: int) -> Iterator[Story]:
    """The next *count* stories of a tone, starting over when all are told."""
    for _ in range(count):
        story = family.stories[tone].pop(0)
        family.stories[tone].append(story)
        yield story


def _tell(family: Family, story: Story, tone: Tone, *, day: date, now: datetime) -> None:
    """Record a story on that day, and its coming back if it has one, as far as they have happened yet."""
    minute = family.chance.randrange(60)
    at = resolve_local(datetime.combine(day, time(story["hour"], minute)), ZONE)
    moment_id = _record(family, story, tone, at=at, now=now)
    repair = story.get("repair")
    if moment_id and repair:
        later = at + timedelta(hours=repair["after_hours"])
        _record(family, {**story, **repair, "repairs": moment_id}, Tone.CAME_BACK, at=later, now=now)


def _record(family: Family, story: Story, tone: Tone, *, at: datetime, now: datetime) -> uuid.UUID | None:
    logged_at = at + timedelta(minutes=family.chance.randrange(2, 40))
    if logged_at > now:
        return None
    moment_id = uuid.UUID(int=family.chance.getrandbits(128), version=4)
    record_moment(
        actor_id=family.adults[story["who"]].pk,
        moment_id=moment_id,
        child_id=family.children[story["child"]].public_id,
        tone=tone,
        occurred=Said(at=at),
        details=_details(family, story, tone),
        now=logged_at,
    )
    return moment_id


def _details(family: Family, story: Story, tone: Tone) -> Details:
    """All of a story once; otherwise mostly the two taps, now and then with ticks."""
    in_words = story["note"] not in family.told and family.chance.random() < 0.4
    details: Details = {}
    if "repairs" in story:
        details["repairs"] = story["repairs"]
    if "visibility" in story:
        details["visibility"] = story["visibility"]
    if not in_words and family.chance.random() < 0.6:
        return details
    details |= {"contexts": story["contexts"], "cues": story["cues"], "feelings": story.get("feelings", [])}
    if in_words:
        family.told.add(story["note"])
        details["note"] = story["note"]
    if "visibility" in story:
        details["visibility"] = story["visibility"]
    details["ratings"] = _ratings(family.chance, tone, [*details["contexts"], *details["feelings"]])
    return details


def _ratings(chance: random.Random, tone: Tone, chosen: list[str]) -> dict[str, Answer]:
    asked = Dimension.COMFORT if asks_for_comfort(chosen) else Dimension.NEEDS
    likely = {Tone.IN_TUNE: (3, 4, 4, 5, 5), Tone.MISSED: (1, 2, 2, 3), Tone.CAME_BACK: (3, 4, 4, 5)}[tone]
    draw = chance.random()
    answer: Answer = (
        Absence.NOT_SEEN if draw < 0.1 else Absence.SKIPPED if draw < 0.2 else chance.choice(likely)
    )
    ratings: dict[str, Answer] = {asked: answer}
    if chance.random() < 0.35:
        ratings[Dimension.SELF] = chance.choice((2, 2, 3, 3, 3, 4, 4, 5))
    if chance.random() < 0.3:
        ratings[Dimension.SETTLED] = chance.choice((2, 3, 3, 4))
    return ratings


def _check_week(family: Family, monday: date, now: datetime) -> None:
    """Mira answers her self-check on the Sunday evening of that week, if it is not too long ago to be asked."""
    sunday = datetime.combine(monday + timedelta(days=6), time(20, 30), tzinfo=UTC)
    if sunday > now:
        return
    answer_self_check(
        actor_id=family.adults["mira"].pk,
        check_id=uuid.UUID(int=family.chance.getrandbits(128), version=4),
        child_id=family.children["pip"].public_id,
        day=monday,
        ratings={dimension: family.chance.choice((2, 3, 3, 4, 4, 5)) for dimension in Dimension},
        now=sunday,
    )


def _compile(family: Family, monday: date, now: datetime) -> None:
    """Compile the week as the schedule would have done: in the morning after it closed, or now."""
    closed = resolve_local(datetime.combine(monday + timedelta(weeks=1), time(6, 30)), ZONE)
    compile_week(household_ids=[family.household.pk], label=week_label(monday), now=min(closed, now))
