"""`python -m benchmarks.product`: an empty product database gets a family; prints how to sign in, as JSON.

Written through the use cases, with a note and a rating on every third moment.
"""

from __future__ import annotations

import json
import os
import sys
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "attune_project.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.services import create_token, open_account  # noqa: E402
from attune_project.collected import collect_static_files  # noqa: E402
from checklists.rules import Dimension, Tone  # noqa: E402
from checklists.services import load_library  # noqa: E402
from households.services import add_child, create_household  # noqa: E402
from observations.details import Details  # noqa: E402
from observations.services import record_moment  # noqa: E402
from observations.when import Said  # noqa: E402

ZONE = "Europe/Lisbon"


def main(rows: int) -> None:
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    collect_static_files()
    now = timezone.now()
    load_library(now=now)
    user = open_account(
        email="bench@example.org", password=uuid.uuid4().hex, display_name="Bench", timezone=ZONE
    )
    household = create_household(actor_id=user.pk, name="Bench", timezone=ZONE, now=now)
    child = add_child(
        actor_id=user.pk,
        household_id=household.public_id,
        nickname="Pip",
        birth_month=(now - timedelta(days=4 * 365)).date().replace(day=1),
        now=now,
    )
    for number in range(rows, 0, -1):
        full: Details = {
            "note": "We read the same page four times and laughed each time.",
            "ratings": {Dimension.NEEDS: 3},
        }
        record_moment(
            actor_id=user.pk,
            moment_id=uuid.uuid4(),
            child_id=child.public_id,
            tone=list(Tone)[number % 3],
            occurred=Said(at=now - timedelta(hours=4 * number)),
            details=full if number % 3 == 0 else {},
            now=now,
        )
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    _token, secret = create_token(actor_id=user.pk, name="bench", scope="write", now=now)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    sign_in = {"session": session, "token": secret, "child": str(child.public_id)}
    print(json.dumps({**sign_in, "queries": count_queries(client, sign_in)}))


def count_queries(client: Client, sign_in: dict[str, str]) -> dict[str, int]:
    """How many queries each measured request takes, by its name in `benchmarks.targets`."""
    token = {"Authorization": f"Bearer {sign_in['token']}"}
    taps = {"child": sign_in["child"], "tone": "in_tune"}
    moment = json.dumps({**taps, "id": str(uuid.uuid4())})
    page = {**taps, "moment_id": str(uuid.uuid4()), "opened_at": timezone.now().isoformat()}
    requests: dict[str, Callable[[], Any]] = {
        "capture, page": lambda: client.post("/log/", page),
        "capture, API": lambda: Client(SERVER_NAME="127.0.0.1", headers=token).post(
            "/api/v1/moments/", moment, content_type="application/json"
        ),
        "timeline, page": lambda: client.get("/moments/"),
        "timeline, API, 100": lambda: Client(SERVER_NAME="127.0.0.1", headers=token).get(
            "/api/v1/moments/", {"limit": 100}
        ),
    }
    return {name: queries_of(ask) for name, ask in requests.items()}


def queries_of(ask: Callable[[], Any]) -> int:
    """The queries of one request; the marks of a transaction are none."""
    seen: list[str] = []

    def note(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        seen.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        ask()
    return sum(sql.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")) for sql in seen)


if __name__ == "__main__":
    main(int(sys.argv[1]))
