"""A year of weekly mails on a clock of its own: ticks, an outage, a clock set back, twelve zones."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from allauth.account.models import EmailAddress
from django.core import mail

from accounts.models import User
from checklists.selectors import current_version
from households.models import Child, Household, Membership
from observations.models import Observation
from reflections.models import Digest, DigestWeek
from reflections.rules import Status
from reflections.selectors import list_due_digest_ids
from reflections.services import deliver_digest, plan_digests

HOUR = timedelta(hours=1)
WEEK = timedelta(weeks=1)
BEGINS = datetime(2026, 1, 4, 3, tzinfo=UTC)
ZONES = (
    "Europe/Lisbon",
    "Europe/Berlin",
    "Atlantic/Azores",
    "Africa/Cairo",
    "America/Havana",
    "America/Santiago",
    "America/Los_Angeles",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Apia",
)


def settle(households: int, weeks: int) -> list[int]:
    """Households of one person each, over all zones, week starts, weekdays and hours; a moment for every week."""
    version = current_version().id
    for number in range(households):
        zone = ZONES[number % len(ZONES)]
        user = User.objects.create(
            email=f"p{number}@example.org",
            password="!",
            timezone=zone,
            digest_level=("full", "counts", "discreet")[number % 3],
            digest_hour=6 + number % 15,
            digest_weekday=None if number % 2 else number % 7,
        )
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        home = Household.objects.create(
            name="Attic",
            timezone=zone,
            week_starts_on=(0, 6, 5)[number % 3],
            created_at=BEGINS,
            changed_at=BEGINS,
        )
        Membership.objects.create(household=home, user=user, role="guardian", joined_at=BEGINS)
        child = Child.objects.create(
            household=home, nickname="Pip", birth_month="2023-03-01", created_at=BEGINS
        )
        Observation.objects.bulk_create(
            Observation(
                household=home,
                child=child,
                author=user,
                public_id=uuid.uuid4(),
                kind="moment",
                tone="in_tune",
                occurred_at=at,
                occurred_on=at.date(),
                precision="exact",
                timezone=zone,
                visibility="private",
                checklist_version_id=version,
                received_at=at,
                changed_at=at,
            )
            for at in (BEGINS + 3.5 * 24 * HOUR * half for half in range(2 * weeks + 2))
        )
    return list(Household.objects.order_by("pk").values_list("pk", flat=True))


def ticks(weeks: int, every: timedelta) -> Iterator[datetime]:
    """When the planner runs: not at all for three days, and once with a clock that has been set back by an hour."""
    down = BEGINS + WEEK * (weeks // 2) + 30 * HOUR
    set_back = BEGINS + WEEK * (weeks // 3)
    now = BEGINS
    while now < BEGINS + weeks * WEEK:
        if not down < now < down + timedelta(days=3):
            yield now - HOUR if set_back <= now < set_back + every else now
        now += every


class TestAYear:
    @pytest.mark.parametrize(
        ("households", "weeks", "every"),
        [
            (12, 4, timedelta(hours=6)),
            pytest.param(200, 52, timedelta(hours=3), marks=[pytest.mark.drill, pytest.mark.timeout(10_000)]),
        ],
    )
    def test_every_week_of_everybody_is_sent_once_however_often_it_is_asked_for(
        self, db, settings, households, weeks, every
    ):
        settings.DIGESTS_PER_SECOND = 1000
        homes = settle(households, weeks)
        arrived: Counter[str] = Counter()
        last = BEGINS
        for now in ticks(weeks, every):
            # Everything twice: ticks that overlap, and messages that a broker gives out again.
            for _ in range(2):
                plan_digests(household_ids=homes, now=now)
            for number in [each for each in list_due_digest_ids(now=now) for _ in range(2)]:
                deliver_digest(digest_id=number, now=now)
            arrived.update(str(message.message()["Message-ID"]) for message in mail.outbox)
            mail.outbox.clear()
            last = now
        assert set(arrived.values()) == {1}
        self.weeks_join(homes)
        assert max(Counter(Digest.objects.values_list("membership_id", "week_id")).values()) == 1
        over = Digest.objects.filter(due_at__lte=last)
        assert set(over.values_list("status", flat=True)) == {Status.SENT}
        assert over.count() == arrived.total()
        # Every whole week that closed in time has its row: the first is a partial one and has no mail.
        closed = DigestWeek.objects.filter(starts_at__gte=BEGINS, ends_at__lte=last)
        assert Digest.objects.filter(week__in=closed).count() == closed.count() >= households * (weeks - 2)

    def weeks_join(self, homes: list[int]) -> None:
        for home in homes:
            weeks = DigestWeek.objects.filter(household_id=home).order_by("starts_at")
            assert all(one.ends_at == two.starts_at for one, two in pairwise(weeks))
