"""`python -m tests.faults.key_load ROLE [PEOPLE]`: one process of an installation whose field key is being replaced.

`fill` makes people with notes; `read`, `write` and `phone` send requests until they are terminated, the last one sealed
and in a session; `check` opens every text.
The last line that each prints is what it saw, as JSON. Every note says who wrote it, so a reader knows what to expect.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
import uuid
from collections.abc import Callable
from copy import copy
from datetime import date

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "attune_project.settings")
django.setup()

from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402
from rest_framework.test import APIClient  # noqa: E402

from accounts.models import User  # noqa: E402
from checklists.services import load_library  # noqa: E402
from common.person_keys import remembering  # noqa: E402
from households.models import Child  # noqa: E402
from households.services import add_child, create_household  # noqa: E402
from observations.models import Observation  # noqa: E402
from observations.services import record_moment  # noqa: E402
from observations.sync import list_shut_keys  # noqa: E402
from tests.phone import Phone  # noqa: E402

NOTES_EACH = 10


def fill(people: int) -> dict[str, int]:
    load_library(now=timezone.now())
    for _each in range(people):
        user = move_in()
        with remembering():
            first = note(user, f"{user.email} 0")
            Observation.objects.bulk_create(
                another(first, f"{user.email} {number}") for number in range(1, NOTES_EACH)
            )
    return {"notes": Observation.objects.exclude(note_sealed=b"").count()}


def another(moment: Observation, text: str) -> Observation:
    """A moment like this one, with other words."""
    copied = copy(moment)
    copied.pk, copied._state, copied.public_id = None, type(moment._state)(), uuid.uuid4()
    copied.note = text
    return copied


def move_in() -> User:
    """A person with a household and a child, who has written nothing yet and has no key."""
    now = timezone.now()
    user = User.objects.create_user(f"{uuid.uuid4().hex}@example.org")
    household = create_household(actor_id=user.pk, name="Attic", timezone="UTC", now=now)
    add_child(
        actor_id=user.pk,
        household_id=household.public_id,
        nickname="Pip",
        birth_month=date(2022, 5, 1),
        now=now,
    )
    return user


def note(user: User, text: str) -> Observation:
    child = Child.objects.get(household__memberships__user=user)
    return record_moment(
        actor_id=user.pk,
        moment_id=uuid.uuid4(),
        child_id=child.public_id,
        tone="in_tune",
        details={"note": text},
        now=timezone.now(),
    )


def until_terminated(step: Callable[[], bool]) -> dict[str, int]:
    """How often *step* was done, and how often it went wrong."""
    asked_to_stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_signal: asked_to_stop.set())
    print("ready", flush=True)
    done = errors = 0
    while not asked_to_stop.is_set():
        done, errors = done + 1, errors + (not step())
    return {"done": done, "errors": errors}


def read_one(people: list[User]) -> bool:
    """Whether a page of somebody's notes, asked for as a request, holds all of their words and nothing that is shut."""
    user = random.choice(people)
    client = APIClient()
    client.force_authenticate(user)
    items = client.get("/api/v1/moments/", {"limit": 200}).json()["items"]
    return len(items) >= NOTES_EACH and all(
        not item["note_unreadable"] and item["note"].startswith(user.email) for item in items
    )


def write_one(people: list[User]) -> bool:
    """Whether new words are kept: of somebody who has a key, and in every second step of somebody who has none."""
    user = move_in() if random.random() < 0.5 else random.choice(people)
    client = APIClient()
    client.force_authenticate(user)
    child = Child.objects.get(household__memberships__user=user)
    body = {
        "id": str(uuid.uuid4()),
        "child": str(child.public_id),
        "tone": "in_tune",
        "note": f"{user.email} more",
    }
    answer = client.post("/api/v1/moments/", body, format="json")
    return answer.status_code == 201 and answer.json()["note"] == body["note"]


def send_one(people: list[User]) -> bool:
    """Whether words that somebody's phone sealed are taken and read again, in a session of theirs."""
    user = random.choice(people)
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    phone, now = Phone(client).start(), timezone.now()
    child = Child.objects.get(household__memberships__user=user)
    op = phone.write("create", child=str(child.public_id), tone="missed", at=now, note=f"{user.email} sealed")
    told = phone.flush()
    shown = client.get(f"/api/v1/moments/{op['moment_id']}/").json()
    return [one["status"] for one in told] == ["applied"] and shown["note"] == f"{user.email} sealed"


def check_all() -> dict[str, int]:
    noted = Observation.objects.exclude(note_sealed=b"").select_related("author")
    shut = [row.pk for row in noted if not row.note.startswith(row.author.email)]
    return {"notes": len(noted), "shut": len(shut), "phone_keys_shut": len(list_shut_keys())}


def main(role: str, people: str = "0") -> dict[str, int]:
    if role == "fill":
        return fill(int(people))
    if role == "check":
        return check_all()
    known = list(User.objects.all())
    does = {"read": read_one, "write": write_one, "phone": send_one}[role]
    return until_terminated(lambda: does(known))


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
