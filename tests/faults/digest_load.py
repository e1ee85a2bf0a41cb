"""`python -m tests.faults.digest_load MEMBERS [planned]`: people whose week closed a day ago and whose mail is due now.

With `planned` it is due when the planner said, each by its own minutes after one hour that all of them chose.
"""

from __future__ import annotations

import os
import sys
import uuid
from datetime import timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "attune_project.settings")
django.setup()

from allauth.account.models import EmailAddress  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db.models import F  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from checklists.selectors import current_version  # noqa: E402
from checklists.services import load_library  # noqa: E402
from households.models import Child, Household, Membership  # noqa: E402
from observations.models import Observation  # noqa: E402
from reflections.models import Digest  # noqa: E402
from reflections.services import plan_digests  # noqa: E402


def main(members: int, *, as_planned: bool = False) -> None:
    call_command("migrate", verbosity=0)
    now = timezone.now()
    load_library(now=now)
    closed = now - timedelta(days=1)
    joined = now - timedelta(days=10)
    users = User.objects.bulk_create(
        User(email=f"p{number}@example.org", password="!", digest_level="full") for number in range(members)
    )
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users
    )
    homes = Household.objects.bulk_create(
        Household(
            name="Attic",
            timezone="UTC",
            week_starts_on=closed.weekday(),
            created_at=joined,
            changed_at=joined,
        )
        for _user in users
    )
    Membership.objects.bulk_create(
        Membership(household=home, user=user, role="guardian", joined_at=joined)
        for home, user in zip(homes, users, strict=True)
    )
    children = Child.objects.bulk_create(
        Child(household=home, nickname="Pip", birth_month="2023-03-01", created_at=joined) for home in homes
    )
    Observation.objects.bulk_create(
        moment(user, child, at=closed - timedelta(days=2))
        for user, child in zip(users, children, strict=True)
    )
    plan_digests(household_ids=[home.pk for home in homes], now=now)
    # The first week of each is a partial one: no mail. What is planned was due in the evening; here it is due at once.
    if not as_planned:
        Digest.objects.update(due_at=now, next_at=now)
    assert Digest.objects.filter(due_at=F("next_at")).count() == members


def moment(user: User, child: Child, *, at: Any) -> Observation:
    return Observation(
        household_id=child.household_id,
        child=child,
        author=user,
        public_id=uuid.uuid4(),
        kind="moment",
        tone="in_tune",
        occurred_at=at,
        occurred_on=at.date(),
        precision="exact",
        timezone="UTC",
        visibility="private",
        checklist_version_id=current_version().id,
        received_at=at,
        changed_at=at,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), as_planned="planned" in sys.argv)
