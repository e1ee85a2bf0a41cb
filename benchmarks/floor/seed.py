"""`python -m benchmarks.floor.seed`: an empty floor database gets its rows; prints how to sign in, as JSON."""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.floor.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402
from rest_framework.authtoken.models import Token  # noqa: E402

from benchmarks.floor.models import Child, Moment, Rating  # noqa: E402


def main(rows: int) -> None:
    call_command("migrate", run_syncdb=True, verbosity=0)
    user = User.objects.create_user("alice")
    child = Child.objects.create(owner=user, nickname="Pip")
    now = timezone.now()
    moments = Moment.objects.bulk_create(
        Moment(
            author=user,
            child=child,
            tone=("in_tune", "missed", "came_back")[number % 3],
            note="We read the same page four times and laughed each time." if number % 3 == 0 else "",
            occurred_at=now - timedelta(hours=4 * number),
        )
        for number in range(rows)
    )
    Rating.objects.bulk_create(Rating(moment=moment, dimension="needs", value=3) for moment in moments[::3])
    client = Client()
    client.force_login(user)
    token = Token.objects.create(user=user)
    print(json.dumps({"session": client.cookies["sessionid"].value, "token": token.key, "child": child.pk}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
