"""How a moment was before: append-only revisions, each with its own sealed note."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from accounts.rules import Visibility
from common import ledger
from observations.models import Observation, OwnAnswer, Rating, Revision, Tick
from observations.rules import Noted, TickKind


@dataclass(frozen=True, slots=True)
class State:
    """All that an author may change about an observation, at one moment. `fields` is JSON."""

    fields: dict[str, Any]
    note: str


# Fields of a state that are kept in rows of their own.
_IN_ROWS: Final = ("ratings", "own", *(f"{kind}s" for kind in TickKind))


def state_of(observation: Observation, *, beside: State | None = None) -> State:
    """The observation's fields as held, its ticks and answers as in the database, or as they were prefetched.

    *beside*: a state whose ticks and answers it has still, so that nothing is asked again.
    """
    if beside is not None:
        bare = _state(observation, [], [], own=[])
        kept = {name: beside.fields[name] for name in _IN_ROWS if name in beside.fields}
        return State(fields={**bare.fields, **kept}, note=bare.note)
    prefetched = getattr(observation, "_prefetched_objects_cache", {})
    own = observation.own_answers.all()
    return _state(
        observation,
        list(observation.ticks.all()),
        list(observation.ratings.all()),
        own=list(own if "own_answers" in prefetched else own.select_related("question")),
    )


def bare_state_of(observation: Observation) -> State:
    """The state of one to which nothing has been added yet, without asking the database."""
    return _state(observation, [], [], own=[])


def _state(
    observation: Observation, ticks: list[Tick], ratings: list[Rating], *, own: list[OwnAnswer]
) -> State:
    return State(
        fields={
            "tone": observation.tone,
            "child": str(observation.child.public_id),
            "occurred_at": observation.occurred_at.isoformat(),
            "precision": observation.precision,
            "visibility": observation.visibility,
            # Only where it is so: what was written down before there was such a mark reads as it always did.
            **({"about_adult": True} if observation.about_adult else {}),
            "repairs": str(observation.repairs.public_id) if observation.repairs else None,
            "ratings": {
                rating.dimension: rating.absence if rating.value is None else rating.value
                for rating in sorted(ratings, key=attrgetter("dimension"))
            },
            **{f"{kind}s": sorted(tick.key for tick in ticks if tick.kind == kind) for kind in TickKind},
            # As above: only where there are any. Their words are the questions' own.
            **(
                {"own": dict(sorted((str(one.question.public_id), one.answer) for one in own))} if own else {}
            ),
        },
        note=observation.note,
    )


def keep_revision(observation: Observation, was: State, *, now: datetime) -> None:
    """Write down what the observation *was*, and give it its next revision number."""
    revision = Revision(
        household_id=observation.household_id,
        observation=observation,
        number=observation.revision,
        replaced_at=now,
        state=was.fields,
    )
    revision.note = was.note
    revision.save()
    observation.revision += 1
    observation.changed_at = now
    order = list(Visibility)
    if order.index(Visibility(observation.visibility)) < order.index(was.fields["visibility"]):
        tell_ledger(NARROWED[Visibility(observation.visibility)], observation, now=now)


NARROWED = {Visibility.PRIVATE: Noted.PRIVATE, Visibility.COACHES: Noted.COACHES}


def tell_ledger(act: Noted, observation: Observation, *, now: datetime) -> None:
    """Have it stay so, whatever backup is restored."""
    ledger.note(act, f"{observation.author.public_id}:{observation.public_id}", now)
