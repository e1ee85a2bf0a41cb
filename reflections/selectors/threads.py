"""Reads of threads: a miss and the came-backs that mend it, as far as the reader may see either end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checklists.rules import Tone
from observations.selectors import Stretch, find_mended, list_mended
from reflections.threads import End, Thread, lapse_between

if TYPE_CHECKING:
    from observations.models import Observation


def list_threads(*, actor_id: int, stretch: Stretch) -> list[Thread]:
    """The latest threads that somebody came back in during a stretch, and its author has an end of; latest first."""
    return [_thread(missed) for missed in list_mended(actor_id=actor_id, stretch=stretch)]


def find_thread(*, actor_id: int, moment: Observation) -> Thread | None:
    """The thread that a moment, as `get_moment` gives it, is an end of; None without one that the actor may see."""
    missed = moment if moment.tone == Tone.MISSED else moment.repairs
    found = find_mended(actor_id=actor_id, missed_id=missed.pk) if missed else None
    return _thread(found) if found else None


def _thread(row: Observation) -> Thread:
    missed = _end(row)
    came_backs = (_end(came_back) for came_back in row.mended_by)  # type: ignore[attr-defined]
    return Thread(missed, tuple((end, lapse_between(missed, end)) for end in came_backs))


def _end(row: Observation) -> End:
    return End(
        id=row.public_id,
        author_id=row.author_id,
        author_name=row.author.called,
        occurred_on=row.occurred_on,
        occurred_at=row.occurred_at,
        timezone=row.timezone,
        precision=row.precision,
    )
