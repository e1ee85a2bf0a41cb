"""A life in the household of the oracle: who lives in it, what is written, and what everything is called."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from households.models import Child, Household
from observations.models import Observation
from observations.services import edit_moment, record_moment

HER_CHECKS = ("2", "9")  # so many days ago
WEEKS = ("2026-W45", "2026-W46", "2026-W47")
COACHES = ("cora", "carl")  # she lets the first look at moth, in every life; of the second nobody may know
SECRET_WORD = "kite"  # in every note she keeps to herself, in none that she shares


def named(kind: str, name: str) -> uuid.UUID:
    """The same id for the same thing in every life, random to look at."""
    return uuid.UUID(bytes=uuid.uuid5(uuid.NAMESPACE_OID, f"{kind}:{name}").bytes, version=4)


@dataclass
class Life:
    """What happens, and whether what she keeps to herself happens too."""

    now: datetime
    private: bool
    more_shared: bool = False
    coach_notes: bool = False  # her coach writes for themselves alone
    goes: str = ""  # how she goes in the end: "leaves", "separates", or not at all
    users: dict[str, User] = field(default_factory=dict)
    home: Household | None = None
    children: dict[str, Child] = field(default_factory=dict)
    moments: dict[str, uuid.UUID] = field(default_factory=dict)  # known in both lives, there or not
    places: dict[str, str] = field(default_factory=dict)  # in the feed of changes, from before most of it

    # --- Who and when --------------------------------------------------------------------------------------------
    def day(self, days_ago: int, hour: int = 12, minute: int = 0) -> datetime:
        return (self.now - timedelta(days=days_ago)).replace(hour=hour, minute=minute)

    def note(
        self, name: str, who: str, at: datetime, *, happens: bool = True, **details: Any
    ) -> Observation | None:
        """A moment, if it *happens* in this life; its id is known in both."""
        moment_id = named("moment", name)
        self.moments[name] = moment_id
        if not happens:
            return None
        child, tone = details.pop("child", "pip"), details.pop("tone", "in_tune")
        return record_moment(
            actor_id=self.users[who].pk,
            moment_id=moment_id,
            child_id=self.children[child].public_id,
            tone=tone,
            details={"visibility": "private", **details},
            now=at,
        )

    def change(self, name: str, who: str, at: datetime, **details: Any) -> None:
        edit_moment(actor_id=self.users[who].pk, moment_id=named("moment", name), details=details, now=at)


Scene = tuple[datetime, Callable[[], Any]]
